import Rules

extension RuleReader {
  mutating func actions(_ entry: Entry, names: Names) -> [ActionTemplate] {
    let sample = RuleWords.sample(of: "actions")
    switch entry.value {
    case .function(let function):
      functions["actions"] = function
      if actionWords().isEmpty {
        find(
          entry.line,
          "'actions' makes no action; a function returns a list, as in actions = function(pump, limits) return { "
            + #"notification { title = "{asset} runs hot" } } end"#)
      }
      return []
    case .word(let word, _, _) where RuleWords.actions.contains(word):
      find(entry.line, "'actions' is a list even of one: actions = { \(word) { ... } }")
      return []
    case .table(let list, let fields):
      for field in fields {
        let child = self.entry(field, under: entry.path)
        let known = RuleWords.actions.contains(field.name)
        find(
          child.line,
          known
            ? "write \(field.name) { ... } without '='"
            : "'\(field.name)' is no action; write it as in \(sample)")
      }
      if list.isEmpty, fields.isEmpty {
        find(entry.line, "'actions' is empty; a rule that does nothing changes nothing. Write it as in \(sample)")
      }
      return list.enumerated().compactMap { place, value in
        let path = "actions.\(place + 1)"
        let line = madeInLine ?? layout.line(path) ?? entry.line
        return action(Entry(value: value, path: path, label: "action \(place + 1)", line: line), names: names)
      }
    default:
      wrong(entry, must: "a list, as in \(sample)")
      return []
    }
  }

  /// The kinds of action whose words the file writes, in their order there.
  func actionWords() -> [ActionKind] {
    var kinds: [ActionKind] = []
    for (at, token) in layout.tokens.enumerated() {
      if let name = token.name, let kind = ActionKind(rawValue: name), layout.isFree(at), !kinds.contains(kind) {
        kinds.append(kind)
      }
    }
    return kinds
  }

  /// The actions that a function gave, with the line of each word; what is wrong with them is found as in a list.
  mutating func madeActions(_ value: Declared, of function: LuaFunction, names: Names) -> [ActionTemplate] {
    func refuse(_ what: String) {
      find(function.line, "this function must return a list of actions, not \(what)")
    }
    guard case .table(let list, let fields) = value, fields.isEmpty else {
      refuse(value.found)
      return []
    }
    return list.compactMap { item in
      madeInLine = if case .word(_, _, let line) = item { line } else { function.line }
      defer { madeInLine = nil }
      guard case .word(let word, _, _) = item, RuleWords.actions.contains(word) else {
        refuse("one with \(item.found) in it")
        return nil
      }
      return action(Entry(value: item, path: "actions", label: "'\(word)'", line: line("actions")), names: names)
    }
  }

  private mutating func action(_ entry: Entry, names: Names) -> ActionTemplate? {
    guard case .word(let word, let arguments, let line) = entry.value, RuleWords.actions.contains(word) else {
      wrong(
        entry, must: "one of \(RuleWords.actions.joined(separator: ", ")), as in \(RuleWords.sample(of: "actions"))")
      return nil
    }
    let sample = Self.sample(ofAction: word)
    let table = Entry(
      value: arguments?.first ?? .null, path: entry.path, label: "'\(word)'",
      line: madeInLine ?? layout.line(entry.path) ?? line)
    let known =
      switch word {
      case "work_order": ["priority", "title", "text", "on"]
      case "setpoint": ["tag", "to", "by", "on"]
      default: ["title", "text", "on"]
      }
    guard let fields = fields(table, known: known, of: word, sample: sample) else { return nil }
    var byName: [String: Entry] = [:]
    for var field in fields {
      let name = String(field.path.dropFirst(entry.path.count + 1))
      field.label = "'\(name)' of \(word)"
      byName[name] = field
    }
    let missing = (word == "setpoint" ? ["tag"] : word == "work_order" ? ["priority", "title"] : ["title"])
      .filter { byName[$0] == nil && !isMisspelt($0, in: table.value, known: known) }
    for name in missing { find(table.line, "\(word) needs '\(name)', as in \(sample)") }

    let on = whose(on: byName["on"], of: word)
    switch word {
    case "work_order":
      let title = byName["title"].flatMap { template($0, as: sample, names: names) }
      let text = byName["text"].flatMap { template($0, as: sample, names: names) }
      let priority = byName["priority"].flatMap { self.priority($0) }
      return .workOrder(title: title ?? "", priority: priority ?? 3, text: text, on: on?.subject ?? .own)
    case "notification":
      let title = byName["title"].flatMap { template($0, as: sample, names: names) }
      let text = byName["text"].flatMap { template($0, as: sample, names: names) }
      return .notification(title: title ?? "", text: text, on: on?.subject ?? .own)
    default:
      return setpoint(byName, on: on, line: table.line, sample: sample)
    }
  }

  /// Whether a field was given under a name whose nearest known name is this one; its finding is enough.
  private func isMisspelt(_ name: String, in table: Declared, known: [String]) -> Bool {
    guard case .table(_, let fields) = table else { return false }
    return fields.contains { !known.contains($0.name) && nearest(to: $0.name, among: known) == name }
  }

  private static func sample(ofAction word: String) -> String {
    switch word {
    case "work_order": #"work_order { priority = 2, title = "Check the strainer of {asset}" }"#
    case "setpoint": #"setpoint { tag = "SpeedSetpoint", by = "-10 %" }"#
    default: #"notification { title = "{asset} runs hot" }"#
    }
  }

  private mutating func priority(_ entry: Entry) -> Int? {
    guard case .number(let number) = entry.value, number == number.rounded(), (1...5).contains(number) else {
      wrong(entry, must: "a whole number from 1 (first) to 5, as in priority = 2")
      return nil
    }
    return Int(number)
  }

  private mutating func setpoint(
    _ fields: [String: Entry], on: Whose?, line: Int, sample: String
  ) -> ActionTemplate? {
    var name: String?
    if let on, let entry = fields["tag"], let reference = text(entry, as: sample),
      let tag = tag(reference, of: on, line: entry.line)
    {
      name = tag.name
      if tag.isCalculated {
        find(entry.line, "a setpoint changes a tag of the plant; \(tag.name) is calculated by the rule")
      } else if let type = tag.type, type != .number {
        find(
          entry.line,
          "a setpoint changes a number; \(tag.name) is \(type.written) for \(on.assetClass?.name ?? "its class")")
      }
    }
    let target: SetpointTarget?
    switch (fields["to"], fields["by"]) {
    case (nil, nil):
      find(line, "setpoint needs 'to' (a value) or 'by' (a step), as in \(sample)")
      return nil
    case (_?, let by?):
      find(by.line, "setpoint has 'to' and 'by'; keep one")
      return nil
    case (let to?, nil):
      target = number(to, as: "to = 60").map { .value($0) }
    case (nil, let by?):
      if case .text(let text) = by.value {
        target = percent(text).map { .fraction($0 / 100) }
        if target == nil {
          find(by.line, "\(by.label): \"\(text)\" is no step; write a number, or a percentage as in by = \"-10 %\"")
        } else if target == .fraction(0) {
          find(by.line, "\(by.label) changes nothing")
        }
      } else {
        target = number(by, as: "by = -5 or by = \"-10 %\"").map { .step($0) }
        if target == .step(0) { find(by.line, "\(by.label) changes nothing") }
      }
    }
    guard let name, let target else { return nil }
    return .setpoint(tag: name, to: target, on: on?.subject ?? .own)
  }

  private mutating func number(_ entry: Entry, as sample: String) -> Double? {
    guard case .number(let number) = entry.value, number.isFinite else {
      wrong(entry, must: "a number, as in \(sample)")
      return nil
    }
    return number
  }

  /// A text whose placeholders are the asset, readings and limits of the rule.
  mutating func template(_ entry: Entry, as sample: String, names: Names) -> String? {
    guard let text = text(entry, as: sample) else { return nil }
    let known = ["asset"] + names.readings + names.limits
    var rest = text[...]
    while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      let after = rest[rest.index(after: open)...]
      guard rest[open] == "{", let close = after.firstIndex(where: { $0 == "{" || $0 == "}" }), after[close] == "}"
      else {
        find(entry.line, "\(entry.label): '\(rest[open])' without its other half; a placeholder is written {asset}")
        return text
      }
      let name = String(after[..<close])
      if !known.contains(name) {
        find(entry.line, "\(entry.label): unknown placeholder {\(name)}" + near(name, known, or: "there are"))
      }
      rest = after[after.index(after: close)...]
    }
    return text
  }
}

/// `-10 %` as -10; nil when it is no percentage.
func percent(_ text: String) -> Double? {
  let text = text.filter { $0 != " " && $0 != "\u{A0}" && $0 != "\u{202F}" }
  guard text.hasSuffix("%") else { return nil }
  let number = text.dropLast()
  guard number.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.".contains($0)) }), let value = Double(number) else {
    return nil
  }
  return value
}
