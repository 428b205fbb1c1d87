import Foundation
import Rules
import Testing
import millwright

/// The recipes are what they are read for: free of findings, with examples that hold.
@Suite struct CookbookTests {
  private static let root = Workplace.root
  private static func rules(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder).filter { $0.hasSuffix(".lua") }.sorted()
  }

  @Test func every_recipe_is_free_of_findings_and_its_examples_hold() throws {
    let site = try Installation.read(SiteFolders(site: Self.root + "/docs/cookbook"), makeSecrets: false)
    let rules = try site.configuration().rules
    #expect(rules.map(\.name) == (try Self.rules(in: "docs/cookbook/rules")).map { String($0.dropLast(4)) })
    var asked = 0
    for rule in rules {
      #expect(site.proofs(of: rule, asked: &asked).flatMap(\.run.failures) == [], "\(rule.name)")
      #expect(Set(rule.examples.map(\.kind)).isSuperset(of: [.fires, .staysCalm]), "\(rule.name)")
    }
  }

  @Test func once_a_folders_examples_have_asked_too_often_the_others_are_not_run_and_say_so() throws {
    let site = try Installation.read(SiteFolders(site: Self.root + "/docs/cookbook"), makeSecrets: false)
    let rule = try #require(try site.configuration().rules.first { $0.examples.count > 1 })
    var asked = ExampleRun.mostQuestionsOfAll
    let proofs = site.proofs(of: rule, asked: &asked)
    #expect(proofs.count == 2 && proofs[0].run.failures == [], "as many as are allowed are not too many")
    #expect(proofs[1].run.failures.first?.hasPrefix("not run: ") == true)
  }

  @Test func every_rule_and_recipe_is_in_the_table_or_in_the_example_site() throws {
    let page = try String(contentsOfFile: Self.root + "/docs/cookbook.md", encoding: .utf8)
    for recipe in try Self.rules(in: "docs/cookbook/rules") {
      #expect(page.contains("(cookbook/rules/\(recipe))"), "\(recipe)")
    }
    #expect(try Self.rules(in: "rules").count >= 12)
  }
}
