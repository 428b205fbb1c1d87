import Foundation
import Rules

/// Where a worker waits: until it is rung, told to stop, or a time has passed. A ring while it works is not lost.
// Checked by hand: every property is touched under `condition`'s lock alone.
final class Bell: @unchecked Sendable {
  private let condition = NSCondition()
  private var isRung = false
  private var isStopping = false
  private var isRunning = false

  func ring() {
    condition.withLock {
      isRung = true
      condition.broadcast()
    }
  }

  /// False when the worker is to end.
  func wait(atMost span: TimeSpan) -> Bool {
    condition.withLock {
      let end = Date(timeIntervalSinceNow: span.seconds)
      while !isRung, !isStopping, condition.wait(until: end) {}
      isRung = false
      return !isStopping
    }
  }

  var isOpen: Bool { condition.withLock { !isStopping } }

  func open() {
    condition.withLock {
      precondition(!isRunning && !isStopping, "a dispatcher is started once")
      isRunning = true
    }
  }

  func close() {
    condition.withLock {
      isRunning = false
      condition.broadcast()
    }
  }

  func finish() {
    condition.withLock {
      isStopping = true
      condition.broadcast()
    }
  }

  func waitUntilClosed() {
    condition.withLock {
      while isRunning { condition.wait() }
    }
  }
}
