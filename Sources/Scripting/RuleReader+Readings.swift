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
      if let reading = reading(field, name: name) { readings.append((position(field.path), reading)) }
    }
    return readings.sorted { ($0.at, $0.reading.name) < ($1.at, $1.reading.name) }.map(\.reading)
  }

  private mutating func reading(_ entry: Entry, name: String) -> Reading? {
    guard case .word(let word, let arguments, let line) = entry.value, RuleWords.readings.contains(word) else {
      if case .text(let text) = entry.value {
        find(entry.line, "\(entry.label) must say how to read the tag, as in \(name) = latest \"\(text)\"")
      } else {
        wrong(entry, must: "a reading, as in \(name) = latest \"Running\"")
      }
      return nil
    }
    guard case .text(let reference)? = arguments?.first else {
      find(entry.line, "'\(word)' needs a tag, as in \(name) = \(Self.sample(of: word))")
      return nil
    }
    let rest = Array((arguments ?? []).dropFirst())
    guard let form = form(word, rest, name: name, reference: reference, line: lineOfWord(line, entry)) else {
      return nil
    }
    guard let definition = tag(reference, line: entry.line) else { return nil }
    if let type = definition.type { check(form, word, fits: type, of: definition.name, line: entry.line) }
    return Reading(name: name, tag: definition.name, form: form)
  }

  /// Lua's line of the word, where the layout has none.
  private func lineOfWord(_ line: Int, _ entry: Entry) -> Int { layout.line(entry.path) ?? line }

  static func sample(of word: String) -> String {
    switch word {
    case "stale": #"stale("Flow [m3/h]", "3 h")"#
    case _ where RuleWords.windowReadings.contains(word): "\(word)(\"Flow [m3/h]\", \"5 min\")"
    default: "\(word) \"Running\""
    }
  }

  private mutating func form(
    _ word: String, _ rest: [Declared], name: String, reference: String, line: Int
  ) -> ReadingForm? {
    let label = "'reads.\(name)'"
    if RuleWords.plainReadings.contains(word) {
      guard rest.isEmpty else {
        if case .table = rest[0] {
          refuseOptions(rest[0], line: line)
        } else {
          find(
            line,
            "'\(word)' takes a tag and nothing else; with a window: \(RuleWords.windowReadings.joined(separator: ", "))"
          )
        }
        return nil
      }
      switch word {
      case "previous": return .previous
      case "quality": return .quality
      case "age": return .age
      case "unchanged_for": return .unchangedFor
      default: return .latest
      }
    }
    let what = word == "stale" ? "a length of time" : "a window"
    guard let first = rest.first else {
      let shown = word == "stale" ? "3 h" : "5 min"
      find(line, "'\(word)' needs \(what), as in \(name) = \(word)(\"\(reference)\", \"\(shown)\")")
      return nil
    }
    let window = Entry(value: first, path: "reads.\(name)", label: "the window of \(label)", line: line)
    guard let span = span(window, as: Self.sample(of: word)) else { return nil }
    if rest.count > 1 {
      refuseOptions(rest[1], line: line)
      return nil
    }
    switch word {
    case "stale": return .stale(after: span)
    case "average": return .average(.length(span))
    case "mean": return .mean(.length(span))
    case "minimum": return .minimum(.length(span))
    case "maximum": return .maximum(.length(span))
    case "count": return .count(.length(span))
    default: return .change(.length(span))
    }
  }

  private mutating func refuseOptions(_ options: Declared, line: Int) {
    let name = if case .table(_, let fields) = options, let first = fields.first { " ('\(first.name)')" } else { "" }
    find(line, "options of a reading\(name) are not available in this version of Millwright; leave them out")
  }

  /// A tag as a rule names it, `Flow [m3/h]`, checked against the class; the type is nil when no class is known.
  mutating func tag(_ reference: String, line: Int) -> (name: String, type: TagType?)? {
    guard let (name, unit) = Self.split(reference) else {
      find(line, "\"\(reference)\" is no tag; write its name and, in brackets, its unit: \"Flow [m3/h]\"")
      return nil
    }
    guard let assetClass else { return (name, nil) }
    guard let tag = assetClass.tags.first(where: { $0.name == name }) else {
      find(
        line,
        "\(assetClass.name) has no tag '\(name)'" + near(name, assetClass.tags.map(\.name), or: "its tags are"))
      return nil
    }
    if let unit, unit != tag.unit.map(Self.trimmed) {
      find(
        line,
        tag.unit.map { "\(name) is in '\(Self.trimmed($0))' for \(assetClass.name), not '\(unit)'" }
          ?? "\(name) has no unit for \(assetClass.name); leave out '[\(unit)]'")
    }
    return (name, tag.type)
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

  private mutating func check(_ form: ReadingForm, _ word: String, fits type: TagType, of tag: String, line: Int) {
    let fits =
      switch (form, type) {
      case (.average, .number), (.mean, .number), (.minimum, .number), (.maximum, .number): true
      case (.change, .number), (.change, .counter): true
      case (.average, _), (.mean, _), (.minimum, _), (.maximum, _), (.change, _): false
      default: true
      }
    if fits { return }
    let usable = RuleWords.plainReadings + (type == .counter ? ["change"] : []) + ["count", "stale"]
    find(
      line,
      "'\(word)' needs numbers, and \(tag) is \(type.written) for \(assetClass?.name ?? "its class"); it can be read by "
        + usable.joined(separator: ", "))
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
