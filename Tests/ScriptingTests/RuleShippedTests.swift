import Foundation
import Rules
import Scripting
import Testing

/// The rules the project ships and those its documentation shows.
struct RuleShippedTests {
  static let names = Package.files(in: "rules").filter { $0.hasSuffix(".lua") }

  @Test func at_least_six_rules_are_shipped() { #expect(Self.names.count >= 6) }

  @Test(arguments: names) func a_shipped_rule_has_no_findings(name: String) throws {
    let text = try String(contentsOf: Package.root.appending(path: "rules/\(name)"), encoding: .utf8)
    #expect(messages(text, file: "rules/\(name)") == "")
  }

  @Test(arguments: names) func a_shipped_rule_has_all_it_needs_to_act(name: String) throws {
    let text = try String(contentsOf: Package.root.appending(path: "rules/\(name)"), encoding: .utf8)
    let rule = try RuleFile.read(text: text, file: "rules/\(name)", model: Plant.model, owners: Plant.owners)
    #expect(rule.consequence != nil && !rule.checkFirst.isEmpty && rule.reviewBy != nil)
    #expect(rule.value?.avoids != nil && rule.value?.because != nil)
    #expect(rule.examples.contains { $0.kind == .fires } && rule.examples.contains { $0.kind == .staysCalm })
    #expect(rule.examples.allSatisfy { $0.series.count == rule.readings.count })
    #expect((TimeSpan.minutes(1)...TimeSpan.minutes(10)).contains(rule.heldFor.span(in: rule.limits)))
    #expect(text.hasPrefix("-- rules/\(name)\n"))
  }

  @Test(arguments: names) func a_shipped_rule_answers_its_examples(name: String) throws {
    let text = try String(contentsOf: Package.root.appending(path: "rules/\(name)"), encoding: .utf8)
    let rule = try RuleFile.read(text: text, file: "rules/\(name)", model: Plant.model, owners: Plant.owners)
    for example in rule.examples {
      #expect(rule.run(example).failures == [], "\(example.name) in line \(example.line)")
    }
  }

  @Test func every_complete_rule_of_the_documentation_can_be_read() throws {
    let text = try String(contentsOf: Package.root.appending(path: "docs/rules.md"), encoding: .utf8)
    let blocks = text.components(separatedBy: "```lua\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    func file(_ text: String) -> String { String(text.prefix { $0 != "\n" }.dropFirst(3)) }
    let texts = blocks.filter { $0.hasPrefix("-- rules/") }
    let classes = texts.filter { $0.hasPrefix("-- rules/classes/") }
    let rules = texts.filter { !classes.contains($0) }
    #expect(rules.count >= 2 && classes.count == 1)
    for rule in rules { #expect(messages(rule, file: file(rule)) == "", "\(file(rule))") }
    for text in classes {
      let read = try RuleFile.read(
        text: RuleFile.text(reads: #"x = latest "pressure_rise [bar]""#, when: "return p.x > 1"),
        file: "rules/reads_it.lua", model: Plant.model, owners: nil, shared: SharedText(file: file(text), text: text))
      #expect(read.calculations.map(\.name) == ["pressure_rise"])
    }
  }
}
