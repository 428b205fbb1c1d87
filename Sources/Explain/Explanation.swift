import Rules

/// What one rule knew about one asset around a moment, and what came of it.
package struct Explanation {
  package struct Reading: Equatable, Sendable {
    package var name: String
    package var unit: String?
  }

  /// How `when` was answered over a stretch of time.
  package enum Answered: Equatable, Sendable {
    case yes
    case no
    case blind(reading: String, since: Instant?)
    case failed(String)
  }

  package struct Span: Equatable, Sendable {
    package var from: Instant
    package var to: Instant
    package var length: TimeSpan { to - from }
  }

  /// A stretch in which `when` gave one answer: from the first moment it did to the first it did not.
  package struct Stretch: Equatable, Sendable {
    package var answer: Answered
    package var from: Instant
    package var to: Instant
    /// Whether it had begun before anything was seen, or went on after.
    package var isOpenAtEnd: Bool
    package var length: TimeSpan { to - from }
  }

  package enum Happening: Equatable, Sendable {
    case pending(fires: Instant)
    /// The hold ended before its time: `when` was no longer true, or the rule no longer saw.
    case abandoned(after: TimeSpan, because: Answered)
    case fired(since: Instant)
    case clearing(clears: Instant)
    case releaseEnded
    case cleared
    case blind(reading: String, since: Instant?)
    case sees
    case decided(deferredFrom: Instant?)
    case heldBack(HeldBackReason, lastDecision: Instant?)
    case calendars(open: Bool)
    case late(tag: String)
    case link(source: String, LinkEvent)
    case failed(String)
  }

  package let rule: String
  package let title: String
  /// Path.
  package let asset: String
  package let moment: Instant
  package let from: Instant
  package let to: Instant
  package let heldFor: TimeSpan
  package let releasedFor: TimeSpan
  /// In force on this asset.
  package let limits: [Limit]
  package let limitTable: LimitTable
  package let readings: [Reading]
  package let outline: Outline?
  package private(set) var looks: [Trace.Look] = []
  package private(set) var stretches: [Stretch] = []
  /// Source times of the samples that were taken, in order of arrival.
  package internal(set) var samples: [Instant] = []
  package internal(set) var firstSample: Instant?
  package internal(set) var lastSample: Instant?
  /// When its calendars were closed, from before the first moment to after the last.
  package internal(set) var closed: [(from: Instant, to: Instant)] = []
  /// Whether the rule has calendars.
  package internal(set) var hasCalendars = false
  package internal(set) var happenings: [(time: Instant, what: Happening)] = []
  /// What the reader must know of where this comes from: the rules have changed since, say.
  package var remarks: [String] = []
  /// The site's own time, told beside UTC.
  package var zone: Zone?

  init(
    rule: String, title: String, asset: String, moment: Instant, from: Instant, to: Instant, heldFor: TimeSpan,
    releasedFor: TimeSpan, limits: [Limit], limitTable: LimitTable, readings: [Reading], outline: Outline?
  ) {
    self.rule = rule
    self.title = title
    self.asset = asset
    self.moment = moment
    self.from = from
    self.to = to
    self.heldFor = heldFor
    self.releasedFor = releasedFor
    self.limits = limits
    self.limitTable = limitTable
    self.readings = readings
    self.outline = outline
  }

  /// The last time the rule was asked up to the moment; nil when it never was.
  package var atMoment: Trace.Look? { looks.last { $0.time <= moment } }

  /// Until when anything is known.
  var end: Instant { min(to, max(looks.last?.time ?? from, lastSample ?? from)) }

  package func answered(_ look: Trace.Look) -> Answered {
    switch look.when {
    case .yes: .yes
    case .no: .no
    case .blind(let reading): .blind(reading: readings[reading].name, since: look.notGoodSince[reading])
    case .fault(let cause): .failed(cause.text)
    }
  }

  mutating func add(_ seen: [Trace.Look]) {
    looks = seen.filter { $0.time <= to }
    // Samples of the first moment come one after the other: what was not known between two of them is no news.
    while looks.count > 1, looks[0].time == looks[1].time, looks[0].phase == .normal { looks.removeFirst() }
    var before: Condition.Phase = looks.first?.phase ?? .normal
    var sees = true
    for (place, look) in looks.enumerated() {
      let answer = answered(look)
      if place > 0 { note(look, answer, before: before) }
      if place > 0 || look.time >= from {
        if case .blind(let reading, let since) = answer, sees {
          happenings.append((look.time, .blind(reading: reading, since: since)))
        }
        if !answer.isBlind, !sees { happenings.append((look.time, .sees)) }
      }
      if place == 0, look.time >= from, look.phase != .normal { note(look, answer, before: .normal) }
      sees = !answer.isBlind
      before = look.phase
      extend(by: look, answer)
    }
    if let last = stretches.indices.last {
      stretches[last].to = max(end, stretches[last].from)
      stretches[last].isOpenAtEnd = true
    }
    let kept = happenings.filter { $0.time >= from }.enumerated()
    happenings = kept.sorted {
      ($0.element.time, $0.element.what.order, $0.offset) < ($1.element.time, $1.element.what.order, $1.offset)
    }
    .map(\.element)
  }

  private mutating func extend(by look: Trace.Look, _ answer: Answered) {
    if let last = stretches.indices.last {
      if stretches[last].answer.isLike(answer) { return }
      stretches[last].to = look.time
    }
    var start = look.time
    if stretches.isEmpty, case .pending(let since) = look.phase { start = since }
    stretches.append(Stretch(answer: answer, from: start, to: look.time, isOpenAtEnd: false))
  }

  /// What a change of phase tells.
  private mutating func note(_ look: Trace.Look, _ answer: Answered, before: Condition.Phase) {
    guard look.phase != before else { return }
    let what: Happening
    switch (before, look.phase) {
    case (_, .pending(let since)): what = .pending(fires: since + heldFor)
    case (.pending(let since), .normal): what = .abandoned(after: look.time - since, because: answer)
    case (.pending(let since), .active): what = .fired(since: since)
    case (.normal, .active), (.normal, .clearing): what = .fired(since: look.time)
    case (_, .clearing(let since, _)): what = .clearing(clears: since + releasedFor)
    case (.clearing, .active): what = .releaseEnded
    case (.active, .normal), (.clearing, .normal): what = .cleared
    case (.normal, .normal), (.active, .active): return
    }
    happenings.append((look.time, what))
  }
}

extension Explanation.Answered {
  var isBlind: Bool { if case .blind = self { true } else { false } }

  /// Of the same kind, and blind by the same reading.
  func isLike(_ other: Self) -> Bool {
    switch (self, other) {
    case (.blind(let a, _), .blind(let b, _)): a == b
    case (.failed, .failed): true
    default: self == other
    }
  }
}

extension Explanation.Happening {
  /// At one moment: what came from outside, what the rule made of it, what became of that.
  var order: Int {
    switch self {
    case .late, .link, .calendars: 0
    case .blind, .sees, .failed: 1
    case .pending, .abandoned, .fired, .clearing, .releaseEnded, .cleared: 2
    case .decided, .heldBack: 3
    }
  }
}
