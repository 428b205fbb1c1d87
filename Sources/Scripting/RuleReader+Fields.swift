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
    let readings = fields["reads"].map { self.readings($0, limits: limits) } ?? []
    when = fields["when"].flatMap { function($0) }
    clearsWhen = fields["clears_when"].flatMap { function($0) }
    checkFunctions(readings: readings, limits: limits)
    let names = Names(
      readings: layout.place("reads")?.fields.map(\.name) ?? readings.map(\.name),
      limits: layout.place("limits")?.fields.map(\.name) ?? limits.map(\.name))
    let actions = fields["actions"].map { self.actions($0, names: names) } ?? []
    let heldFor = fields["held_for"].flatMap { hold($0, limits: names.limits) }
    let releasedFor = fields["released_for"].flatMap { hold($0, limits: names.limits) }
    let tolerates = fields["tolerates"].flatMap { hold($0, limits: names.limits) }
    let every = fields["every"].flatMap { self.every($0) }
    let atMost = fields["at_most"].flatMap { self.atMost($0) }

    return Rule(
      name: name, title: title ?? "", owner: owner ?? "", appliesTo: appliesTo ?? "", limits: limits,
      readings: readings, heldFor: .span(heldFor ?? .zero), releasedFor: .span(releasedFor ?? .zero),
      tolerates: tolerates.map(Length.span),
      every: every, atMost: atMost ?? (actions.contains { $0.kind == .workOrder } ? AtMost(oncePer: .hours(24)) : nil),
      actions: actions, consequence: fields["consequence"].flatMap { consequence($0) },
      checkFirst: fields["check_first"].map { checkFirst($0) } ?? [],
      reviewBy: fields["review_by"].flatMap { date($0) }, value: fields["value"].flatMap { valueModel($0) },
      examples: fields["examples"].map { examples($0, readings: readings, limits: limits, names: names, heldFor: heldFor ?? .zero) }
        ?? [],
      hasClearsWhen: clearsWhen != nil
    ) { _, _, _ in .fault("\(name) is not bound") }
  }

  private mutating func refuseUnknown(_ fields: [String: Entry]) {
    for field in fields.values.sorted(by: { $0.path < $1.path }) where !RuleWords.fields.contains(field.path) {
      if RuleWords.laterFields.contains(field.path) {
        find(
          field.line,
          "\(RuleWords.notAvailable(field.path)); available fields: \(RuleWords.fields.joined(separator: ", "))")
      } else {
        find(field.line, "unknown field '\(field.path)'" + near(field.path, RuleWords.fields, or: "a rule has"))
      }
    }
  }

  /// A required field whose misspelling was just reported is not missing.
  private mutating func requireAll(_ fields: [String: Entry], statementLine: Int) {
    let misspelt = fields.keys.filter { !RuleWords.fields.contains($0) && !RuleWords.laterFields.contains($0) }
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

  private mutating func hold(_ entry: Entry, limits: [String]) -> TimeSpan? {
    if case .text(let text) = entry.value, limits.contains(text) {
      find(
        entry.line,
        "\(entry.label) may not name a limit in this version of Millwright; write the length of time itself, as in "
          + RuleWords.sample(of: entry.path))
      return nil
    }
    return span(entry, as: RuleWords.sample(of: entry.path), zero: true)
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

  private mutating func checkFirst(_ entry: Entry) -> [String] {
    let sample = RuleWords.sample(of: "check_first")
    guard case .table(let list, let named) = entry.value, named.isEmpty else {
      wrong(entry, must: "a list of texts, as in \(sample)")
      return []
    }
    return list.enumerated().compactMap { place, value in
      let path = "check_first.\(place + 1)"
      return text(
        Entry(
          value: value, path: path, label: "entry \(place + 1) of 'check_first'", line: layout.line(path) ?? entry.line),
        as: sample)
    }
  }

  /// A date of the calendar, as written.
  private mutating func date(_ entry: Entry) -> String? {
    guard let text = text(entry, as: RuleWords.sample(of: "review_by")) else { return nil }
    let digits = text.split(separator: "-", omittingEmptySubsequences: false)
    guard text.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) }), digits.map(\.utf8.count) == [4, 2, 2],
      let year = Int64(digits[0]),
      let month = Int64(digits[1]), let day = Int64(digits[2]), Instant(year: year, month: month, day: day) != nil
    else {
      find(entry.line, "'review_by': \"\(text)\" is no date; write year-month-day, as in review_by = \"2027-06-30\"")
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
