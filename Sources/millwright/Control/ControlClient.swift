import Foundation
import Ledger
import Rules
import Site

/// How a subcommand has something done that only one process may do: by the running engine, or by itself where none
/// runs.
struct ControlClient {
  let place: LedgerPlace
  let ledger: String
  private var socket: String { controlSocket(beside: ledger) }

  init(_ place: LedgerPlace) throws {
    self.place = place
    ledger = try place.path()
  }

  /// What is true afterwards is said on standard error: the answer of the command is another.
  func tell(_ request: ControlRequest) throws {
    switch try answer(to: request) {
    case .done(let lines): for line in lines { standardError.write(printable(line) + "\n") }
    case .refused(let why): throw Failure.findings([printable(why)])
    case .failed(let why): throw Failure.cannot(printable(why))
    case .health: throw Failure.cannot("the engine answered something else than it was asked")
    }
  }

  /// Prints what is true afterwards.
  func carryOut(_ request: ControlRequest, format: Format) throws {
    switch try answer(to: request) {
    case .done(let lines):
      switch format {
      case .json: print(json(.fields(["done": .list(lines.map(Tree.text))])))
      case .text: for line in lines { print(printable(line)) }
      }
    case .refused(let why): throw Failure.findings([printable(why)])
    case .failed(let why): throw Failure.cannot(printable(why))
    case .health: throw Failure.cannot("the engine answered something else than it was asked")
    }
  }

  /// How the running engine is; nil when none runs.
  func health() throws -> HealthReport? {
    switch try ask(.health) {
    case nil: return nil
    case .health(let report): return report
    case .failed(let why), .refused(let why): throw Failure.cannot(printable(why))
    case .done: throw Failure.cannot("the engine answered something else than it was asked")
    }
  }

  /// For a moment there may be neither: an engine that starts, another command at work.
  private func answer(to request: ControlRequest) throws -> ControlAnswer {
    let deadline = DispatchTime.now() + 5
    while true {
      if let answer = try ask(request) { return answer }
      do {
        return try withoutEngine(request)
      } catch LedgerError.held(let path, let pid) {
        guard DispatchTime.now() < deadline else {
          throw Failure.cannot(
            "process \(pid) has the ledger at \(path) and does not answer at \(socket): if it is an engine that starts "
              + "or stops, try again; if not, look at what it is")
        }
        poll(nil, 0, 100)
      } catch let error as LedgerError {
        guard case .halt = request else { throw Failure.cannot("\(error)") }
        throw Failure.cannot(
          "the halt is not on disk: \(error). No engine runs, so nothing is sent now; halt again before one is started")
      }
    }
  }

  /// Nil when nobody listens.
  private func ask(_ request: ControlRequest) throws -> ControlAnswer? {
    do {
      let connection = try LineConnection.connect(to: socket)
      guard connection.say(try request.line, within: 10), let line = connection.line(within: 60) else {
        throw Failure.cannot(
          "the engine at \(socket) ended, or did not answer within a minute; what was asked may have been done: see "
            + "'millwright actions list'")
      }
      return try ControlAnswer(line: line)
    } catch SocketError.nobody {
      return nil
    } catch SocketError.denied {
      throw Failure.cannot(
        "cannot talk to the engine at \(socket): this account may not; it needs the group of that folder")
    } catch let error as SocketError {
      throw Failure.cannot("\(error)")
    }
  }

  /// As the ledger's one writer, for as long as it takes.
  private func withoutEngine(_ request: ControlRequest) throws -> ControlAnswer {
    // The reader first: it makes no file where there is none.
    let reader = try LedgerReader(path: ledger)
    let account = accountName(getuid()) ?? "\(getuid())"
    guard let person = try place.outline().people.person(withLogin: account) else {
      return .failed(why: unknownPerson(account: account))
    }
    let writer = try Ledger(path: ledger)
    do {
      writer.keepBooks(by: try books(of: reader))
    } catch {
      // To halt must always be possible.
      if request.concernsMoney {
        return .failed(
          why: "nothing can be booked by the prices of what decided last: \(error); start the engine first")
      }
    }
    if case .takeLetter = request {
      return .failed(why: "no engine runs that could evaluate the message: start it first")
    }
    let names = { PlantNames(try Installation.readGood(SiteFolders(site: place.site), makeSecrets: false)) }
    return Instructing(reader: reader, person: person, now: systemClock(), names: names) { instructions in
      var batch = Batch(firstInput: try writer.nextInput)
      batch.inputs = instructions.map { .command(.instructed($0)) }
      try writer.commit(batch)
    }.answer(request)
  }
}

extension ControlClient {
  /// By what the ledger itself says decides: the site's folder may have changed since, or be another's.
  private func books(of reader: LedgerReader) throws -> Bookkeeping {
    try Installation.deciding(reader, SiteFolders(site: place.site)).map { Bookkeeping(try $0.configuration()) }
      ?? Bookkeeping()
  }
}

/// Where the engine of a ledger listens.
func controlSocket(beside ledger: String) -> String {
  let folder = ledger.lastIndex(of: "/").map { ledger[...$0] } ?? ""
  return folder + "control.sock"
}
