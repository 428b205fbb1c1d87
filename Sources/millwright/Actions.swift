import ArgumentParser
import Foundation
import Ledger
import Rules

struct Actions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What was to be done, and where it stands.", subcommands: [List.self, Retry.self, Drop.self],
    defaultSubcommand: List.self)

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
      let reader = try place.reader()
      let rows = try reader.actions(state: wanted)
      switch output.format {
      case .json:
        print(
          json(
            .list(
              rows.map {
                .fields([
                  "id": .number(Double($0.id)), "decision": .text("\($0.key.decision)"),
                  "number": .number(Double($0.key.number)),
                  "kind": .text($0.kind.rawValue), "title": .text($0.title), "adapter": .optional($0.adapter),
                  "state": .text($0.state.rawValue), "attempts": .number(Double($0.attempts)),
                  "due": .time($0.due), "reason": .optional($0.reason), "wire_key": .text($0.wireKey),
                ])
              })))
      case .text where rows.isEmpty: print("no actions")
      case .text:
        print(
          table(
            ["ID", "STATE", "KIND", "ADAPTER", "TRIES", "ASSET", "TITLE", "REASON"],
            rows.map {
              [
                "\($0.id)", $0.state.rawValue, $0.kind.rawValue, $0.adapter ?? "-", "\($0.attempts)",
                $0.key.decision.asset,
                printable($0.title), printable($0.reason ?? ""),
              ]
            }))
        try tellWhatWaits(reader)
      }
    }

    private func tellWhatWaits(_ reader: LedgerReader) throws {
      if let halt = try reader.halt() { print("halted \(printable(halt.words)); nothing is sent") }
      if let oldest = try reader.oldestUnsent() { print("the oldest that is not made yet was decided at \(oldest)") }
    }
  }

  struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sends a dead or unknown action again: you know that the other system does not have it.",
      discussion: "It carries the same key and the same bytes. A setpoint that is unknown is never sent again.")
    @Argument(help: "the action's number (ID in 'actions list') or its key") var action: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.retry(action: action), format: output.format) }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ends an action that is dead, unknown, ready or waiting: it will not be sent.")
    @Argument(help: "the action's number (ID in 'actions list') or its key") var action: String
    @Option(help: "the reason, for the record") var why: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.drop(action: action, why: why), format: output.format) }
  }
}
