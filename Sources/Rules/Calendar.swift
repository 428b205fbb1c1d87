/// When something of the site is open: a weekly pattern, dates that differ from it, and planned shutdowns.
package struct Calendar: Sendable, Equatable {
  /// The same hours on some days of the week.
  package struct Hours: Sendable, Equatable {
    package var days: Weekdays
    package var span: DaySpan
    package init(days: Weekdays, span: DaySpan) {
      self.days = days
      self.span = span
    }
  }
  /// What begins on a date instead of the pattern's hours; nothing where it is closed.
  package struct Exception: Sendable, Equatable {
    /// Days since 1970-01-01.
    package var day: Int64
    package var spans: [DaySpan]
    package init(day: Int64, spans: [DaySpan]) {
      self.day = day
      self.spans = spans
    }
  }
  /// Closed from then to then, whatever the hours say.
  package struct Shutdown: Sendable, Equatable {
    package var from: Instant
    package var to: Instant
    package init(from: Instant, to: Instant) {
      self.from = from
      self.to = to
    }
  }

  package let name: String
  package let weekly: [Hours]
  /// By date, each once.
  package let exceptions: [Exception]
  package let shutdowns: [Shutdown]

  package init(name: String, weekly: [Hours], exceptions: [Exception] = [], shutdowns: [Shutdown] = []) {
    self.name = name
    self.weekly = weekly
    self.exceptions = exceptions.sorted { $0.day < $1.day }
    self.shutdowns = shutdowns
  }

  /// A span holds the moment at which it begins, and not that at which it ends.
  package func isOpen(at time: Instant, in zone: Zone) -> Bool {
    guard !shutdowns.contains(where: { $0.from <= time && time < $0.to }) else { return false }
    let today = zone.day(at: time)
    // A span may begin on the day before and end up to 48 h after that day's midnight.
    return (today - 1...today).contains { day in
      spans(on: day).contains { span in
        let run = span.run(on: day, in: zone)
        return run.from <= time && time < run.to
      }
    }
  }

  /// The first moment after `time` at which it opens or closes; nil when it never does again.
  package func nextChange(after time: Instant, in zone: Zone) -> Instant? {
    let open = isOpen(at: time, in: zone)
    let today = zone.day(at: time)
    // Once the last date of its own is over, a week shows all that the pattern does.
    let dates = exceptions.map(\.day) + shutdowns.map { zone.day(at: $0.to) }
    let last = max(today, dates.max() ?? today) + 8
    var day = today - 1
    while day <= last {
      let next = boundaries(of: day, in: zone).filter { $0 > time && isOpen(at: $0, in: zone) != open }.min()
      if let next { return next }
      day += 1
    }
    return nil
  }

  /// Where it may change between the midnight that begins a date and the next one.
  private func boundaries(of day: Int64, in zone: Zone) -> [Instant] {
    let (from, to) = (zone.beginning(ofDay: day), zone.beginning(ofDay: day + 1))
    let runs = (day - 1...day).flatMap { date in spans(on: date).map { $0.run(on: date, in: zone) } }
    return (runs.flatMap { [$0.from, $0.to] } + shutdowns.flatMap { [$0.from, $0.to] }).filter { from <= $0 && $0 < to }
  }

  private func spans(on day: Int64) -> [DaySpan] {
    if let exception = exceptions.first(where: { $0.day >= day }), exception.day == day { return exception.spans }
    let weekday = Weekdays(of: day)
    return weekly.filter { $0.days.contains(weekday) }.map(\.span)
  }
}
