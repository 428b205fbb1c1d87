import Rules

/// One thing that a rule would have done.
package struct BacktestRow: Sendable {
  package enum Event: String, Sendable {
    case fire = "FIRE"
    case clear = "CLEAR"
    case held = "HELD"
  }
  /// Place among the rules, by name.
  package var rule: Int
  package var asset: AssetID
  /// The activation it belongs to, from 1 for each rule and asset.
  package var sequence: Int
  package var event: Event
  package var time: Instant
  /// Since when the condition was true that led to it: `when`, or for CLEAR `clears_when`.
  package var since: Instant
  /// The readings at a decision, and of one that was held back; empty for CLEAR.
  package var evidence: [Evidence] = []
  /// For HELD: why. For FIRE of what was held back first: when that was.
  package var reason: HeldBackReason?
  package var deferredFrom: Instant?
  /// At FIRE: what it is worth by the rule's model.
  package var value: Valuation?
  /// What the numbers among the readings did around it, where that was asked for.
  package var trails: [Trail] = []

  package init(rule: Int, asset: AssetID, sequence: Int, event: Event, time: Instant, since: Instant) {
    self.rule = rule
    self.asset = asset
    self.sequence = sequence
    self.event = event
    self.time = time
    self.since = since
  }
}

/// What a replay came to.
package struct BacktestResult: Sendable {
  package var ruleNames: [String] = []
  /// By time, then as the tree has the assets, then by rule.
  package var rows: [BacktestRow] = []
  /// By tag; nil for one that nothing came of.
  package var tags: [TagQuality?] = []
  /// Of the tags that something is measured by.
  package var samples: [TagID: SampleLog] = [:]
  package var reports: [Report] = []
  /// Rules whose result ends before the history does, and why: they used up the time, the instructions or the memory of
  /// a call.
  package var ended: [String: String] = [:]
  package var changes = 0
  package init() {}
}
