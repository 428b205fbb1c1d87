import Foundation
import Rules
import Scripting
import Testing

/// Every broken rule file of `Tests/Fixtures/rules` gives exactly the lines of its `.expected`.
struct RuleMessageTests {
  private static let folder = Package.root.appending(path: "Tests/Fixtures/rules")
  static let names = Package.files(in: "Tests/Fixtures/rules").filter { $0.hasSuffix(".lua") }
    .map { String($0.dropLast(4)) }

  @Test func there_are_broken_rules_to_learn_from() { #expect(Self.names.count >= 80) }

  @Test(arguments: names) func a_broken_rule_says_what_is_wrong(name: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: "\(name).lua"), encoding: .utf8)
    let expected = try String(contentsOf: Self.folder.appending(path: "\(name).expected"), encoding: .utf8)
    #expect(messages(text, file: "rules/\(name).lua") + "\n" == expected)
  }
}

/// One line each; nothing when the rule can be read.
func messages(_ text: String, file: String = "rules/pump_test.lua") -> String {
  do {
    _ = try RuleFile.read(text: text, file: file, model: Plant.model, owners: Plant.owners)
    return ""
  } catch {
    return error.description
  }
}

enum Package {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func files(in folder: String) -> [String] {
    let found = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
    return (found ?? []).sorted()
  }
}
