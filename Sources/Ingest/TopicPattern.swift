import Rules

extension MessageMapping {
  /// What a topic's levels are called in the site file.
  struct Captures: Equatable {
    var asset = ""
    var tag = ""
  }

  /// What `{asset}` and `{tag}` stand for in a topic; nil when the topic has not this mapping's form. A capture
  /// of many levels takes as few as it can, at least one.
  func captures(_ levels: [Substring]) -> Captures? {
    func match(_ pattern: ArraySlice<Level>, _ rest: ArraySlice<Substring>) -> Captures? {
      guard let first = pattern.first else { return rest.isEmpty ? Captures() : nil }
      let later = pattern.dropFirst()
      switch first {
      case .rest: return Captures()
      case .any: return rest.isEmpty ? nil : match(later, rest.dropFirst())
      case .exactly(let text): return rest.first.map { $0 == text } == true ? match(later, rest.dropFirst()) : nil
      case .asset(let many), .tag(let many):
        guard !rest.isEmpty else { return nil }
        for count in 1...(many ? rest.count : 1) {
          guard var found = match(later, rest.dropFirst(count)) else { continue }
          let text = rest.prefix(count).joined(separator: "/")
          if case .asset = first { found.asset = text } else { found.tag = text }
          return found
        }
        return nil
      }
    }
    return match(topic[...], levels[...])
  }
}
