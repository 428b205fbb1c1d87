import Rules
import Synchronization

/// Where the engine's thread posts how it is, for other threads to read.
package final class HealthBoard: Sendable {
  private let health = Mutex<Health?>(nil)
  package init() {}
  /// Nil before the engine's first turn.
  package var current: Health? { health.withLock { $0 } }
  func post(_ new: Health) { health.withLock { $0 = new } }
}
