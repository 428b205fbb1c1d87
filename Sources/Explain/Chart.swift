import Rules

/// Time as columns of equal length, and what was in each as one character: on a terminal, in a file, in a mail.
struct Chart {
  static let widest = 60
  private static let lengths: [TimeSpan] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map {
      TimeSpan.seconds($0)
    }

  /// Of one column.
  let length: TimeSpan
  /// Where each column begins.
  let columns: [Instant]

  init(from: Instant, to: Instant) {
    let span = to - from
    let length =
      Self.lengths.first { $0.microseconds.saturatingTimes(Int64(Self.widest)) >= span.microseconds }
      ?? span / Int64(Self.widest - 1)
    self.length = length
    // Columns lie on multiples of their length, so that two charts of one time agree.
    var start = (from - TimeSpan(microseconds: 1)).next(multipleOf: length)
    if start > from { start = start - length }
    var columns: [Instant] = []
    while start < to, columns.count <= Self.widest {
      columns.append(start)
      start = start + length
    }
    self.columns = columns
  }

  /// One character a column, of what lies in it.
  func row(_ character: (Instant, Instant) -> Character) -> String {
    String(columns.map { character($0, $0 + length) })
  }
}

extension Explanation {
  var chart: Chart { Chart(from: from, to: to) }

  /// `#` true, `.` false, `:` both within one column, `?` blind, `!` the rule failed.
  func answers(_ chart: Chart) -> String {
    chart.row { start, end in
      let inside = stretches.filter { $0.from < end && ($0.to > start || ($0.isOpenAtEnd && $0.to >= start)) }
        .map(\.answer)
      if inside.contains(where: { if case .failed = $0 { true } else { false } }) { return "!" }
      if inside.contains(where: \.isBlind) { return "?" }
      switch (inside.contains(.yes), inside.contains(.no)) {
      case (true, true): return ":"
      case (true, false): return "#"
      case (false, true): return "."
      case (false, false): return " "
      }
    }
  }

  /// What the condition was at the end of each column: `-` pending, `=` active, `~` clearing.
  func phases(_ chart: Chart) -> String {
    chart.row { start, columnEnd in
      guard start <= end, let look = looks.last(where: { $0.time < columnEnd }) else { return " " }
      switch look.phase {
      case .normal: return " "
      case .pending: return "-"
      case .active: return "="
      case .clearing: return "~"
      }
    }
  }

  /// A reading's value at the end of each column, between its lowest and highest; nil for what is no number and not
  /// true or false. `?` is not good.
  func line(of reading: Int, _ chart: Chart) -> (line: String, range: String)? {
    let numbers = looks.compactMap { look -> Double? in
      if case .number(let number) = look.readings[reading], number.isFinite { number } else { nil }
    }
    let isText = looks.contains { look in
      switch look.readings[reading] {
      case .text, .group: true
      case .notGood, .absent, .boolean, .number: false
      }
    }
    guard !isText, !looks.isEmpty else { return nil }
    let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
    let line = chart.row { start, columnEnd in
      guard start <= end, let look = looks.last(where: { $0.time < columnEnd }) else { return " " }
      if look.notGoodSince[reading] != nil { return "?" }
      switch look.readings[reading] {
      case .notGood, .absent: return "?"
      case .boolean(let flag): return flag ? "#" : "."
      case .number(let number):
        guard number.isFinite, high > low else { return number.isFinite ? "▄" : "?" }
        return Array("▁▂▃▄▅▆▇█")[min(7, Int((number - low) / (high - low) * 8))]
      case .text, .group: return " "
      }
    }
    guard !numbers.isEmpty else { return (line, "") }
    let unit = readings[reading].unit.map { " \($0)" } ?? ""
    return (line, low == high ? "\(plain(low))\(unit)" : "\(plain(low)) to \(plain(high))\(unit)")
  }
}
