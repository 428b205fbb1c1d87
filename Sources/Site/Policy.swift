import Rules

/// Reads `work:` (where work goes) and `tiers:` (how far rules may go).
struct PolicyReader {
  var file: String
  /// nil when the asset file could not be read: then no class is called unknown.
  var classes: [String]?
  var adapters: [String]
  var report: Reporter

  static let kinds = ActionKind.allCases.map { ($0.rawValue, $0) }

  /// `work_order: desk`, or by class: `work_order: {Oven: lab, otherwise: desk}`.
  func routes(_ fields: Fields) -> [PolicySettings.Route] {
    var routes: [PolicySettings.Route] = []
    for (word, kind) in Self.kinds {
      guard let entry = fields.entry(word) else { continue }
      switch entry.value.kind {
      case .scalar(let name, _):
        routes.append(.init(kind: kind, assetClass: nil, adapter: known(name, entry.line)))
      case .table(let byClass):
        let entries = byClass.filter { $0.key != "otherwise" } + byClass.filter { $0.key == "otherwise" }
        for item in entries {
          guard case .scalar(let name, _) = item.value.kind else {
            fields.finding(item.line, "'\(item.key)' must name an adapter")
            continue
          }
          let assetClass = item.key == "otherwise" ? nil : knownClass(item.key, item.line)
          routes.append(.init(kind: kind, assetClass: assetClass, adapter: known(name, item.line)))
        }
      default: fields.finding(entry.line, "'\(word)' must name an adapter, or one for each class")
      }
    }
    fields.close()
    return routes
  }

  func tiers(_ items: [YAML]) -> (tiers: [PolicySettings.TierRule], marks: [RuleMark]) {
    var marks: [RuleMark] = []
    let tiers = items.map { item in
      let fields = Fields(item, "tier", file: file, report)
      defer { fields.close() }
      let rule = fields.text("rule")
      if let (name, line) = rule { marks.append(RuleMark(file: file, line: line, rule: name)) }
      let assetClass = fields.text("class").map { knownClass($0.text, $0.line) }
      let kind = fields.word("kind", among: Self.kinds)
      if !fields.has("tier") { fields.missing("tier", "shadow") }
      let tier = fields.word("tier", among: Tier.allCases.map { ($0.rawValue, $0) })
      return PolicySettings.TierRule(rule: rule?.text, assetClass: assetClass, kind: kind, tier: tier ?? .shadow)
    }
    return (tiers, marks)
  }

  private func known(_ adapter: String, _ line: Int) -> String {
    if !adapters.contains(adapter) {
      report.add(file, line, "unknown adapter '\(adapter)'\(suggestion(for: adapter, among: adapters))")
    }
    return adapter
  }

  private func knownClass(_ name: String, _ line: Int) -> String {
    if let classes, !classes.contains(name) {
      report.add(file, line, "unknown class '\(name)'\(suggestion(for: name, among: classes))")
    }
    return name
  }
}
