/// A named span of the working day. It belongs to the day on which it begins.
package struct Shift: Sendable, Equatable {
  package var name: String
  package var days: Weekdays
  package var span: DaySpan
  package init(name: String, days: Weekdays = .all, span: DaySpan) {
    self.name = name
    self.days = days
    self.span = span
  }
}

extension Period {
  /// From when (included) to when (not included) the period that is on at `time` runs; nil outside all shifts.
  package func running(at time: Instant, in zone: Zone, _ shifts: [Shift]) -> (from: Instant, to: Instant)? {
    switch self {
    case .day:
      let day = zone.day(at: time)
      return (zone.beginning(ofDay: day), zone.beginning(ofDay: day + 1))
    case .shift:
      let today = zone.day(at: time)
      for day in [today, today - 1] {
        for shift in shifts where shift.days.contains(Weekdays(of: day)) {
          let run = shift.span.run(on: day, in: zone)
          if run.from <= time, time < run.to { return run }
        }
      }
      return nil
    case .span(let span):
      let grid = Grid(step: max(1, span.microseconds), zone: zone)
      return (
        Instant(microseconds: grid.beginning(of: time.microseconds)),
        Instant(microseconds: grid.end(of: time.microseconds))
      )
    }
  }
}

/// Equal parts of the local day: one begins whenever the clock shows a multiple of the step since midnight, or jumps
/// over one. So there are eight quarters in an hour that the clocks show twice, and none in one that they leave out.
private struct Grid {
  var step: Int64
  var zone: Zone

  func beginning(of time: Int64) -> Int64 {
    var stretch = zone.stretch(at: time)
    var time = time
    while true {
      let begins = floor(time.saturatingPlus(stretch.offset)).saturatingMinus(stretch.offset)
      if begins >= stretch.start || stretch.place == 0 { return begins }
      let before = zone.stretch(stretch.place - 1)
      if beginsOne(at: stretch, after: before) { return stretch.start }
      // It had begun before the clocks were changed.
      time = stretch.start - 1
      stretch = before
    }
  }

  func end(of time: Int64) -> Int64 {
    var stretch = zone.stretch(at: time)
    var time = time
    while true {
      let ends = floor(time.saturatingPlus(stretch.offset)).saturatingPlus(step).saturatingMinus(stretch.offset)
      if ends < stretch.end || stretch.end == .max { return ends }
      let after = zone.stretch(stretch.place + 1)
      if beginsOne(at: after, after: stretch) { return after.start }
      time = after.start
      stretch = after
    }
  }

  /// Whether the change of the clocks itself begins one: it lands on a multiple, or leaps over one.
  private func beginsOne(at stretch: Zone.Stretch, after before: Zone.Stretch) -> Bool {
    let shown = stretch.start + stretch.offset
    return floor(shown) == shown || floor(shown) >= stretch.start + before.offset
  }

  private func floor(_ local: Int64) -> Int64 { local.flooredQuotient(step).saturatingTimes(step) }
}
