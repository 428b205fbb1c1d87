import Rules

// What a reading works out of its tag: the word and what is handed to it behind the tag.

extension RuleReader {
  /// A reading as it is written.
  struct Written {
    var word: String
    /// What is handed to it behind the tag.
    var rest: [Declared]
    /// The author's name for it.
    var name: String
    var reference: String
    var label: String
    var line: Int
  }

  mutating func form(_ written: Written, whose: Whose, limits: [Limit]) -> ReadingForm? {
    let (word, rest, line) = (written.word, written.rest, written.line)
    if RuleWords.plainReadings.contains(word) {
      guard rest.isEmpty else {
        find(
          line,
          "'\(word)' takes a tag and nothing else; with a window: \(RuleWords.windowReadings.joined(separator: ", "))")
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
    let sample = "\(written.name) = \(RuleWords.sample(ofReading: word))"
    let wanted = ["rate": 2, "crossings": 2, "time_in": 2][word] ?? 1
    if rest.count > wanted {
      find(line, "'\(word)' is given too much; write it as in \(sample)")
      return nil
    }
    switch word {
    case "stale", "smoothed":
      guard let first = rest.first else {
        let shown = word == "stale" ? "3 h" : "10 min"
        find(
          line,
          "'\(word)' needs a length of time, as in \(written.name) = \(word)(\"\(written.reference)\", \"\(shown)\")")
        return nil
      }
      let entry = Entry(value: first, path: "", label: "the length of time of \(written.label)", line: line)
      guard let span = span(entry, as: RuleWords.sample(ofReading: word)) else { return nil }
      return word == "stale" ? .stale(after: span) : .smoothed(span)
    case "rate":
      guard let window = window(rest.first, of: written, whose: whose) else { return nil }
      guard rest.count == 2, case .word("per", let arguments?, _) = rest[1], arguments.count == 1,
        case .text(let text) = arguments[0]
      else {
        find(line, "'rate' says per what, as in \(sample)")
        return nil
      }
      let units = ["s": TimeSpan.seconds(1), "min": .minutes(1), "h": .hours(1), "d": .hours(24)]
      guard let per = units[text] ?? TimeSpan(text), per > .zero else {
        find(line, "'per' names a unit of time, \"s\", \"min\", \"h\" or \"d\"; found \"\(text)\"")
        return nil
      }
      return .rate(window, per: per)
    case "crossings":
      guard let first = rest.first else {
        find(line, "'crossings' needs a limit and a window, as in \(sample)")
        return nil
      }
      guard let bound = bound(first, limits: limits, line: line, sample: sample) else { return nil }
      guard let window = window(rest.dropFirst().first, of: written, whose: whose) else { return nil }
      return .crossings(bound, window)
    case "time_in":
      guard let value = rest.first?.plain else {
        find(line, "'time_in' needs what the tag is to be and a window, as in \(sample)")
        return nil
      }
      guard let window = window(rest.dropFirst().first, of: written, whose: whose) else { return nil }
      return .timeIn(value, window)
    default:
      guard let window = window(rest.first, of: written, whose: whose) else { return nil }
      switch word {
      case "average": return .average(window)
      case "mean": return .mean(window)
      case "minimum": return .minimum(window)
      case "maximum": return .maximum(window)
      case "spread": return .spread(window)
      case "total": return .total(window)
      case "count": return .count(window)
      case "increase": return .increase(window)
      default: return .change(window)
      }
    }
  }

  /// `active`, `fired`, `elapsed` and `left`.
  mutating func formWithoutTag(
    _ word: String, _ arguments: [Declared], name: String, entry: Entry, line: Int
  ) -> ReadingForm? {
    let sample = "\(name) = \(RuleWords.sample(ofReading: word))"
    let written = Written(word: word, rest: arguments, name: name, reference: "", label: entry.label, line: line)
    if RuleWords.periodReadings.contains(word) {
      guard arguments.count == 1, case .word("this", _, _) = arguments[0] else {
        find(line, "'\(word)' is of a running period, as in \(sample)")
        return nil
      }
      guard let window = window(arguments[0], of: written, whose: own) else { return nil }
      return word == "elapsed" ? .elapsed(window) : .left(window)
    }
    guard case .text(let rule)? = arguments.first, Self.isRuleName(rule) else {
      find(line, "'\(word)' needs the name of another rule, as in \(sample)")
      return nil
    }
    if rule == self.name {
      find(line, "'\(word)' names the rule itself; it looks at another one")
      return nil
    }
    guard arguments.count == (word == "active" ? 1 : 2) else {
      find(
        line,
        word == "active"
          ? "'active' takes the name of a rule and nothing else; over a window: fired(\"\(rule)\", \"1 h\")"
          : "'fired' needs a rule and a window, as in \(sample)")
      return nil
    }
    if word == "active" { return .active(rule: rule) }
    return window(arguments[1], of: written, whose: own).map { .fired(rule: rule, $0) }
  }

  // MARK: Windows

  private mutating func window(_ value: Declared?, of written: Written, whose: Whose) -> Window? {
    let sample = RuleWords.sample(ofReading: written.word)
    guard let value else {
      find(
        written.line,
        RuleWords.windowReadings.contains(written.word)
          ? "'\(written.word)' needs a window, as in \(written.name) = \(written.word)(\"\(written.reference)\", \"5 min\")"
          : "'\(written.word)' needs a window, as in \(written.name) = \(sample)")
      return nil
    }
    let label = "the window of \(written.label)"
    switch value {
    case .word("since", let arguments, _): return since(arguments ?? [], label, whose: whose, line: written.line)
    case .word("this", let arguments, _): return this(arguments ?? [], label, line: written.line)
    case .word(let word, _, _):
      find(
        written.line,
        "\(label): '\(word)' is no window; write a length such as \"5 min\", since \"BatchId\" or this \"hour\"")
      return nil
    default:
      let entry = Entry(value: value, path: "", label: label, line: written.line)
      return span(entry, as: sample).map { .length($0) }
    }
  }

  private mutating func since(_ arguments: [Declared], _ label: String, whose: Whose, line: Int) -> Window? {
    guard case .text(let reference)? = arguments.first, arguments.count <= 2 else {
      find(line, "\(label): write since \"BatchId\", or since(\"Running\", true)")
      return nil
    }
    guard let tag = tag(reference, of: whose, line: line) else { return nil }
    if tag.isCalculated {
      find(
        line, "\(label): '\(tag.name)' is calculated; a window begins with a tag of the plant, as in since \"BatchId\"")
      return nil
    }
    guard arguments.count == 2 else { return .since(tag: tag.name, value: nil) }
    guard let value = arguments[1].plain else {
      find(
        line,
        "\(label): 'since' is followed by what the tag became, as in since(\"Running\", true); found "
          + arguments[1].found)
      return nil
    }
    if let type = tag.type {
      check(value, is: type, of: tag.name, in: whose.assetClass?.name ?? "its class", word: "since", line: line)
    }
    return .since(tag: tag.name, value: value)
  }

  private mutating func this(_ arguments: [Declared], _ label: String, line: Int) -> Window? {
    guard case .text(let period)? = arguments.first, arguments.count == 1 else {
      find(line, "\(label): write this \"15 min\", this \"hour\", this \"shift\" or this \"day\"")
      return nil
    }
    switch period {
    case "hour": return .this(.span(.hours(1)))
    case "shift": return .this(.shift)
    case "day": return .this(.day)
    default:
      guard let span = TimeSpan(period) else {
        find(
          line,
          "\(label): unknown period \"\(period)\""
            + near(period, ["hour", "shift", "day"], or: "a length such as \"15 min\", or one of"))
        return nil
      }
      let day = TimeSpan.hours(24)
      guard span >= .seconds(1), span <= day, day.microseconds % span.microseconds == 0 else {
        find(
          line, "\(label): a day is no whole number of times \"\(period)\"; write one that divides it, as \"15 min\"")
        return nil
      }
      return .this(span == day ? .day : .span(span))
    }
  }

  private mutating func bound(_ value: Declared, limits: [Limit], line: Int, sample: String) -> Bound? {
    switch value {
    case .number(let number) where number.isFinite: return .number(number)
    case .text(let name):
      guard let limit = limits.first(where: { $0.name == name }) else {
        find(
          line, "'crossings': the rule has no limit '\(name)'" + near(name, limits.map(\.name), or: "its limits are"))
        return nil
      }
      if case .number = limit.value { return .limit(name) }
      find(line, "'crossings' needs a number, and the limit '\(name)' is \(limit.value.kind)")
      return nil
    default:
      find(line, "'crossings' needs a number or the name of a limit, as in \(sample); found \(value.found)")
      return nil
    }
  }

  // MARK: Options

  struct Options {
    var atLeast: Coverage?
    var isOptional = false
  }

  mutating func options(_ value: Declared, of label: String, line: Int) -> Options {
    var options = Options()
    guard case .table(let list, let fields) = value else { return options }
    if !list.isEmpty { find(line, "options of \(label) have names, as in { optional = true }") }
    for field in fields {
      switch (field.name, field.value) {
      case ("optional", .boolean(let value)): options.isOptional = value
      case ("optional", let value):
        find(line, "'optional' of \(label) must be true or false; found \(value.found)")
      case ("at_least", .text(let text)):
        if let percent = percent(text), percent > 0, percent <= 100 {
          options.atLeast = .share(percent / 100)
        } else {
          find(
            line, "'at_least' of \(label): \"\(text)\" is no percentage above 0 %; write it as in at_least = \"95 %\"")
        }
      case ("at_least", .number(let number)) where number >= 1 && number <= 1e6 && number == number.rounded():
        options.atLeast = .samples(Int(number))
      case ("at_least", let value):
        find(
          line,
          "'at_least' of \(label) must be a percentage or a number of samples, as in at_least = \"95 %\" or "
            + "at_least = 6; found \(value.found)")
      default:
        find(
          line,
          "unknown option '\(field.name)' of \(label)" + near(field.name, ["at_least", "optional"], or: "there are"))
      }
    }
    return options
  }

  /// Options that mean nothing for this form.
  mutating func refuse(_ options: Options, of form: ReadingForm, _ word: String, line: Int) {
    if options.isOptional, form.alwaysKnown { find(line, "'\(word)' is always known; leave out 'optional'") }
    switch (options.atLeast, form) {
    case (nil, _): break
    case (.samples, .mean), (.samples, .count), (.samples, .spread): break
    case (.samples, _) where form.isCovered:
      find(line, "a number of samples is for mean, count and spread; for '\(word)' write at_least = \"95 %\"")
    case (.share, _) where form.isCovered: break
    default: find(line, "'\(word)' has no window that values could cover; leave out 'at_least'")
    }
  }
}

extension ReadingForm {
  /// Whether it is known when good values cover enough of its window.
  fileprivate var isCovered: Bool {
    switch self {
    case .average, .minimum, .maximum, .spread, .total, .mean, .count, .rate, .increase, .crossings, .timeIn: true
    default: false
    }
  }
}

extension Declared {
  /// A value as tags have them.
  fileprivate var plain: Value? {
    switch self {
    case .boolean(let value): .boolean(value)
    case .number(let value) where value.isFinite: .number(value)
    case .text(let text): .text(text)
    default: nil
    }
  }
}
