/// Days of the week.
package struct Weekdays: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let monday = Weekdays(rawValue: 1)
  package static let tuesday = Weekdays(rawValue: 2)
  package static let wednesday = Weekdays(rawValue: 4)
  package static let thursday = Weekdays(rawValue: 8)
  package static let friday = Weekdays(rawValue: 16)
  package static let saturday = Weekdays(rawValue: 32)
  package static let sunday = Weekdays(rawValue: 64)
  package static let all = Weekdays(rawValue: 127)

  /// The day of the week of a date, in days since 1970-01-01, a Thursday.
  package init(of day: Int64) { self.init(rawValue: 1 << UInt8((day % 7 + 10) % 7)) }
}

/// Part of a local day, from the time of day at which it begins to that at which it ends. One that goes past midnight
/// ends beyond 24 h; it belongs to the day on which it begins.
package struct DaySpan: Sendable, Equatable {
  package let from: TimeSpan
  package let to: TimeSpan

  package static let wholeDay = DaySpan(from: .zero, to: .hours(24))

  /// Times of day, 0 to 24 h. An end that is not after the beginning is of the next day.
  package init(from: TimeSpan, to: TimeSpan) {
    precondition(from >= .zero && from < .hours(24) && to >= .zero && to <= .hours(24), "a time of day is 0 to 24 h")
    self.from = from
    self.to = to > from ? to : to + .hours(24)
  }

  /// From when to when it runs on a date. Of no length where the clocks jump over it.
  func run(on day: Int64, in zone: Zone) -> (from: Instant, to: Instant) {
    let midnight = day.saturatingTimes(Zone.day)
    return (
      Instant(microseconds: zone.instant(ofLocal: midnight.saturatingPlus(from.microseconds))),
      Instant(microseconds: zone.instant(ofLocal: midnight.saturatingPlus(to.microseconds)))
    )
  }
}
