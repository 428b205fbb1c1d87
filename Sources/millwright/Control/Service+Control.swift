import Dispatch
import Engine
import Foundation
import Ingest
import Ledger
import Rules
import Site
import Synchronization

/// What the running engine answers to persons.
extension Service {
  /// How long a command may take to reach the disk before its asker is told that it waits.
  private static let patience = 30.0

  /// Listens beside the ledger, whose lock this process holds.
  func listenToPersons() throws {
    let path = controlSocket(beside: reader.path)
    do {
      let socket = try ControlSocket(path: path, people: installation.site.people) { [weak self] in
        self?.respond(to: $0, $1, account: $2) ?? .failed(why: "the engine is ending")
      }
      socket.start()
      control.withLock { $0 = socket }
    } catch {
      throw Failure.cannot("cannot listen at \(path): \(error)")
    }
  }

  /// How it is now; nil before the engine's first turn.
  func health() throws -> HealthReport? {
    let links = sources.withLock { $0.mapValues(\.condition) }
    return try board.current.map {
      var report = try HealthReport(
        $0, pid: getpid(), links: links, ledger: reader, troubles: troubles, note: note)
      report.verified = ledgerWatch.verification.status.lastEnded.map { "\($0)" }
      return report
    }
  }

  /// What is known to be wrong beside what the ledger says.
  private var troubles: [Trouble] {
    let offered = offer.troubles.map { Trouble(.notTakenOver, of: $0, $0) }
    let tooLarge = memoryBound.flatMap { bound in MemoryBound.resident.flatMap(bound.trouble) }
    return board.troubles(at: steady(), wall: clock()) + (tooLarge.map { [$0] } ?? [])
      + ledgerWatch.verification.status.troubles + offered
  }

  /// What is wrong while the state is brought back, with since when.
  func troublesOfTheStart() -> [Trouble] { note(troubles) }

  private func note(_ troubles: [Trouble]) -> [Trouble] { book.withLock { $0.note(troubles, at: clock()) } }

  private func respond(to request: ControlRequest, _ person: Person?, account: String) -> ControlAnswer {
    if request == .health {
      do {
        return try health().map(ControlAnswer.health)
          ?? .failed(why: "the engine (process \(getpid())) is still bringing its state back")
      } catch {
        return .failed(why: "\(error)")
      }
    }
    guard let person else { return .failed(why: unknownPerson(account: account)) }
    let answer = Instructing(
      reader: reader, person: person, now: systemClock(), names: { PlantNames(self.offer.installation) },
      journal: journal
    ).answer(request)
    log(.info, "instruction", ["person": person.id, "what": "\(request)", "answer": answer.words])
    return answer
  }

  /// Returns when all of them are on disk.
  func journal(_ instructions: [Instruction]) throws {
    if instructions.contains(where: { if case .halt = $0.act { true } else { false } }) {
      return try journalHalt(instructions)
    }
    let written = DispatchSemaphore(value: 0)
    for (instruction, message) in try instructions.map({ ($0, try message(of: $0)) }) {
      inbox.post(.instructed(instruction), message: message) { written.signal() }
    }
    let deadline = DispatchTime.now() + Self.patience
    for _ in instructions {
      guard written.wait(timeout: deadline) == .success else { throw NotWritten() }
    }
    let isRelease = instructions.contains { if case .release = $0.act { true } else { false } }
    guard isRelease else { return }
    inbox.reload { written.signal() }
    guard written.wait(timeout: deadline) == .success else { throw NotWritten() }
  }

  /// A halt holds from now on, whatever the disk does. Who halts is told at once when the ledger cannot be written.
  private func journalHalt(_ instructions: [Instruction]) throws {
    let written = DispatchSemaphore(value: 0)
    for instruction in instructions {
      halting.add()
      inbox.post(.instructed(instruction)) { [halting] in
        halting.remove()
        written.signal()
      }
    }
    let deadline = DispatchTime.now() + Self.patience
    for _ in instructions {
      while written.wait(timeout: .now() + 0.1) != .success {
        if let why = board.current?.lastFailure { throw HaltNotWritten(why: why) }
        guard DispatchTime.now() < deadline else {
          throw HaltNotWritten(why: "the engine has not come to it within \(Int(Self.patience)) s")
        }
      }
    }
  }
}

/// How many halts are asked for and not yet on disk.
final class HaltsInHand: Sendable {
  private let count = Mutex(0)
  var areThere: Bool { count.withLock { $0 > 0 } }
  func add() { count.withLock { $0 += 1 } }
  func remove() { count.withLock { $0 -= 1 } }
}

private struct HaltNotWritten: Error, CustomStringConvertible {
  var why: String
  var description: String {
    "nothing is sent from now on, but the halt is not on disk: \(why). While the ledger cannot be written nothing can be "
      + "sent anyway, since each action is claimed in it first; this engine sends nothing afterwards either, and writes the "
      + "halt as soon as it can. If it is started again before that, halt again: see 'millwright sources'"
  }
}

extension Service {
  /// What the message says that an instruction gives to the engine again; nothing for other instructions.
  private func message(of instruction: Instruction) throws -> Intake {
    guard case .takeLetter(let id) = instruction.act, let letter = try reader.deadLetter(id)?.letter,
      let skipped = letter.skipped
    else { return Intake() }
    let site = offer.installation.site
    guard let index = site.sources.firstIndex(where: { $0.settings.name == letter.source }) else {
      throw CannotTake(why: "this site has no source \(letter.source) any more")
    }
    var decoder = MessageDecoder(
      source: SourceID(index), sourceName: letter.source, mappings: site.sources[index].mqtt.mappings,
      bindings: site.bindings.filter { $0.source == SourceID(index) })
    var intake = Intake()
    decoder.decode(
      topic: letter.topic, payload: letter.payload, retained: skipped.retained, arrived: systemClock(), into: &intake)
    if intake.inputs.isEmpty {
      throw CannotTake(why: intake.deadLetters.first.map { "\($0.reason): \($0.detail)" } ?? "it says nothing")
    }
    intake.origins = [Intake.Origin(hash: skipped.hash, inputs: intake.inputs.indices)]
    return intake
  }
}

/// A skipped message of which no input can be made.
private struct CannotTake: Error, CustomStringConvertible {
  var why: String
  var description: String { "the message cannot be given to the engine again: \(why)" }
}

/// The ledger cannot be written now, or the engine is still starting.
private struct NotWritten: Error, CustomStringConvertible {
  var description: String {
    "it is not on disk after 30 s; the engine goes on trying as long as it runs: look at 'millwright sources', then at "
      + "what this was about"
  }
}

extension ControlAnswer {
  /// For the log.
  fileprivate var words: String {
    switch self {
    case .done(let lines): lines.joined(separator: "; ")
    case .refused(let why): "refused: \(why)"
    case .failed(let why): "failed: \(why)"
    case .health: "health"
    }
  }
}
