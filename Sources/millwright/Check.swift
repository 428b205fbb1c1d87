import ArgumentParser
import Foundation
import Rules
import Site

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks the site, its model, its rules with their examples, and its adapters.")
  @OptionGroup var folders: SiteFolders
  @OptionGroup var output: FormatOption

  func run() throws {
    let installation: Installation
    let memory: MemoryReckoning
    do {
      installation = try Installation.read(folders, makeSecrets: false)
      memory = try MemoryReckoning(installation)
      if let finding = memory.finding { throw Failure.findings([finding]) }
    } catch Failure.findings(let lines) {
      if output.format == .json {
        print(json(.fields(["findings": .list(lines.map(Tree.text))])))
      } else {
        for line in lines { print(line) }
        print("\(lines.count) finding\(lines.count == 1 ? "" : "s")")
      }
      throw Failure.findings([])
    }
    let rules = try installation.configuration().rules
    guard output.format == .text else {
      print(
        json(.fields(["findings": .list([]), "rules": .list(rules.map { .text($0.name) }), "memory": memory.tree])))
      return
    }
    let site = installation.site
    for rule in rules {
      let could = rule.couldDo.map { $0.rawValue.replacingOccurrences(of: "_", with: " ") }.joined(separator: ", ")
      let assets = site.model.assets.filter { site.model.classes[$0.classIndex].name == rule.appliesTo }.count
      print("\(rule.name): on \(assets) × \(rule.appliesTo); could do: \(could); \(rule.examples.count) examples pass")
    }
    for line in installation.conduitLines { print(line) }
    for line in installation.restoreLines { print(line) }
    print(memory.line)
    let machines = site.model.assets.count { !site.model.classes[$0.classIndex].tags.isEmpty }
    print("\(machines) assets with \(site.model.tags.count) tags, \(rules.count) rules: 0 findings")
  }
}
