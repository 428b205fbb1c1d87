import ArgumentParser
import Rules

/// What a person says to a decision.
extension Decisions {
  struct Approve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets the waiting actions of a decision be sent, or one of them.")
    @Argument(help: "the decision's number or key") var id: String
    @Argument(help: "the number of one of its actions") var action: Int?
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      try ControlClient(place).carryOut(.approve(decision: id, action: action), format: output.format)
    }
  }

  struct Reject: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ends the waiting actions of a decision, or one of them, unsent.")
    @Argument(help: "the decision's number or key") var id: String
    @Argument(help: "the number of one of its actions") var action: Int?
    @Option(help: "the reason, for the record") var why = ""
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      try ControlClient(place).carryOut(.reject(decision: id, action: action, why: why), format: output.format)
    }
  }

  struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verdict", abstract: "Says what a decision was found to have been.",
      discussion: "It may be said again: the newest counts, all are kept.")
    @Argument(help: "the decision's number or key") var id: String
    @Argument(help: "one of \(Verdict.allCases.map(\.rawValue).joined(separator: ", "))") var verdict: String
    @Option(help: "what it cost, as in '1 200 EUR'") var cost: String?
    @Option(help: "what it saved, where that is known: '9 500 EUR'; else the rule's model counts") var worth: String?
    @Option(help: "what was found") var note = ""
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      guard Verdict(rawValue: verdict) != nil else {
        let words = Verdict.allCases.map(\.rawValue)
        throw Failure.usage(
          "no verdict is called '\(verdict)'\(suggestion(for: verdict, among: words)); it is one of "
            + words.joined(separator: ", "))
      }
      try ControlClient(place).carryOut(
        .verdict(decision: id, found: verdict, cost: cost, worth: worth, note: note), format: output.format)
    }
  }
}
