import ArgumentParser
import Foundation
import Rules
import Site

struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "The rules of a site.", subcommands: [List.self, Show.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every rule: where it applies, who owns it, how far it may go.")
    @OptionGroup var folders: SiteFolders
    @OptionGroup var output: FormatOption

    func run() throws {
      let installation = try Installation.read(folders, makeSecrets: false)
      let rules = try installation.configuration().rules
      let site = installation.site
      func tiers(_ rule: Rule) -> String {
        let kinds = rule.actions.map(\.kind)
        return kinds.map {
          "\($0.rawValue) \(site.policy.tier(rule: rule.name, assetClass: rule.appliesTo, kind: $0).rawValue)"
        }
        .joined(separator: ", ")
      }
      func assets(_ rule: Rule) -> Int {
        site.model.assets.filter { site.model.classes[$0.classIndex].name == rule.appliesTo }.count
      }
      switch output.format {
      case .json:
        print(
          json(
            .list(
              rules.map {
                .fields([
                  "name": .text($0.name), "title": .text($0.title), "owner": .text($0.owner),
                  "applies_to": .text($0.appliesTo), "assets": .number(Double(assets($0))), "tiers": .text(tiers($0)),
                  "text_hash": .text($0.textHash.hex), "logic_hash": .text($0.logicHash.hex),
                ])
              })))
      case .text:
        print(
          table(
            ["RULE", "TITLE", "OWNER", "APPLIES TO", "TIERS"],
            rules.map { [$0.name, $0.title, $0.owner, "\(assets($0)) × \($0.appliesTo)", tiers($0)] }))
      }
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
