import Rules

/// By what the accounts are summed.
package enum AccountGrouping: String, Sendable, CaseIterable {
  case rule, owner
  case assetClass = "class"
  case asset, month, tier
}

/// What a group of decisions came to in one column; amounts in hundredths of the site's currency.
package struct AccountSum: Sendable, Equatable {
  /// Of the rule, owner, class, asset or tier; a month as `2026-03`; empty for all.
  package var name: String
  /// Amounts of different columns are never summed.
  package var column: AccountColumn
  /// Taken to the plant: not those in shadow.
  package var decisions: Int64 = 0
  /// Recorded only, and what their rules' models say they would have saved and cost: never added to what was saved.
  package var shadowDecisions: Int64 = 0
  package var wouldSave: Int64 = 0
  package var wouldCost: Int64 = 0
  /// By the rules' models, had every decision been right.
  package var modelled: Int64 = 0
  /// A verdict says so.
  package var measured: Int64 = 0
  /// Modelled without a verdict.
  package var unproven: Int64 = 0
  /// Claimed above the baseline of the class: not proven either.
  package var over: Int64 = 0
  package var cost: Int64 = 0
  /// Decisions with a verdict that counts, in shadow too.
  package var judged: Int64 = 0
  package var confirmed: Int64 = 0
  package var falseAlarms: Int64 = 0
  /// Losses that came without a decision.
  package var missed: Int64 = 0
  /// How many were begun, and how long that took in all.
  package var responded: Int64 = 0
  package var response = TimeSpan.zero

  package init(name: String, column: AccountColumn) {
    self.name = name
    self.column = column
  }

  package var net: Int64 { measured.saturatingMinus(cost) }
  package var waiting: Int64 { max(0, decisions + shadowDecisions - judged) }
  /// Of those with a verdict for or against it; nil when there is none.
  package var precision: Double? {
    confirmed + falseAlarms == 0 ? nil : Double(confirmed) / Double(confirmed + falseAlarms)
  }
  /// How much of what is claimed rests on verdicts; nil when nothing is claimed.
  package var coverage: Double? {
    let claimed = measured + unproven + over
    return claimed <= 0 ? nil : Double(measured) / Double(claimed)
  }
  package var meanResponse: TimeSpan? { responded == 0 ? nil : response / responded }

  package mutating func add(_ other: AccountSum) {
    decisions += other.decisions
    shadowDecisions += other.shadowDecisions
    wouldSave += other.wouldSave
    wouldCost += other.wouldCost
    modelled += other.modelled
    measured += other.measured
    unproven += other.unproven
    over += other.over
    cost += other.cost
    judged += other.judged
    confirmed += other.confirmed
    falseAlarms += other.falseAlarms
    missed += other.missed
    responded += other.responded
    response = response + other.response
  }
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

package struct WaitingDecision: Sendable, Equatable {
  /// Its number in the ledger.
  package var id: Int64
  package var key: DecisionKey
  package var title: String
  package var owner: String
  package var tier: Tier
  package var modelled: Int64?
  package init(id: Int64, key: DecisionKey, title: String, owner: String, tier: Tier, modelled: Int64?) {
    self.id = id
    self.key = key
    self.title = title
    self.owner = owner
    self.tier = tier
    self.modelled = modelled
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
