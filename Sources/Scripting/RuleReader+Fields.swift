import Rules

extension RuleReader {
  /// The whole table, in the order of the question: what, who, which assets, what it looks at, when, then what,
  /// worth what, proof.
  mutating func read(_ declared: Declared, name: String, statementLine: Int) -> Rule {
    var fields: [String: Entry] = [:]
    if case .table(let list, let given) = declared {
      if !list.isEmpty {
        find(layout.place("1")?.line ?? statementLine, "every entry of a rule needs a name, as in title = \"...\"")
      }
      for field in given { fields[field.name] = entry(field, under: "") }
    } else {
      find(statementLine, "write rule { ... }")
    }
    refuseUnknown(fields)
    requireAll(fields, statementLine: layout.table?.line ?? statementLine)

    let title = fields["title"].flatMap { text($0, as: RuleWords.sample(of: "title")) }
    let owner = fields["owner"].flatMap { self.owner($0) }
    let appliesTo = fields["applies_to"].flatMap { assetClass($0) }
    let limits = fields["limits"].map { self.limits($0) } ?? []
    if let entry = fields["calculates"] { readCalculations(entry, limits: limits) }
    let readings = fields["reads"].map { self.readings($0, limits: limits) } ?? []
    let clearsByHand = fields["clears_when"].map { isByHand($0) } ?? false
    for name in RuleWords.questions {
      guard let entry = fields[name], !(name == "clears_when" && clearsByHand) else { continue }
      functions[name] = function(entry)
    }
    checkFunctions(readings: readings, limits: limits)
    let names = Names(
      readings: layout.place("reads")?.fields.map(\.name) ?? readings.map(\.name),
      limits: layout.place("limits")?.fields.map(\.name) ?? limits.map(\.name))
    let actions = fields["actions"].map { self.actions($0, names: names) } ?? []
    let couldDo = functions["actions"] == nil ? actions.map(\.kind) : actionWords()
    let heldFor = fields["held_for"].flatMap { length($0, limits: limits) } ?? .zero
    let releasedFor = fields["released_for"].flatMap { length($0, limits: limits) } ?? .zero
    let tolerates = fields["tolerates"].flatMap { length($0, limits: limits) }
    let every = fields["every"].flatMap { self.every($0) }
    let atMost = fields["at_most"].flatMap { self.atMost($0) }
    let onClear = fields["on_clear"].map { self.onClear($0, couldDo: couldDo, names: names) } ?? []
    if clearsByHand, let entry = fields["released_for"] {
      find(entry.line, "'released_for' means nothing with clears_when = by_hand; leave it out")
    }

    return Rule(
      name: name, title: title ?? "", owner: owner ?? "", appliesTo: appliesTo ?? "", limits: limits,
      readings: readings, heldFor: heldFor, releasedFor: releasedFor, tolerates: tolerates, every: every,
      atMost: atMost ?? (couldDo.contains(.workOrder) ? AtMost(oncePer: .hours(24)) : nil),
      repeatsEvery: fields["repeats_every"].flatMap { pause($0) },
      during: fields["during"].map { texts($0) } ?? [], notDuring: fields["not_during"].map { texts($0) } ?? [],
      settlesFor: fields["settles_for"].flatMap { settling($0, couldDo: couldDo) },
      recheck: fields["recheck"].flatMap { pause($0) },
      group: fields["group"].flatMap { text($0, as: RuleWords.sample(of: "group")) },
      onClear: onClear, actions: actions, couldDo: couldDo, formerly: fields["formerly"].map { formerly($0) } ?? [],
      consequence: fields["consequence"].flatMap { consequence($0) },
      checkFirst: fields["check_first"].map { texts($0) } ?? [],
      reviewBy: fields["review_by"].flatMap { date($0) }, value: fields["value"].flatMap { valueModel($0) },
      examples: fields["examples"].map {
        examples($0, readings: readings, limits: limits, names: names, heldFor: heldFor.span(in: limits))
      } ?? [],
      hasClearsWhen: functions["clears_when"] != nil, clearsByHand: clearsByHand, hasNeeds: functions["needs"] != nil,
      hasSuppressedWhen: functions["suppressed_when"] != nil
    ) { _, _, _ in .fault("\(name) is not bound") }
  }

