import GRDB
import Rules

/// What somebody must see before a rule may leave shadow.
package struct PromotionRow: Sendable {
  package var backtest: BacktestFigures?
  /// Of the version asked for.
  package var decisions: Int
  package var reviewed: Int
  package var confirmed: Int
  package var falseAlarms: Int
  package var first: Instant?
  package var last: Instant?
}

/// The accounts, read.
extension LedgerReader {
  /// Everything recorded in `since ... asOf` (wall clock), by line, then month.
  package func accounts(since: Instant?, asOf: Instant) throws(LedgerError) -> [AccountEntry] {
    try reading("the accounts") { db in
      var lines: [Int64: AccountEntry] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT * FROM account_lines") {
        lines[try row.get("id")] = AccountEntry(
          rule: try row.get("rule"), owner: try row.get("owner"), assetClass: try row.get("asset_class"),
          asset: try row.get("asset"), tier: try known(row, "tier", path: path), month: 0,
          sum: AccountSum(name: "", column: try known(row, "kind", path: path)))
      }
      var entries: [AccountEntry] = []
      var places: [Int64: [Int: Int]] = [:]
      func place(_ line: Int64, _ month: Int) throws -> Int {
        if let place = places[line]?[month] { return place }
        guard var entry = lines[line] else {
          throw LedgerError.damagedRow(path: path, what: "account line \(line) is missing")
        }
        entry.month = month
        entries.append(entry)
        places[line, default: [:]][month] = entries.count - 1
        return entries.count - 1
      }
      let range: StatementArguments = [since?.microseconds ?? .min, asOf.microseconds]
      // Both are answered by an index alone, in its order.
      let decided = try Row.fetchCursor(
        db,
        sql: """
          SELECT line, month, count(*), coalesce(sum(modelled), 0), coalesce(sum(planned_cost), 0)
          FROM decisions INDEXED BY decisions_of_accounts
          WHERE line IS NOT NULL AND recorded BETWEEN ? AND ? GROUP BY line, month
          """, arguments: range)
      while let row = try decided.next() {
        let place = try place(row[0], row[1])
        entries[place].decided(count: row[2], modelled: row[3], cost: row[4])
      }
      let booked = try Row.fetchCursor(
        db,
        sql: """
          SELECT line, month, sum(modelled), sum(measured), sum(over), sum(unproven), sum(cost), sum(judged),
            sum(confirmed), sum(false_alarms), sum(missed), sum(responded), sum(response)
          FROM bookings INDEXED BY bookings_of_accounts
          WHERE recorded BETWEEN ? AND ? GROUP BY line, month
          """, arguments: range)
      while let row = try booked.next() {
        let place = try place(row[0], row[1])
        var sum = AccountSum(name: "", column: entries[place].sum.column)
        sum.modelled = row[2]
        sum.measured = row[3]
        sum.over = row[4]
        sum.unproven = row[5]
        sum.cost = row[6]
        sum.judged = row[7]
        sum.confirmed = row[8]
        sum.falseAlarms = row[9]
        sum.missed = row[10]
        sum.responded = row[11]
        sum.response = TimeSpan(microseconds: row[12])
        entries[place].sum.add(sum)
      }
      return entries
    }
  }

  /// When the newest of it was recorded: what is recorded from here on is later. Nil of nothing.
  package func lastRecorded() throws(LedgerError) -> Instant? {
    try reading("the accounts") { db in
      let newest = try newestRecorded(db)
      return newest == Instant(microseconds: 0) ? nil : newest
    }
  }

  /// Of before accounts were kept: they are in no sum.
  package func decisionsWithoutAccounts() throws(LedgerError) -> Int {
    try reading("decisions") { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT (SELECT count(*) FROM decisions)
            - (SELECT count(*) FROM decisions INDEXED BY decisions_of_accounts WHERE line IS NOT NULL)
          """) ?? 0
    }
  }

  /// Recorded by `asOf` and not judged by then; newest first.
  package func unjudged(since: Instant?, asOf: Instant, limit: Int) throws(LedgerError) -> [WaitingDecision] {
    try reading("decisions without a verdict") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT id, rule, asset, time, repeated, title, owner, tier, modelled FROM decisions
          WHERE recorded BETWEEN ?1 AND ?2 AND follows IS NULL
            AND NOT EXISTS (
              SELECT 1 FROM bookings WHERE bookings.decision = decisions.id AND judged > 0 AND recorded <= ?2)
            -- What is counted on another's order, or came to nothing, waits for no verdict.
            AND coalesce((
              SELECT bookings.modelled > 0 FROM bookings
              WHERE bookings.decision = decisions.id AND because = 'action' AND recorded <= ?2
              ORDER BY bookings.id DESC LIMIT 1), 1)
          ORDER BY id DESC LIMIT ?3
          """, arguments: [since?.microseconds ?? .min, asOf.microseconds, limit]
      ).map { row in
        WaitingDecision(
          id: try row.get("id"), key: try DecisionKey(row), title: try row.get("title"), owner: try row.get("owner"),
          tier: try known(row, "tier", path: path), modelled: try row.get("modelled"))
      }
    }
  }

  /// Recorded by `asOf`; newest first.
  package func losses(since: Instant?, asOf: Instant, limit: Int) throws(LedgerError) -> [Loss] {
    try reading("losses") { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM losses WHERE recorded BETWEEN ? AND ? ORDER BY start DESC, id DESC LIMIT ?",
        arguments: [since?.microseconds ?? .min, asOf.microseconds, limit]
      ).map { row in
        let (cost, currency): (Int64?, String?) = (try row.get("cost"), try row.get("currency"))
        let planned: Int64 = try row.get("planned")
        return Loss(
          asset: try row.get("asset"), start: Instant(microseconds: try row.get("start")),
          end: Instant(microseconds: try row.get("until")), cause: try row.get("cause"),
          cost: cost.map { Money(hundredths: $0, currency: currency ?? "") }, planned: planned != 0,
          reference: try row.get("reference"))
      }
    }
  }

  /// What an adapter's system calls the orders that were made there.
  package func orderReferences(of adapter: String) throws(LedgerError) -> Set<String> {
    try reading("references of orders") { db in
      try Set(
        String.fetchAll(
          db, sql: "SELECT reference FROM receipts JOIN actions ON actions.id = receipts.action WHERE adapter = ?",
          arguments: [adapter]))
    }
  }

  /// How many known costs are in no account because the site has no rate for their currency.
  package func costs(notIn currencies: [String], asOf: Instant) throws(LedgerError) -> [(currency: String, count: Int)]
  {
    try reading("costs") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT currency, count(*) AS count FROM (
            SELECT currency FROM outcomes WHERE cost IS NOT NULL AND at <= ?1
            UNION ALL SELECT currency FROM verdicts WHERE cost IS NOT NULL AND at <= ?1
            UNION ALL SELECT worth_currency FROM verdicts WHERE worth IS NOT NULL AND at <= ?1
            UNION ALL SELECT currency FROM losses WHERE cost IS NOT NULL AND recorded <= ?1
          ) GROUP BY currency ORDER BY currency
          """, arguments: [asOf.microseconds]
      ).map { (try $0.get("currency"), try $0.get("count")) }
    }.filter { !currencies.contains($0.currency) }
  }

  /// The evidence on one version of a rule: the newest backtest of it, and what persons said of its decisions. The
  /// author's own word does not count. `rule` without the mark of a version that shadows.
  package func promotion(of rule: String, logic: Digest) throws(LedgerError) -> PromotionRow {
    try reading("the evidence on a rule") { db in
      let backtest = try Row.fetchOne(
        db, sql: "SELECT * FROM backtests WHERE rule = ? AND logic_hash = ? ORDER BY id DESC LIMIT 1",
        arguments: [rule, logic.hex])
      let counts = try Row.fetchOne(
        db,
        sql: """
          SELECT count(*) AS decisions, count(verdict) AS reviewed, total(verdict = 'confirmed') AS confirmed,
            total(verdict IN ('false_alarm', 'no_fault_found')) AS false_alarms, min(time) AS first, max(time) AS last
          FROM (
            SELECT time, (
              SELECT verdict FROM verdicts
              WHERE decision = decisions.id AND person IS NOT decisions.author ORDER BY id DESC LIMIT 1) AS verdict
            FROM decisions WHERE rule IN (?1, ?1 || ?2) AND logic_hash = ?3)
          """, arguments: [rule, Rule.shadowMark, logic.hex])
      guard let counts else { throw LedgerError.damagedRow(path: path, what: "the decisions of '\(rule)'") }
      let (confirmed, falseAlarms): (Double, Double) = (try counts.get("confirmed"), try counts.get("false_alarms"))
      return PromotionRow(
        backtest: try backtest.map { row in
          BacktestFigures(
            rule: rule, logic: logic, from: Instant(microseconds: try row.get("first")),
            to: Instant(microseconds: try row.get("last")), decisions: try row.get("decisions"),
            losses: try row.get("losses"), caught: try row.get("caught"), falseAlarms: try row.get("false_alarms"),
            net: Money(hundredths: try row.get("net"), currency: try row.get("currency")))
        },
        decisions: try counts.get("decisions"), reviewed: try counts.get("reviewed"), confirmed: Int(confirmed),
        falseAlarms: Int(falseAlarms), first: instant(try counts.get("first")), last: instant(try counts.get("last")))
    }
  }
}

extension AccountEntry {
  /// The first positions of its decisions: all that is modelled is unproven, what they cost is planned. In shadow it is
  /// what would have been.
  fileprivate mutating func decided(count: Int64, modelled: Int64, cost: Int64) {
    if tier == .shadow {
      sum.shadowDecisions += count
      sum.wouldSave += modelled
      sum.wouldCost += cost
    } else {
      sum.decisions += count
      sum.modelled += modelled
      sum.unproven += modelled
      sum.cost += cost
    }
  }
}
