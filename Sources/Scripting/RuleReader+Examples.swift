import Rules

extension RuleReader {
  /// Examples in the order of the file: `fires { ... }`, `stays_calm { ... }`, and named ones,
  /// `fires_when_hot = { ... }`. Whether they hold is for the evaluator to prove.
  mutating func examples(
    _ entry: Entry, readings: [Reading], names: Names, heldFor: TimeSpan
  ) -> [Example] {
    guard case .table(let list, let fields) = entry.value else {
      wrong(entry, must: "a table, as in \(RuleWords.sample(of: "examples"))")
      return []
    }
    var examples: [(at: Int, example: Example)] = []
    for (place, value) in list.enumerated() {
      let path = "examples.\(place + 1)"
      let item = Entry(value: value, path: path, label: "example \(place + 1)", line: layout.line(path) ?? entry.line)
      guard case .word(let word, let arguments?, _) = value, RuleWords.examples.contains(word), arguments.count == 1
      else {
        wrong(item, must: "fires { ... } or stays_calm { ... }, as in \(RuleWords.sample(of: "examples"))")
        continue
      }
      let table = Entry(value: arguments[0], path: path, label: "'\(word)'", line: item.line)
      if let example = example(table, name: word, readings: readings, names: names) {
        examples.append((position(path), example))
      }
    }
    for field in fields {
      let child = self.entry(field, under: entry.path)
      guard RuleWords.examples.contains(where: { field.name.hasPrefix($0) }) else {
        find(
          child.line,
          "the name of example '\(field.name)' must begin with 'fires' or 'stays_calm': what is it to prove?")
        continue
      }
      if let example = example(child, name: field.name, readings: readings, names: names) {
        examples.append((position(child.path), example))
      }
    }
    for (_, example) in examples where example.fires && example.lasting < heldFor {
      find(
        example.line,
        "\(example.name) lasts \"\(example.lasting)\", shorter than held_for (\"\(heldFor)\"): it can never fire")
    }
    return examples.sorted { ($0.at, $0.example.name) < ($1.at, $1.example.name) }.map(\.example)
  }

  private mutating func example(_ entry: Entry, name: String, readings: [Reading], names: Names) -> Example? {
    let sample = "\(name) { suction = 0.3, lasting = \"15 min\" }"
    guard let fields = fields(entry, known: nil, of: name, sample: sample) else { return nil }
    var values: [String: Value] = [:]
    var lasting: TimeSpan?
    for var field in fields {
      let reading = String(field.path.dropFirst(entry.path.count + 1))
      field.label = "'\(reading)' of \(name)"
      if reading == "lasting" {
        lasting = span(field, as: "lasting = \"15 min\"")
      } else if let known = readings.first(where: { $0.name == reading }) {
        values[reading] = value(field, of: known)
      } else if !names.readings.contains(reading) {
        find(
          field.line,
          "\(name): the rule has no reading '\(reading)'" + near(reading, names.readings, or: "its readings are"))
      }
    }
    if !fields.contains(where: { $0.path.hasSuffix(".lasting") }) {
      find(entry.line, "\(name) needs 'lasting', as in \(sample)")
    }
    guard let lasting else { return nil }
    let ordered = readings.compactMap { reading in values[reading.name].map { (reading: reading.name, value: $0) } }
    return Example(
      name: name, fires: name.hasPrefix("fires"), values: ordered, lasting: lasting, line: entry.line)
  }

  /// A constant that the reading can really have.
  private mutating func value(_ entry: Entry, of reading: Reading) -> Value? {
    let kind = kind(of: reading)
    switch (entry.value, kind) {
    case (.boolean(let value), .boolean?), (.boolean(let value), nil): return .boolean(value)
    case (.number(let value), .number?) where value.isFinite, (.number(let value), nil) where value.isFinite:
      return .number(value)
    case (.text(let text), .words(let words)?):
      if words.contains(text) { return .text(text) }
      find(entry.line, "\(entry.label) cannot be \"\(text)\"" + near(text, words, or: "it is one of"))
    case (.text(let text), .text?), (.text(let text), nil): return .text(text)
    default: wrong(entry, must: kind?.written ?? "true, false, a number or a text")
    }
    return nil
  }

  /// What values a reading gives; nil when that hangs on a class that is not known.
  func kind(of reading: Reading) -> ValueKind? {
    switch reading.form {
    case .quality: return .words(["good", "uncertain", "bad", "stale"])
    case .stale: return .boolean
    case .latest, .previous:
      return switch assetClass?.tags.first(where: { $0.name == reading.tag })?.type {
      case .boolean: .boolean
      case .number, .counter: .number
      case .text: .text
      case .states(let names, _): .words(names)
      case nil: nil
      }
    default: return .number
    }
  }
}

/// What kind of values a reading gives.
enum ValueKind: Equatable {
  case boolean, number, text
  case words([String])

  var written: String {
    switch self {
    case .boolean: "true or false"
    case .number: "a number"
    case .text: "a text"
    case .words(let words): "one of \(words.map { "\"\($0)\"" }.joined(separator: ", "))"
    }
  }
}
