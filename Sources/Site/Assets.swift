import Rules

/// Where a limit override or a rule's name is written, for whoever knows the rules.
package struct RuleMark: Sendable, Equatable {
  package var file: String
  package var line: Int
  package var rule: String
  /// The limit, what it is overridden by and the path of the asset; nil where only the rule is named (tiers).
  package var limit: String?
  package var value: LimitValue?
  package var asset: String?
}

/// Reads `assets:` of assets.yaml: a tree by nesting, or a flat list with `parent:`.
struct AssetReader {
  var file: String
  var classes: [ClassText]
  var sources: [String]
  var adapters: [String]
  var report: Reporter

  private struct Draft {
    var name: String
    /// Where it is nested in the file.
    var place: String
    var line: Int
    var parent: Int?
    var parentName: (text: String, line: Int)?
    var classIndex: Int
    var source: Int
    var key: String
    var limits: [(rule: String, limit: String, value: LimitValue, line: Int)]
    var ids: [String: String]
    var references: [(name: String, asset: String, line: Int)]
  }

  /// The model, its bindings, and where limits are overridden.
  func read(_ entries: [YAML.Entry]) -> (model: Model, bindings: [Binding], marks: [RuleMark]) {
    var drafts: [Draft] = []
    for entry in entries { gather(entry, parent: nil, in: &drafts) }
    findParents(&drafts)
    checkKeys(drafts)
    return build(drafts)
  }

