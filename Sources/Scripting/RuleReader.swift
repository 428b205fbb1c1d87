import Rules

/// Reads the table a rule file declared, field by field, and collects what is wrong with it on the way. What could
/// not be read has a harmless stand-in, so that one mistake is one finding.
struct RuleReader {
  let file: String
  let layout: RuleLayout
  let model: Model?
  let owners: [String]?
  private(set) var findings: [Finding] = []

  /// The rule's own.
  var name = ""
  /// Known once `applies_to` was read and the model has it.
  var assetClass: AssetClass?
  /// By the field's name: those of `RuleWords.questions`, and `actions`.
  var functions: [String: LuaFunction] = [:]
  /// The tags that are calculated for all rules of the class, then those that this one calculates, in the order of the
  /// files.
  var calculated: [Calculated] = []
  /// The line of what the layout does not show, because a function made it.
  var madeInLine: Int?

  init(file: String, layout: RuleLayout, model: Model?, owners: [String]?) {
    self.file = file
    self.layout = layout
    self.model = model
    self.owners = owners
  }

  /// A value and where it stands: `path` for its line, `label` for people.
  struct Entry {
    var value: Declared
    var path: String
    var label: String
    var line: Int
  }

  var all: Findings {
    let order = findings.enumerated().sorted { a, b in
      (a.element.line ?? 0, a.offset) < (b.element.line ?? 0, b.offset)
    }
    return Findings(list: order.map(\.element))
  }

  mutating func find(_ line: Int?, _ message: String) {
    let finding = Finding(file: file, line: line, message: message)
    if !findings.contains(finding) { findings.append(finding) }
  }

  mutating func forgetLines() { findings.removeAll { $0.line != nil } }

  /// The file's name without folder and `.lua`: the rule's identity.
  mutating func name(of file: String) -> String {
    let last = file.split(separator: "/").last ?? ""
    name = last.hasSuffix(".lua") ? String(last.dropLast(4)) : ""
    if !Self.isRuleName(name) {
      find(
        nil,
        "a rule's name is its file's name: small letters, digits and '_', at most 64 of them, then '.lua', "
          + "as in pump_cavitation.lua")
    }
    return name
  }

  static func isRuleName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 64
      && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
  }

  /// The file of the rule's class. What is wrong with it is found there, and here where the rule names the class.
  func classFile(
    _ shared: SharedText, of assetClass: String, _ caller: CallNote.Caller?, clocked: Bool
  ) throws(Findings) -> ClassFile {
    do {
      return try ClassFile(shared, of: assetClass, model: model, caller: caller, clocked: clocked)
    } catch {
      let first = error.list.first.map { ": " + ($0.line.map { "line \($0), " } ?? "") + $0.message } ?? ""
      let here = Finding(
        file: file, line: layout.line("applies_to"),
        message: "what \(shared.file) calculates for it cannot be read\(first)")
      throw Findings(list: error.list + [here])
    }
  }

  func line(_ path: String) -> Int { madeInLine ?? layout.line(path) ?? layout.table?.line ?? 1 }

  func entry(_ field: DeclaredField, under parent: String) -> Entry {
    let path = parent.isEmpty ? field.name : "\(parent).\(field.name)"
    return Entry(value: field.value, path: path, label: "'\(path)'", line: line(path))
  }

  /// Reports a value of the wrong kind: what was found, what belongs there.
  mutating func wrong(_ entry: Entry, must expectation: String) {
    find(entry.line, "\(entry.label) must be \(expectation); found \(entry.value.found)")
  }

  /// A text that is not empty.
  mutating func text(_ entry: Entry, as sample: String) -> String? {
    guard case .text(let text) = entry.value else {
      wrong(entry, must: "a text, as in \(sample)")
      return nil
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      find(entry.line, "\(entry.label) is empty; write it as in \(sample)")
      return nil
    }
    return text
  }

  /// A length of time longer than none, or also none where `zero` allows it.
  mutating func span(_ entry: Entry, as sample: String, zero: Bool = false) -> TimeSpan? {
    guard case .text(let text) = entry.value else {
      wrong(entry, must: "a length of time, as in \(sample)")
      return nil
    }
    return span(text, label: entry.label, line: entry.line, zero: zero)
  }

  mutating func span(_ text: String, label: String, line: Int, zero: Bool = false) -> TimeSpan? {
    guard let span = TimeSpan(text) else {
      let meant =
        TimeSpan.meant(by: text).map { "did you mean \"\($0)\"?" } ?? "write \"30 s\", \"5 min\", \"2 h\" or \"1 d\""
      find(line, "\(label): \"\(text)\" is no length of time (\(meant))")
      return nil
    }
    guard zero || span > .zero else {
      find(line, "\(label) must be longer than \"\(text)\"")
      return nil
    }
    return span
  }

  /// The fields of a table that has nothing but named fields; reports unknown ones with the nearest known.
  mutating func fields(_ entry: Entry, known: [String]?, of owner: String, sample: String) -> [Entry]? {
    guard case .table(let list, let fields) = entry.value else {
      wrong(entry, must: "a table, as in \(sample)")
      return nil
    }
    if !list.isEmpty {
      find(
        layout.place("\(entry.path).1")?.line ?? entry.line,
        "every entry of \(entry.label) needs a name, as in \(sample)")
    }
    return fields.compactMap { field in
      let child = self.entry(field, under: entry.path)
      guard let known, !known.contains(field.name) else { return child }
      find(child.line, "unknown field '\(field.name)' of \(owner)" + near(field.name, known, or: "it has"))
      return nil
    }
  }

  /// ` (did you mean 'x'?)`, or the whole choice when nothing is near.
  func near(_ word: String, _ known: [String], or introduction: String) -> String {
    let hint = suggestion(for: word, among: known)
    if !hint.isEmpty { return hint }
    return known.isEmpty ? "" : "; \(introduction) \(known.joined(separator: ", "))"
  }
}

extension Declared {
  /// As a message names what stands in the wrong place.
  var found: String {
    switch self {
    case .null: "nothing"
    case .boolean(let value): "\(value)"
    case .number(let value): "the number \(value.written)"
    case .text(let text): "the text \"\(text.count > 40 ? text.prefix(40) + "..." : text)\""
    case .table: "a table"
    case .function: "a function"
    case .word(let word, _, _): "the word '\(word)'"
    }
  }
}

extension Double {
  /// `5`, `0.4`.
  var written: String {
    self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self)
  }
}

extension TimeSpan {
  /// What someone meant who wrote `5 minutes`, `5m` or `1,5 h`.
  static func meant(by text: String) -> String? {
    let text = text.filter { $0 != " " }.lowercased()
    let count = text.prefix { $0.isNumber || $0 == "." || $0 == "," }
    let units = [
      "ms": ["millisecond", "milliseconds", "msec"], "s": ["sec", "secs", "second", "seconds"],
      "min": ["m", "mins", "minute", "minutes"], "h": ["hr", "hrs", "hour", "hours", "std"],
      "d": ["day", "days"],
    ]
    let word = String(text.dropFirst(count.count))
    let number = String(count.map { $0 == "," ? "." : $0 })
    guard Double(number) != nil else { return nil }
    guard let unit = units[word] != nil ? word : units.first(where: { $0.value.contains(word) })?.key else {
      return nil
    }
    let meant = "\(number) \(unit)"
    return TimeSpan(meant) == nil ? nil : meant
  }
}
