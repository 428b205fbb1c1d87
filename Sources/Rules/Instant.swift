/// A moment of data time: microseconds since 1970-01-01T00:00:00Z (UTC, proleptic Gregorian, no leap seconds).
/// Arithmetic saturates, so no time a source may send can trap.
package struct Instant: Hashable, Comparable, Codable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }
  package init(seconds: Int64) { self.init(microseconds: seconds.saturatingTimes(1_000_000)) }

  package static let distantPast = Instant(microseconds: .min)
  package static let distantFuture = Instant(microseconds: .max)

  @inlinable package static func < (a: Instant, b: Instant) -> Bool { a.microseconds < b.microseconds }
  @inlinable package static func + (a: Instant, b: TimeSpan) -> Instant {
    Instant(microseconds: a.microseconds.saturatingPlus(b.microseconds))
  }
  @inlinable package static func - (a: Instant, b: TimeSpan) -> Instant {
    Instant(microseconds: a.microseconds.saturatingMinus(b.microseconds))
  }
  @inlinable package static func - (a: Instant, b: Instant) -> TimeSpan {
    TimeSpan(microseconds: a.microseconds.saturatingMinus(b.microseconds))
  }

  /// The first multiple of `span` since the epoch that lies after this moment.
  package func next(multipleOf span: TimeSpan) -> Instant {
    let step = max(1, span.microseconds)
    let remainder = microseconds % step
    let floor = microseconds.saturatingMinus(remainder < 0 ? remainder + step : remainder)
    return Instant(microseconds: floor.saturatingPlus(step))
  }
}

/// A length of time in microseconds; negative only as the difference of two instants.
package struct TimeSpan: Hashable, Comparable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }

  package static let zero = TimeSpan(microseconds: 0)
  package static func seconds(_ count: Int64) -> TimeSpan {
    TimeSpan(microseconds: count.saturatingTimes(1_000_000))
  }
  package static func minutes(_ count: Int64) -> TimeSpan { seconds(count.saturatingTimes(60)) }
  package static func hours(_ count: Int64) -> TimeSpan { seconds(count.saturatingTimes(3600)) }

  /// The same length as a number of seconds, the unit of time inside rules.
  @inlinable package var seconds: Double { Double(microseconds) / 1e6 }

  @inlinable package static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.microseconds < b.microseconds }
  @inlinable package static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(microseconds: a.microseconds.saturatingPlus(b.microseconds))
  }
  package static func / (a: TimeSpan, divisor: Int64) -> TimeSpan {
    TimeSpan(microseconds: a.microseconds / max(1, divisor))
  }
}

extension Int64 {
  @inlinable package func saturatingPlus(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
  @inlinable package func saturatingMinus(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
  @inlinable package func saturatingTimes(_ other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) != (other < 0) ? .min : .max) : product
  }
}
