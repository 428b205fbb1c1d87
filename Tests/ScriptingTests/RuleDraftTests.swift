import Foundation
import Rules
import Scripting
import Testing

/// Rules that `rules new` writes.
struct RuleDraftTests {
  private static let cases: [(String, String, RuleDraft.Trigger)] = [
    ("CentrifugalPump", "VibrationRMS", .above(7.1)), ("CentrifugalPump", "SuctionPressure", .below(0.4)),
    ("CentrifugalPump", "SuctionPressure", .below(0)), ("CentrifugalPump", "SuctionPressure", .above(-3)),
    ("CentrifugalPump", "Running", .equal(.boolean(true))), ("CentrifugalPump", "Running", .equal(.boolean(false))),
    ("ReciprocatingCompressor", "Starts", .above(1000)), ("Oven", "State", .equal(.text("Heating"))),
    ("Oven", "BatchId", .equal(.text(#"a "quoted" \ batch"#))),
  ]

  private func draft(_ place: Int, heldFor: TimeSpan = .minutes(2)) throws -> RuleDraft {
    let (name, tagName, trigger) = Self.cases[place]
    let assetClass = try #require(Plant.model.classes.first { $0.name == name })
    let tag = try #require(assetClass.tags.first { $0.name == tagName })
    return RuleDraft(
      name: "new_rule", assetClass: name, tag: tag, trigger: trigger, heldFor: heldFor, owner: "utilities")
  }

  @Test(arguments: cases.indices) func a_new_rule_can_be_read_and_its_examples_hold(place: Int) throws {
    for heldFor in [TimeSpan.minutes(2), .zero, .hours(6)] {
      let text = try draft(place, heldFor: heldFor).text
      #expect(messages(text, file: "rules/new_rule.lua") == "", "\(text)")
      let rule = try RuleFile.read(text: text, file: "rules/new_rule.lua", model: Plant.model, owners: Plant.owners)
      #expect(rule.heldFor == .span(heldFor) && rule.examples.map(\.kind) == [.fires, .staysCalm])
      for example in rule.examples { #expect(rule.run(example).failures == [], "\(text)") }
    }
  }

  @Test func a_reading_is_named_after_its_tag() throws {
    let text = try draft(0).text
    #expect(text.contains(#"vibration_rms = latest "VibrationRMS [mm/s]","#))
    #expect(text.contains("limits = { vibration_rms_high = 7.1 },"))
  }
}

/// What editors are told of the language.
struct RuleDefinitionTests {
  private static let text = String(
    decoding: (try? Data(contentsOf: Package.root.appending(path: "rules/library/millwright.lua"))) ?? Data(),
    as: UTF8.self)

  @Test(arguments: RuleWords.vocabulary + ["rule"]) func every_word_is_defined_for_editors(word: String) {
    let lines = Self.text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("function \(word)(") || $0 == "\(word) = nil" })
  }

  @Test(arguments: RuleWords.fields) func every_field_is_defined_for_editors(field: String) {
    let must = RuleWords.required.contains(field) ? "" : "?"
    #expect(Self.text.contains("\n---@field \(field)\(must) "))
  }

  @Test func every_definition_is_a_word() {
    let defined = Self.text.split(separator: "\n").compactMap { line -> String? in
      if line.hasPrefix("function "), !line.contains(":") { return String(line.dropFirst(9).prefix { $0 != "(" }) }
      return line.hasSuffix(" = nil") ? String(line.dropLast(6)) : nil
    }
    #expect(Set(defined) == Set(RuleWords.vocabulary + ["rule", "class"]))
  }
}
