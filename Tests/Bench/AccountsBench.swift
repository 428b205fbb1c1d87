import Benefit
import Foundation
import Ledger
import Rules

/// `roi` and its page over a million decisions, and over a tenth of them: what it takes, and how it grows.
enum AccountsBench {
  static func run() throws -> Bool {
    let few = try measure(decisions: 100_000)
    let many = try measure(decisions: 1_000_000)
    let growth = many.sums / few.sums
    print(
      "accounts: 1,000,000 decisions, half of them judged: sums \(show(many.sums)) at most 2 s, with the page "
        + "\(show(many.page)) at most 5 s; 10 times the decisions cost \(String(format: "%.1f", growth)) times, at most "
        + "12")
    let met = many.sums <= 2 && many.page <= 5 && growth <= 12
    if !met { print("accounts: NOT MET") }
    return met
  }

  private static func show(_ seconds: Double) -> String { String(format: "%.2f s", seconds) }

  private static func measure(decisions: Int) throws -> (sums: Double, page: Double) {
    let folder = Folder()
    let path = folder.path + "/ledger.sqlite"
    do { try fill(path, decisions) }
    var sums: [Double] = []
    var pages: [Double] = []
    for _ in 0..<3 {
      var accounts: Accounts?
      let took = try Bench.seconds {
        let reader = try LedgerReader(path: path)
        accounts = try read(reader)
      }
      sums.append(took)
      guard let accounts, accounts.totals.first?.decisions == Int64(decisions) else {
        throw BenchError.wrong("the accounts are not of all decisions")
      }
      pages.append(took + Bench.seconds { _ = returnPage(accounts) })
    }
    return (Bench.median(sums), Bench.median(pages))
  }

  /// As `roi` does.
  private static func read(_ reader: LedgerReader) throws -> Accounts {
    let end = try reader.lastRecorded() ?? .distantFuture
    var accounts = Accounts(site: "Bench", currency: "EUR", asOf: end, since: nil, grouping: .rule)
    accounts.sum(try reader.accounts(since: nil, asOf: end))
    accounts.waiting = try reader.unjudged(since: nil, asOf: end, limit: 50)
    return accounts
  }

  /// Twenty rules on five hundred machines, over two years; every second decision judged.
  private static func fill(_ path: String, _ decisions: Int) throws {
    let ledger = try Ledger(path: path, keep: Retention(size: .max))
    ledger.keepBooks(by: Bookkeeping())
    let eur = { (hundredths: Int64) in Money(hundredths: hundredths, currency: "EUR") }
    for start in stride(from: 0, to: decisions, by: 5_000) {
      var batch = Batch(firstInput: try ledger.nextInput)
      batch.decisions = (start..<(start + 5_000)).map { place in
        var decision = Decision(
          key: DecisionKey(
            rule: "rule\(place % 20)", asset: "Works/M\(place / 20 % 500)",
            time: Instant(seconds: 1_600_000_000 + Int64(place))),
          title: "Over", owner: "bench\(place % 20 % 7)", since: Instant(seconds: 1_600_000_000), evidence: [],
          limits: [],
          tier: .act,
          actions: [
            Action(number: 1, kind: .notification, title: "x", text: "x", priority: nil, adapter: nil, standing: .ready)
          ],
          assetClass: "Machine")
        decision.value = Valuation(column: .avoided, modelled: eur(100_000), cost: eur(35_000), nuisance: eur(5_000))
        return decision
      }
      batch.inputs = [.tick(SourceID(0), Instant(seconds: Int64(start)))]
      try ledger.commit(batch)
      var words = Batch(firstInput: try ledger.nextInput)
      words.inputs = batch.decisions.enumerated().filter { $0.offset % 2 == 0 }.map { place, decision in
        .command(
          .instructed(
            Instruction(
              person: "a", at: decision.key.time,
              act: .verdict(decision.key, place % 8 == 0 ? .falseAlarm : .confirmed, cost: nil, note: ""))))
      }
      try ledger.commit(words)
    }
  }

  private enum BenchError: Error { case wrong(String) }
}
