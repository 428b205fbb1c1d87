import Dispatch
import Rules
import Synchronization

/// What other threads bring to the engine's thread: wake-ups, what became of actions, and the wish to stop.
package final class Inbox: Sendable {
  private struct State {
    var attempts: [Attempt] = []
    var stopping = false
    var signalled = false
  }
  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)

  package init() {}

  /// There is something to take from a source.
  package func wake() {
    let first = state.withLock { state in
      defer { state.signalled = true }
      return !state.signalled
    }
    if first { signal.signal() }
  }

  /// What became of an action; journalled with the engine's next batch.
  package func post(_ attempt: Attempt) {
    state.withLock { $0.attempts.append(attempt) }
    wake()
  }

  /// Ends the engine's loop after the batch in hand.
  package func stop() {
    state.withLock { $0.stopping = true }
    wake()
  }

  var isStopping: Bool { state.withLock { $0.stopping } }

  /// Returns when woken, at the latest after `span`.
  func wait(_ span: TimeSpan) {
    _ = signal.wait(timeout: .now() + .microseconds(Int(max(0, span.microseconds))))
    state.withLock { $0.signalled = false }
  }

  /// Lets `span` pass whatever comes, but for the wish to stop.
  func pause(_ span: TimeSpan) {
    let end = DispatchTime.now() + .microseconds(Int(span.microseconds))
    while DispatchTime.now() < end, !isStopping { _ = signal.wait(timeout: end) }
    // What came meanwhile is looked at next.
    state.withLock { $0.signalled = false }
  }

  func takeAttempts() -> [Attempt] {
    state.withLock { state in
      defer { state.attempts.removeAll() }
      return state.attempts
    }
  }
}
