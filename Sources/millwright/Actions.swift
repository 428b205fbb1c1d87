import ArgumentParser
import Foundation
import Ledger
import Rules

struct Actions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What was to be done, and where it stands.", subcommands: [List.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Actions, oldest first.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    @Option(help: "only in this state: \(ActionState.allCases.map(\.rawValue).joined(separator: ", "))")
    var state: String?

    func run() throws {
      var wanted: ActionState?
      if let state {
        guard let known = ActionState(rawValue: state) else {
          throw Failure.usage(
            "no action state is called '\(state)'\(suggestion(for: state, among: ActionState.allCases.map(\.rawValue)))"
          )
        }
        wanted = known
      }
      let rows = try place.reader().actions(state: wanted)
      switch output.format {
      case .json:
        print(
          json(
            .list(
              rows.map {
                .fields([
                  "decision": .text("\($0.key.decision)"), "number": .number(Double($0.key.number)),
                  "kind": .text($0.kind.rawValue), "title": .text($0.title), "adapter": .optional($0.adapter),
                  "state": .text($0.state.rawValue), "attempts": .number(Double($0.attempts)),
                  "due": .time($0.due), "reason": .optional($0.reason), "wire_key": .text($0.wireKey),
                ])
              })))
      case .text where rows.isEmpty: print("no actions")
      case .text:
        print(
          table(
            ["STATE", "KIND", "ADAPTER", "TRIES", "ASSET", "TITLE", "REASON"],
            rows.map {
              [
                $0.state.rawValue, $0.kind.rawValue, $0.adapter ?? "-", "\($0.attempts)", $0.key.decision.asset,
                printable($0.title), printable($0.reason ?? ""),
              ]
            }))
      }
    }
  }
}
