import Dispatch
import Foundation
import Rules
import Synchronization

/// Logs how the engine is: each minute, and as soon as something goes wrong or is right again. It lives as long as the
/// engine runs.
final class HealthWatch: Sendable {
  private static let everySeconds = 60

  private struct Told {
    /// By kind and subject: a text may change with each second.
    var troubles: [String] = []
    var secondsAgo = HealthWatch.everySeconds
  }
  private let timer: Mutex<any DispatchSourceTimer>

  init(_ service: Service, log: Log) {
    let told = Mutex(Told())
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "health"))
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler {
      func isDue(_ troubles: [String]) -> Bool {
        told.withLock { told in
          told.secondsAgo += 1
          guard told.secondsAgo >= HealthWatch.everySeconds || told.troubles != troubles else { return false }
          told = Told(troubles: troubles, secondsAgo: 0)
          return true
        }
      }
      do {
        if let health = try service.health() {
          if isDue(health.standing?.map { "\($0.kind) \($0.subject)" } ?? health.troubles) {
            log(health.troubles.isEmpty ? .info : .warning, "health", health.fields)
          }
        } else {
          // Before the engine's first turn there is nothing to say but that it does not come.
          let troubles = service.troublesOfTheStart()
          if isDue(troubles.map { "\($0.key.kind) \($0.key.subject)" }), !troubles.isEmpty {
            log(.warning, "health", ["troubles": troubles.map(\.words).joined(separator: "; ")])
          }
        }
      } catch {
        return log(.error, "health", ["what": "\(error)"])
      }
      for end in service.book.withLock({ $0.takeEnded() }) {
        log(
          .info, "trouble ended",
          [
            "kind": end.trouble.key.kind.rawValue, "what": end.trouble.text,
            "since": end.trouble.since.map { "\($0)" } ?? "-",
          ])
      }
    }
    timer.resume()
    self.timer = Mutex(timer)
  }

  func stop() { timer.withLock { $0.cancel() } }
}

extension HealthReport {
  fileprivate var fields: KeyValuePairs<String, String> {
    [
      "troubles": troubles.isEmpty ? "none" : troubles.joined(separator: "; "),
      "sources": sources.map { "\($0.name) \($0.link)" }.joined(separator: ", "), "inputs": "\(inputs)",
      "taken": "\(counts.taken)", "late": "\(counts.late)", "ledger": size(ledgerBytes),
      "verified": verified ?? "not yet",
      "oldest_unsent": oldestUnsent ?? "none",
    ]
  }
}
