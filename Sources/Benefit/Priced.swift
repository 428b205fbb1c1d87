import Rules

/// What a rule would have done on a stretch of history, in money. Amounts in hundredths of the site's currency.
package struct Priced: Sendable, Equatable {
  package struct At: Sendable, Equatable {
    package var asset: String
    package var time: Instant
  }
  package struct Caught: Sendable, Equatable {
    package var decision: At
    package var loss: Loss
    package var lead: TimeSpan
    /// Nil when the model cannot say.
    package var worth: Int64?
  }
  package struct Schedule: Sendable, Equatable {
    package var every: TimeSpan
    package var checks: Int
    package var caught: Int
    package var cost: Int64
    package var net: Int64
  }

  package var rule: String
  package var title: String
  package var owner: String
  package var column: AccountColumn
  package var currency: String
  /// The history.
  package var from: Instant
  package var to: Instant
  package var decisions = 0
  /// Unplanned, on assets the rule looks at, within the history.
  package var losses = 0
  package var caught: [Caught] = []
  package var missed: [Loss] = []
  package var falseAlarms: [At] = []
  package var sameIncident: [At] = []
  package var late: [At] = []
  /// Where losses are measured in the data: kWh between decisions and their clears that could have been had.
  package var energy: Fixed?
  package var gross: Int64 = 0
  package var orderCost: Int64 = 0
  package var nuisanceCost: Int64 = 0
  /// What the missed losses cost, where that is known: it would have been lost without the rule as well.
  package var missedCost: Int64 = 0
  /// What all losses would have cost without any rule.
  package var withoutRule: Int64 = 0
  package var schedule: Schedule?
  /// Of the net, in 95 of 100 resamples of the incidents; nil of fewer than ten.
  package var interval: (low: Int64, high: Int64)?
  package var incidents = 0
  /// Where the model's figure is from, and who agreed to it when.
  package var because: String?
  package var agreed: String?
  /// What it all rests on.
  package var assumptions: [String] = []
  /// A few of its decisions, with what was seen around them.
  package var evidence: [EvidenceShown] = []

  package var cost: Int64 { orderCost + nuisanceCost }
  package var net: Int64 { gross.saturatingMinus(cost) }
  package var losesMoney: Bool { net < 0 }
  package var recall: Double? { losses == 0 ? nil : Double(caught.count) / Double(losses) }
  /// Caught failures among incidents: caught and false.
  package var precision: Double? {
    caught.isEmpty && falseAlarms.isEmpty ? nil : Double(caught.count) / Double(caught.count + falseAlarms.count)
  }
  package var meanLead: TimeSpan? {
    caught.isEmpty ? nil : caught.reduce(.zero) { $0 + $1.lead } / Int64(caught.count)
  }
  /// A month is 30 days.
  package var falseAlarmsPerMonth: Double? {
    let days = (to - from).seconds / 86_400
    return days <= 0 ? nil : Double(falseAlarms.count) * 30 / days
  }

  init(_ rule: Rule, currency: String, from: Instant, to: Instant) {
    self.rule = rule.name
    title = rule.title
    owner = rule.owner
    column = rule.value?.column ?? .avoided
    self.currency = currency
    self.from = from
    self.to = to
    because = rule.value?.because
    agreed = rule.value?.agreedBy.map { person in
      person + (rule.value?.agreedOn.map { ", \($0)" } ?? "")
    }
  }

  package static func == (a: Priced, b: Priced) -> Bool {
    a.rule == b.rule && a.decisions == b.decisions && a.losses == b.losses && a.caught == b.caught
      && a.missed == b.missed && a.falseAlarms == b.falseAlarms && a.sameIncident == b.sameIncident && a.late == b.late
      && a.energy == b.energy && a.gross == b.gross && a.orderCost == b.orderCost && a.nuisanceCost == b.nuisanceCost
      && a.missedCost == b.missedCost && a.withoutRule == b.withoutRule && a.schedule == b.schedule
      && a.interval?.low == b.interval?.low && a.interval?.high == b.interval?.high
      && a.assumptions == b.assumptions
  }
}

extension [Priced] {
  /// What loses money comes first and the worst of it before all; then what saves most.
  package var losersFirst: [Priced] {
    sorted { a, b in
      if a.losesMoney != b.losesMoney { return a.losesMoney }
      if a.net != b.net { return a.losesMoney ? a.net < b.net : a.net > b.net }
      return a.rule < b.rule
    }
  }
}

/// One rule with one value of a limit or a hold, before and after the moment that splits the history.
package struct SweepPoint: Sendable, Equatable {
  /// As written: `0.4`, `30 min`.
  package var value: String
  /// The same as a number; seconds for a length of time.
  package var number: Double
  /// The part it may be tuned on, and the part it is judged by.
  package var train: Priced
  package var test: Priced
  package init(value: String, number: Double, train: Priced, test: Priced) {
    self.value = value
    self.number = number
    self.train = train
    self.test = test
  }
}

/// Net money against the value of a limit or a hold.
package struct Sweep: Sendable, Equatable {
  package var rule: String
  /// Name of the limit, or `held_for`.
  package var parameter: String
  package var currency: String
  package var split: Instant
  /// What the rule has now, written as the points' values are.
  package var current: String?
  package var points: [SweepPoint]
  package init(
    rule: String, parameter: String, currency: String, split: Instant, current: String?, points: [SweepPoint]
  ) {
    self.rule = rule
    self.parameter = parameter
    self.current = current
    self.currency = currency
    self.split = split
    self.points = points
  }

  /// The one that earns most before the split; the first of equals.
  package var best: Int? {
    points.indices.max { a, b in (points[a].train.net, -a) < (points[b].train.net, -b) }
  }

  package static let warning =
    "a value tuned on a history flatters itself on the same history: judge it by what came after the split"
}
