/// Trouble that an asset had: a stop, a repair, scrap. Known from a list, or from the system that books them.
package struct Loss: Sendable, Equatable, Codable {
  /// The asset's path.
  package var asset: String
  package var start: Instant
  /// When it was over; the start, where that is all that is known.
  package var end: Instant
  package var cause: String?
  package var cost: Money?
  /// A planned one cannot be missed, and nothing is avoided by seeing it come.
  package var planned: Bool
  /// What the system it is from calls it; a second import of the same changes nothing.
  package var reference: String?
  package init(
    asset: String, start: Instant, end: Instant? = nil, cause: String? = nil, cost: Money? = nil,
    planned: Bool = false, reference: String? = nil
  ) {
    self.asset = asset
    self.start = start
    self.end = max(end ?? start, start)
    self.cause = cause
    self.cost = cost
    self.planned = planned
    self.reference = reference
  }
}

/// What a rule came to on history, kept so that a promotion can be asked for with it.
package struct BacktestFigures: Sendable, Equatable, Codable {
  package var rule: String
  /// Of the version that was replayed.
  package var logic: Digest
  package var from: Instant
  package var to: Instant
  package var decisions: Int
  package var losses: Int
  package var caught: Int
  package var falseAlarms: Int
  package var net: Money
  package init(
    rule: String, logic: Digest, from: Instant, to: Instant, decisions: Int, losses: Int, caught: Int,
    falseAlarms: Int, net: Money
  ) {
    self.rule = rule
    self.logic = logic
    self.from = from
    self.to = to
    self.decisions = decisions
    self.losses = losses
    self.caught = caught
    self.falseAlarms = falseAlarms
    self.net = net
  }
}
