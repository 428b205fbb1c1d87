/// A decision's identity within one ledger: rule, asset, fire time, and how many before it had the same three.
package struct DecisionKey: Hashable, Sendable, CustomStringConvertible {
  package var rule: String
  /// The asset's path.
  package var asset: String
  package var time: Instant
  package var repeated: Int
  package init(rule: String, asset: String, time: Instant, repeated: Int = 0) {
    self.rule = rule
    self.asset = asset
    self.time = time
    self.repeated = repeated
  }
  /// `pump_cavitation/Works/Utilities/P-101@2026-03-01T10:00:00Z`, with `#n` when repeated.
  package var description: String {
    "\(rule)/\(asset)@\(time)" + (repeated == 0 ? "" : "#\(repeated)")
  }
}

/// One action of one decision, within one ledger.
package struct ActionKey: Hashable, Sendable, CustomStringConvertible {
  package var decision: DecisionKey
  package var number: Int
  package init(decision: DecisionKey, number: Int) {
    self.decision = decision
    self.number = number
  }
  package var description: String { "\(decision)/\(number)" }
}

/// A reading as it stood when the rule fired.
package struct Evidence: Sendable, Equatable {
  /// The name its author gave it.
  package var name: String
  package var value: ReadingValue
  package var unit: String?
  package init(name: String, value: ReadingValue, unit: String?) {
    self.name = name
    self.value = value
    self.unit = unit
  }
}

/// The fact that a rule fired for an asset, with its evidence.
package struct Decision: Sendable, Equatable {
  package var key: DecisionKey
  package var title: String
  package var owner: String
  /// When `when` had become true.
  package var since: Instant
  /// Held back first, taken at `key.time` when the reason ended: when the rule had fired.
  package var deferredFrom: Instant?
  /// The decision whose order was completed while the condition went on (`recheck`).
  package var follows: DecisionKey?
  package var evidence: [Evidence]
  /// The limits in force for this asset.
  package var limits: [Limit]
  package var checkFirst: [String]
  package var consequence: Consequence?
  package var textHash: Digest
  package var logicHash: Digest
  /// The highest tier among its actions' kinds, as the site set it.
  package var tier: Tier
  package var actions: [Action]
  /// The asset's id in other systems, adapter name to id, sorted by adapter.
  package var assetIDs: [(adapter: String, id: String)]
  package var assetClass: String
  /// By its rule's model and the site's prices; nil when the rule states none.
  package var value: Valuation?

  package init(
    key: DecisionKey, title: String, owner: String, since: Instant, deferredFrom: Instant? = nil,
    follows: DecisionKey? = nil, evidence: [Evidence], limits: [Limit], checkFirst: [String] = [],
    consequence: Consequence? = nil,
    textHash: Digest = .zero, logicHash: Digest = .zero, tier: Tier, actions: [Action],
    assetIDs: [(adapter: String, id: String)] = [], assetClass: String, value: Valuation? = nil
  ) {
    self.key = key
    self.title = title
    self.owner = owner
    self.since = since
    self.deferredFrom = deferredFrom
    self.follows = follows
    self.evidence = evidence
    self.limits = limits
    self.checkFirst = checkFirst
    self.consequence = consequence
    self.textHash = textHash
    self.logicHash = logicHash
    self.tier = tier
    self.actions = actions
    self.assetIDs = assetIDs
    self.assetClass = assetClass
    self.value = value
  }

  /// What it is worth is not what was decided.
  package static func == (a: Decision, b: Decision) -> Bool {
    a.key == b.key && a.title == b.title && a.owner == b.owner && a.since == b.since
      && a.deferredFrom == b.deferredFrom && a.follows == b.follows && a.evidence == b.evidence && a.limits == b.limits
      && a.checkFirst == b.checkFirst && a.consequence == b.consequence && a.textHash == b.textHash
      && a.logicHash == b.logicHash && a.tier == b.tier && a.actions == b.actions
      && a.assetIDs.elementsEqual(b.assetIDs) { $0 == $1 } && a.assetClass == b.assetClass
  }
}

/// A firing that became no decision, and why. If the reason ends while the condition is active, the decision is
/// taken then (S8). Evidence is of the firing.
package struct HeldBack: Sendable, Equatable {
  package var rule: String
  package var asset: String
  package var time: Instant
  package var since: Instant
  package var reason: HeldBackReason
  package var evidence: [Evidence]
  /// Which one in a row that is held back for this reason, without a decision in between: the first is recorded, and
  /// the others are counted on it.
  package var count = 1
  package init(
    rule: String, asset: String, time: Instant, since: Instant, reason: HeldBackReason, evidence: [Evidence]
  ) {
    self.rule = rule
    self.asset = asset
    self.time = time
    self.since = since
    self.reason = reason
    self.evidence = evidence
  }
}
