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
  func write(_ text: String) { try? write(contentsOf: Data(text.utf8)) }
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
    case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
      out += "\\u" + String(format: "%04x", scalar.value)
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

/// Text from outside, safe on a terminal: control characters shown, not obeyed.
func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
}
