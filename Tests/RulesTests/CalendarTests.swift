import Rules
import Testing

/// Local time by arithmetic. Berlin is UTC+1, and +2 from 2026-03-29 01:00Z to 2026-10-25 01:00Z.
@Suite struct CalendarTests {
  static func at(_ text: String) -> Instant { Instant(rfc3339: text + ":00Z") ?? .distantPast }
  static let berlin = Zone(
    name: "Europe/Berlin", offset: .hours(1),
    changes: [
      Zone.Change(at: at("2026-03-29T01:00"), offset: .hours(2)),
      Zone.Change(at: at("2026-10-25T01:00"), offset: .hours(1)),
    ])
  static let weekdays: Weekdays = [.monday, .tuesday, .wednesday, .thursday, .friday]

  static func span(_ from: Double, _ to: Double) -> DaySpan {
    DaySpan(from: TestPlant.span(from * 3600), to: TestPlant.span(to * 3600))
  }
  static func calendar(
    _ days: Weekdays, _ span: DaySpan, exceptions: [Calendar.Exception] = [], shutdowns: [Calendar.Shutdown] = []
  ) -> Calendar {
    Calendar(
      name: "c", weekly: [Calendar.Hours(days: days, span: span)], exceptions: exceptions, shutdowns: shutdowns)
  }
  static func day(_ text: String) -> Int64 { at(text + "T00:00").microseconds / 86_400_000_000 }

  /// Monday is 2026-03-02; 06:00 in Berlin is 05:00Z.
  @Test(arguments: [
    ("2026-03-02T04:59", false), ("2026-03-02T05:00", true), ("2026-03-02T20:59", true), ("2026-03-02T21:00", false),
    ("2026-03-07T12:00", false), ("2026-03-08T12:00", false), ("2026-07-01T04:00", true), ("2026-07-01T20:00", false),
  ])
  func a_weekly_pattern_is_in_local_time(time: String, isOpen: Bool) {
    let calendar = Self.calendar(Self.weekdays, Self.span(6, 22))
    #expect(calendar.isOpen(at: Self.at(time), in: Self.berlin) == isOpen)
  }

  @Test(arguments: [
    ("2026-03-06T12:00", "2026-03-06T21:00"), ("2026-03-06T21:00", "2026-03-09T05:00"),
    // The clocks go forward on Sunday: Monday's 06:00 is 04:00Z.
    ("2026-03-28T12:00", "2026-03-30T04:00"), ("2026-03-09T04:59", "2026-03-09T05:00"),
  ])
  func the_next_change_is_told(after: String, next: String) {
    let calendar = Self.calendar(Self.weekdays, Self.span(6, 22))
    #expect(calendar.nextChange(after: Self.at(after), in: Self.berlin) == Self.at(next))
  }

  @Test func what_is_always_open_never_changes() {
    let calendar = Self.calendar(.all, .wholeDay)
    #expect(calendar.isOpen(at: Self.at("2026-03-29T01:00"), in: Self.berlin))
    #expect(calendar.nextChange(after: Self.at("2026-03-01T00:00"), in: Self.berlin) == nil)
  }

  /// Friday 22:00 to 06:00: until 05:00Z on Saturday.
  @Test func a_span_past_midnight_belongs_to_the_day_on_which_it_begins() {
    let calendar = Self.calendar(.friday, Self.span(22, 6))
    #expect(calendar.isOpen(at: Self.at("2026-03-07T04:59"), in: Self.berlin))
    #expect(!calendar.isOpen(at: Self.at("2026-03-07T05:00"), in: Self.berlin))
    #expect(!calendar.isOpen(at: Self.at("2026-03-06T04:00"), in: Self.berlin))
  }

  /// 2026-03-29 has no 02:00 to 03:00, 2026-10-25 has it twice. Both are Sundays.
  @Test(arguments: [
    (1.0, 4.0, "2026-03-29T00:00", "2026-03-29T02:00"), (2.25, 4, "2026-03-29T01:00", "2026-03-29T02:00"),
    (2.5, 4, "2026-10-25T00:30", "2026-10-25T03:00"), (1, 2.5, "2026-10-24T23:00", "2026-10-25T00:30"),
    (1, 3, "2026-10-24T23:00", "2026-10-25T02:00"),
  ])
  func a_span_is_as_long_as_the_clocks_make_it(from: Double, to: Double, opens: String, closes: String) {
    let calendar = Self.calendar(.sunday, Self.span(from, to))
    let before = Self.at(opens) - .minutes(30)
    #expect(calendar.nextChange(after: before, in: Self.berlin) == Self.at(opens))
    #expect(calendar.nextChange(after: Self.at(opens), in: Self.berlin) == Self.at(closes))
  }

  @Test func a_span_that_the_clocks_leave_out_does_not_open() {
    let calendar = Self.calendar(.sunday, Self.span(2.25, 2.75))
    let next = calendar.nextChange(after: Self.at("2026-03-28T12:00"), in: Self.berlin)
    #expect(next == Self.at("2026-04-05T00:15"), "the Sunday after")
  }

