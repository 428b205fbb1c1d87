import Dispatch
import Rules

/// Plant time that runs `speed` times faster than the wall, by the monotonic clock: nobody can set it back.
package struct DemoClock: Sendable {
  package let start: Instant
  /// Plant seconds a real second.
  package let speed: Double
  private let origin = monotonicMicroseconds()

  /// Plant time is `start` at this moment. A speed that is no positive number is taken as 1.
  package init(start: Instant, speed: Double) {
    self.start = start
    self.speed = speed > 0 && speed.isFinite ? speed : 1
  }

  package var now: Instant {
    start + TimeSpan(microseconds: Int64(Double(monotonicMicroseconds() - origin) * speed))
  }

  /// Plant time as everybody's wall clock.
  package var wall: WallClock { { now } }

  /// How long a plant span takes in reality.
  package func real(_ span: TimeSpan) -> TimeSpan { TimeSpan(microseconds: Int64(Double(span.microseconds) / speed)) }

  /// How long to wait in reality until plant time is `moment`; zero when it has passed.
  package func realWait(until moment: Instant) -> TimeSpan { max(.zero, real(moment - now)) }
}

/// Microseconds since some fixed moment.
func monotonicMicroseconds() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1000) }
