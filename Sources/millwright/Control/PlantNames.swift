import Rules
import Site

/// What a person may name: the rules and assets of a site, and how long a rule may be shelved.
struct PlantNames: Sendable {
  /// A person's word that names nothing, or more than one thing.
  struct Unknown: Error { var why: String }

  let rules: [String]
  /// Paths.
  let assets: [String]
  let shelveAtMost: TimeSpan

  init(_ installation: Installation) {
    rules = installation.ruleNames
    assets = installation.site.model.assets.map(\.path)
    shelveAtMost = installation.site.shelveAtMost
  }

  func rule(_ name: String) throws(Unknown) -> String {
    guard rules.contains(name) else {
      throw Unknown(why: "no rule is named '\(name)'\(suggestion(for: name, among: rules))")
    }
    return name
  }

  /// The path of an asset, by its path or by the end of it that only one has.
  func asset(_ name: String) throws(Unknown) -> String {
    if assets.contains(name) { return name }
    let found = assets.filter { $0.hasSuffix("/" + name) }
    guard let path = found.first else {
      let names = assets.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      throw Unknown(why: "no asset is named '\(name)'\(suggestion(for: name, among: names + assets))")
    }
    guard found.count == 1 else {
      throw Unknown(why: "'\(name)' may be \(found.joined(separator: ", ")); write the path")
    }
    return path
  }

  func span(_ text: String) throws(Unknown) -> TimeSpan {
    guard let span = TimeSpan(written: text), span > .zero else {
      throw Unknown(why: "'\(text)' is no length of time; write it as in '8 h' or '30 min'")
    }
    guard span <= shelveAtMost else {
      throw Unknown(
        why: "a rule is shelved for \(shelveAtMost) at most ('shelve_at_most' of the site file), not for \(span); what "
          + "is out of service for longer is taken out: 'millwright assets out'")
    }
    return span
  }
}
