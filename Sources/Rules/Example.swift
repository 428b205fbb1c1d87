/// A proof the author wrote beside the rule: these readings over time, and what must come of it.
package struct Example: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// At least one decision.
    case fires
    /// No decision, and nothing held back.
    case staysCalm = "stays_calm"
    /// At least one firing is held back by the rule itself: `at_most`, `needs`, `suppressed_when`, `settles_for`.
    case heldBack = "held_back"
  }

  /// The name of the field: `fires`, `stays_calm`, `fires_when_hot`. It begins with its kind.
  package var name: String
  package var kind: Kind
  /// What each reading is over time, in the order of the rule's readings; one that is left out is not known.
  package var series: [(reading: String, series: Series)]
  package var lasting: TimeSpan
  /// How often each reading is sampled; nil: a tenth of `lasting`, at most 1 min.
  package var sampled: TimeSpan?
  /// When it begins; nil: on a Thursday at midnight UTC, and calendars are left out of it.
  package var starts: Instant?
  /// The engine ends and starts again at these times after the beginning, in order.
  package var restarts: [TimeSpan]
  package var expected: Expected
  package var line: Int

  /// What must come of it beyond its kind. Times are after the beginning; nil says nothing.
  package struct Expected: Sendable, Equatable {
    /// When the decisions are taken, all of them.
    package var fires: [TimeSpan]?
    /// When the condition clears, each time.
    package var clears: [TimeSpan]?
    package var heldBack: [TimeSpan]?
    /// Each occurs in the title or text of an action of the first decision.
    package var says: [String]
    package init(
      fires: [TimeSpan]? = nil, clears: [TimeSpan]? = nil, heldBack: [TimeSpan]? = nil, says: [String] = []
    ) {
      self.fires = fires
      self.clears = clears
      self.heldBack = heldBack
      self.says = says
    }
  }

  package init(
    name: String, kind: Kind, series: [(reading: String, series: Series)], lasting: TimeSpan,
    sampled: TimeSpan? = nil, starts: Instant? = nil, restarts: [TimeSpan] = [], expected: Expected = Expected(),
    line: Int
  ) {
    self.name = name
    self.kind = kind
    self.series = series
    self.lasting = lasting
    self.sampled = sampled
    self.starts = starts
    self.restarts = restarts
    self.expected = expected
    self.line = line
  }

  package static func == (a: Example, b: Example) -> Bool {
    a.name == b.name && a.kind == b.kind && a.lasting == b.lasting && a.sampled == b.sampled && a.starts == b.starts
      && a.restarts == b.restarts && a.expected == b.expected && a.line == b.line
      && a.series.elementsEqual(b.series) { $0 == $1 }
  }
}

/// What one reading is over time.
package enum Series: Sendable, Equatable {
  case constant(Sample)
  /// In a straight line from one to the other in this time, and level from there on.
  case rises(from: Sample, to: Sample, over: TimeSpan)
  /// Each from its time on; the first begins with the example.
  case steps([Step])
  /// Of an `each` reading: what each member is, constantly.
  case members([Sample])

  package struct Step: Sendable, Equatable {
    package var from: TimeSpan
    package var sample: Sample
    package init(from: TimeSpan, _ sample: Sample) {
      self.from = from
      self.sample = sample
    }
  }

  package enum Sample: Sendable, Equatable {
    case value(Value)
    /// The limit in force, and so much more: an example written with it holds for every asset.
    case limit(String, plus: Double)
    /// A sample of bad quality.
    case bad
    /// No sample any more: stale from here on.
    case silent
  }

  /// The samples the reading gets at `time` after the beginning: one, or one for each member.
  func samples(at time: TimeSpan, _ limits: [String: LimitValue]) -> [Value?] {
    switch self {
    case .constant(let sample): [sample.value(limits)]
    case .members(let samples): samples.map { $0.value(limits) }
    case .steps(let steps): [(steps.last { $0.from <= time } ?? steps.first).flatMap { $0.sample.value(limits) }]
    case .rises(let from, let to, let over):
      if case .number(let low)? = from.value(limits), case .number(let high)? = to.value(limits) {
        [.number(time >= over ? high : low + (high - low) * (time.seconds / over.seconds))]
      } else {
        [nil]
      }
    }
  }

  /// Whether it is silent at `time`: nothing is sent, and the tag is stale.
  func isSilent(at time: TimeSpan) -> Bool {
    switch self {
    case .constant(let sample): sample == .silent
    case .members, .rises: false
    case .steps(let steps): (steps.last { $0.from <= time } ?? steps.first)?.sample == .silent
    }
  }
}

extension Series.Sample {
  /// Nil: not good.
  fileprivate func value(_ limits: [String: LimitValue]) -> Value? {
    switch self {
    case .value(let value): value
    case .limit(let name, let more):
      switch limits[name] {
      case .state(let state): .text(state)
      case let limit?: .number(limit.number + more)
      case nil: nil
      }
    case .bad, .silent: nil
    }
  }
}
