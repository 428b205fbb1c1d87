import ArgumentParser
import Rules

/// A person silences a rule for a time.
extension RulesCommand {
  struct Shelve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Silences a rule for a time: what it would decide is held back, and decided then if it still stands.",
      discussion:
        "The site says how long at most ('shelve_at_most', 24 h). Shelving it again takes the place of before.")
    @Argument(help: "the rule's name") var rule: String
    @Option(help: "only on this asset: its path, or the end of it (P-101)") var asset: String?
    @Option(name: .customLong("for"), help: "how long, as in '8 h' or '30 min'") var span: String
    @Option(help: "the reason, for the record") var why = ""
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      try ControlClient(place).carryOut(
        .shelve(rule: rule, asset: asset, span: span, why: why), format: output.format)
    }
  }

  struct Unshelve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ends the shelving of a rule, on one asset or wherever it is shelved.")
    @Argument(help: "the rule's name") var rule: String
    @Option(help: "only on this asset: its path, or the end of it (P-101)") var asset: String?
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws {
      try ControlClient(place).carryOut(.unshelve(rule: rule, asset: asset), format: output.format)
    }
  }
}
