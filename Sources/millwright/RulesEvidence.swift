import ArgumentParser
import Benefit
import Foundation
import Ledger
import Rules
import Site

extension RulesCommand {
  struct EvidenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evidence",
      abstract: "What is known of each version of a rule before it may go further: backtest, reviews, precision.",
      discussion: """
        Reviews are verdicts of anybody but the author; of a version in shadow, too. The interval of the precision is the
        one in which it lies in 95 of 100 cases (Wilson). 'backtest --losses FILE --keep' keeps a backtest as evidence.
        """)
    @OptionGroup var folders: SiteFolders
    @Option(help: "the rule's name") var rule: String
    @Option(help: "a ledger file, instead of the site's") var ledger: String?
    @OptionGroup var output: FormatOption

    func run() throws {
      let installation = try Installation.readGood(folders, makeSecrets: false)
      let versions = try RuleVersion.all(installation).filter { $0.rule.plainName == rule }
      guard !versions.isEmpty else {
        throw Failure.findings([
          "no rule is named '\(rule)'\(suggestion(for: rule, among: installation.ruleNames))"
        ])
      }
      let site = installation.site
      let reader: LedgerReader
      do {
        reader = try LedgerReader(path: ledger ?? site.stateFolder + "/ledger.sqlite")
      } catch {
        throw Failure.cannot("\(error)")
      }
      let evidence = try versions.map { version in
        PromotionEvidence(
          rule: rule, version: version.standing.rawValue, logic: version.rule.logicHash, ask: site.prices.promotion,
          row: try reader.promotion(of: rule, logic: version.rule.logicHash),
          isComplete: version.rule.missingToLeaveShadow)
      }
      switch output.format {
      case .json: print(json(.list(evidence.map(\.tree))))
      case .text: print(evidence.map { $0.lines.joined(separator: "\n") }.joined(separator: "\n\n"))
      }
    }
  }
}

/// The figures a site asks for, of one version of a rule.
private struct PromotionEvidence {
  var rule: String
  var version: String
  var logic: Rules.Digest
  var ask: Prices.PromotionAsk
  var row: PromotionRow
  /// Fields that it lacks.
  var isComplete: [String]

  private var interval: (low: Double, high: Double)? {
    wilsonInterval(row.confirmed, of: row.confirmed + row.falseAlarms)
  }

  /// What is short of what the site asks.
  private var short: [String] {
    var short: [String] = []
    if row.backtest == nil { short.append("no backtest of this version is kept") }
    if row.reviewed < ask.reviewed { short.append("\(row.reviewed) of \(ask.reviewed) decisions reviewed") }
    let asked = Double(ask.precision.millionths) / 1e6
    if (interval?.low ?? 0) < asked {
      short.append("the precision is not yet surely \(percent(asked)): at least \(percent(interval?.low ?? 0))")
    }
    if !isComplete.isEmpty { short.append("it lacks \(isComplete.joined(separator: ", "))") }
    return short
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded(.down))) %" }

  var lines: [String] {
    var lines = ["\(rule), \(version), logic \(logic.hex.prefix(12))"]
    if let backtest = row.backtest {
      lines.append(
        "  backtest   \(backtest.from) to \(backtest.to): \(backtest.decisions) decisions, \(backtest.caught) of "
          + "\(backtest.losses) losses caught, \(backtest.falseAlarms) false, net \(backtest.net)")
    } else {
      lines.append("  backtest   none kept of this version")
    }
    lines.append(
      "  decisions  \(row.decisions), \(row.reviewed) reviewed: \(row.confirmed) confirmed, \(row.falseAlarms) false")
    if let interval {
      let precision = Double(row.confirmed) / Double(row.confirmed + row.falseAlarms)
      lines.append(
        "  precision  \(percent(precision)), surely between \(percent(interval.low)) and \(percent(interval.high))")
    }
    lines.append(short.isEmpty ? "  enough for what the site asks" : "  not enough: \(short.joined(separator: "; "))")
    return lines
  }

  var tree: Tree {
    .fields([
      "rule": .text(rule), "version": .text(version), "logic_hash": .text(logic.hex),
      "backtest": row.backtest.map {
        .fields([
          "from": .time($0.from), "to": .time($0.to), "decisions": .number(Double($0.decisions)),
          "losses": .number(Double($0.losses)), "caught": .number(Double($0.caught)),
          "false_alarms": .number(Double($0.falseAlarms)), "net": .text("\($0.net)"),
        ])
      } ?? .null,
      "decisions": .number(Double(row.decisions)), "first": .time(row.first), "last": .time(row.last),
      "reviewed": .number(Double(row.reviewed)), "confirmed": .number(Double(row.confirmed)),
      "false_alarms": .number(Double(row.falseAlarms)),
      "precision": row.confirmed + row.falseAlarms == 0
        ? .null : .number(Double(row.confirmed) / Double(row.confirmed + row.falseAlarms)),
      "precision_interval": interval.map { .list([.number($0.low), .number($0.high)]) } ?? .null,
      "asked_reviewed": .number(Double(ask.reviewed)),
      "asked_precision": .number(Double(ask.precision.millionths) / 1e6), "short_of": .list(short.map(Tree.text)),
    ])
  }
}

extension Rule {
  /// What a rule needs besides before it may leave shadow, and this one does not have.
  fileprivate var missingToLeaveShadow: [String] {
    [
      ("consequence", consequence == nil), ("check_first", checkFirst.isEmpty), ("review_by", reviewBy == nil),
      ("value.because", value?.because == nil), ("examples", examples.isEmpty),
    ].filter(\.1).map(\.0)
  }
}
