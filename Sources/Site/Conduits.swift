import Rules

/// Reads `conduits:`, the permitted paths for setpoints.
struct ConduitReader {
  var file: String
  /// nil when the asset file could not be read: then no asset, class or tag is called unknown.
  var model: Model?
  var adapters: [String]
  /// Where the site sends setpoints.
  var routes: [PolicySettings.Route]
  var report: Reporter

  func read(_ entries: [YAML.Entry]) -> [Conduit] {
    var taken: [(name: String, line: Int, conduit: Conduit)] = []
    for entry in entries {
      let fields = Fields(entry.value, "conduit '\(entry.key)'", line: entry.line, file: file, report)
      let conduit = read(entry.key, fields)
      fields.close()
      guard let conduit else { continue }
      if let other = taken.first(where: { $0.conduit.end == conduit.end && $0.conduit.tag == conduit.tag }) {
        fields.finding(
          entry.line,
          "conduits '\(other.name)' (line \(other.line)) and '\(entry.key)' both lead to '\(conduit.tag)' of "
            + "\(conduit.end.name); keep one")
      }
      taken.append((entry.key, entry.line, conduit))
    }
    return taken.map(\.conduit)
  }

  /// Nil when it lacks something or names what is not there.
  private func read(_ name: String, _ fields: Fields) -> Conduit? {
    let adapter = adapter(fields)
    let end = end(fields)
    let range = range(fields)
    let largestStep = positive("largest_step", "10", fields)
    let lifetime = fields.span("valid_for", atLeast: .seconds(1)) ?? Conduit.usualLifetime
    let assetClass = end.flatMap(assetClass)
    let tag = tag("tag", "SpeedSetpoint", of: assetClass, fields) { tag, assetClass in
      if tag.type != .number {
        return "a setpoint changes a number; '\(tag.name)' of class '\(assetClass)' is \(tag.type.inWords)"
      }
      if let range, let credible = tag.credible,
        !(credible.contains(range.lowerBound) && credible.contains(range.upperBound))
      {
        return "'from' and 'to' reach beyond what is credible of '\(tag.name)', "
          + "\(plain(credible.lowerBound)) to \(plain(credible.upperBound))"
      }
      return nil
    }
    let permissive = self.tag("permissive", "RemoteEnabled", of: assetClass, fields) { tag, assetClass in
      tag.type == .boolean
        ? nil : "a permissive is a boolean; '\(tag.name)' of class '\(assetClass)' is \(tag.type.inWords)"
    }
    if let adapter, let assetClass { checkRoute(adapter, assetClass, fields) }
    guard let adapter, let end, let tag, let range, let largestStep, let permissive else { return nil }
    return Conduit(
      name: name, adapter: adapter.text, end: end, tag: tag, range: range, largestStep: largestStep,
      permissive: permissive, lifetime: lifetime)
  }

  private func adapter(_ fields: Fields) -> (text: String, line: Int)? {
    guard let adapter = fields.text("adapter", needed: adapters.first ?? "desk") else { return nil }
    if !adapters.contains(adapter.text) {
      let near = suggestion(for: adapter.text, among: adapters)
      fields.finding(adapter.line, "unknown adapter '\(adapter.text)'\(near)")
      return nil
    }
    return adapter
  }

  private func end(_ fields: Fields) -> Conduit.End? {
    let asset = fields.text("asset")
    let assetClass = fields.text("class")
    if asset == nil, assetClass == nil, !fields.has("asset"), !fields.has("class") {
      fields.missing("asset", "Works/Utilities/P-101' or 'class: Pump")
    }
    if let (_, line) = assetClass, asset != nil {
      fields.finding(line, "\(fields.what) has 'asset' and 'class'; keep one")
      return nil
    }
    if let (path, line) = asset {
      if let model, !model.assets.contains(where: { $0.path == path }) {
        fields.finding(line, "unknown asset '\(path)'\(suggestion(for: path, among: model.assets.map(\.path)))")
        return nil
      }
      return .asset(path: path)
    }
    guard let (name, line) = assetClass else { return nil }
    if let model, !model.classes.contains(where: { $0.name == name }) {
      fields.finding(line, "unknown class '\(name)'\(suggestion(for: name, among: model.classes.map(\.name)))")
      return nil
    }
    return .assetClass(name)
  }

  private func assetClass(of end: Conduit.End) -> AssetClass? {
    switch end {
    case .asset(let path):
      model.flatMap { model in model.assets.first { $0.path == path }.map { model.classes[$0.classIndex] } }
    case .assetClass(let name): model?.classes.first { $0.name == name }
    }
  }

  private func range(_ fields: Fields) -> ClosedRange<Double>? {
    for key in ["from", "to"] where !fields.has(key) { fields.missing(key, key == "from" ? "20" : "100") }
    let (from, to) = (fields.number("from"), fields.number("to"))
    guard let from, let to else { return nil }
    guard from < to else {
      fields.finding(fields.line, "'from' (\(plain(from))) must be below 'to' (\(plain(to)))")
      return nil
    }
    return from...to
  }

  private func positive(_ key: String, _ example: String, _ fields: Fields) -> Double? {
    if !fields.has(key) { fields.missing(key, example) }
    guard let number = fields.number(key) else { return nil }
    guard number > 0 else {
      fields.finding(fields.line, "'\(key)' must be more than 0, not \(plain(number))")
      return nil
    }
    return number
  }

  /// The name of a tag that the class has and `problem` finds fit.
  private func tag(
    _ key: String, _ example: String, of assetClass: AssetClass?, _ fields: Fields,
    _ problem: (TagDefinition, _ assetClass: String) -> String?
  ) -> String? {
    guard let (name, line) = fields.text(key, needed: example) else { return nil }
    guard let assetClass else { return name }
    guard let definition = assetClass.tags.first(where: { $0.name == name }) else {
      let pattern = name.contains { "*?+#[".contains($0) }
      fields.finding(
        line,
        "class '\(assetClass.name)' has no tag '\(name)'"
          + (pattern
            ? "; a conduit names one tag, patterns are not allowed"
            : suggestion(for: name, among: assetClass.tags.map(\.name))))
      return nil
    }
    if let problem = problem(definition, assetClass.name) {
      fields.finding(line, problem)
      return nil
    }
    return name
  }

  private func checkRoute(_ adapter: (text: String, line: Int), _ assetClass: AssetClass, _ fields: Fields) {
    let routed = routes.first { $0.kind == .setpoint && ($0.assetClass ?? assetClass.name) == assetClass.name }?.adapter
    if routed == adapter.text { return }
    let destination = routed.map { "to '\($0)'" } ?? "nowhere"
    fields.finding(
      adapter.line,
      "'work' sends the setpoints of class '\(assetClass.name)' \(destination); a conduit leads through the adapter they "
        + "are sent to: 'setpoint: \(adapter.text)'")
  }
}

extension Conduit.End {
  /// For messages.
  package var name: String {
    switch self {
    case .asset(let path): path
    case .assetClass(let name): "class \(name)"
    }
  }
}

extension TagType {
  fileprivate var inWords: String {
    switch self {
    case .boolean: "a boolean"
    case .number: "a number"
    case .counter: "a counter"
    case .text: "a text"
    case .states: "one of several states"
    }
  }
}