  private mutating func refuseUnknown(_ fields: [String: Entry]) {
    for field in fields.values.sorted(by: { $0.path < $1.path }) where !RuleWords.fields.contains(field.path) {
      find(field.line, "unknown field '\(field.path)'" + near(field.path, RuleWords.fields, or: "a rule has"))
    }
  }

  /// A required field whose misspelling was just reported is not missing.
  private mutating func requireAll(_ fields: [String: Entry], statementLine: Int) {
    let misspelt = fields.keys.filter { !RuleWords.fields.contains($0) }
      .compactMap { nearest(to: $0, among: RuleWords.fields) }
    for field in RuleWords.required where fields[field] == nil && !misspelt.contains(field) {
      find(statementLine, "'\(field)' is missing; every rule needs it, as in \(RuleWords.sample(of: field))")
    }
  }

  private mutating func owner(_ entry: Entry) -> String? {
    guard let owner = text(entry, as: RuleWords.sample(of: "owner")) else { return nil }
    if let owners, !owners.contains(owner) {
      find(entry.line, "unknown owner '\(owner)'" + near(owner, owners, or: "the site's owners are"))
    }
    return owner
  }

  private mutating func assetClass(_ entry: Entry) -> String? {
    guard let name = text(entry, as: RuleWords.sample(of: "applies_to")) else { return nil }
    if let model {
      assetClass = model.classes.first { $0.name == name }
      if assetClass == nil {
        find(
          entry.line, "unknown class '\(name)'" + near(name, model.classes.map(\.name), or: "the site's classes are"))
      }
    }
    return name
  }

  private mutating func function(_ entry: Entry) -> LuaFunction? {
    if case .function(let function) = entry.value { return function }
    wrong(entry, must: "a function, as in \(RuleWords.sample(of: entry.path))")
    return nil
  }

  private func isByHand(_ entry: Entry) -> Bool { entry.value == .word("by_hand", arguments: nil, line: 0) }

  /// A length of time, or the name of a limit that says it.
  private mutating func length(_ entry: Entry, limits: [Limit]) -> Length? {
    if case .text(let text) = entry.value, TimeSpan(text) == nil {
      if let limit = limits.first(where: { $0.name == text }) {
        if case .duration = limit.value { return .limit(text) }
        find(
          entry.line,
          "\(entry.label) needs a length of time, and the limit '\(text)' is \(limit.value.kind); write it as in "
            + "limits = { \(text) = \"2 min\" }")
        return nil
      }
      // Where limits could not be read there is a finding already.
      if layout.place("limits")?[text] != nil { return nil }
      let durations = limits.filter { if case .duration = $0.value { true } else { false } }.map(\.name)
      let near = suggestion(for: text, among: durations)
      if !near.isEmpty {
        find(entry.line, "\(entry.label): the rule has no limit '\(text)'\(near)")
        return nil
      }
    }
    return span(entry, as: RuleWords.sample(of: entry.path), zero: true).map { .span($0) }
  }

  /// How long after a decision another one may come; long enough not to flood anybody.
  private mutating func pause(_ entry: Entry) -> TimeSpan? {
    guard let span = span(entry, as: RuleWords.sample(of: entry.path)) else { return nil }
    if span < .seconds(1) { find(entry.line, "\(entry.label) must be at least \"1 s\"; found \"\(span)\"") }
    return span
  }

  private mutating func settling(_ entry: Entry, couldDo: [ActionKind]) -> TimeSpan? {
    if !couldDo.contains(.setpoint) {
      find(entry.line, "'settles_for' is how long the plant takes to follow a setpoint, and the rule changes none")
    }
    return span(entry, as: RuleWords.sample(of: "settles_for"))
  }

  private mutating func formerly(_ entry: Entry) -> [String] {
    texts(entry).filter { earlier in
      if earlier == name {
        find(entry.line, "'formerly' names the rule itself; it is for the names it had before")
        return false
      }
      guard Self.isRuleName(earlier) else {
        find(
          entry.line,
          "'formerly': \"\(earlier)\" is no name of a rule; write it as its file was called, without '.lua', as in "
            + RuleWords.sample(of: "formerly"))
        return false
      }
      return true
    }
  }

