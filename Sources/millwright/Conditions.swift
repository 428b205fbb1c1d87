import ArgumentParser
import Foundation
import Ledger
import Rules

struct Conditions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What each rule knows about each asset.", subcommands: [List.self, Reset.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Conditions that are not at rest: pending, active, clearing, blind or quarantined.")
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption
    @Flag(help: "those at rest too, once they were not") var all = false

    func run() throws {
      if output.format == .text { try tellTroubles() }
      let reader = try place.reader()
      if output.format == .text { try tellSilences(reader) }
      let rows = try reader.conditions().filter { all || $0.phase != "normal" || $0.blindSince != nil }
      switch output.format {
      case .json:
        print(
          json(
            .list(
              rows.map {
                .fields([
                  "rule": .text($0.rule), "asset": .text($0.asset), "phase": .text($0.phase), "since": .time($0.since),
                  "blind_since": .time($0.blindSince), "blind_reading": .optional($0.blindReading),
                ])
              })))
      case .text where rows.isEmpty: print("all conditions are normal")
      case .text:
        print(
          table(
            ["ASSET", "RULE", "PHASE", "SINCE", "BLIND"],
            rows.map { row in
              [
                row.asset, row.rule, row.phase, "\(row.since)",
                row.blindSince.map { "since \($0): '\(row.blindReading ?? "")' is not good" } ?? "",
              ]
            }))
      }
    }

    /// What persons have silenced: a quiet list may be quiet for that.
    private func tellSilences(_ reader: LedgerReader) throws {
      let now = systemClock()
      for row in try reader.silences() where now < row.silence.until ?? .distantFuture {
        print("- \(printable(row.words))")
      }
    }

    /// What makes the list worth less than it looks goes first.
    private func tellTroubles() throws {
      guard let health = try ControlClient(place).health() else {
        return print("the engine is not running: this is how it was")
      }
      for trouble in health.troubles { print("! \(printable(trouble))") }
    }
  }

  struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ends an active condition of a rule that clears by hand.",
      discussion: "While 'when' is still true it stays active.")
    @Argument(help: "the rule's name") var rule: String
    @Argument(help: "the asset's path, or the end of it (P-101)") var asset: String
    @OptionGroup var place: LedgerPlace
    @OptionGroup var output: FormatOption

    func run() throws { try ControlClient(place).carryOut(.reset(rule: rule, asset: asset), format: output.format) }
  }
}

extension SilenceRow {
  /// `rule 'x' is shelved on P-101 until … by h.weber: painting`
  var words: String {
    let what = silence.rule.map { "rule '\($0)' is shelved on \(silence.asset ?? "all assets")" }
    let until = silence.until.map { " until \($0)" } ?? " since \(since)"
    return (what ?? "\(silence.asset ?? "") is out of service") + "\(until) by \(silence.person)"
      + (why.isEmpty ? "" : ": \(why)")
  }
}
