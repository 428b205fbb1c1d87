/// What a function of a rule is made of, as far as its text shows: what must be true, indented, each part to be asked
/// apart. Made for whoever explains a rule; the rule itself is only ever asked as a whole. Not Sendable, as a rule is
/// not.
package indirect enum Outline {
  /// All of these must be true.
  case all([Outline])
  /// One of these must be true.
  case any([Outline])
  case not(Outline)
  /// A comparison, or anything else that is true or false.
  case part(OutlinePart)
  /// Where the function goes several ways: each condition or result, under the words it stands behind (`if`, `return`).
  case ways([(words: String, outline: Outline)])
}

/// A part of a function that is true or false.
package struct OutlinePart {
  /// As written, laid out anew: `pump.suction < limits.suction_low`.
  package var text: String
  /// Nil where it is no comparison.
  package var relation: String?
  /// Whether it is true, by itself; nil where it cannot be asked apart from its function.
  package var ask: (([ReadingValue], LimitTable) -> Answer)?
  /// What stands on the two sides of a comparison; nil where that cannot be told.
  package var sides: (([ReadingValue], LimitTable) -> (left: ReadingValue, right: ReadingValue)?)?
  /// Why it cannot be asked apart.
  package var unreadable: String?

  package init(
    text: String, relation: String? = nil, ask: (([ReadingValue], LimitTable) -> Answer)? = nil,
    sides: (([ReadingValue], LimitTable) -> (left: ReadingValue, right: ReadingValue)?)? = nil,
    unreadable: String? = nil
  ) {
    self.text = text
    self.relation = relation
    self.ask = ask
    self.sides = sides
    self.unreadable = unreadable
  }
}
