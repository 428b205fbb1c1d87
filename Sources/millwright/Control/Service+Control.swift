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
    let verified = ledgerWatch.verification.status
    return try board.current.map {
      var report = try HealthReport(
        $0, pid: getpid(), links: links, ledger: reader, troubles: offer.troubles + verified.troubles)
      report.verified = verified.lastEnded.map { "\($0)" }
      return report
    }
  }

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
    let written = DispatchSemaphore(value: 0)
    for instruction in instructions {
      inbox.post(.instructed(instruction)) { written.signal() }
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
