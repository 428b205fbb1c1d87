/// Where one incident stands in the accounts, in hundredths of the site's currency. Only differences between two
/// positions are booked, each when it came about.
package struct Position: Sendable, Equatable {
  /// By the rule's model, whatever came of it.
  package var modelled: Int64 = 0
  /// Measured: a verdict says so.
  package var measured: Int64 = 0
  /// Measured, but above what the class can have lost at all in the year.
  package var over: Int64 = 0
  /// Modelled, and nobody has said.
  package var unproven: Int64 = 0
  package var cost: Int64 = 0
  package var judged: Int64 = 0
  package var confirmed: Int64 = 0
  package var falseAlarms: Int64 = 0
  package init() {}

  package static func - (a: Position, b: Position) -> Position {
    var difference = Position()
    difference.modelled = a.modelled - b.modelled
    difference.measured = a.measured - b.measured
    difference.over = a.over - b.over
    difference.unproven = a.unproven - b.unproven
    difference.cost = a.cost - b.cost
    difference.judged = a.judged - b.judged
    difference.confirmed = a.confirmed - b.confirmed
    difference.falseAlarms = a.falseAlarms - b.falseAlarms
    return difference
  }
}

/// One incident's facts: all that its position follows from.
package struct IncidentFacts: Sendable {
  package struct Word: Sendable {
    package var person: String
    package var verdict: Verdict
    /// What it saved, in hundredths of the site's currency, if the person said.
    package var worth: Int64?
    package init(person: String, verdict: Verdict, worth: Int64?) {
      self.person = person
      self.verdict = verdict
      self.worth = worth
    }
  }
  /// Of another's order: that one pays.
  package var belongsToAnother = false
  /// Something was done, or may still be. Nothing is in shadow.
  package var acted = true
  package var modelled: Int64?
  /// Of all its orders, as their system says, and as planned until it does.
  package var cost: Int64 = 0
  package var nuisance: Int64 = 0
  package var author: String?
  /// Oldest first.
  package var words: [Word] = []
  /// How much more may be claimed; nil is no end.
  package var room: Int64?
  package init() {}

  /// The newest word that counts: the author's own does only beside somebody else's.
  package var counted: Word? { words.last { $0.person != author } }
}

extension Position {
  /// One incident pays once; no verdict and "already known" pay nothing; what was not done pays and costs nothing.
  package init(_ facts: IncidentFacts) {
    guard !facts.belongsToAnother else { return }
    let word = facts.counted
    if let word {
      judged = 1
      confirmed = word.verdict == .confirmed ? 1 : 0
      falseAlarms = word.verdict == .falseAlarm || word.verdict == .noFaultFound ? 1 : 0
    }
    guard facts.acted else { return }
    cost = facts.cost
    modelled = facts.modelled ?? 0
    switch word?.verdict {
    case nil: unproven = facts.modelled ?? 0
    case .confirmed:
      let worth = word?.worth ?? facts.modelled ?? 0
      measured = facts.room.map { min(worth, max(0, $0)) } ?? worth
      over = worth - measured
    case .falseAlarm, .noFaultFound: cost += facts.nuisance
    case .alreadyKnown: break
    }
  }
}
