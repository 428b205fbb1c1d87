import ArgumentParser
import Foundation
import Rules

/// How a listing is printed.
enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

struct FormatOption: ParsableArguments {
  @Option(help: "text for people, json for programs") var format: Format = .text
}

let standardError = FileHandle.standardError
extension FileHandle {
  /// Text from outside may be anywhere in it: it is shown, never obeyed.
  func write(_ text: String) { writeRaw(printable(text, inLines: true)) }
  /// Only for text of our own that steers the terminal.
  func writeRaw(_ text: String) { try? write(contentsOf: Data(text.utf8)) }
}

/// In place of Swift's own, for every line of every command: text from outside may be anywhere in it, and is shown,
/// never obeyed. `Swift.print` is only for text of our own that steers the terminal.
func print(_ text: String, terminator: String = "\n") {
  Swift.print(printable(text, inLines: true), terminator: terminator)
}

/// Columns as wide as their widest cell; the last is not padded.
func table(_ header: [String], _ rows: [[String]]) -> String {
  let all = [header] + rows
  let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
  return all.map { row in
    row.enumerated().map { index, cell in
      index == row.count - 1 ? cell : cell.padding(toLength: widths[index], withPad: " ", startingAt: 0)
    }.joined(separator: "  ")
  }.joined(separator: "\n")
}

/// A tree as indented JSON, fields in their order.
func json(_ tree: Tree, indent: String = "") -> String {
  let deeper = indent + "  "
  switch tree {
  case .null: return "null"
  case .boolean(let flag): return flag ? "true" : "false"
  case .number(let number):
    guard number.isFinite else { return "null" }
    return number == number.rounded() && number.magnitude < 1e15 ? "\(Int64(number))" : "\(number)"
  case .text(let text): return quoted(text)
  case .list(let items):
    if items.isEmpty { return "[]" }
    return "[\n" + items.map { deeper + json($0, indent: deeper) }.joined(separator: ",\n") + "\n\(indent)]"
  case .record(let fields):
    if fields.isEmpty { return "{}" }
    return "{\n"
      + fields.map { "\(deeper)\(quoted($0.name)): \(json($0.value, indent: deeper))" }.joined(separator: ",\n")
      + "\n\(indent)}"
  }
}

private func quoted(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": out += "\\\""
    case "\\": out += "\\\\"
    case "\n": out += "\\n"
    case "\r": out += "\\r"
    case "\t": out += "\\t"
    case _ where scalar.isUnseen:
      // JSON's own way to write it: who reads it has the text whole.
      for unit in String(scalar).utf16 { out += "\\u" + String(format: "%04x", unit) }
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out + "\""
}

extension Tree {
  static func optional(_ text: String?) -> Tree { text.map(Tree.text) ?? .null }
  static func time(_ instant: Instant?) -> Tree { instant.map { .text($0.description) } ?? .null }
  static func fields(_ fields: KeyValuePairs<String, Tree>) -> Tree {
    .record(fields.map { Tree.Field($0.key, $0.value) })
  }
}
