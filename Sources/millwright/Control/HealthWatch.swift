import Dispatch
import Foundation
import Synchronization

/// Logs how the engine is: each minute, and as soon as something goes wrong or is right again. It lives as long as the
/// engine runs.
final class HealthWatch: Sendable {
  private static let everySeconds = 60

  private struct Told {
    var troubles: [String] = []
    var secondsAgo = HealthWatch.everySeconds
  }
  private let timer: Mutex<any DispatchSourceTimer>

  init(_ service: Service, log: Log) {
    let told = Mutex(Told())
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "health"))
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler {
      let health: HealthReport
      do {
        // Before the engine's first turn there is nothing to say.
        guard let found = try service.health() else { return }
        health = found
      } catch {
        return log(.error, "health", ["what": "\(error)"])
      }
      let isDue = told.withLock { told in
        told.secondsAgo += 1
        // A trouble says since when: only what goes on saying the same is old.
        guard told.secondsAgo >= HealthWatch.everySeconds || told.troubles != health.troubles else { return false }
        told = Told(troubles: health.troubles, secondsAgo: 0)
        return true
      }
      if isDue { log(health.troubles.isEmpty ? .info : .warning, "health", health.fields) }
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
