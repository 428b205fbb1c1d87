import ArgumentParser
import Foundation
import Ledger
import Rules

struct Decisions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What was decided, and what came of it.",
    subcommands: [List.self, Show.self, Approve.self, Reject.self, Judge.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Decisions, newest first.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    @Option(help: "only of this rule") var rule: String?
    @Option(help: "only of this asset: its path, or the end of it (P-101)") var asset: String?
    @Option(help: "at most this many") var limit = 50
    @Flag(help: "firings that became no decision, and why") var heldBack = false

    func run() throws {
      let reader = try place.reader()
      if heldBack { return try listHeldBack(reader) }
      let rows = try reader.decisions(limit: limit, rule: rule, asset: asset, since: nil)
      switch output.format {
      case .json:
        print(
          json(
            .list(
              rows.map { row in
                .fields([
                  "id": .number(Double(row.id)), "key": .text("\(row.key)"), "rule": .text(row.key.rule),
                  "asset": .text(row.key.asset), "time": .time(row.key.time), "title": .text(row.title),
                  "owner": .text(row.owner), "tier": .text(row.tier.rawValue),
                  "actions": .list(row.actions.map { .text($0.rawValue) }),
                ])
              })))
      case .text where rows.isEmpty: print("no decisions yet")
      case .text:
        print(
          table(
            ["ID", "TIME", "ASSET", "RULE", "TIER", "ACTIONS"],
            rows.map {
              [
                "\($0.id)", "\($0.key.time)", $0.key.asset, $0.key.rule, $0.tier.rawValue,
                $0.actions.map(\.rawValue).joined(separator: ", "),
              ]
            }))
      }
    }

    private func listHeldBack(_ reader: LedgerReader) throws {
      let rows = try reader.heldBack(limit: limit, rule: rule, asset: asset)
      switch output.format {
      case .json:
        print(
          json(
            .list(
              rows.map { row in
                .fields([
                  "id": .number(Double(row.id)), "rule": .text(row.heldBack.rule), "asset": .text(row.heldBack.asset),
                  "time": .time(row.heldBack.time), "reason": .text(row.heldBack.reason.words),
                  "times": .number(Double(row.heldBack.count)), "last": .time(row.last),
                ])
              })))
      case .text where rows.isEmpty: print("nothing was held back")
      case .text:
        print(
          table(
            ["ID", "TIME", "ASSET", "RULE", "REASON"],
            rows.map {
              ["\($0.id)", "\($0.heldBack.time)", $0.heldBack.asset, $0.heldBack.rule, $0.words]
            }))
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One decision's whole story, in order.")
    @Argument(help: "the decision's number or key") var id: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      guard let story = try place.reader().decision(matching: id) else {
        throw Failure.findings(["no decision \(id); see 'millwright decisions list'"])
      }
      switch output.format {
      case .json: print(json(story.tree))
      case .text: print(story.lines.map { printable($0) }.joined(separator: "\n"))
      }
    }
  }
}

extension HeldBackRow {
  /// The reason, and how often in a row it held something back.
  fileprivate var words: String {
    guard let last, heldBack.count > 1 else { return heldBack.reason.words }
    return "\(heldBack.reason.words) (\(heldBack.count) times, last \(last))"
  }
}

extension DecisionStory {
  var tree: Tree {
    .fields([
      "id": .number(Double(id)), "key": .text("\(decision.key)"), "rule": .text(decision.key.rule),
      "asset": .text(decision.key.asset), "time": .time(decision.key.time), "since": .time(decision.since),
      "deferred_from": .time(decision.deferredFrom), "follows": .optional(decision.follows.map { "\($0)" }),
      "title": .text(decision.title), "owner": .text(decision.owner),
      "tier": .text(decision.tier.rawValue), "text_hash": .text(decision.textHash.hex),
      "readings": .list(
        decision.evidence.map {
          .fields(["name": .text($0.name), "value": $0.value.tree, "unit": .optional($0.unit)])
        }),
      "limits": .list(decision.limits.map { .fields(["name": .text($0.name), "value": $0.value.tree]) }),
      "check_first": .list(decision.checkFirst.map(Tree.text)),
      "actions": .list(
        actions.map { story in
          .fields([
            "number": .number(Double(story.row.key.number)), "kind": .text(story.row.kind.rawValue),
            "title": .text(story.row.title), "asset": .text(story.action.on?.path ?? decision.key.asset),
            "closes": story.action.closes.map { .number(Double($0)) } ?? .null, "adapter": .optional(story.row.adapter),
            "state": .text(story.row.state.rawValue), "reason": .optional(story.row.reason),
            "wire_key": .text(story.row.wireKey),
            "events": .list(
              story.events.map {
                .fields(["at": .time($0.at), "state": .text($0.state.rawValue), "why": .text($0.why)])
              }),
            "attempts": .list(
              story.attempts.map {
                .fields([
                  "number": .number(Double($0.number)), "began": .time($0.began), "ended": .time($0.ended),
                  "status": $0.status.map { .number(Double($0)) } ?? .null,
                ])
              }),
            "receipts": .list(
              story.receipts.map { .fields(["reference": .text($0.reference), "received": .time($0.received)]) }),
            "look_ups": .list(story.lookUps.map(\.tree)), "outcomes": .list(story.outcomes.map(\.tree)),
            "merged_into": .optional(story.mergedInto.map { "\($0)" }), "steps": story.steps.tree,
          ])
        }),
      "closings": .list(closings.map { .fields(["at": .time($0.at), "cancels": .boolean($0.cancels)]) }),
      "verdicts": .list(
        verdicts.map {
          .fields([
            "at": .time($0.at), "person": .text($0.person), "verdict": .text($0.verdict.rawValue),
            "cost": .optional($0.cost.map { "\($0)" }), "note": .text($0.note),
          ])
        }),
    ])
  }
}

extension LimitValue {
  /// Seconds for a duration; a curve as the list of its points.
  var tree: Tree {
    switch self {
    case .number, .duration: .number(number)
    case .state(let name): .text(name)
    case .curve(let curve): .list(curve.points.map { .list([.number($0.x), .number($0.y)]) })
    }
  }
}

extension ReadingValue {
  var tree: Tree {
    switch self {
    case .notGood, .absent: .null
    case .group(let group):
      .fields([
        "highest": .number(group.highest), "lowest": .number(group.lowest), "spread": .number(group.spread),
        "mean": .number(group.mean), "how_many": .number(Double(group.howMany)), "worst": .text(group.worst),
      ])
    case .boolean(let flag): .boolean(flag)
    case .number(let number): .number(number)
    case .text(let text): .text(text)
    }
  }
}
