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

/// What one rule came to on one asset in one month, in one tier and column: the grain of the accounts.
package struct AccountEntry: Sendable {
  package var rule: String
  package var owner: String
  package var assetClass: String
  package var asset: String
  package var tier: Tier
  /// Year x 12 + month - 1.
  package var month: Int
  package var sum: AccountSum
  package init(
    rule: String, owner: String, assetClass: String, asset: String, tier: Tier, month: Int, sum: AccountSum
  ) {
    self.rule = rule
    self.owner = owner
    self.assetClass = assetClass
    self.asset = asset
    self.tier = tier
    self.month = month
    self.sum = sum
  }
}

/// A decision that nobody has said anything of.
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
