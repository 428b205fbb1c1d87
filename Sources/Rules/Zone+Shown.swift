extension Zone {
  /// When a clock of the zone shows a local time.
  package enum Shown: Equatable, Sendable {
    case once(Instant)
    /// The clock went back over it.
    case twice(Instant, Instant)
    /// The clock went forward over it: when it would have been, had it not.
    case never(Instant)
  }

  /// The moments at which the clock shows this local time, written as if it were UTC.
  package func shown(_ local: Instant) -> Shown {
    let first = instant(ofLocal: local.microseconds)
    let stretch = stretch(at: first)
    guard self.local(first) == local.microseconds else {
      // `first` is the change; just before it the clock ran by the offset before.
      let before = stretch.place == 0 ? stretch : self.stretch(stretch.place - 1)
      return .never(Instant(microseconds: local.microseconds.saturatingMinus(before.offset)))
    }
    guard stretch.end != .max else { return .once(Instant(microseconds: first)) }
    let next = self.stretch(stretch.place + 1)
    let second = local.microseconds.saturatingMinus(next.offset)
    guard second >= next.start, second < next.end, second > first else { return .once(Instant(microseconds: first)) }
    return .twice(Instant(microseconds: first), Instant(microseconds: second))
  }
}