  private func gather(_ entry: YAML.Entry, parent: Int?, in drafts: inout [Draft]) {
    let place = (parent.map { drafts[$0].place + "/" } ?? "") + entry.key
    let fields = Fields(entry.value, "asset '\(entry.key)'", line: entry.line, file: file, report)
    if entry.key.isEmpty || entry.key.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      report.add(file, entry.line, "an asset's name is not empty and has no control characters")
      return
    }
    if entry.key.contains("/") {
      report.add(file, entry.line, "an asset's name has no '/'; nest '\(entry.key)' instead")
      return
    }
    var draft = Draft(
      name: entry.key, place: place, line: entry.line, parent: parent, classIndex: 0, source: 0, key: entry.key,
      limits: [], ids: [:], references: [])
    let here = drafts.count
    // Whatever names a class is a machine, with keys of its own; whatever does not only holds others.
    guard fields.has("class") else {
      drafts.append(draft)
      for child in fields.all() {
        if case .scalar = child.value.kind {
          report.add(
            file, child.line,
            "'\(child.key)' in area '\(entry.key)' is neither an asset nor "
              + "'class'\(suggestion(for: child.key, among: ["class"])); an area holds assets only"
          )
        } else {
          gather(child, parent: here, in: &drafts)
        }
      }
      return
    }
    if let (name, line) = fields.text("class") {
      if let index = classes.firstIndex(where: { $0.definition.name == name }) {
        draft.classIndex = index
      } else {
        let known = classes.map(\.definition.name)
        report.add(file, line, "unknown class '\(name)' of asset '\(entry.key)'\(suggestion(for: name, among: known))")
      }
    }
    if let (name, line) = fields.text("source") {
      if let index = sources.firstIndex(of: name) {
        draft.source = index
      } else {
        report.add(
          file, line, "unknown source '\(name)' of asset '\(entry.key)'\(suggestion(for: name, among: sources))")
      }
    } else if sources.count > 1, !fields.has("source") {
      fields.missing("source", sources[0])
    }
    draft.key = fields.text("key")?.text ?? entry.key
    draft.parentName = fields.text("parent")
    for rule in fields.named("limits") {
      let limits = Fields(rule.value, "limits of rule '\(rule.key)'", line: rule.line, file: file, report)
      for limit in limits.all() {
        if let value = limits.limit(limit.key) { draft.limits.append((rule.key, limit.key, value, limit.line)) }
      }
    }
    for id in fields.named("ids") {
      guard case .scalar(let text, _) = id.value.kind else {
        report.add(file, id.line, "the id for '\(id.key)' must be a single value")
        continue
      }
      if !adapters.contains(id.key) {
        report.add(
          file, id.line,
          "asset '\(entry.key)' has an id for adapter '\(id.key)', which site.yaml has "
            + "not\(suggestion(for: id.key, among: adapters))"
        )
      }
      draft.ids[id.key] = text
    }
    draft.references = references(fields, of: draft)
    drafts.append(draft)
    for part in fields.named("parts") { gather(part, parent: here, in: &drafts) }
    fields.close()
  }

  /// `references: {standby: P-102}`, by the names that the class has for them.
  private func references(_ fields: Fields, of draft: Draft) -> [(name: String, asset: String, line: Int)] {
    let entries = fields.named("references")
    // An unknown class is told of already.
    guard draft.classIndex != 0 else { return [] }
    let known = classes[draft.classIndex].definition.references.map(\.name)
    return entries.compactMap { entry in
      guard known.contains(entry.key) else {
        report.add(
          file, entry.line,
          "class '\(classes[draft.classIndex].definition.name)' of asset '\(draft.name)' has no reference "
            + "'\(entry.key)'\(suggestion(for: entry.key, among: known))")
        return nil
      }
      guard case .scalar(let asset, _) = entry.value.kind else {
        report.add(
          file, entry.line,
          "reference '\(entry.key)' of asset '\(draft.name)' must be the name or path of an asset, not "
            + entry.value.word)
        return nil
      }
      return (entry.key, asset, entry.line)
    }
  }

  /// Resolves `parent:` and breaks cycles, so that the rest can walk up safely.
  private func findParents(_ drafts: inout [Draft]) {
    var byPlace: [String: Int] = [:]
    for (index, draft) in drafts.enumerated() where byPlace[draft.place] == nil { byPlace[draft.place] = index }
    for index in drafts.indices {
      guard let (name, line) = drafts[index].parentName else { continue }
      drafts[index].parent = byPlace[name]
      if byPlace[name] == nil {
        let near = suggestion(for: name, among: drafts.map(\.place))
        report.add(file, line, "asset '\(drafts[index].name)' names parent '\(name)', which is not there\(near)")
      }
    }
    for index in drafts.indices {
      var trail = [index]
      while let parent = drafts[trail[trail.count - 1]].parent, trail.count <= drafts.count {
        if parent == index {
          let names = (trail + [index]).map { drafts[$0].name }.joined(separator: " in ")
          report.add(file, drafts[index].parentName?.line ?? drafts[index].line, "a cycle in the tree: \(names)")
          drafts[index].parent = nil
          break
        }
        trail.append(parent)
      }
    }
  }

  private func checkKeys(_ drafts: [Draft]) {
    struct Key: Hashable {
      var source: Int
      var key: String
    }
    var seen: [Key: Draft] = [:]
    for draft in drafts where draft.classIndex != 0 {
      if let other = seen.updateValue(draft, forKey: Key(source: draft.source, key: draft.key)), !sources.isEmpty {
        report.add(
          file, draft.line,
          "assets '\(other.place)' (line \(other.line)) and '\(draft.place)' are both '\(draft.key)' at "
            + "source '\(sources[draft.source])'; give one another 'key'"
        )
      }
    }
  }

  private func build(_ drafts: [Draft]) -> (Model, [Binding], [RuleMark]) {
    var children: [Int?: [Int]] = [:]
    for index in drafts.indices { children[drafts[index].parent, default: []].append(index) }
    var assets: [Asset] = []
    var order: [Int] = []
    var marks: [RuleMark] = []
    var lines: [String: Int] = [:]
    // A stack, not recursion: a flat list may chain parents as deep as it is long.
    var open: [(draft: Int, parent: Int?)] = []
    func push(_ under: Int?, as parent: Int?) {
      let sorted = (children[under] ?? []).sorted { (drafts[$0].name, $0) < (drafts[$1].name, $1) }
      open.append(contentsOf: sorted.reversed().map { ($0, parent) })
    }
    push(nil, as: nil)
    while let (index, parent) = open.popLast() {
      let draft = drafts[index]
      let path = (parent.map { assets[$0].path + "/" } ?? "") + draft.name
      if let line = lines[path] {
        report.add(file, draft.line, "two assets on one path: '\(path)' is also in line \(line)")
      }
      lines[path] = draft.line
      var limits: [String: [String: LimitValue]] = [:]
      for (rule, limit, value, line) in draft.limits {
        limits[rule, default: [:]][limit] = value
        marks.append(RuleMark(file: file, line: line, rule: rule, limit: limit, value: value, asset: path))
      }
      assets.append(
        Asset(
          name: draft.name, path: path, classIndex: draft.classIndex, parent: parent, limits: limits, ids: draft.ids))
      order.append(index)
      push(index, as: assets.count - 1)
    }
    findReferences(order.map { drafts[$0] }, &assets)
    let sourceOf = Dictionary(
      zip(assets.map(\.path), order.map { drafts[$0].source }), uniquingKeysWith: { first, _ in first })
    let model = Model(classes: classes.map(\.definition), assets: assets) { asset, _ in
      SourceID(sourceOf[asset.path] ?? 0)
    }
    var bindings: [Binding] = []
    for (index, tag) in model.tags.enumerated() {
      let draft = drafts[order[Int(tag.asset.index)]]
      let wire = classes[draft.classIndex].wires[tag.place]
      bindings.append(
        Binding(
          source: tag.source, asset: draft.key, name: wire.name, tag: TagID(index), scale: wire.scale,
          offset: wire.offset))
    }
    return (model, bindings, marks)
  }

  /// Resolves `references:`, by path or by a name that only one asset has. `drafts` are those of the assets.
  private func findReferences(_ drafts: [Draft], _ assets: inout [Asset]) {
    guard drafts.contains(where: { !$0.references.isEmpty }) else { return }
    var byPath: [String: Int] = [:]
    var byName: [String: [Int]] = [:]
    for (index, asset) in assets.enumerated() {
      if byPath[asset.path] == nil { byPath[asset.path] = index }
      byName[asset.name, default: []].append(index)
    }
    for (index, draft) in drafts.enumerated() {
      for (name, other, line) in draft.references {
        let what = "reference '\(name)' of asset '\(draft.name)'"
        let found = byPath[other].map { [$0] } ?? byName[other] ?? []
        guard let target = found.first else {
          let near = suggestion(for: other, among: assets.map(\.name) + assets.map(\.path))
          report.add(file, line, "\(what) names '\(other)', which is not there\(near)")
          continue
        }
        guard found.count == 1 else {
          let paths = found.map { "'\(assets[$0].path)'" }.joined(separator: ", ")
          report.add(file, line, "\(what) names '\(other)', which may be \(paths); write the path")
          continue
        }
        guard target != index else {
          report.add(file, line, "\(what) names the asset itself")
          continue
        }
        let needed = classes[draft.classIndex].definition.references.first { $0.name == name }?.assetClass ?? ""
        let has = classes[assets[target].classIndex].definition.name
        guard has == needed else {
          report.add(file, line, "\(what) must be of class '\(needed)'; '\(other)' is of class '\(has)'")
          continue
        }
        assets[index].references[name] = AssetID(target)
      }
    }
  }
}
