import Rules
import Synchronization

/// Where the engine's thread posts how it is, for other threads to read: its health once a second, and a pulse at the end
/// of each turn, so that a turn that does not end is seen from outside.
package final class HealthBoard: Sendable {
  /// A turn that takes longer is a trouble, and keeps the signal to systemd's watchdog back.
  package static let longestTurn = TimeSpan.seconds(5)

  /// What the engine's thread does.
  package enum Work: String, Sendable {
    case recovering = "bringing its state back"
    case waiting = "waiting"
    case evaluating = "evaluating what came"
    case committing = "writing a batch"
  }

  /// The newest sign of life of the engine's thread. Times are of the steady clock.
  package struct Pulse: Sendable, Equatable {
    /// When a turn ended, or a step of recovery.
    package var at: Instant
    /// The wait that the engine is in on purpose from then on.
    var pause = TimeSpan.zero
    package var work: Work
    package var workBegan: Instant
  }

  private struct State {
    var health: Health?
    var pulse: Pulse?
  }
  private let state = Mutex(State())

  package init() {}

  /// Nil before the engine's first turn.
  package var current: Health? { state.withLock(\.health) }
  /// Nil before the engine has begun, and once it has ended.
  package var pulse: Pulse? { state.withLock(\.pulse) }

  func post(_ new: Health) { state.withLock { $0.health = new } }

  /// A turn ended; the next one begins after `pause` at the latest.
  func beat(_ now: Instant, _ work: Work = .waiting, pause: TimeSpan = .zero) {
    state.withLock { $0.pulse = Pulse(at: now, pause: pause, work: work, workBegan: now) }
  }

  /// Within a turn, something else begins.
  func begin(_ work: Work, _ now: Instant) {
    state.withLock { state in
      state.pulse?.work = work
      state.pulse?.workBegan = now
    }
  }

  /// The engine has ended.
  func end() { state.withLock { $0.pulse = nil } }

  /// Whether turns end, or recovery goes on; also before the engine has begun.
  package func turnsEnd(at steady: Instant) -> Bool { state.withLock { $0.pulse?.isLate(at: steady) != true } }

  /// What is wrong at this moment, as far as the engine's thread says so, or does not.
  package func troubles(at steady: Instant, wall: Instant) -> [Trouble] {
    let state = state.withLock { $0 }
    var troubles = state.health?.troubles ?? []
    guard let pulse = state.pulse else { return troubles }
    if pulse.isLate(at: steady) {
      troubles.append(
        Trouble(
          .turn,
          "a turn of the engine has not ended for more than \(HealthBoard.longestTurn): it is \(pulse.work.rawValue)",
          since: wall - (steady - pulse.at)))
    }
    if pulse.work == .committing, steady - pulse.workBegan > Health.longestCommit {
      troubles.removeAll { $0.key.kind == .slowCommit }
      let sofar = TimeSpan.seconds((steady - pulse.workBegan).microseconds / 1_000_000)
      troubles.append(.slowCommit("one has taken \(sofar) so far"))
    }
    return troubles
  }
}

extension HealthBoard.Pulse {
  fileprivate func isLate(at steady: Instant) -> Bool { steady - at > pause + HealthBoard.longestTurn }
}
