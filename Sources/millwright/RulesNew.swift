import ArgumentParser
import Foundation
import Rules
import Scripting
import Site

extension RulesCommand {
  /// Writes a rule to begin with; what no flag says is asked on a terminal.
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "new",
      abstract: "Writes a new rule, commented, whose examples hold. On a terminal it asks for what no flag says.")
    @OptionGroup var folders: SiteFolders
    @Argument(help: "the rule's name: small letters, digits and '_'") var name: String
    @Option(name: .customLong("class"), help: "the class of machines") var assetClass: String?
    @Option(help: "the tag it looks at") var tag: String?
    @Option(help: "true above this number") var above: Double?
    @Option(help: "true below this number") var below: Double?
    @Option(name: .customLong("is"), help: "true while the tag is this: true, false, a state or a text")
    var equal: String?
    @Option(name: .customLong("for"), help: "how long it must stay true, as in \"2 min\"") var span: String?
    @Option(help: "who answers for the rule") var owner: String?

    func run() throws {
      let site: Site
      do {
        site = try Site.read(
          folder: folders.site, environment: ProcessInfo.processInfo.environment, makeSecrets: false,
          integrations: folders.integrations)
      } catch {
        throw Failure.findings(error.list.map(\.description))
      }
      guard RuleFile.isName(name) else {
        throw Failure.usage(
          "'\(name)' cannot name a rule: use small letters, digits and '_', at most 64, as in pump_cavitation")
      }
      let path = (folders.rules ?? site.rulesFolder) + "/\(name).lua"
      guard !FileManager.default.fileExists(atPath: path) else {
        throw Failure.findings(["\(path) is there already; choose another name, or change that file"])
      }
      let draft = try draft(site)
      let rule: Rule
      do {
        rule = try RuleFile.read(
          text: draft.text, file: "rules/\(name).lua", model: site.model, owners: site.owners.map(\.name))
      } catch {
        throw Failure.findings(error.list.map(\.description))
      }
      for example in rule.examples {
        guard let failure = rule.failure(of: example) else { continue }
        throw Failure.findings(["rules/\(name).lua: example '\(example.name)' would not hold: \(failure)"])
      }
      do {
        try Data(draft.text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
      } catch {
        throw Failure.cannot("cannot write \(path): \(error.localizedDescription)")
      }
      print("\(path) is written and its examples hold; say in it why it exists, then: millwright check \(folders.site)")
    }

    private func draft(_ site: Site) throws -> RuleDraft {
      let classes = site.model.classes.filter { !$0.tags.isEmpty }
      let className = try answer(assetClass, "--class", "Which class of machines", among: classes.map(\.name))
      guard let chosen = classes.first(where: { $0.name == className }) else {
        throw Failure.findings(["unknown class '\(className)'\(suggestion(for: className, among: classes.map(\.name)))"]
        )
      }
      let tagName = try answer(tag, "--tag", "Which tag", among: chosen.tags.map(\.name))
      guard let definition = chosen.tags.first(where: { $0.name == tagName }) else {
        throw Failure.findings([
          "\(className) has no tag '\(tagName)'\(suggestion(for: tagName, among: chosen.tags.map(\.name)))"
        ])
      }
      let trigger = try trigger(definition)
      let written = try answer(span, "--for", "For how long, as in 2 min (0 s: at once)", among: [])
      guard let heldFor = TimeSpan(written) else {
        throw Failure.usage("\"\(written)\" is no length of time; write it as in --for \"2 min\"")
      }
      let owner = try answer(owner, "--owner", "Who answers for it", among: site.owners.map(\.name))
      return RuleDraft(
        name: name, assetClass: className, tag: definition, trigger: trigger, heldFor: heldFor, owner: owner)
    }

    private func trigger(_ tag: TagDefinition) throws -> RuleDraft.Trigger {
      guard [above != nil, below != nil, equal != nil].filter({ $0 }).count <= 1 else {
        throw Failure.usage("--above, --below and --is: give one of them")
      }
      switch tag.type {
      case .number, .counter:
        if let above { return .above(above) }
        if let below { return .below(below) }
        guard equal == nil else {
          throw Failure.usage("\(tag.name) is a number: say --above or --below, not --is")
        }
        let side = try answer(nil, "--above or --below", "Above or below", among: ["above", "below"])
        let written = try answer(nil, "--\(side)", "\(side) what, in \(tag.unit ?? "its own unit")", among: [])
        guard let number = Double(written), number.isFinite, ["above", "below"].contains(side) else {
          throw Failure.usage("\"\(side) \(written)\" is no comparison; write it as in above, then 7.1")
        }
        return side == "above" ? .above(number) : .below(number)
      case .boolean:
        guard let value = Bool(try isWhat(tag, among: ["true", "false"])) else {
          throw Failure.usage("\(tag.name) is true or false: say --is true or --is false")
        }
        return .equal(.boolean(value))
      case .states(let names, _):
        let state = try isWhat(tag, among: names)
        guard names.contains(state) else {
          throw Failure.findings([
            "\(tag.name) is never '\(state)'\(suggestion(for: state, among: names)); it is one of \(names.joined(separator: ", "))"
          ])
        }
        return .equal(.text(state))
      case .text: return .equal(.text(try isWhat(tag, among: [])))
      }
    }

    private func isWhat(_ tag: TagDefinition, among known: [String]) throws -> String {
      guard above == nil, below == nil else { throw Failure.usage("\(tag.name) is no number: say --is") }
      return try answer(equal, "--is", "True while \(tag.name) is", among: known)
    }

    /// What the flag says; else what a person says who is asked, if there is one.
    private func answer(_ given: String?, _ flag: String, _ question: String, among known: [String]) throws -> String {
      if let given { return given }
      guard isatty(STDIN_FILENO) != 0 else {
        throw Failure.usage("say \(flag)\(known.isEmpty ? "" : ", one of \(known.joined(separator: ", "))")")
      }
      while true {
        FileHandle.standardOutput.write("\(question)\(known.isEmpty ? "" : " (\(known.joined(separator: ", ")))")? ")
        guard let line = readLine() else { throw Failure.usage("say \(flag); nothing was answered") }
        let text = line.trimmingCharacters(in: .whitespaces)
        if known.isEmpty ? !text.isEmpty : known.contains(text) { return text }
        if !text.isEmpty { print("'\(text)' is none of them\(suggestion(for: text, among: known))") }
      }
    }
  }
}
