import Rules

/// Gathers every finding of a reading.
final class Reporter {
  private(set) var list: [Finding] = []
  func add(_ file: String, _ line: Int?, _ message: String) {
    list.append(Finding(file: file, line: line, message: message))
  }
  /// By file and line, each once: what an alias repeats is said where it is written.
  var sorted: [Finding] {
    var seen: Set<String> = []
    return list.enumerated().sorted {
      ($0.element.file, $0.element.line ?? 0, $0.offset) < ($1.element.file, $1.element.line ?? 0, $1.offset)
    }.map(\.element).filter { seen.insert($0.description).inserted }
  }
}

/// One table of a file, read key by key. What was asked for is known; `close` finds the rest by difference.
/// A key that is there and cannot be read is reported where it stands and reads as absent.
final class Fields {
  let file: String
  let line: Int
  /// For messages: `source 'plant'`.
  let what: String
  let report: Reporter
  private let entries: [YAML.Entry]
  private var asked: [String] = []
  let readable: Bool

  init(_ node: YAML, _ what: String, line: Int? = nil, file: String, _ report: Reporter) {
    self.file = file
    self.line = line ?? node.line
    self.what = what
    self.report = report
    switch node.kind {
    case .table(let entries): (self.entries, readable) = (entries, true)
    case .nothing: (self.entries, readable) = ([], true)
    default:
      (self.entries, readable) = ([], false)
      report.add(file, self.line, "\(what) must be a table of 'key: value', not \(node.word)")
    }
  }

  func finding(_ line: Int, _ message: String) { report.add(file, line, message) }

  func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  func entry(_ key: String) -> YAML.Entry? {
    asked.append(key)
    guard let entry = entries.first(where: { $0.key == key }) else { return nil }
    if case .nothing = entry.value.kind {
      finding(entry.line, "'\(key)' has no value; give it one or remove it")
      return nil
    }
    return entry
  }

  func missing(_ key: String, _ example: String) {
    if readable { finding(line, "\(what) needs '\(key)'; write for example '\(key): \(example)'") }
  }

  /// The text and its line.
  func text(_ key: String) -> (text: String, line: Int)? {
    guard let entry = entry(key) else { return nil }
    guard case .scalar(let text, _) = entry.value.kind else {
      finding(entry.line, "'\(key)' must be a single value, not \(entry.value.word)")
      return nil
    }
    return (text, entry.line)
  }

  func text(_ key: String, needed example: String) -> (text: String, line: Int)? {
    if !has(key) { missing(key, example) }
    return text(key)
  }

  /// The name or address of a computer.
  func host(needed example: String) -> String {
    guard let (text, line) = text("host", needed: example) else { return "" }
    if let problem = unfitCharacter("host", text) {
      finding(line, problem)
    } else if text.isEmpty || text.contains("/") || text.count(where: { $0 == ":" }) == 1 {
      finding(
        line, "'host' is a name or an address alone, such as '\(example)', not '\(text)'; the port goes under 'port'")
    }
    return text
  }

  func number(_ key: String) -> Double? {
    guard let (text, line) = text(key) else { return nil }
    guard let number = Double(text), number.isFinite else {
      finding(line, "'\(key)' must be a number, not '\(text)'")
      return nil
    }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let (text, line) = text(key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      finding(line, "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
      return nil
    }
    return number
  }

  func flag(_ key: String) -> Bool? {
    guard let (text, line) = text(key) else { return nil }
    guard text == "true" || text == "false" else {
      finding(line, "'\(key)' must be true or false, not '\(text)'")
      return nil
    }
    return text == "true"
  }

  func span(_ key: String, atLeast least: TimeSpan = .zero) -> TimeSpan? {
    guard let (text, line) = text(key) else { return nil }
    guard let span = TimeSpan(written: text), span >= least else {
      finding(line, "'\(key)' must be a duration such as '90 s', '5 min', '8 h' or '2 d', not '\(text)'")
      return nil
    }
    return span
  }

  /// `500 MB`, `10 GB`: thousands, as disks are sold.
  func bytes(_ key: String, atLeast least: Int64) -> Int64? {
    guard let (text, line) = text(key) else { return nil }
    let parts = text.split(separator: " ")
    let scales: [Substring: Int64] = ["MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000]
    guard parts.count == 2, let count = Int64(parts[0]), let scale = scales[parts[1]], (1...1_000_000).contains(count),
      count * scale >= least
    else {
      finding(
        line, "'\(key)' must be a size such as '500 MB' or '10 GB', at least \(least / 1_000_000) MB, not '\(text)'")
      return nil
    }
    return count * scale
  }

  func word<T>(_ key: String, among words: [(String, T)]) -> T? {
    guard let (text, line) = text(key) else { return nil }
    if let found = words.first(where: { $0.0 == text }) { return found.1 }
    let known = words.map(\.0)
    finding(
      line,
      "unknown \(key) '\(text)'\(suggestion(for: text, among: known)); it is one of \(known.joined(separator: ", "))")
    return nil
  }

  func list(_ key: String) -> (items: [YAML], line: Int)? {
    guard let entry = entry(key) else { return nil }
    guard case .list(let items) = entry.value.kind else {
      finding(entry.line, "'\(key)' must be a list, not \(entry.value.word)")
      return nil
    }
    return (items, entry.line)
  }

  func texts(_ key: String) -> (items: [String], line: Int)? {
    guard let (items, line) = list(key) else { return nil }
    return (items.compactMap { text(of: $0, key) }, line)
  }

  func numbers(_ key: String) -> (items: [Double], line: Int)? {
    guard let (items, line) = list(key) else { return nil }
    return (
      items.compactMap { item in
        guard let text = text(of: item, key) else { return nil }
        if let number = Double(text), number.isFinite { return number }
        finding(item.line, "'\(key)' holds numbers; '\(text)' is none")
        return nil
      }, line
    )
  }

  private func text(of item: YAML, _ key: String) -> String? {
    if case .scalar(let text, _) = item.kind { return text }
    finding(item.line, "'\(key)' is a list of single values; this is \(item.word)")
    return nil
  }

  func fields(_ key: String, _ what: String) -> Fields? {
    entry(key).map { Fields($0.value, what, line: $0.line, file: file, report) }
  }

  /// Every entry of a table whose keys are names of the reader's own choice.
  func named(_ key: String) -> [YAML.Entry] { fields(key, "'\(key)'")?.all() ?? [] }

  func all() -> [YAML.Entry] {
    asked += entries.map(\.key)
    return entries
  }

  /// Reports every key nobody asked for.
  func close() {
    var known: [String] = []
    for key in asked where !known.contains(key) { known.append(key) }
    for entry in entries where !known.contains(entry.key) {
      let near = suggestion(for: entry.key, among: known)
      finding(
        entry.line,
        "unknown key '\(entry.key)' in \(what)\(near.isEmpty ? "; known: \(known.joined(separator: ", "))" : near)")
    }
  }
}

extension TimeSpan {
  /// `90 s`, `1.5 h`; nil when it is not that. Units: ms, s, min, h, d.
  package init?(written text: String) {
    let units: [(String, Double)] = [("ms", 1e3), ("min", 60e6), ("s", 1e6), ("h", 3600e6), ("d", 86400e6)]
    for (unit, microseconds) in units where text.hasSuffix(unit) {
      var digits = text.dropLast(unit.count)
      while digits.last == " " { digits.removeLast() }
      guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
        let count = Double(digits), count * microseconds <= 1e17
      else { return nil }
      self.init(microseconds: Int64((count * microseconds).rounded()))
      return
    }
    return nil
  }
}
