/// Why a rule failed, as a person reads it and as it counts.
package struct FaultCause: Equatable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// An error of the text: it counts on the asset alone.
    case error
    /// The instructions or the memory of a call were used up.
    case exhausted
    /// The time of a call was used up.
    case overtime
    /// The time of the function `actions` was used up: it costs the actions, and not the decision.
    case overtimeOfActions

    /// Whether it counts for the whole rule as well.
    var isOfTheRule: Bool { self == .exhausted || self == .overtime }
  }
  /// File, line and cause: `rules/pump.lua:12: attempt to compare nil with number`.
  package var text: String
  package var kind: Kind

  package init(_ text: String, kind: Kind = .error) {
    self.text = text
    self.kind = kind
  }
  package init(stringLiteral text: String) { self.init(text) }
  package var description: String { text }
}