  /// `{ comment "back to normal", restore, cancel }`.
  private mutating func onClear(_ entry: Entry, couldDo: [ActionKind], names: Names) -> [OnClear] {
    let sample = RuleWords.sample(of: "on_clear")
    guard case .table(let list, let named) = entry.value, named.isEmpty, !list.isEmpty else {
      wrong(entry, must: "a list, as in \(sample)")
      return []
    }
    var result: [OnClear] = []
    for (place, value) in list.enumerated() {
      let path = "on_clear.\(place + 1)"
      let item = Entry(
        value: value, path: path, label: "entry \(place + 1) of 'on_clear'", line: layout.line(path) ?? entry.line)
      let step: OnClear
      switch value {
      case .word("comment", let arguments?, _) where arguments.count == 1:
        let text = Entry(value: arguments[0], path: path, label: "'comment'", line: item.line)
        guard let text = template(text, as: sample, names: names) else { continue }
        step = .comment(text)
      case .word("restore", nil, _):
        if !couldDo.contains(.setpoint) { find(item.line, "'restore' puts setpoints back, and the rule changes none") }
        step = .restore
      case .word("cancel", nil, _): step = .cancel
      default:
        wrong(item, must: "comment \"...\", restore or cancel, as in \(sample)")
        continue
      }
      if result.contains(step) { find(item.line, "'on_clear' says the same twice; keep one") }
      result.append(step)
    }
    return result
  }

  private mutating func every(_ entry: Entry) -> Every? {
    if entry.value == .text("never") { return .never }
    guard let span = span(entry, as: RuleWords.sample(of: "every")) else { return nil }
    if span < .seconds(1) { find(entry.line, "'every' must be at least \"1 s\"; found \"\(span)\"") }
    return .span(span)
  }

  private mutating func atMost(_ entry: Entry) -> AtMost? {
    let sample = RuleWords.sample(of: "at_most")
    guard case .word("once_per", let arguments?, _) = entry.value, case .text(let text)? = arguments.first,
      arguments.count == 1
    else {
      wrong(entry, must: "a pause, as in \(sample)")
      return nil
    }
    return span(text, label: "'once_per'", line: entry.line).map { AtMost(oncePer: $0) }
  }

  private mutating func consequence(_ entry: Entry) -> Consequence? {
    let known = Consequence.allCases.map(\.rawValue)
    guard let word = text(entry, as: RuleWords.sample(of: "consequence")) else { return nil }
    guard let consequence = Consequence(rawValue: word) else {
      find(entry.line, "unknown consequence '\(word)'" + near(word, known, or: "it is one of"))
      return nil
    }
    return consequence
  }

  /// A list of texts; for names also a single one.
  private mutating func texts(_ entry: Entry) -> [String] {
    let sample = RuleWords.sample(of: entry.path)
    let mayBeOne = entry.path != "check_first"
    if mayBeOne, case .text = entry.value { return text(entry, as: sample).map { [$0] } ?? [] }
    guard case .table(let list, let named) = entry.value, named.isEmpty, !(mayBeOne && list.isEmpty) else {
      wrong(entry, must: mayBeOne ? "a name or a list of names, as in \(sample)" : "a list of texts, as in \(sample)")
      return []
    }
    return list.enumerated().compactMap { place, value in
      let path = "\(entry.path).\(place + 1)"
      return text(
        Entry(
          value: value, path: path, label: "entry \(place + 1) of \(entry.label)",
          line: layout.line(path) ?? entry.line),
        as: sample)
    }
  }

  /// A date of the calendar, as written.
  mutating func date(_ entry: Entry) -> String? {
    guard let text = text(entry, as: RuleWords.sample(of: "review_by")) else { return nil }
    let digits = text.split(separator: "-", omittingEmptySubsequences: false)
    guard text.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) }), digits.map(\.utf8.count) == [4, 2, 2],
      let year = Int64(digits[0]),
      let month = Int64(digits[1]), let day = Int64(digits[2]), Instant(year: year, month: month, day: day) != nil
    else {
      let field = entry.path.split(separator: ".").last ?? ""
      find(
        entry.line, "\(entry.label): \"\(text)\" is no date; write year-month-day, as in \(field) = \"2027-06-30\"")
      return nil
    }
    return text
  }
}

/// The names a rule gave its readings and limits, also those whose value could not be read.
struct Names {
  var readings: [String]
  var limits: [String]
}
