import Rules

extension RuleReader {
  /// Whose tags a reading looks at, or an action works on.
  struct Whose {
    var subject: Subject
    /// Nil when it is not known.
    var assetClass: AssetClass?

    /// As it stands in the file.
    var written: String {
      switch subject {
      case .own: ""
      case .ancestor(let name): "':of \"\(name)\"'"
      case .reference(let name): "':of_pair \"\(name)\"'"
      case .each: "'each'"
      }
    }
  }

  var own: Whose { Whose(subject: .own, assetClass: assetClass) }

  /// The assets that `of`, `of_pair` or `each` names.
  mutating func whose(_ word: String, _ name: String, line: Int) -> Whose? {
    let subject: Subject =
      switch word {
      case "of": .ancestor(assetClass: name)
      case "each": .each(assetClass: name)
      default: .reference(name)
      }
    switch subject {
    case .own: break
    case .ancestor, .each:
      if let model, !model.classes.contains(where: { $0.name == name }) {
        find(
          line,
          "unknown class '\(name)' behind '\(word)'"
            + near(name, model.classes.map(\.name), or: "the site's classes are"))
        return nil
      }
    case .reference:
      if model != nil, let assetClass, !assetClass.references.contains(where: { $0.name == name }) {
        let known = assetClass.references.map(\.name)
        let choice = known.isEmpty ? "; the class has none" : near(name, known, or: "its references are")
        find(line, "\(assetClass.name) has no reference '\(name)'" + choice)
        return nil
      }
    }
    return Whose(subject: subject, assetClass: assetClass(of: subject))
  }

  func assetClass(of subject: Subject) -> AssetClass? {
    guard let model, let assetClass, let place = model.classes.firstIndex(of: assetClass) else {
      return subject == .own ? assetClass : nil
    }
    return model.assetClass(of: subject, from: place).map { model.classes[$0] }
  }

  /// `on = of "Line"` in an action; the rule's own asset without it.
  mutating func whose(on entry: Entry?, of word: String) -> Whose? {
    guard let entry else { return own }
    guard case .word(let subject, let arguments?, _) = entry.value, RuleWords.subjects.contains(subject),
      arguments.count == 1, case .text(let name) = arguments[0]
    else {
      wrong(entry, must: "another asset, as in on = of \"Line\", on = of_pair \"standby\" or on = each \"Load\"")
      return nil
    }
    return whose(subject, name, line: entry.line)
  }
}
