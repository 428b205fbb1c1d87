/// What is kept of every tag, read by a rule or not: enough to judge the order of its samples (S3).
struct TagState: Sendable {
  /// Source time of the newest sample; `.min` when never heard of.
  var newest: Int64 = .min
  /// How many late samples came in a row that advance among themselves, and the newest of them.
  var lateNewest: Int64 = .min
  var lateRun: UInt8 = 0
  /// Place of its history; -1 when no rule reads it.
  var history: Int32 = -1
  var asset: Int32
  var source: Int32
  /// Place of its gate.
  var gate: Int32
}

/// What decides whether a sample is good, as plain bits for the one case that is nearly all of them: a good number.
struct TagGate: Sendable {
  /// Place of the definition in the evaluator's flat list.
  var definition: Int32
  var isNumber: Bool
  var lowest: Double
  var highest: Double
  /// `.max` unless the tag shows life itself.
  var staleAfter: Int64

  init(_ tag: TagDefinition, at place: Int) {
    definition = Int32(place)
    switch tag.type {
    case .number, .counter: isNumber = true
    case .boolean, .states, .text: isNumber = false
    }
    lowest = tag.credible?.lowerBound ?? -.greatestFiniteMagnitude
    highest = tag.credible?.upperBound ?? .greatestFiniteMagnitude
    if case .itself(let span) = tag.life { staleAfter = span.microseconds } else { staleAfter = .max }
  }
}

/// What was kept out or changed on its way in, for health and for data-quality summaries.
package struct IntakeCounts: Sendable, Equatable {
  package var taken: Int64 = 0
  package var late: Int64 = 0
  package var duplicate: Int64 = 0
  /// Source time further ahead than the allowed skew: the arrival time was taken.
  package var ahead: Int64 = 0
  package var notGood: Int64 = 0
  package var clockSteps: Int64 = 0
  /// Older on arrival than all that reads the tag: kept in the journal, and without effect (S4).
  package var past: Int64 = 0
  package init() {}
}

extension TagDefinition {
  /// Whether a value is one of this tag's type, or can be converted to it; a number that is not credible is.
  package func understands(_ value: Value) -> Bool {
    if case .number = value {
      switch type {
      case .number, .counter: return true
      case .boolean, .states, .text: break
      }
    }
    return value == .null || admit(value, .good).quality == .good
  }

  /// The value as the declared type, and its quality (S4). Text comes back beside, for a tag of type text.
  /// A number belongs to boolean and states as 0/1 and code; what cannot be converted is bad.
  @inline(__always)
  func admit(_ value: Value, _ quality: Quality) -> (number: Double?, text: String?, quality: Quality) {
    var quality = quality
    if quality == .uncertain, uncertainIsGood { quality = .good }
    if quality == .bad || quality == .stale { return (nil, nil, quality) }
    switch (type, value) {
    case (.number, .number(let number)), (.counter, .number(let number)):
      guard number.isFinite else { return (nil, nil, .bad) }
      if let credible, !credible.contains(number) { return (nil, nil, .bad) }
      return (number, nil, quality)
    case (.boolean, .boolean(let flag)): return (flag ? 1 : 0, nil, quality)
    case (.boolean, .number(let number)) where number == 0 || number == 1: return (number, nil, quality)
    case (.boolean, .text(let text)):
      switch text.lowercased() {
      case "on", "true", "1": return (1, nil, quality)
      case "off", "false", "0": return (0, nil, quality)
      default: return (nil, nil, .bad)
      }
    case (.states(_, let codes), .number(let number)):
      guard let place = codes.firstIndex(of: number) else { return (nil, nil, .bad) }
      return (Double(place), nil, quality)
    case (.states(let names, _), .text(let text)):
      guard let place = names.firstIndex(of: text) else { return (nil, nil, .bad) }
      return (Double(place), nil, quality)
    case (.text, .text(let text)): return (nil, text, quality)
    case (.text, .number(let number)) where number == number.rounded() && number.magnitude < 0x1p53:
      return (nil, "\(Int64(number))", quality)
    default: return (nil, nil, .bad)
    }
  }
}
