import Rules

/// Why a rule did not decide, in the order in which one looks for it.
package enum WhyNot: Equatable, Sendable {
  /// Nothing of what the rule reads came.
  case noData
  case failed(String)
  /// It did decide.
  case decided(at: Instant, deferredFrom: Instant?)
  case heldBack(HeldBackReason, fired: Instant, lastDecision: Instant?, cleared: Instant?)
  /// It had fired before all this and had not cleared: one activation makes one decision.
  case active(since: Instant)
  /// `when` was true, but never for long enough.
  case tooShort(Hold)
  /// It is true, and nothing has ended it yet.
  case running(since: Instant, fires: Instant)
  /// `when` was true, and for long enough were it not for the calendars: all of it, and the longest part in which they
  /// were open.
  case closed(all: Explanation.Span, open: Explanation.Span)
  case blind(reading: String, since: Instant?)
  case neverTrue

  /// The longest time for which `when` was true.
  package struct Hold: Equatable, Sendable {
    package var from: Instant
    package var to: Instant
    package var short: TimeSpan
    package var endedBy: Explanation.Answered
    /// Parts of `when` that were true before and were not at its end.
    package var turned: [PartAnswer]
    /// The one sample that ended it, when there was but one, and until when `when` was true after it.
    package var sample: OneSample?
  }

  package struct OneSample: Equatable, Sendable {
    package var again: Instant
    package var until: Instant
    /// When the rule would have fired without it; nil when it would not have.
    package var wouldHaveFired: Instant?
  }
}

/// What a part of a function was at one moment.
package struct PartAnswer: Equatable, Sendable {
  package var text: String
  package var answer: Answer
  package var relation: String?
  package var left: ReadingValue?
  package var right: ReadingValue?

  /// How far apart the two sides are; nil unless they are numbers.
  package var distance: Double? {
    guard case .number(let left)? = left, case .number(let right)? = right, relation != "~=" else { return nil }
    let distance = (left - right).magnitude
    return distance.isFinite ? distance : nil
  }
}

extension Explanation {
  package var whyNot: WhyNot {
    guard let look = atMoment ?? looks.first else { return .noData }
    if case .failed(let cause) = answered(look) { return .failed(cause) }
    if let decided = happenings.last(where: { $0.what.isDecision }), case .decided(let deferred) = decided.what {
      return .decided(at: decided.time, deferredFrom: deferred)
    }
    if let held = happenings.last(where: { $0.what.isHeldBack }), case .heldBack(let reason, let last) = held.what {
      return .heldBack(
        reason, fired: held.time, lastDecision: last,
        cleared: happenings.first { $0.time > held.time && $0.what == .cleared }?.time)
    }
    switch look.phase {
    case .active(let since), .clearing(_, let since): return .active(since: since)
    case .normal, .pending: break
    }
    guard let longest = stretches.indices.filter({ stretches[$0].answer == .yes }).max(by: isShorter) else {
      if let blind = stretches.filter({ $0.answer.isBlind }).max(by: { $0.length < $1.length }),
        stretches.allSatisfy(\.answer.isBlind), case .blind(let reading, let since) = blind.answer
      {
        return .blind(reading: reading, since: since)
      }
      return .neverTrue
    }
    let stretch = stretches[longest]
    let open = open(stretch)
    if closed.contains(where: { $0.from < stretch.to && $0.to > stretch.from }),
      open.to - open.from < heldFor || heldFor == .zero
    {
      return .closed(all: Span(from: stretch.from, to: stretch.to), open: Span(from: open.from, to: open.to))
    }
    if stretch.isOpenAtEnd { return .running(since: stretch.from, fires: stretch.from + heldFor) }
    return .tooShort(hold(longest))
  }

  private func isShorter(_ a: Int, _ b: Int) -> Bool { stretches[a].length < stretches[b].length }

  private func hold(_ place: Int) -> WhyNot.Hold {
    let stretch = stretches[place]
    let next = stretches[place + 1]
    var hold = WhyNot.Hold(
      from: stretch.from, to: stretch.to,
      short: TimeSpan(microseconds: heldFor.microseconds - stretch.length.microseconds), endedBy: next.answer,
      turned: [], sample: nil)
    if let before = looks.last(where: { $0.time < stretch.to }),
      let after = looks.first(where: { $0.time >= stretch.to && $0.when != .yes })
    {
      let was = Dictionary(parts(before).map { ($0.text, $0.answer) }) { first, _ in first }
      hold.turned = parts(after).filter { $0.answer != .yes && was[$0.text] == .yes }
    }
    if stretches.indices.contains(place + 2), stretches[place + 2].answer == .yes, next.answer == .no,
      samples.filter({ $0 >= next.from && $0 < next.to }).count == 1
    {
      let again = stretches[place + 2]
      let fires = stretch.from + heldFor
      hold.sample = WhyNot.OneSample(
        again: again.from, until: again.to, wouldHaveFired: again.to >= fires && fires >= again.from ? fires : nil)
    }
    return hold
  }

  /// Each part of `when` at one look, in the order of the text.
  package func parts(_ look: Trace.Look) -> [PartAnswer] {
    var found: [PartAnswer] = []
    outline?.forEachPart { part in
      guard let ask = part.ask else { return }
      let sides = part.sides?(look.readings, limitTable)
      found.append(
        PartAnswer(
          text: part.text, answer: ask(look.readings, limitTable), relation: part.relation, left: sides?.left,
          right: sides?.right))
    }
    return found
  }

  /// What a part of `when` came to in all that was seen.
  struct PartSummary {
    var atMoment: PartAnswer?
    /// Of the times it was not true, the one at which it was nearest.
    var nearest: (time: Instant, answer: PartAnswer)?
    var longestTrue = TimeSpan.zero
    var wasAlwaysTrue = true
  }

  func summary(of part: OutlinePart) -> PartSummary {
    var summary = PartSummary()
    guard let ask = part.ask else { return summary }
    var trueSince: Instant?
    for look in looks {
      let sides = part.sides?(look.readings, limitTable)
      let answer = PartAnswer(
        text: part.text, answer: ask(look.readings, limitTable), relation: part.relation, left: sides?.left,
        right: sides?.right)
      if look.time <= moment { summary.atMoment = answer }
      if answer.answer == .yes {
        trueSince = trueSince ?? look.time
      } else {
        summary.wasAlwaysTrue = false
        if let distance = answer.distance, distance < summary.nearest?.answer.distance ?? .infinity {
          summary.nearest = (look.time, answer)
        }
        if let since = trueSince { summary.longestTrue = max(summary.longestTrue, look.time - since) }
        trueSince = nil
      }
    }
    if let since = trueSince { summary.longestTrue = max(summary.longestTrue, end - since) }
    return summary
  }
}

extension Explanation.Happening {
  fileprivate var isDecision: Bool { if case .decided = self { true } else { false } }
  fileprivate var isHeldBack: Bool { if case .heldBack = self { true } else { false } }
}

extension Outline {
  func forEachPart(_ body: (OutlinePart) -> Void) {
    switch self {
    case .all(let parts), .any(let parts): for part in parts { part.forEachPart(body) }
    case .not(let part): part.forEachPart(body)
    case .part(let part): body(part)
    case .ways(let ways): for way in ways { way.outline.forEachPart(body) }
    }
  }
}
