import ArgumentParser
import Benefit
import Foundation
import Ledger
import Rules
import Site

/// What it was worth.
struct Roi: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What the decisions were worth: modelled, measured, unproven, cost; what loses money comes first.",
    discussion: """
      Cash, avoided cost and capacity are never summed. Only what a verdict says is measured; what nobody judged is
      unproven. Decisions in shadow are shown as what they would have saved. With --as-of a report is repeated as it was.
      """)

  @Option(help: "the site's folder") var site = "site"
  @Option(help: "a ledger file, instead of the site's") var ledger: String?
  @Option(help: "rule, owner, class, asset, month or tier") var by = "rule"
  @Option(help: "recorded from this moment on: 2026-01-01 or 2026-01-01T00:00:00Z") var since: String?
  @Option(help: "recorded up to this moment, as a report said then") var asOf: String?
  @Option(help: "text for people, csv or json for programs") var format: BacktestCommand.Form = .text
  @Option(help: "writes the page to this file") var html: String?

  func run() throws {
    guard let grouping = AccountGrouping(rawValue: by) else {
      let words = AccountGrouping.allCases.map(\.rawValue)
      throw Failure.usage(
        "nothing is summed by '\(by)'\(suggestion(for: by, among: words)); it is one of \(words.joined(separator: ", "))"
      )
    }
    let site = try readSite(self.site)
    let (from, to) = (try moment(since, "since", in: site.zone), try moment(asOf, "as-of", in: site.zone, isEnd: true))
    let path = ledger ?? site.stateFolder + "/ledger.sqlite"
    var accounts: Accounts
    do {
      accounts = try RoiAccounts(reader: LedgerReader(path: path), site: site).accounts(
        by: grouping, since: from, asOf: to)
    } catch let error as LedgerError {
      throw Failure.cannot("\(error)")
    }
    if let html {
      // What somebody has to judge is shown with what was seen around it, by the rules that decided last.
      do {
        let reader = try LedgerReader(path: path)
        if let deciding = try Installation.deciding(reader, SiteFolders(site: self.site)) {
          accounts.evidence = try RoiEvidence(reader: reader, configuration: deciding.configuration())
            .around(Array(accounts.waiting.prefix(3)))
        }
      } catch {
        accounts.remarks.append("what was seen around decisions is not shown: \(error)")
      }
      try writePage(returnPage(accounts), to: html)
    }
    switch format {
    case .text: print(accounts.text)
    case .csv: print(accounts.csv, terminator: "")
    case .json: print(json(accounts.tree))
    }
  }
}
