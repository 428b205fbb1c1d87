import Dispatch
import Rules
import Synchronization

/// What other threads bring to the engine's thread: wake-ups, commands, and the wish to stop.
package final class Inbox: Sendable {
  /// A command, the message that it gives to the engine, and whom to tell when it is on disk.
  struct Posted: Sendable {
    var command: Command
    var message: Intake
    var committed: (@Sendable () -> Void)?
  }
  private struct State {
    var posted: [Posted] = []
    var stopping = false
    var reloading = false
    var reloaded: [@Sendable () -> Void] = []
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

  /// What became of an action, or what a person wants: journalled with the engine's next batch. `committed` is called
  /// on the engine's thread when it is on disk; a batch that cannot be written is tried again, command and all. The
  /// inputs of `message` follow the command.
  package func post(_ command: Command, message: Intake = Intake(), committed: (@Sendable () -> Void)? = nil) {
    state.withLock { $0.posted.append(Posted(command: command, message: message, committed: committed)) }
    wake()
  }

  /// There may be another configuration: it is asked for and taken over between two batches. `done` is called on the
  /// engine's thread when that has happened, or nothing was to be done.
  package func reload(done: (@Sendable () -> Void)? = nil) {
    state.withLock { state in
      state.reloading = true
      if let done { state.reloaded.append(done) }
    }
    wake()
  }

  /// Ends the engine's loop after the batch in hand.
  package func stop() {
    state.withLock { $0.stopping = true }
    wake()
  }

  func answerReload() {
    let waiting = state.withLock { state in
      defer { state.reloaded = [] }
      return state.reloaded
    }
    for done in waiting { done() }
  }

  func takeReload() -> Bool {
    state.withLock { state in
      defer { state.reloading = false }
      return state.reloading
    }
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

  func takePosted() -> [Posted] {
    state.withLock { state in
      defer { state.posted.removeAll() }
      return state.posted
    }
  }

  /// Those of a batch that was not written go first again.
  func giveBack(_ posted: [Posted]) { state.withLock { $0.posted = posted + $0.posted } }
}
