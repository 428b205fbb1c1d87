import Rules

/// Finds the tag a row or point is of, and makes of its text or number what the tag's type understands.
struct Found {
  private struct Key: Hashable {
    var asset: String?
    var name: String
  }
  private let tags: [Key: TagID]
  private let model: Model

  init(_ read: HistorianRead, _ model: Model) {
    var tags: [Key: TagID] = [:]
    for series in read.series { tags[Key(asset: series.asset, name: series.name)] = series.tag }
    self.tags = tags
    self.model = model
  }

  func tag(asset: String?, name: String) -> TagID? { tags[Key(asset: asset, name: name)] }

  /// A text as it stands in a row.
  func value(_ text: String, of tag: TagID) -> Value {
    switch model.definition(of: tag).type {
    case .number, .counter, .states:
      // What is no number stays text, and is bad where a number belongs (S4).
      return Double(text).map(Value.number) ?? .text(text)
    case .boolean:
      switch text {
      case "t", "true": return .boolean(true)
      case "f", "false": return .boolean(false)
      default: return Double(text).map(Value.number) ?? .text(text)
      }
    case .text: return .text(text)
    }
  }
}

/// Changes by time, at one time by tag, and what is still the same in the order in which the historian gave it: nothing
/// hangs on which of several series it gave first.
func inOrder(_ changes: [TagChange]) -> [TagChange] {
  changes.enumerated().sorted { a, b in
    (a.element.time, a.element.tag, a.offset) < (b.element.time, b.element.tag, b.offset)
  }.map(\.element)
}
