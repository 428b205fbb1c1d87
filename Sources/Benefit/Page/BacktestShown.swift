import Rules

/// What rules would have come to on history: all that a backtest's page says. Amounts in hundredths of the currency.
package struct BacktestShown: Sendable, Equatable {
  package var site: String
  package var currency: String
  /// The history that was replayed.
  package var from: Instant
  package var to: Instant
  /// Each by itself: their decisions may meet the same losses, so they have no sum.
  package var rules: [RuleShown] = []
  package var sweeps: [SweepShown] = []
  /// What is taken to be so, and what is not in the figures.
  package var assumptions: [String] = []
  package var remarks: [String] = []
  package var evidence: [EvidenceShown] = []
  package init(site: String, currency: String, from: Instant, to: Instant) {
    self.site = site
    self.currency = currency
    self.from = from
    self.to = to
  }
}

/// One rule, or one variant of it, on history.
package struct RuleShown: Sendable, Equatable {
  package var name: String
  package var column: AccountColumn
  package var decisions: Int64 = 0
  /// Unplanned losses in the history, and how many of them a decision came early enough for.
  package var losses: Int64 = 0
  package var caught: Int64 = 0
  package var falseAlarms: Int64 = 0
  package var gross: Int64 = 0
  package var cost: Int64 = 0
  /// Within which the net lies in 95 of 100 redrawn histories; nil where there are too few incidents to say.
  package var interval: ClosedRange<Int64>?
  package var meanLead: TimeSpan?
  /// What the same time had cost with nobody looking, and with a fixed schedule.
  package var unwatched: Int64?
  package var scheduled: Int64?
  /// Where the model's figure is from, and who agreed to it when.
  package var because: String?
  package var agreed: String?
  package var incidents: [IncidentShown] = []

  package init(name: String, column: AccountColumn) {
    self.name = name
    self.column = column
  }
  package var net: Int64 { gross.saturatingMinus(cost) }
  package var missed: Int64 { max(0, losses - caught) }
}

/// A loss with the decision that came before it, a loss alone, or a decision alone.
package struct IncidentShown: Sendable, Equatable {
  package var asset: String
  package var decided: Instant?
  package var loss: Loss?
  package init(asset: String, decided: Instant?, loss: Loss?) {
    self.asset = asset
    self.decided = decided
    self.loss = loss
  }
}

/// Net money against the value of a limit or of a hold.
package struct SweepShown: Sendable, Equatable {
  package struct Point: Sendable, Equatable {
    /// As it would be written in the rule: `60`, `30 min`.
    package var value: String
    package var number: Double
    package var decisions: Int64
    /// On the earlier part of the history, and on the later part, which nobody looked at when choosing.
    package var learned: Int64
    package var tested: Int64
    package init(value: String, number: Double, decisions: Int64, learned: Int64, tested: Int64) {
      self.value = value
      self.number = number
      self.decisions = decisions
      self.learned = learned
      self.tested = tested
    }
  }
  package var rule: String
  package var limit: String
  package var column: AccountColumn
  /// By rising value.
  package var points: [Point]
  /// Where the history was split.
  package var split: Instant
  /// The one the rule has now.
  package var current: String?
  package init(
    rule: String, limit: String, column: AccountColumn, points: [Point], split: Instant, current: String? = nil
  ) {
    self.rule = rule
    self.limit = limit
    self.column = column
    self.points = points
    self.split = split
    self.current = current
  }

  /// The best on the earlier part; the first of equals.
  package var chosen: Point? {
    points.reduce(nil) { best, point in best.map { point.learned > $0.learned ? point : $0 } ?? point }
  }
}
