import Dispatch
import Engine
import Foundation
import Rules
import Synchronization

/// Signals systemd's watchdog (`WatchdogSec=`) for as long as the engine's turns end, or its state is brought back step by
/// step. Nothing else stops the signal: another start repairs neither a link that is down nor a full disk.
package struct Watchdog: Sendable {
  private let board: HealthBoard
  private let steady: WallClock
  private let tell: @Sendable (String) -> Void

  package init(
    _ board: HealthBoard, _ steady: @escaping WallClock,
    tell: @escaping @Sendable (String) -> Void = { notifySystemd($0) }
  ) {
    self.board = board
    self.steady = steady
    self.tell = tell
  }

  /// To be called several times within the watchdog's span.
  package func look() {
    if board.turnsEnd(at: steady()) { tell("WATCHDOG=1") }
  }

  /// How often to signal systemd's watchdog: three times within its span; nil where it has none.
  package static func interval(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> TimeSpan? {
    guard let span = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), span > 0 else { return nil }
    if let pid = environment["WATCHDOG_PID"], pid != "\(getpid())" { return nil }
    return TimeSpan(microseconds: max(1, span / 3))
  }
}

/// Looks again and again, on a thread that does nothing else, for as long as it lives.
final class WatchdogTimer: Sendable {
  private let timer: Mutex<any DispatchSourceTimer>

  init(_ watchdog: Watchdog, every interval: TimeSpan) {
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "watchdog"))
    timer.schedule(deadline: .now(), repeating: .microseconds(Int(interval.microseconds)))
    timer.setEventHandler { watchdog.look() }
    timer.resume()
    self.timer = Mutex(timer)
  }

  func stop() { timer.withLock { $0.cancel() } }
}
