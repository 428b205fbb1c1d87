import Rules

extension RuleReader {
  /// Examples in the order of the file: `fires { ... }`, `stays_calm { ... }`, `held_back { ... }`, and named ones,
  /// `fires_when_hot = { ... }`. Whether they hold is for the evaluator to prove.
  mutating func examples(
    _ entry: Entry, readings: [Reading], limits: [Limit], names: Names, heldFor: TimeSpan
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
      if let example = example(table, name: word, readings: readings, limits: limits, names: names) {
        examples.append((position(path), example))
      }
    }
    for field in fields {
      let child = self.entry(field, under: entry.path)
      guard RuleWords.examples.contains(where: { field.name.hasPrefix($0) }) else {
        find(
          child.line,
          "the name of example '\(field.name)' must begin with 'fires', 'stays_calm' or 'held_back': what is it to "
            + "prove?")
        continue
      }
      if let example = example(child, name: field.name, readings: readings, limits: limits, names: names) {
        examples.append((position(child.path), example))
      }
    }
    for (_, example) in examples where example.kind != .staysCalm && example.lasting < heldFor {
      find(
        example.line,
        "\(example.name) lasts \"\(example.lasting)\", shorter than held_for (\"\(heldFor)\"): it can never fire")
    }
    return examples.sorted { ($0.at, $0.example.name) < ($1.at, $1.example.name) }.map(\.example)
  }

  private mutating func example(
    _ entry: Entry, name: String, readings: [Reading], limits: [Limit], names: Names
  ) -> Example? {
    let sample = "\(name) { suction = 0.3, lasting = \"15 min\" }"
    guard let fields = fields(entry, known: nil, of: name, sample: sample) else { return nil }
    var series: [String: Series] = [:]
    var own: [String: Entry] = [:]
    for var field in fields {
      let reading = String(field.path.dropFirst(entry.path.count + 1))
      field.label = "'\(reading)' of \(name)"
      if RuleWords.exampleFields.contains(reading) {
        own[reading] = field
      } else if let known = readings.first(where: { $0.name == reading }) {
        series[reading] = self.series(field, of: known, limits: limits)
      } else if !names.readings.contains(reading) {
        find(
          field.line,
          "\(name): the rule has no reading '\(reading)'"
            + near(reading, names.readings + RuleWords.exampleFields, or: "its readings are"))
      }
    }
    if own["lasting"] == nil { find(entry.line, "\(name) needs 'lasting', as in \(sample)") }
    guard let lasting = own["lasting"].flatMap({ span($0, as: "lasting = \"15 min\"") }) else { return nil }
    var expected = Example.Expected()
    expected.fires = own["fires_at"].flatMap { times($0, within: lasting) }
    expected.clears = own["clears_at"].flatMap { times($0, within: lasting) }
    expected.heldBack = own["held_back_at"].flatMap { times($0, within: lasting) }
    expected.says = own["says"].map { texts($0) } ?? []
    let ordered = readings.compactMap { reading in series[reading.name].map { (reading: reading.name, series: $0) } }
    return Example(
      name: name, kind: Example.Kind.allCases.first { name.hasPrefix($0.rawValue) } ?? .fires, series: ordered,
      lasting: lasting, sampled: own["sampled"].flatMap { span($0, as: "sampled = \"10 s\"") },
      starts: own["begins_at"].flatMap { moment($0) },
      restarts: own["restarts_at"].flatMap { times($0, within: lasting) } ?? [], expected: expected, line: entry.line)
  }

  // MARK: What a reading is over time

  private mutating func series(_ entry: Entry, of reading: Reading, limits: [Limit]) -> Series? {
    if case .each = reading.subject {
      guard case .table(let list, let named) = entry.value, named.isEmpty, !list.isEmpty else {
        wrong(entry, must: "a list with one value for each member, as in \(reading.name) = { 850, 852, bad }")
        return nil
      }
      let samples = list.map { sample(entry, $0, of: reading, limits: limits) }
      return samples.contains { $0 == nil } ? nil : .members(samples.compactMap { $0 })
    }
    switch entry.value {
    case .word("rises", let arguments?, _):
      guard arguments.count == 3, case .text(let text) = arguments[2] else {
        find(entry.line, "'rises' takes from, to and how long, as in \(reading.name) = rises(5, 9, \"10 min\")")
        return nil
      }
      guard let over = span(text, label: "the time of 'rises'", line: entry.line),
        let from = sample(entry, arguments[0], of: reading, limits: limits),
        let to = sample(entry, arguments[1], of: reading, limits: limits)
      else { return nil }
      guard from.isNumber(limits), to.isNumber(limits) else {
        find(entry.line, "'rises' goes from one number to another; for others use 'steps'")
        return nil
      }
      return .rises(from: from, to: to, over: over)
    case .word("steps", let arguments?, _): return steps(entry, arguments, of: reading, limits: limits)
    default: return sample(entry, entry.value, of: reading, limits: limits).map { .constant($0) }
    }
  }

  /// `steps(1.8, "5 min", 0.3, "10 min", 1.8)`: a value, from when on the next, and so on.
  private mutating func steps(
    _ entry: Entry, _ arguments: [Declared], of reading: Reading, limits: [Limit]
  ) -> Series? {
    guard arguments.count % 2 == 1, arguments.count > 2 else {
      find(
        entry.line,
        "'steps' takes a value, a time, the value from then on, and so on, as in \(reading.name) = "
          + "steps(1.8, \"5 min\", 0.3)")
      return nil
    }
    var steps: [Series.Step] = []
    for place in stride(from: 0, to: arguments.count, by: 2) {
      var from = TimeSpan.zero
      if place > 0 {
        guard case .text(let text) = arguments[place - 1] else {
          find(entry.line, "'steps': a time such as \"5 min\" belongs between two values")
          return nil
        }
        guard let time = span(text, label: "a time of 'steps'", line: entry.line) else { return nil }
        from = time
      }
      if let last = steps.last, from <= last.from {
        find(entry.line, "'steps': the times must rise, and \"\(from)\" is not after \"\(last.from)\"")
        return nil
      }
      guard let sample = sample(entry, arguments[place], of: reading, limits: limits) else { return nil }
      steps.append(Series.Step(from: from, sample))
    }
    return .steps(steps)
  }

  private mutating func sample(
    _ entry: Entry, _ value: Declared, of reading: Reading, limits: [Limit]
  ) -> Series.Sample? {
    switch value {
    case .word("bad", nil, _): return .bad
    case .word("silent", nil, _): return .silent
    case .word(let word, let arguments?, _) where ["above", "below", "at"].contains(word):
      return limit(entry, word, arguments, limits: limits)
    default: return self.value(entry, value, of: reading).map { .value($0) }
    }
  }

  /// `above("vibration_high", 1)`: so much beyond the limit in force; without a number a hundredth of it.
  private mutating func limit(
    _ entry: Entry, _ word: String, _ arguments: [Declared], limits: [Limit]
  ) -> Series.Sample? {
    let form = "\(word)(\"\(limits.first?.name ?? "vibration_high")\"" + (word == "at" ? ")" : ", 1)")
    guard case .text(let name)? = arguments.first, arguments.count <= (word == "at" ? 1 : 2) else {
      find(entry.line, "'\(word)' takes the name of a limit, as in \(form)")
      return nil
    }
    guard let limit = limits.first(where: { $0.name == name }) else {
      find(entry.line, "'\(word)': the rule has no limit '\(name)'" + near(name, limits.map(\.name), or: "it has"))
      return nil
    }
    if word == "at" { return .limit(name, plus: 0) }
    guard !limit.value.number.isNaN else {
      find(entry.line, "'\(word)': the limit '\(name)' is no number; write at(\"\(name)\")")
      return nil
    }
    var by = max(limit.value.number.magnitude / 100, 1e-9)
    if arguments.count == 2 {
      guard case .number(let number) = arguments[1], number > 0, number.isFinite else {
        find(entry.line, "'\(word)' takes how far from the limit, as in \(form)")
        return nil
      }
      by = number
    }
    return .limit(name, plus: word == "above" ? by : -by)
  }

  /// A value that the reading can really have.
  private mutating func value(_ entry: Entry, _ value: Declared, of reading: Reading) -> Value? {
    let kind = kind(of: reading)
    switch (value, kind) {
    case (.boolean(let value), .boolean?), (.boolean(let value), nil): return .boolean(value)
    case (.number(let value), .number?) where value.isFinite, (.number(let value), nil) where value.isFinite:
      return .number(value)
    case (.text(let text), .words(let words)?):
      if words.contains(text) { return .text(text) }
      find(entry.line, "\(entry.label) cannot be \"\(text)\"" + near(text, words, or: "it is one of"))
    case (.text(let text), .text?), (.text(let text), nil): return .text(text)
    default:
      var entry = entry
      entry.value = value
      wrong(entry, must: kind?.written ?? "true, false, a number or a text")
    }
    return nil
  }

  // MARK: What must come of it

  /// One length of time or a list of them, rising, none beyond the end.
  private mutating func times(_ entry: Entry, within lasting: TimeSpan) -> [TimeSpan]? {
    let sample = "{ \"5 min\", \"20 min\" }"
    var values = [entry.value]
    if case .table(let list, let named) = entry.value, named.isEmpty { values = list }
    var times: [TimeSpan] = []
    for value in values {
      guard case .text(let text) = value else {
        wrong(entry, must: "a length of time after the beginning, or a list of them, as in \(sample)")
        return nil
      }
      guard let time = span(text, label: entry.label, line: entry.line, zero: true) else { return nil }
      if let last = times.last, time < last {
        find(entry.line, "\(entry.label): the times must rise, and \"\(time)\" is before \"\(last)\"")
        return nil
      }
      if time > lasting { find(entry.line, "\(entry.label): \"\(time)\" is after the end, \"\(lasting)\"") }
      times.append(time)
    }
    return times
  }

  private mutating func texts(_ entry: Entry) -> [String] {
    var values = [entry.value]
    if case .table(let list, let named) = entry.value, named.isEmpty { values = list }
    return values.compactMap { value in
      if case .text(let text) = value, !text.isEmpty { return text }
      wrong(entry, must: "a text that an action says, or a list of them, as in says = \"P-101\"")
      return nil
    }
  }

  /// `2026-03-02 06:00`, UTC, or with an offset.
  private mutating func moment(_ entry: Entry) -> Instant? {
    let sample = "begins_at = \"2026-03-02T06:00:00Z\""
    guard let text = text(entry, as: sample) else { return nil }
    guard let moment = Instant(rfc3339: text) else {
      find(entry.line, "\(entry.label): \"\(text)\" is no time; write date, time and zone, as in \(sample)")
      return nil
    }
    return moment
  }

  /// What values a reading gives; nil when that hangs on a class that is not known.
  func kind(of reading: Reading) -> ValueKind? {
    switch reading.form {
    case .quality: return .words(["good", "uncertain", "bad", "stale"])
    case .stale, .active: return .boolean
    case .latest, .previous:
      guard reading.subject == .own else { return nil }
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

extension Series.Sample {
  fileprivate func isNumber(_ limits: [Limit]) -> Bool {
    switch self {
    case .value(.number): true
    case .limit(let name, _): limits.contains { $0.name == name && !$0.value.number.isNaN }
    default: false
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
