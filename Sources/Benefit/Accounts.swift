import Rules

/// By what the accounts are summed.
package enum AccountGrouping: String, Sendable, CaseIterable {
  case rule, owner
  case assetClass = "class"
  case asset, month, tier
}

/// What was saved, how sure that is, and what waits for somebody: all that a return page or list says.
package struct Accounts: Sendable, Equatable {
  package var site: String
  package var currency: String
  /// Nothing that was recorded later is in it.
  package var asOf: Instant
  package var since: Instant?
  package var grouping: AccountGrouping
  /// The groups, those that lose money first, then by net; each column on its own.
  package var groups: [AccountSum] = []
  /// Always by rule, in the same order, and by month, oldest first.
  package var rules: [AccountSum] = []
  package var months: [AccountSum] = []
  /// One for each column that has anything.
  package var totals: [AccountSum] = []
  /// What the programme itself costs in the time.
  package var programme: Int64 = 0
  /// Decisions without a verdict, newest first; not all of them.
  package var waiting: [WaitingDecision] = []
  /// Newest first; not all of them.
  package var losses: [Loss] = []
  /// What is not in the figures, and why: a cost in a currency without a rate.
  package var remarks: [String] = []
  /// A decision and what was seen around it, to look at.
  package var evidence: [EvidenceShown] = []

  package init(site: String, currency: String, asOf: Instant, since: Instant?, grouping: AccountGrouping) {
    self.site = site
    self.currency = currency
    self.asOf = asOf
    self.since = since
    self.grouping = grouping
  }
}

/// One decision with the numbers it was taken on, each over time around it.
package struct EvidenceShown: Sendable, Equatable {
  package struct Curve: Sendable, Equatable {
    package var name: String
    package var unit: String?
    /// By time; nil is a stretch without a good value.
    package var points: [(time: Instant, value: Double?)]
    /// The limit of the same name's reading, if the rule has one that can be drawn.
    package var limit: Double?
    package init(name: String, unit: String?, points: [(time: Instant, value: Double?)], limit: Double?) {
      self.name = name
      self.unit = unit
      self.points = points
      self.limit = limit
    }
    package static func == (a: Curve, b: Curve) -> Bool {
      a.name == b.name && a.unit == b.unit && a.limit == b.limit && a.points.elementsEqual(b.points) { $0 == $1 }
    }
  }
  package var key: DecisionKey
  package var title: String
  package var verdict: Verdict?
  package var readings: [Evidence]
  package var curves: [Curve]
  package init(key: DecisionKey, title: String, verdict: Verdict?, readings: [Evidence], curves: [Curve]) {
    self.key = key
    self.title = title
    self.verdict = verdict
    self.readings = readings
    self.curves = curves
  }
}
