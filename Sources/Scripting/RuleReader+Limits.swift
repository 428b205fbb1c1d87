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
      if let limit = limit(field, name: name) { limits.append((position(field.path), limit)) }
    }
    return limits.sorted { $0.at < $1.at }.map(\.limit)
  }

  private mutating func limit(_ entry: Entry, name: String) -> Limit? {
    guard case .table(let list, let fields) = entry.value else {
      return limitValue(entry).map { Limit(name: name, value: $0) }
    }
    let sample = "\(name) = { 0.4, from = 0.2, to = 0.8 }"
    guard list.count == 1 else {
      find(entry.line, "\(entry.label): a table here is one value with its bounds, as in \(sample)")
      return nil
    }
    var bounded = entry
    bounded.value = list[0]
    guard let value = limitValue(bounded) else { return nil }
    var limit = Limit(name: name, value: value)
    for field in fields {
      let child = self.entry(field, under: entry.path)
      guard field.name == "from" || field.name == "to" else {
        find(
          child.line,
          "unknown field '\(field.name)' of \(entry.label)" + near(field.name, ["from", "to"], or: "it has"))
        continue
      }
      guard let bound = limitValue(child) else { continue }
      switch value {
      case .number, .duration:
        guard bound.isAlike(value) else {
          find(child.line, "\(child.label) must be \(value.kind), as the limit is; found \(field.value.found)")
          continue
        }
      case .state, .curve:
        find(child.line, "\(entry.label) is \(value.kind): only numbers and lengths of time have bounds")
        continue
      }
      if field.name == "from" { limit.from = bound } else { limit.to = bound }
    }
    if let from = limit.from, let to = limit.to, from.number > to.number {
      find(entry.line, "\(entry.label): 'from' (\(from.written)) is above 'to' (\(to.written))")
    } else if let refusal = limit.refusal(of: value) {
      find(entry.line, "\(entry.label): its own value \(refusal)")
    }
    return limit
  }

  private mutating func limitValue(_ entry: Entry) -> LimitValue? {
    switch entry.value {
    case .number(let number):
      if number.isFinite { return .number(number) }
      find(entry.line, "\(entry.label) is no finite number")
    case .text(let text):
      if let span = TimeSpan(text) { return .duration(span) }
      if TimeSpan.meant(by: text) != nil {
        return span(text, label: entry.label, line: entry.line).map { .duration($0) }
      }
      if let number = Double(text.filter { $0 != " " }) ?? leadingNumber(text) {
        find(
          entry.line,
          "\(entry.label): \"\(text)\" is no state and no length of time; a number stands without quotes and unit: "
            + number.written)
      } else if self.text(entry, as: RuleWords.sample(of: "limits")) != nil {
        return .state(text)
      }
    case .word("curve", let arguments?, _):
      return curve(arguments, entry)
    default:
      wrong(entry, must: "a number, a length of time, a state or a curve, as in \(RuleWords.sample(of: "limits"))")
    }
    return nil
  }

  /// `0.4` of `0.4 bar`, which is a number with its unit.
  private func leadingNumber(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
    guard digits.count < text.count, text.dropFirst(digits.count).first?.isWhitespace == true else { return nil }
    return Double(digits)
  }

  private mutating func curve(_ arguments: [Declared], _ entry: Entry) -> LimitValue? {
    let sample = "curve { {0, 0}, {120, 35} }"
    var points: [Curve.Point] = []
    guard arguments.count == 1, case .table(let list, let named) = arguments[0], named.isEmpty, !list.isEmpty else {
      find(entry.line, "\(entry.label): a curve is a list of points, as in \(sample)")
      return nil
    }
    for (place, point) in list.enumerated() {
      guard case .table(let pair, let named) = point, named.isEmpty, pair.count == 2, case .number(let x) = pair[0],
        case .number(let y) = pair[1], x.isFinite, y.isFinite
      else {
        find(entry.line, "\(entry.label): point \(place + 1) must be two numbers, as in \(sample)")
        return nil
      }
      if let last = points.last, x <= last.x {
        find(
          entry.line, "\(entry.label): x must rise from point to point, and \(x.written) is not above \(last.x.written)"
        )
        return nil
      }
      points.append(Curve.Point(x, y))
    }
    return Curve(points).map { .curve($0) }
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
