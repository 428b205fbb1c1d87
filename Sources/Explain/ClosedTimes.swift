import Rules

/// When the calendars of a rule (`during`, `not_during`) were closed.
struct ClosedTimes {
  private let during: [Calendar]
  private let notDuring: [Calendar]
  private let zone: Zone

  /// Nil for a rule without calendars.
  init?(_ rule: Rule, _ configuration: Configuration) {
    guard !rule.during.isEmpty || !rule.notDuring.isEmpty else { return nil }
    during = configuration.calendars.filter { rule.during.contains($0.name) }
    notDuring = configuration.calendars.filter { rule.notDuring.contains($0.name) }
    zone = configuration.zone
  }

  func isOpen(at time: Instant) -> Bool {
    (during.isEmpty || during.contains { $0.isOpen(at: time, in: zone) })
      && !notDuring.contains { $0.isOpen(at: time, in: zone) }
  }

  /// The first moment after `time` at which it opens or closes.
  func nextChange(after time: Instant) -> Instant? {
    var at = time
    while let next = (during + notDuring).compactMap({ $0.nextChange(after: at, in: zone) }).min() {
      if isOpen(at: next) != isOpen(at: time) { return next }
      at = next
    }
    return nil
  }

  /// Every closed stretch that overlaps this time, whole where it ends within it.
  func stretches(from: Instant, to: Instant) -> [(from: Instant, to: Instant)] {
    var found: [(Instant, Instant)] = []
    var at = from
    while at < to {
      let next = nextChange(after: at) ?? .distantFuture
      if !isOpen(at: at) { found.append((at, next)) }
      at = next
    }
    return found
  }
}

extension Explanation {
  /// The longest part of a stretch in which the calendars were open; all of it without calendars.
  func open(_ stretch: Stretch) -> (from: Instant, to: Instant) {
    var parts: [(from: Instant, to: Instant)] = []
    var at = stretch.from
    for closing in closed where closing.to > stretch.from && closing.from < stretch.to {
      if closing.from > at { parts.append((at, closing.from)) }
      at = max(at, closing.to)
    }
    if at < stretch.to { parts.append((at, stretch.to)) }
    return parts.max { $0.to - $0.from < $1.to - $1.from } ?? (stretch.from, stretch.from)
  }
}
