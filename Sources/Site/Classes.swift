import Rules

/// A class as written: its words, and for each tag how the source names and scales it.
struct ClassText {
  struct Wire {
    var name: String
    var scale: Double
    var offset: Double
  }
  var definition: AssetClass
  var wires: [Wire]
}

/// Reads `classes:` of assets.yaml.
struct ClassReader {
  var file: String
  var report: Reporter

  /// The class of areas and lines: things that only hold others. It has no tags.
  static let area = ClassText(definition: AssetClass(name: "Area", tags: []), wires: [])

  func read(_ entries: [YAML.Entry]) -> [ClassText] {
    [Self.area]
      + entries.compactMap { entry in
        guard entry.key != "Area" else {
          report.add(
            file, entry.line, "class 'Area' is built in, for what only holds other assets; choose another name")
          return nil
        }
        return read(
          entry.key, Fields(entry.value, "class '\(entry.key)'", line: entry.line, file: file, report),
          entries.map(\.key))
      }
  }

  private func read(_ name: String, _ fields: Fields, _ classes: [String]) -> ClassText {
    let usualSpan = fields.span("stale_after", atLeast: .seconds(1))
    if !fields.has("tags") { fields.missing("tags", "{Running: {type: boolean, alive_by: device}}") }
    let entries = fields.named("tags")
    let references = references(fields, classes)
    fields.close()
    var text = ClassText(definition: AssetClass(name: name, tags: [], references: references), wires: [])
    for entry in entries {
      let tag = Fields(entry.value, "tag '\(entry.key)'", line: entry.line, file: file, report)
      guard tag.readable else { continue }
      let definition = self.tag(entry.key, tag, entries.map(\.key), usualSpan)
      let wire = ClassText.Wire(
        name: tag.text("name_at_source")?.text ?? entry.key, scale: tag.number("scale") ?? 1,
        offset: tag.number("offset") ?? 0)
      if wire.scale == 0 { tag.finding(tag.line, "'scale' of tag '\(entry.key)' must not be 0") }
      if let other = text.wires.firstIndex(where: { $0.name == wire.name }) {
        tag.finding(
          tag.line,
          "tags '\(text.definition.tags[other].name)' and '\(entry.key)' of class '\(name)' are both "
            + "'\(wire.name)' at the source"
        )
      }
      tag.close()
      text.definition.tags.append(definition)
      text.wires.append(wire)
    }
    return text
  }

  /// `references: {standby: CentrifugalPump}`: what an asset of the class may call others, and of which class they are.
  private func references(_ fields: Fields, _ classes: [String]) -> [ReferenceDefinition] {
    fields.named("references").compactMap { entry in
      guard case .scalar(let assetClass, _) = entry.value.kind else {
        report.add(file, entry.line, "reference '\(entry.key)' must be the name of a class, not \(entry.value.word)")
        return nil
      }
      if !classes.contains(assetClass) {
        report.add(
          file, entry.line,
          "reference '\(entry.key)' is to class '\(assetClass)', which is not "
            + "there\(suggestion(for: assetClass, among: classes))")
      }
      return ReferenceDefinition(name: entry.key, assetClass: assetClass)
    }
  }

  private func tag(_ name: String, _ fields: Fields, _ siblings: [String], _ usualSpan: TimeSpan?) -> TagDefinition {
    let types: [(String, TagType)] = [
      ("boolean", .boolean), ("number", .number), ("counter", .counter), ("text", .text),
      ("states", .states(names: [], codes: [])),
    ]
    if !fields.has("type") { fields.missing("type", "number") }
    var type = fields.word("type", among: types)
    let unit = fields.text("unit")
    if type == .number, unit == nil, !fields.has("unit") { fields.missing("unit", "bar g") }
    if let unit, let type, type != .number, type != .counter {
      fields.finding(unit.line, "only number and counter have a unit; tag '\(name)' is neither, remove 'unit'")
    }
    let states = fields.texts("states")
    let codes = fields.numbers("codes")
    if case .states = type {
      if !fields.has("states") { fields.missing("states", "[Idle, Running]") }
      if let states, Set(states.items).count != states.items.count || states.items.isEmpty {
        fields.finding(states.line, "'states' must be names, each once")
      }
      if let states, let codes, states.items.count != codes.items.count {
        fields.finding(
          codes.line,
          "tag '\(name)' has \(states.items.count) states and \(codes.items.count) codes; give each state its code")
      }
      type = .states(names: states?.items ?? [], codes: codes?.items ?? [])
    } else if type != nil, let line = states?.line ?? codes?.line {
      fields.finding(line, "'states' and 'codes' belong to 'type: states' only")
    }
    return TagDefinition(
      name: name, type: type ?? .number, unit: unit?.text, credible: credible(name, fields),
      life: life(name, fields, siblings, usualSpan), uncertainIsGood: fields.flag("uncertain_is_good") ?? false)
  }

  private func credible(_ name: String, _ fields: Fields) -> ClosedRange<Double>? {
    guard let (ends, line) = fields.numbers("credible") else { return nil }
    guard ends.count == 2 else {
      fields.finding(line, "'credible' is the lowest and the highest credible value: [-1, 25]")
      return nil
    }
    guard ends[0] < ends[1] else {
      fields.finding(line, "the credible range of tag '\(name)' is upside down: \(ends[0]) is not below \(ends[1])")
      return nil
    }
    return ends[0]...ends[1]
  }

  private func life(_ name: String, _ fields: Fields, _ siblings: [String], _ usualSpan: TimeSpan?) -> Life {
    let ownSpan = fields.span("stale_after", atLeast: .seconds(1))
    guard let entry = fields.entry("alive_by") else {
      if let span = ownSpan ?? usualSpan { return .itself(staleAfter: span) }
      if !fields.has("stale_after"), !fields.has("alive_by") {
        fields.finding(
          fields.line,
          "tag '\(name)' has no way of showing life: give it 'stale_after: 60 s', or 'alive_by: device' "
            + "when its source sends changes only"
        )
      }
      return .device
    }
    if case .table = entry.value.kind {
      let beat = Fields(entry.value, "'alive_by'", line: entry.line, file: file, report)
      defer { beat.close() }
      let span = beat.span("stale_after", atLeast: .seconds(1))
      if span == nil, !beat.has("stale_after") { beat.missing("stale_after", "30 s") }
      guard let (tag, line) = beat.text("heartbeat", needed: "Watchdog") else { return .device }
      if !siblings.contains(tag) || tag == name {
        beat.finding(
          line,
          tag == name
            ? "tag '\(name)' cannot be its own heartbeat; write 'stale_after' alone"
            : "the heartbeat of tag '\(name)' names '\(tag)', which the class has "
              + "not\(suggestion(for: tag, among: siblings))"
        )
      }
      return .heartbeat(tag: tag, staleAfter: span ?? .seconds(60))
    }
    let word = fields.word("alive_by", among: [("itself", true), ("device", false)])
    if word == true {
      if let span = ownSpan ?? usualSpan { return .itself(staleAfter: span) }
      fields.finding(entry.line, "'alive_by: itself' needs 'stale_after', how long tag '\(name)' may be silent")
    } else if word == false, ownSpan != nil {
      fields.finding(entry.line, "tag '\(name)' has 'alive_by: device' and 'stale_after'; keep one")
    }
    return .device
  }
}
