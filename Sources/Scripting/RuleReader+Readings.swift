import Rules

extension RuleReader {
  /// Readings in the order of the file.
  mutating func readings(_ entry: Entry, limits: [Limit]) -> [Reading] {
    let sample = RuleWords.sample(of: "reads")
    guard let fields = fields(entry, known: nil, of: "reads", sample: sample) else { return [] }
    if fields.isEmpty, case .table(let list, _) = entry.value, list.isEmpty {
      find(entry.line, "'reads' is empty; a rule looks at one reading at least, as in \(sample)")
    }
    var readings: [(at: Int, reading: Reading)] = []
    for field in fields {
      let name = String(field.path.dropFirst("reads.".count))
      guard isName(name, of: "reading", line: field.line) else { continue }
      if name == "asset" || RuleWords.exampleFields.contains(name) {
        find(field.line, "'\(name)' cannot name a reading: texts and examples use that name for something else")
      } else if limits.contains(where: { $0.name == name }) {
        find(field.line, "'\(name)' names a limit and a reading; texts could not tell {\(name)} apart: rename one")
      }
      if let reading = reading(field, name: name, limits: limits) {
        readings.append((position(field.path), reading))
      }
    }
    return readings.sorted { ($0.at, $0.reading.name) < ($1.at, $1.reading.name) }.map(\.reading)
  }

  /// A reading as it is called, without what says whose tag it is.
  private struct Call {
    var word: String
    var arguments: [Declared]
    /// The assets it looks at.
    var whose: Whose
    var line: Int
  }

  /// One reading, under the name its author gave it.
  mutating func reading(_ entry: Entry, name: String, limits: [Limit]) -> Reading? {
    guard var call = call(entry, name: name) else { return nil }
    var options = Options()
    if case .table? = call.arguments.last, let table = call.arguments.popLast() {
      options = self.options(table, of: entry.label, line: call.line)
    }
    if RuleWords.ruleReadings.contains(call.word) || RuleWords.periodReadings.contains(call.word) {
      guard call.whose.subject == .own else {
        find(call.line, "'\(call.word)' looks at no tag; leave out \(call.whose.written)")
        return nil
      }
      guard let form = formWithoutTag(call.word, call.arguments, name: name, entry: entry, line: call.line) else {
        return nil
      }
      refuse(options, of: form, call.word, line: call.line)
      return Reading(name: name, tag: "", form: form)
    }
    guard case .text(let reference)? = call.arguments.first else {
      find(entry.line, "'\(call.word)' needs a tag, as in \(name) = \(RuleWords.sample(ofReading: call.word))")
      return nil
    }
    let written = Written(
      word: call.word, rest: Array(call.arguments.dropFirst()), name: name, reference: reference, label: entry.label,
      line: call.line)
    guard let form = form(written, whose: call.whose, limits: limits) else { return nil }
    guard let tag = tag(reference, of: call.whose, line: entry.line) else { return nil }
    if let type = tag.type {
      check(form, call.word, fits: type, of: tag.name, in: call.whose, line: entry.line)
    }
    refuse(options, of: form, call.word, line: call.line)
    return Reading(
      name: name, subject: call.whose.subject, tag: tag.name, form: form, atLeast: options.atLeast,
      isOptional: options.isOptional)
  }

  /// Takes `:of`, `:of_pair` and `each` off a reading.
  private mutating func call(_ entry: Entry, name: String) -> Call? {
    guard case .word(let word, let arguments, let line) = entry.value,
      RuleWords.readings.contains(word) || RuleWords.subjects.contains(word)
    else {
      if case .text(let text) = entry.value {
        find(entry.line, "\(entry.label) must say how to read the tag, as in \(name) = latest \"\(text)\"")
      } else {
        wrong(entry, must: "a reading, as in \(name) = latest \"Running\"")
      }
      return nil
    }
    let here = layout.line(entry.path) ?? line
    guard RuleWords.subjects.contains(word) else {
      return Call(word: word, arguments: arguments ?? [], whose: own, line: here)
    }
    let given = arguments ?? []
    let parts = word == "each" ? Array(given.reversed()) : given
    guard parts.count == 2, case .word(let inner, let innerArguments, _) = parts[0], case .text(let target) = parts[1]
    else {
      find(
        here,
        word == "each"
          ? "'each' needs a class and a reading, as in \(name) = \(RuleWords.sample(ofReading: "each"))"
          : "':\(word)' stands behind a reading and names \(word == "of" ? "a class" : "a reference of the model"), "
            + "as in \(name) = latest \"Running\" :\(word) \"\(word == "of" ? "Line" : "standby")\"")
      return nil
    }
    guard RuleWords.readings.contains(inner) else {
      find(
        here,
        RuleWords.subjects.contains(inner)
          ? "'\(name)' says twice whose tag it is; keep one of ':of', ':of_pair' and 'each'"
          : "'\(word)' needs a reading, as in \(name) = latest \"Running\"; found the word '\(inner)'")
      return nil
    }
    guard let whose = whose(word, target, line: here) else { return nil }
    return Call(word: inner, arguments: innerArguments ?? [], whose: whose, line: here)
  }

