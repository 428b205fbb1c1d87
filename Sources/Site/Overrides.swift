import Rules

extension Fields {
  /// A limit as a site overrides it: `8.5`, `10 min`, a state, or the points of a curve, `[[0, 0], [120, 35]]`.
  func limit(_ key: String) -> LimitValue? {
    guard let entry = entry(key) else { return nil }
    switch entry.value.kind {
    case .scalar(let text, let quoted):
      if !quoted, let number = Double(text) {
        if number.isFinite { return .number(number) }
        finding(entry.line, "'\(key)' must be a finite number, not '\(text)'")
        return nil
      }
      if let span = TimeSpan(written: text) { return .duration(span) }
      if text.isEmpty { finding(entry.line, "'\(key)' is empty; give it a value or remove it") }
      return text.isEmpty ? nil : .state(text)
    case .list(let items): return curve(items, key, line: entry.line)
    case .table, .nothing:
      finding(
        entry.line,
        "'\(key)' must be a number, a duration such as '10 min', a state, or a curve such as [[0, 0], [120, 35]], "
          + "not \(entry.value.word)")
      return nil
    }
  }

  private func curve(_ items: [YAML], _ key: String, line: Int) -> LimitValue? {
    var points: [Curve.Point] = []
    for item in items {
      guard case .list(let pair) = item.kind, pair.count == 2, let x = finite(pair[0]), let y = finite(pair[1]) else {
        finding(item.line, "a point of the curve '\(key)' is two numbers: [120, 35]")
        return nil
      }
      points.append(Curve.Point(x, y))
    }
    guard let curve = Curve(points) else {
      finding(line, "the curve '\(key)' needs points whose first number rises: [[0, 0], [120, 35]]")
      return nil
    }
    return .curve(curve)
  }

  private func finite(_ value: YAML) -> Double? {
    guard case .scalar(let text, quoted: false) = value.kind, let number = Double(text), number.isFinite else {
      return nil
    }
    return number
  }
}
