/// What the evaluator saw each time it asked about one condition, for whoever explains it. In production nobody
/// looks, and the evaluator pays for it with one comparison of a pointer an evaluation.
package final class Trace {
  /// One asking: the readings as of a moment, what the rule answered, and what became of the condition.
  package struct Look: Sendable, Equatable {
    package var time: Instant
    package var when: Answer
    /// What `clears_when` said; nil when it was not asked.
    package var clears: Answer?
    package var phase: Condition.Phase
    package var readings: [ReadingValue]
    /// Since when each reading has not been good, whether or not its last good value stands in; nil while it is good.
    package var notGoodSince: [Instant?]
    package init(
      time: Instant, when: Answer, clears: Answer? = nil, phase: Condition.Phase, readings: [ReadingValue],
      notGoodSince: [Instant?]
    ) {
      self.time = time
      self.when = when
      self.clears = clears
      self.phase = phase
      self.readings = readings
      self.notGoodSince = notGoodSince
    }
  }

  package let condition: ConditionID
  private let from: Instant
  /// In the order in which the rule was asked, which is that of time but for a clock that was set back. Of those
  /// before the first moment of interest only the last is kept: it says how things stood then.
  package private(set) var looks: [Look] = []

  package init(of condition: ConditionID, from: Instant) {
    self.condition = condition
    self.from = from
  }

  func see(_ look: Look) {
    if let last = looks.last, looks.count == 1, last.time < from, look.time <= from { looks.removeAll() }
    looks.append(look)
  }
}

extension Evaluator {
  /// Notes what was just asked of a condition, if that is the one somebody looks at.
  func show(_ condition: Int, at moment: Instant, when: Answer, clears: Answer?) {
    guard let trace, trace.condition.index == Int32(condition) else { return }
    let count = rules[Int(placements[condition].rule)].readings.count
    trace.see(
      Trace.Look(
        time: moment, when: when, clears: clears, phase: conditions[condition].phase,
        readings: Array(scratch[..<count]),
        notGoodSince: scratchSince[..<count].map { $0 == .max ? nil : Instant(microseconds: $0) }))
  }
}