  /// A tag as a rule names it, `Flow [m3/h]`, checked against the class of those whose it is; the type is nil when no
  /// class is known.
  mutating func tag(
    _ reference: String, of whose: Whose, line: Int
  ) -> (name: String, type: TagType?, isCalculated: Bool)? {
    guard let (name, unit) = Self.split(reference) else {
      find(line, "\"\(reference)\" is no tag; write its name and, in brackets, its unit: \"Flow [m3/h]\"")
      return nil
    }
    if whose.subject == .own, let calculated = calculated.first(where: { $0.name == name }) {
      if let unit, unit != calculated.unit.map(Self.trimmed) {
        find(
          line,
          calculated.unit.map { "\(name) is calculated in '\(Self.trimmed($0))', not '\(unit)'" }
            ?? "\(name) is calculated without a unit; leave out '[\(unit)]'")
      }
      return (name, .number, true)
    }
    guard let assetClass = whose.assetClass else { return (name, nil, false) }
    guard let tag = assetClass.tags.first(where: { $0.name == name }) else {
      let known = assetClass.tags.map(\.name) + (whose.subject == .own ? calculated.map(\.name) : [])
      find(line, "\(assetClass.name) has no tag '\(name)'" + near(name, known, or: "its tags are"))
      return nil
    }
    if let unit, unit != tag.unit.map(Self.trimmed) {
      find(
        line,
        tag.unit.map { "\(name) is in '\(Self.trimmed($0))' for \(assetClass.name), not '\(unit)'" }
          ?? "\(name) has no unit for \(assetClass.name); leave out '[\(unit)]'")
    }
    return (name, tag.type, false)
  }

  /// `SuctionPressure [bar g]` in its two parts; nil when it is not of that form.
  static func split(_ reference: String) -> (name: String, unit: String?)? {
    guard let bracket = reference.firstIndex(of: "[") else {
      let name = trimmed(reference)
      return name.isEmpty || name.contains("]") ? nil : (name, nil)
    }
    let name = trimmed(reference[..<bracket])
    let rest = trimmed(reference[bracket...])
    let unit = trimmed(rest.dropFirst().dropLast())
    guard !name.isEmpty, rest.last == "]", !unit.isEmpty, !unit.contains("["), !unit.contains("]") else { return nil }
    return (name, unit)
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
  }

  private mutating func check(
    _ form: ReadingForm, _ word: String, fits type: TagType, of tag: String, in whose: Whose, line: Int
  ) {
    let owner = whose.assetClass?.name ?? assetClass?.name ?? "its class"
    if case .timeIn(let value, _) = form { check(value, is: type, of: tag, in: owner, word: word, line: line) }
    if !RuleWords.fitting(type).contains(word) {
      let needs = word == "increase" ? "a counter" : word == "time_in" ? "states, texts, or true and false" : "numbers"
      find(
        line,
        "'\(word)' needs \(needs), and \(tag) is \(type.written) for \(owner); it can be read by "
          + RuleWords.fitting(type).joined(separator: ", "))
    } else if case .each = whose.subject, form.givesTheTagsValue {
      switch type {
      case .number, .counter, .boolean: break
      case .text, .states:
        find(
          line, "'each' compares numbers, and \(tag) is \(type.written) for \(owner); count them by time_in or count")
      }
    } else if case .each = whose.subject, form == .quality {
      find(line, "'each' compares numbers; 'quality' gives a text")
    }
  }

  /// A value that a tag is to be compared with: one it can really have.
  mutating func check(_ value: Value, is type: TagType, of tag: String, in owner: String, word: String, line: Int) {
    switch (value, type) {
    case (.boolean, .boolean), (.text, .text), (.number, .number), (.number, .counter): break
    case (.text(let text), .states(let names, _)):
      if !names.contains(text) {
        find(line, "'\(word)': \(tag) is never \"\(text)\"" + near(text, names, or: "it is one of"))
      }
    default: find(line, "'\(word)': \(tag) is \(type.written) for \(owner), never \(value.written)")
    }
  }
}

extension ReadingForm {
  /// Whether it gives what the tag is, and no number about it.
  var givesTheTagsValue: Bool { self == .latest || self == .previous }
}

extension Value {
  /// As a rule file has it.
  var written: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .number(let value): value.written
    case .text(let text): "\"\(text)\""
    case .null: "nil"
    }
  }
}

extension RuleWords {
  /// The readings that make sense of a tag of this type.
  static func fitting(_ type: TagType) -> [String] {
    switch type {
    case .number:
      plainReadings + windowReadings.filter { $0 != "increase" } + otherReadings.filter { $0 != "time_in" }
    case .counter: plainReadings + ["change", "increase", "rate", "count", "stale"]
    case .boolean, .text, .states: plainReadings + ["time_in", "count", "stale"]
    }
  }
}

extension TagType {
  /// `boolean`, `states Idle, Heating`.
  var written: String {
    switch self {
    case .boolean: "boolean"
    case .number: "a number"
    case .counter: "a counter"
    case .text: "text"
    case .states(let names, _): "one of the states \(names.joined(separator: ", "))"
    }
  }
}
