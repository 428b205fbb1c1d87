import Foundation
import Rules

/// Something in a list of losses that cannot be taken as it is.
package struct LossFinding: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String
}

/// A list of losses as CSV: a header with `asset`, `start` and any of `end`, `cause`, `cost`, `currency`, `planned`,
/// `reference`, in any order.
///
///     asset,start,end,cause,cost,planned
///     P-101,2026-02-03 06:20,2026-02-03 14:00,seal,"25 000 EUR",no
package struct LossFile: Sendable {
  package private(set) var losses: [Loss] = []
  /// All that is wrong, each with file and line.
  package private(set) var findings: [LossFinding] = []

  private static let columns = ["asset", "start", "end", "cause", "cost", "currency", "planned", "reference"]
  private let file: String
  private let zone: Zone
  private let currency: String
  private let assets: [String]

  /// `assets` are paths; a row names one by its path or by the end of it that only one has. Times without an offset
  /// are of `zone`, costs without a currency in `currency`.
  package init(text: String, file: String, assets: [String], zone: Zone, currency: String) {
    self.file = file
    self.zone = zone
    self.currency = currency
    self.assets = assets
    let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    let lines = text.split(separator: /\r\n|\n|\r/, omittingEmptySubsequences: false).map(String.init)
    guard let header = lines.first, header.contains(where: { !$0.isWhitespace }) else {
      find(1, "there is no header; write asset,start,end,cause,cost,planned")
      return
    }
    let separator: Character = [";", "\t", ","].first { header.contains($0) } ?? ","
    let names = Self.cells(header, separator).map { $0.lowercased() }
    for name in names where !Self.columns.contains(name) {
      find(
        1,
        "unknown column '\(name)'\(suggestion(for: name, among: Self.columns)); a list of losses has "
          + Self.columns.joined(separator: ", "))
    }
    for name in ["asset", "start"] where !names.contains(name) {
      find(1, "the column '\(name)' is missing; every loss needs it")
    }
    for name in Set(names).sorted() where names.count(where: { $0 == name }) > 1 {
      find(1, "the column '\(name)' is there twice")
    }
    guard findings.isEmpty else { return }
    for (place, line) in lines.enumerated().dropFirst() where line.contains(where: { !$0.isWhitespace }) {
      let cells = Self.cells(line, separator)
      guard cells.count == names.count else {
        find(
          place + 1,
          "\(cells.count) cells, and the header has \(names.count); write a cell with a '\(separator)' in quotes")
        continue
      }
      read(Dictionary(uniqueKeysWithValues: zip(names, cells)), place + 1)
    }
  }

  private mutating func find(_ line: Int, _ what: String) {
    findings.append(LossFinding(description: "\(file):\(line): \(what)"))
  }

  private mutating func read(_ row: [String: String], _ line: Int) {
    let before = findings.count
    let asset = asset(row["asset"] ?? "", line)
    let start = time(row["start"] ?? "", "start", line)
    let end = (row["end"] ?? "").isEmpty ? nil : time(row["end"] ?? "", "end", line)
    if let start, let end, end < start { find(line, "it ends at \(end), before it starts at \(start)") }
    let cost = cost(row["cost"] ?? "", row["currency"] ?? "", line)
    let planned = planned(row["planned"] ?? "", line)
    guard findings.count == before, let asset, let start else { return }
    func given(_ name: String) -> String? { row[name].flatMap { $0.isEmpty ? nil : $0 } }
    losses.append(
      Loss(
        asset: asset, start: start, end: end, cause: given("cause"), cost: cost, planned: planned,
        reference: given("reference")))
  }

  private mutating func asset(_ name: String, _ line: Int) -> String? {
    if assets.contains(name) { return name }
    let found = assets.filter { $0.hasSuffix("/" + name) }
    if found.count == 1 { return found[0] }
    guard found.isEmpty || name.isEmpty else {
      find(line, "'\(name)' may be \(found.joined(separator: ", ")); write the path")
      return nil
    }
    let names = assets.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    find(line, "the site has no asset '\(name)'\(suggestion(for: name, among: names + assets))")
    return nil
  }

  private mutating func time(_ text: String, _ column: String, _ line: Int) -> Instant? {
    if let time = Instant(rfc3339: text) { return time }
    for written in [text, text + "T00:00"] {
      if let local = Instant(rfc3339: written, defaultOffset: .zero) { return zone.instant(ofLocal: local) }
    }
    find(line, "'\(column)' is no time: '\(text)'; write it as 2026-02-03T06:20:00Z or 2026-02-03 06:20")
    return nil
  }

  private mutating func cost(_ text: String, _ code: String, _ line: Int) -> Money? {
    if text.isEmpty { return nil }
    if let money = Money(written: text) { return money }
    if let money = Money(written: text + " " + (code.isEmpty ? currency : code)) { return money }
    find(line, "'cost' is no amount: '\(text)'; write it as 25000.50, or with its currency as 25 000 EUR")
    return nil
  }

  private mutating func planned(_ text: String, _ line: Int) -> Bool {
    switch text.lowercased() {
    case "", "no", "false", "0", "unplanned": return false
    case "yes", "true", "1", "planned": return true
    default:
      find(line, "'planned' is yes or no, not '\(text)'")
      return false
    }
  }

  /// A cell may stand in quotes, and a quote in it is written twice.
  private static func cells(_ line: String, _ separator: Character) -> [String] {
    var cells: [String] = []
    var cell = ""
    var isQuoted = false
    var isAfterQuote = false
    for character in line {
      if isQuoted {
        if character == "\"" {
          isQuoted = false
          isAfterQuote = true
        } else {
          cell.append(character)
        }
      } else if character == "\"" {
        if isAfterQuote { cell.append("\"") }
        isQuoted = true
        isAfterQuote = false
      } else if character == separator {
        cells.append(cell)
        cell = ""
        isAfterQuote = false
      } else {
        cell.append(character)
      }
    }
    return (cells + [cell]).map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
