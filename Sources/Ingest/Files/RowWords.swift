import Rules

/// The time of a row, with what must be remembered to place it.
struct RowTimes {
  private let reader: FieldTime
  private var local: LocalTimes

  init(_ form: FileForm) {
    reader = FieldTime(times: form.times)
    local = LocalTimes(form.zone)
  }

  /// Nil, and the trouble in the report, when it is none.
  mutating func time(
    _ field: UnsafeBufferPointer<UInt8>, series: Int32, line: Int, _ report: inout FileReport
  ) -> Int64? {
    let time: Int64
    switch reader.read(field) {
    case .utc(let read): time = read
    case .local(let shown): time = local.time(shown, series: series, &report)
    case .none:
      report.row("no time can be read", line: line)
      return nil
    case .notCredible:
      report.row("a time outside 1990 to 2200", line: line)
      return nil
    }
    let instant = Instant(microseconds: time)
    if report.first.map({ instant < $0 }) ?? true { report.first = instant }
    if report.last.map({ instant > $0 }) ?? true { report.last = instant }
    return time
  }
}

/// Quality as files write it: the words, or the codes of OPC and Sparkplug.
enum FieldQuality {
  /// Nil when it is no word for a quality that is known here.
  static func read(_ field: UnsafeBufferPointer<UInt8>) -> Quality? {
    let field = FieldNumber.trimmed(field)
    guard !field.isEmpty else { return .good }
    switch String(decoding: field, as: UTF8.self).lowercased() {
    case "good", "192": return .good
    case "uncertain", "64": return .uncertain
    case "bad", "0": return .bad
    case "stale", "500": return .stale
    default: return nil
    }
  }
}

/// How the text of a field becomes a value of a tag.
struct FieldValue {
  enum Kind { case number, text, either }
  let kind: Kind
  let definition: TagDefinition

  init(_ definition: TagDefinition) {
    self.definition = definition
    switch definition.type {
    case .number, .counter: kind = .number
    case .text: kind = .text
    case .boolean, .states: kind = .either
    }
  }

  /// Words that programs write for "no value".
  private static let none: Set<String> = ["null", "none", "n/a", "#n/a", "nil"]

  /// The value a field says; `.null` for a word that says there is none. Nil when there is nothing in it.
  func value(_ field: UnsafeBufferPointer<UInt8>, decimal: UInt8) -> Value? {
    if kind != .text, let number = FieldNumber.whole(field, decimal: decimal) { return .number(number) }
    let trimmed = FieldNumber.trimmed(field)
    guard !trimmed.isEmpty else { return nil }
    guard trimmed.count <= 4096, let text = String(validating: trimmed, as: UTF8.self) else { return .text("\u{FFFD}") }
    return Self.none.contains(text.lowercased()) ? .null : .text(text)
  }
}

extension PlantNames {
  /// Nil, and the trouble in the report, for an asset that the site does not have.
  func asset(_ field: UnsafeBufferPointer<UInt8>, line: Int, _ report: inout FileReport) -> Int? {
    let name = FieldNumber.trimmed(field)
    if let asset = asset(name) { return asset }
    let text = String(decoding: name.prefix(80), as: UTF8.self)
    // A name that is there and means none is that of several.
    report.row(
      assetNames.contains(text)
        ? "several assets are named '\(text)': give the path"
        : "unknown asset '\(text)'\(suggestion(for: text, among: assetNames))", line: line)
    return nil
  }
}

extension PlantNames {
  /// The tag of an asset that a file means; nil, and the trouble in the report, when the class has none of this name.
  func tag(
    _ field: UnsafeBufferPointer<UInt8>, of asset: Int, _ ours: [String: String], line: Int, _ report: inout FileReport
  ) -> TagID? {
    let written = String(decoding: FieldNumber.trimmed(field), as: UTF8.self)
    let name = ours[written] ?? written
    let asset = model.assets[asset]
    if let place = place(name, inClass: asset.classIndex) { return TagID(Int(asset.firstTag) + place) }
    let assetClass = model.classes[asset.classIndex]
    let shown = String(name.prefix(80))
    report.row(
      "'\(shown)' is no tag of \(assetClass.name)\(suggestion(for: shown, among: assetClass.tags.map(\.name)))",
      line: line)
    return nil
  }
}