  @Test func a_date_may_be_closed_or_have_other_hours() {
    let calendar = Self.calendar(
      Self.weekdays, Self.span(6, 22),
      exceptions: [
        .init(day: Self.day("2026-12-25"), spans: []), .init(day: Self.day("2026-12-24"), spans: [Self.span(6, 12)]),
      ])
    // Thursday until noon, Friday not at all, then the weekend.
    #expect(calendar.nextChange(after: Self.at("2026-12-24T06:00"), in: Self.berlin) == Self.at("2026-12-24T11:00"))
    #expect(calendar.nextChange(after: Self.at("2026-12-24T11:00"), in: Self.berlin) == Self.at("2026-12-28T05:00"))
  }

  @Test func a_shutdown_closes_whatever_the_hours_say() {
    let shutdown = Calendar.Shutdown(from: Self.at("2026-08-03T10:00"), to: Self.at("2026-08-17T10:00"))
    let calendar = Self.calendar(.all, .wholeDay, shutdowns: [shutdown])
    #expect(calendar.nextChange(after: Self.at("2026-01-01T00:00"), in: Self.berlin) == shutdown.from)
    #expect(calendar.nextChange(after: shutdown.from, in: Self.berlin) == shutdown.to)
    #expect(calendar.nextChange(after: shutdown.to, in: Self.berlin) == nil)
  }

  @Test(arguments: [
    // The day the clocks go forward has 23 hours, the day they go back 25.
    (Period.day, "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
    (.day, "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
    (.span(.minutes(15)), "2026-10-25T00:50", "2026-10-25T00:45", "2026-10-25T01:00"),
    (.span(.minutes(15)), "2026-10-25T01:20", "2026-10-25T01:15", "2026-10-25T01:30"),
    (.span(.hours(1)), "2026-10-25T00:59", "2026-10-25T00:00", "2026-10-25T01:00"),
    (.span(.hours(1)), "2026-10-25T01:00", "2026-10-25T01:00", "2026-10-25T02:00"),
    // From 00:00 the clock jumps over 02:00, which begins the next two hours: they have one.
    (.span(.hours(2)), "2026-03-29T00:30", "2026-03-28T23:00", "2026-03-29T01:00"),
    (.span(.hours(2)), "2026-03-29T01:10", "2026-03-29T01:00", "2026-03-29T02:00"),
    // 00:00 to 08:00 with an hour left out, and with one twice.
    (.span(.hours(8)), "2026-03-29T03:00", "2026-03-28T23:00", "2026-03-29T06:00"),
    (.span(.hours(8)), "2026-10-25T03:00", "2026-10-24T22:00", "2026-10-25T07:00"),
  ])
  func a_period_runs_from_when_to_when(period: Period, at: String, from: String, to: String) {
    let running = period.running(at: Self.at(at), in: Self.berlin, [])
    #expect(running?.from == Self.at(from))
    #expect(running?.to == Self.at(to))
  }

  @Test func a_shift_belongs_to_the_day_on_which_it_begins() {
    let night = Shift(name: "night", days: Self.weekdays, span: Self.span(22, 6))
    let running = Period.shift.running(at: Self.at("2026-03-07T02:00"), in: Self.berlin, [night])
    #expect(running?.from == Self.at("2026-03-06T21:00"))
    #expect(running?.to == Self.at("2026-03-07T05:00"))
    #expect(Period.shift.running(at: Self.at("2026-03-07T21:30"), in: Self.berlin, [night]) == nil, "Saturday night")
  }

  /// As in Newfoundland until 2011: at 00:01 the clock goes back to 23:01 of the day before.
  @Test func a_day_that_has_begun_does_not_end_because_the_clock_goes_back_behind_midnight() {
    let zone = Zone(
      name: "x", offset: .zero, changes: [Zone.Change(at: Self.at("2026-11-01T00:01"), offset: .hours(-1))])
    for time in ["2026-11-01T00:00", "2026-11-01T00:30", "2026-11-01T12:00"] {
      #expect(zone.day(at: Self.at(time)) == Self.day("2026-11-01"))
    }
    #expect(zone.beginning(ofDay: Self.day("2026-11-01")) == Self.at("2026-11-01T00:00"))
    #expect(zone.beginning(ofDay: Self.day("2026-11-02")) == Self.at("2026-11-02T01:00"))
  }

  @Test func a_zone_beyond_its_table_keeps_the_last_offset_and_never_traps() {
    #expect(Self.berlin.day(at: Self.at("2200-07-01T00:00")) == Self.day("2200-07-01"))
    for time in [Instant.distantPast, .distantFuture] {
      _ = Period.day.running(at: time, in: Self.berlin, [])
      _ = Period.span(.hours(1)).running(at: time, in: Self.berlin, [])
      _ = Self.calendar(.all, Self.span(6, 22)).isOpen(at: time, in: Self.berlin)
    }
  }
}
