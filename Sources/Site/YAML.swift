import Foundation
import Rules
import Yams

/// A YAML value that knows where it was written. Aliases are resolved: they carry the line of their anchor.
struct YAML {
  enum Kind {
    case nothing
    /// `quoted` text is text, whatever it looks like.
    case scalar(String, quoted: Bool)
    case list([YAML])
    case table([Entry])
  }
  struct Entry {
    var key: String
    var line: Int
    var value: YAML
  }
  var kind: Kind
  var line: Int

  static let largestFile = 8 << 20
  /// Values a file may hold once its aliases are expanded: a few short lines can otherwise stand for billions.
  static let mostValues = 1_000_000
  static let deepest = 100

  var word: String {
    switch kind {
    case .nothing: "nothing"
    case .scalar: "a single value"
    case .list: "a list"
    case .table: "a table"
    }
  }

  /// Reads a whole file; nil when it cannot be read, with the finding reported.
  static func read(_ path: String, shownAs file: String, _ report: Reporter) -> YAML? {
    text(at: path, shownAs: file, report).flatMap { parse($0, shownAs: file, report) }
  }

  static func text(at path: String, shownAs file: String, _ report: Reporter) -> String? {
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int else {
      // Whole: the folder may be the mistake.
      report.add(
        path, nil, "cannot read this file: it is not there or may not be read; a site has site.yaml and assets.yaml")
      return nil
    }
    guard size <= largestFile else {
      report.add(file, nil, "is \(size) bytes long; at most \(largestFile) are read")
      return nil
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      report.add(file, nil, "cannot read this file: check its permissions")
      return nil
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      report.add(file, nil, "is not UTF-8; save it as UTF-8")
      return nil
    }
    return text
  }

  static func parse(_ text: String, shownAs file: String, _ report: Reporter) -> YAML? {
    do {
      guard let root = try Yams.compose(yaml: text) else {
        report.add(file, nil, "is empty")
        return nil
      }
      var budget = mostValues
      guard let tree = convert(root, 0, file, &budget, report) else { return nil }
      if case .nothing = tree.kind {
        report.add(file, nil, "is empty")
        return nil
      }
      return tree
    } catch let error as YamlError {
      let (line, message) = explain(error)
      report.add(file, line, message)
    } catch {
      report.add(file, nil, "cannot be read as YAML: \(error)")
    }
    return nil
  }

  private static func convert(
    _ node: Node, _ depth: Int, _ file: String, _ budget: inout Int, _ report: Reporter
  ) -> YAML? {
    let line = node.mark?.line ?? 1
    guard depth <= deepest else {
      report.add(file, line, "is nested more than \(deepest) levels deep here")
      return nil
    }
    budget -= 1
    guard budget > 0 else {
      if budget == 0 { report.add(file, line, "aliases expand to more than \(mostValues) values; write them out") }
      return nil
    }
    switch node {
    case .scalar(let scalar):
      let quoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
      let empty = !quoted && ["", "~", "null"].contains(scalar.string)
      return YAML(kind: empty ? .nothing : .scalar(scalar.string, quoted: quoted), line: line)
    case .sequence(let sequence):
      var list: [YAML] = []
      for item in sequence {
        guard let value = convert(item, depth + 1, file, &budget, report) else { return nil }
        list.append(value)
      }
      return YAML(kind: .list(list), line: line)
    case .mapping(let mapping):
      var entries: [Entry] = []
      var seen: Set<String> = []
      for (key, item) in mapping {
        let keyLine = key.mark?.line ?? line
        guard case .scalar(let name) = key else {
          report.add(file, keyLine, "a key must be a word, not a list or a table")
          return nil
        }
        // Yams takes `1` and `"1"` for two keys; to us both are the word.
        if !seen.insert(name.string).inserted {
          report.add(file, keyLine, "'\(name.string)' is written twice in this table; keep one")
        }
        guard let value = convert(item, depth + 1, file, &budget, report) else { return nil }
        entries.append(Entry(key: name.string, line: keyLine, value: value))
      }
      return YAML(kind: .table(entries), line: line)
    case .alias:
      report.add(file, line, "an alias that names no anchor")
      return nil
    }
  }

  /// What YAML said, with its line.
  private static func explain(_ error: YamlError) -> (Int?, String) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let began = context.map { ", \($0.text) begun in line \($0.mark.line)" } ?? ""
      return (mark.line, "not YAML: \(problem)\(began); look for indentation, a missing quote or a bracket left open")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "'\($0)'" }.joined(separator: ", ")
      return (context.mark.line, "\(names) is written twice in this table, first here; keep one")
    case .reader(let problem, _, _, _):
      return (nil, "not YAML: \(problem)")
    default:
      return (nil, "cannot be read as YAML")
    }
  }
}

extension YAML {
  /// As plain data for an adapter: numbers and booleans where they are written without quotes.
  var tree: Tree {
    switch kind {
    case .nothing: .null
    case .scalar(let text, let quoted):
      if quoted {
        .text(text)
      } else if text == "true" || text == "false" {
        .boolean(text == "true")
      } else if let number = Double(text), number.isFinite {
        .number(number)
      } else {
        .text(text)
      }
    case .list(let list): .list(list.map(\.tree))
    case .table(let entries): .record(entries.map { Tree.Field($0.key, $0.value.tree) })
    }
  }
}
