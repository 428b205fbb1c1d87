import Rules

extension RuleReader {
  /// Limits in the order of the file.
  mutating func limits(_ entry: Entry) -> [Limit] {
    let sample = RuleWords.sample(of: "limits")
    guard let fields = fields(entry, known: nil, of: "limits", sample: sample) else { return [] }
    var limits: [(at: Int, limit: Limit)] = []
    for field in fields {
      let name = String(field.path.dropFirst("limits.".count))
      guard isName(name, of: "limit", line: field.line) else { continue }
      if let number = limit(field) { limits.append((position(field.path), Limit(name: name, value: number))) }
    }
    return limits.sorted { $0.at < $1.at }.map(\.limit)
  }

  private mutating func limit(_ entry: Entry) -> Double? {
    switch entry.value {
    case .number(let number):
      if number.isFinite { return number }
      find(entry.line, "\(entry.label) is no finite number")
    case .text(let text) where TimeSpan(text) != nil:
      find(
        entry.line,
        "\(entry.label): a length of time as a limit is not available in this version of Millwright; "
          + "write seconds as a number, as in pause = 120")
    case .text:
      find(
        entry.line,
        "\(entry.label) must be a number, as in \(RuleWords.sample(of: "limits")); found \(entry.value.found); "
          + "units belong to readings, and a state as a limit is not available in this version of Millwright")
    case .table:
      find(
        entry.line,
        "\(entry.label): bounds and curves of a limit are not available in this version of Millwright; "
          + "a limit is a number, as in \(RuleWords.sample(of: "limits"))")
    default:
      wrong(entry, must: "a number, as in \(RuleWords.sample(of: "limits"))")
    }
    return nil
  }

  /// Names of readings and limits are written behind a dot in `when` and between braces in texts.
  mutating func isName(_ name: String, of kind: String, line: Int) -> Bool {
    let plain =
      luaTokens(name).map(\.kind) == [.name(name)]
    if !plain {
      find(line, "'\(name)' cannot name a \(kind): use letters, digits and '_', beginning with a letter")
    }
    return plain
  }

  /// For the order of the file; what has no place in it comes last.
  func position(_ path: String) -> Int { layout.place(path)?.tokens.lowerBound ?? .max }
}
