import Rules

/// Whether the wall clock is believed (S2). It is while it moves with the steady clock and is not older than the
/// newest journal record. Ticks are made of the wall clock, and one too far ahead would let every hold run out:
/// without trust there is no tick, and data alone moves time.
struct ClockTrust {
  /// A wall clock may be slewed; it was set when it departs by more than this between two looks, plus a thousandth
  /// of the time between them.
  static let departure = TimeSpan.seconds(1)
  /// After it was doubted, it must have run evenly for so long.
  static let probation = TimeSpan.minutes(1)
  /// A sample whose own time is this close to the wall clock speaks for it.
  static let agreement = TimeSpan.minutes(1)

  /// Why it is not believed; nil while it is.
  private(set) var doubt: String?
  private var anchor: (wall: Instant, steady: Instant)?
  private var newest: Instant
  private var evenSince: Instant?
  /// Evenness alone does not prove a clock that was set forward or is older than our own record.
  private var needsWitness = false

  var isTrusted: Bool { doubt == nil }

  /// `newest` is the newest journal record.
  init(newest: Instant) { self.newest = newest }

  /// Looks at both clocks; `steady` counts evenly from anywhere.
  mutating func look(wall: Instant, steady: Instant) {
    defer { anchor = (wall, steady) }
    if let anchor {
      let elapsed = steady - anchor.steady
      let step = (wall - anchor.wall) - elapsed
      let slack = ClockTrust.departure + elapsed / 1_000
      if step > slack || step < TimeSpan(microseconds: -slack.microseconds) {
        doubt = "the wall clock was set by \(step.seconds) s"
        evenSince = steady
        needsWitness = step > .zero
      }
    }
    if wall < newest - ClockTrust.departure, doubt == nil {
      doubt = "the wall clock is older than the newest journal record, \(newest)"
      evenSince = steady
      needsWitness = true
    }
    if doubt != nil {
      guard let evenSince, steady - evenSince >= ClockTrust.probation, !needsWitness else { return }
      doubt = nil
      newest = wall
    }
    newest = max(newest, wall)
  }

  /// A live sample with a time of its own: another clock's word.
  mutating func hear(_ sample: Instant, wall: Instant) {
    guard needsWitness, sample > wall - ClockTrust.agreement, sample < wall + ClockTrust.agreement else { return }
    needsWitness = false
  }
}

extension TimeSpan {
  fileprivate static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(microseconds: a.microseconds.saturatingMinus(b.microseconds))
  }
}
