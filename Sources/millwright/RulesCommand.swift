import ArgumentParser
import Foundation
import Rules
import Site

struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "The rules of a site.",
    subcommands: [List.self, Show.self, New.self, EvidenceCommand.self, Release.self, Shelve.self, Unshelve.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every rule in each of its versions: where it applies, who owns it, how far it may go.")
    @OptionGroup var folders: SiteFolders
    @OptionGroup var output: FormatOption

    func run() throws {
      let installation = try Installation.readGood(folders, makeSecrets: false)
      let site = installation.site
      let versions = try RuleVersion.all(installation)
      func tiers(_ rule: Rule) -> String {
        rule.couldDo.map { "\($0.rawValue) \(site.policy.tier(of: rule, kind: $0).rawValue)" }.joined(separator: ", ")
      }
      func assets(_ rule: Rule) -> Int {
        site.model.assets.filter { site.model.classes[$0.classIndex].name == rule.appliesTo }.count
      }
      switch output.format {
      case .json:
        print(
          json(
            .list(
              versions.map { version in
                let rule = version.rule
                return .fields([
                  "name": .text(rule.plainName), "version": .text(version.standing.rawValue),
                  "title": .text(rule.title), "owner": .text(rule.owner), "applies_to": .text(rule.appliesTo),
                  "assets": .number(Double(assets(rule))), "tiers": .text(tiers(rule)),
                  "text_hash": .text(rule.textHash.hex), "logic_hash": .text(rule.logicHash.hex),
                ])
              })))
      case .text:
        for line in try RuleVersion.quarantined(installation) { print("! \(printable(line))") }
        print(
          table(
            ["RULE", "VERSION", "LOGIC", "TITLE", "OWNER", "APPLIES TO", "TIERS"],
            versions.map { version in
              let rule = version.rule
              return [
                rule.plainName, version.standing.rawValue, String(rule.logicHash.hex.prefix(12)), rule.title,
                rule.owner,
                "\(assets(rule)) × \(rule.appliesTo)", tiers(rule),
              ]
            }))
        for finding in installation.unread { print("! \(printable(finding))") }
        for refused in installation.refused {
          for finding in refused.findings { print("! \(printable(finding))") }
        }
      }
    }
  }

  struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets the new version of a rule take the place of the one that acts.",
      discussion:
        "What is active stays active, and nothing that was decided is decided again. 'rules list' shows both versions.")
    @Argument(help: "the rule's name") var rule: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      try ControlClient(place).carryOut(.release(rule: rule), format: output.format)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One rule, with its limits for each asset.")
    @OptionGroup var folders: SiteFolders
    @Option(help: "the rule's name") var rule: String
    @OptionGroup var output: FormatOption

    func run() throws {
      let installation = try Installation.read(folders, makeSecrets: false)
      let rules = try installation.configuration().rules
      guard let found = rules.first(where: { $0.name == rule }) else {
        throw Failure.findings(["no rule is named '\(rule)'\(suggestion(for: rule, among: rules.map(\.name)))"])
      }
      let assets = installation.site.model.assets.filter {
        installation.site.model.classes[$0.classIndex].name == found.appliesTo
      }
      let text = installation.rules.first { $0.file == "rules/\(rule).lua" }?.text ?? ""
      switch output.format {
      case .json:
        print(
          json(
            .fields([
              "name": .text(found.name), "title": .text(found.title), "owner": .text(found.owner),
              "applies_to": .text(found.appliesTo),
              "held_for_seconds": .number(found.heldFor.span(in: found.limits).seconds),
              "released_for_seconds": .number(found.releasedFor.span(in: found.limits).seconds),
              "tolerates_seconds": .number(found.toleratesSpan().seconds),
              "readings": .list(found.readings.map { .fields(["name": .text($0.name), "tag": .text($0.tag)]) }),
              "assets": .list(
                assets.map { asset in
                  .fields([
                    "asset": .text(asset.path),
                    "limits": .record(
                      found.limits.map {
                        Tree.Field($0.name, (asset.limits[found.name]?[$0.name] ?? $0.value).tree)
                      }),
                  ])
                }),
              "text": .text(text), "text_hash": .text(found.textHash.hex), "logic_hash": .text(found.logicHash.hex),
            ])))
      case .text:
        print(text)
        for asset in assets {
          let limits = found.limits.map { limit in
            let override = asset.limits[found.name]?[limit.name]
            return "\(limit.name) \((override ?? limit.value).plain)\(override == nil ? "" : " (overridden)")"
          }
          print("-- \(asset.path): \(limits.joined(separator: ", "))")
        }
      }
    }
  }
}
