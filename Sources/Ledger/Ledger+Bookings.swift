import GRDB
import Rules
import Synchronization

/// The accounts: what each incident stands at, and the differences that are booked as it changes.
extension Ledger {
  /// How far the tables that accounts follow from have been looked at.
  struct AccountMarks {
    var event: Int64
    var verdict: Int64
    var outcome: Int64
    var loss: Int64

    init(_ db: Database) throws {
      let row = try Row.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT (SELECT max(id) FROM action_events), (SELECT max(id) FROM verdicts), (SELECT max(id) FROM outcomes),
              (SELECT max(id) FROM losses)
            """))
      event = row?[0] ?? 0
      verdict = row?[1] ?? 0
      outcome = row?[2] ?? 0
      loss = row?[3] ?? 0
    }
  }

  /// What the one writer knows of the accounts without asking, because a decision waits for every question. Forgotten
  /// when a transaction fails.
  struct AccountMemory {
    var marks: AccountMarks?
    var recorded: Instant?
    var lines: [AccountLine: Int64] = [:]
  }

  /// Who and what an amount is of.
  struct AccountLine: Hashable {
    var rule: String
    var owner: String
    var assetClass: String
    var asset: String
    var tier: Tier
    var column: AccountColumn
  }

  /// Books what the transaction changed since the marks before it; gives those after it.
  func book(since marks: AccountMarks, _ db: Database) throws -> AccountMarks {
    let now = try AccountMarks(db)
    var touched: [(decision: Int64, because: String)] = []
    func touch(_ because: String, _ sql: String, _ mark: Int64) throws {
      for id in try Int64.fetchAll(db.cachedStatement(sql: sql), arguments: [mark]) {
        touched.append((id, because))
      }
    }
    if now.event > marks.event {
      // What a new decision's actions begin as is in its first position, unless nothing at all is done.
      try touch(
        "action",
        """
        SELECT DISTINCT decision FROM action_events JOIN actions ON actions.id = action
        WHERE action_events.id > ?
          AND (action_events.state IN ('refused', 'expired', 'cancelled', 'dead', 'merged')
            OR (action_events.state IN ('ready', 'settled') AND seq > 1))
        ORDER BY decision
        """, marks.event)
    }
    if now.verdict > marks.verdict {
      try touch("verdict", "SELECT DISTINCT decision FROM verdicts WHERE id > ? ORDER BY decision", marks.verdict)
    }
    if now.outcome > marks.outcome {
      try touch(
        "outcome",
        """
        SELECT DISTINCT decision FROM outcomes JOIN actions ON actions.id = outcomes.action
        WHERE outcomes.id > ? ORDER BY decision
        """, marks.outcome)
    }
    guard !touched.isEmpty || now.loss > marks.loss else { return now }
    let input = try JournalEnd(db).next - 1
    for (decision, because) in touched { try rebook(decision, because, input: input, db) }
    if now.loss > marks.loss { try bookLosses(after: marks.loss, input: input, db) }
    return now
  }

  // MARK: One decision's first position

  /// Who and what the amounts of a decision are of, and what is written down with it.
  struct FirstPosition {
    var line: Int64
    var recorded: Instant
    var month: Int
    var value: Valuation?
  }

  func firstPosition(of decision: Decision, _ db: Database) throws -> FirstPosition {
    let recorded = try recordingTime(db)
    return FirstPosition(
      line: try number(
        of: AccountLine(
          rule: decision.key.rule, owner: decision.owner, assetClass: decision.assetClass, asset: decision.key.asset,
          tier: decision.tier, column: decision.value?.column ?? .avoided), db),
      recorded: recorded, month: books().zone.month(at: recorded), value: decision.value)
  }

  private func number(of line: AccountLine, _ db: Database) throws -> Int64 {
    if let known = accountMemory.withLock({ $0.lines[line] }) { return known }
    let arguments: StatementArguments = [
      line.rule, line.asset, line.tier.rawValue, line.column.rawValue, line.owner, line.assetClass,
    ]
    let found = try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT id FROM account_lines
          WHERE rule = ? AND asset = ? AND tier = ? AND kind = ? AND owner = ? AND asset_class = ?
          """), arguments: arguments)
    if found == nil {
      try db.cachedStatement(
        sql: "INSERT INTO account_lines (rule, asset, tier, kind, owner, asset_class) VALUES (?, ?, ?, ?, ?, ?)"
      ).execute(arguments: arguments)
    }
    let number = found ?? db.lastInsertedRowID
    accountMemory.withLock { $0.lines[line] = number }
    return number
  }

  /// The wall clock, but always after what was recorded last: what a report had as of then, it has for good.
  func recordingTime(_ db: Database) throws -> Instant {
    let newest = try accountMemory.withLock(\.recorded) ?? newestRecorded(db)
    let now = max(clock(), newest + TimeSpan(microseconds: 1))
    accountMemory.withLock { $0.recorded = now }
    return now
  }

  // MARK: Incidents

  /// Brings the bookings of a decision's incident to where it stands now.
  private func rebook(_ decision: Int64, _ because: String, input: Int64, _ db: Database) throws {
    let root = try root(of: decision, db)
    let members = try members(of: root, db)
    var before = Position()
    var after = Position()
    for member in members {
      let (facts, line) = try facts(of: member, root: root, members, db)
      // From before accounts were kept: nothing is booked on it.
      guard let line else { continue }
      let position = Position(facts)
      let booked = try booked(on: member, db)
      let difference = position - booked.position
      let response = member == decision && because == "outcome" ? try response(to: member, booked, db) : nil
      if member == root { (before, after) = (booked.position, position) }
      // That it is counted on another's order is said even where no amount changes.
      let joins = member == decision && because == "action" && facts.belongsToAnother
      guard difference != Position() || response != nil || joins else { continue }
      try write(
        difference, response: response, decision: member, line: line, because: because, missed: 0, input: input, db)
    }
    // Where this one claims less now, others that were cut off may claim what is left.
    if after.measured < before.measured { try claimRoom(besides: root, input: input, db) }
  }

  private func root(of decision: Int64, _ db: Database) throws -> Int64 {
    var place = decision
    var seen: Set<Int64> = []
    while seen.insert(place).inserted {
      let above = try Int64.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT coalesce(
              (SELECT follows FROM decisions WHERE id = ?1),
              (SELECT orders.decision FROM actions JOIN actions AS orders ON orders.id = actions.merged_into
               WHERE actions.decision = ?1 AND actions.state = 'merged' ORDER BY actions.number LIMIT 1))
            """), arguments: [place])
      guard let above else { return place }
      place = above
    }
    return place
  }

  private func members(of root: Int64, _ db: Database) throws -> [Int64] {
    try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          WITH RECURSIVE incident (id) AS (
            SELECT ?
            UNION SELECT decisions.id FROM incident JOIN decisions ON decisions.follows = incident.id
            UNION SELECT merged.decision FROM incident JOIN actions ON actions.decision = incident.id
              JOIN actions AS merged ON merged.merged_into = actions.id AND merged.state = 'merged'
          )
          SELECT id FROM incident ORDER BY id
          """), arguments: [root])
  }

  private func facts(
    of decision: Int64, root: Int64, _ members: [Int64], _ db: Database
  ) throws -> (facts: IncidentFacts, line: Int64?) {
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT line, modelled, nuisance, author FROM decisions WHERE id = ?"),
      arguments: [decision])
    guard let row else { throw LedgerError.damagedRow(path: path, what: "decision \(decision) is missing") }
    var facts = IncidentFacts()
    facts.belongsToAnother = decision != root
    facts.modelled = try row.get("modelled")
    facts.nuisance = try row.get("nuisance") ?? 0
    facts.author = try row.get("author")
    guard decision == root else { return (facts, try row.get("line")) }
    facts.acted = false
    for member in members {
      guard let cost = try cost(of: member, db) else { continue }
      facts.acted = true
      facts.cost = facts.cost.saturatingPlus(cost)
    }
    facts.words = try words(on: members, db)
    if facts.counted?.verdict == .confirmed { facts.room = try room(for: decision, db) }
    return (facts, try row.get("line"))
  }

  /// Nil when nothing is done for it: its actions came to nothing, or are counted on another's order.
  private func cost(of decision: Int64, _ db: Database) throws -> Int64? {
    let acted = try Int.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT count(*) FROM actions
          WHERE decision = ? AND closes IS NULL
            AND (state NOT IN ('refused', 'expired', 'cancelled', 'dead', 'merged', 'shadow')
              OR (state = 'merged' AND merged_into IS NULL))  -- into the order of a ledger that is lost
          """), arguments: [decision])
    guard let acted, acted > 0 else { return nil }
    let orders = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT cost, currency FROM outcomes JOIN actions ON actions.id = outcomes.action
          WHERE decision = ?1 AND outcomes.id IN (
            SELECT max(outcomes.id) FROM outcomes JOIN actions ON actions.id = outcomes.action
            WHERE decision = ?1 AND cost IS NOT NULL GROUP BY outcomes.action)
          """), arguments: [decision]
    ).compactMap { try inSiteCurrency($0.get("cost"), $0.get("currency")) }
    if !orders.isEmpty { return orders.reduce(0) { $0.saturatingPlus($1) } }
    let said = try Row.fetchOne(
      db.cachedStatement(
        sql: "SELECT cost, currency FROM verdicts WHERE decision = ? AND cost IS NOT NULL ORDER BY id DESC LIMIT 1"),
      arguments: [decision])
    if let said, let cost = try inSiteCurrency(said.get("cost"), said.get("currency")) { return cost }
    return try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT coalesce(planned_cost, 0) FROM decisions WHERE id = ?"), arguments: [decision])
      ?? 0
  }

  private func words(on members: [Int64], _ db: Database) throws -> [IncidentFacts.Word] {
    var words: [(id: Int64, word: IncidentFacts.Word)] = []
    for member in members {
      let rows = try Row.fetchAll(
        db.cachedStatement(
          sql: "SELECT id, person, verdict, worth, worth_currency FROM verdicts WHERE decision = ? ORDER BY id"),
        arguments: [member])
      for row in rows {
        words.append(
          (
            try row.get("id"),
            IncidentFacts.Word(
              person: try row.get("person"), verdict: try known(row, "verdict", path: path),
              worth: try inSiteCurrency(row.get("worth"), row.get("worth_currency")))
          ))
      }
    }
    return words.sorted { $0.id < $1.id }.map(\.word)
  }

  private func inSiteCurrency(_ amount: Int64?, _ currency: String?) -> Int64? {
    guard let amount, let currency else { return nil }
    return books().prices.converted(Money(hundredths: amount, currency: currency))?.hundredths
  }

  /// Where a decision stands by its own row and all that was booked on it.
  private func booked(on decision: Int64, _ db: Database) throws -> (position: Position, responded: Bool) {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT coalesce(sum(modelled), 0) AS modelled, coalesce(sum(measured), 0) AS measured, coalesce(sum(over), 0) AS over,
            coalesce(sum(unproven), 0) AS unproven, coalesce(sum(cost), 0) AS cost,
            coalesce(sum(judged), 0) AS judged, coalesce(sum(confirmed), 0) AS confirmed,
            coalesce(sum(false_alarms), 0) AS false_alarms, coalesce(sum(responded), 0) AS responded,
            (SELECT CASE tier WHEN 'shadow' THEN 0 ELSE coalesce(modelled, 0) END FROM decisions WHERE id = ?1) AS first,
            (SELECT CASE tier WHEN 'shadow' THEN 0 ELSE coalesce(planned_cost, 0) END FROM decisions WHERE id = ?1)
              AS planned
          FROM bookings WHERE decision = ?1
          """), arguments: [decision])
    guard let row else { throw LedgerError.damagedRow(path: path, what: "the bookings of decision \(decision)") }
    var position = Position()
    position.measured = try row.get("measured")
    position.over = try row.get("over")
    let (first, planned): (Int64, Int64) = (try row.get("first"), try row.get("planned"))
    let (unproven, cost): (Int64, Int64) = (try row.get("unproven"), try row.get("cost"))
    let modelled: Int64 = try row.get("modelled")
    position.modelled = modelled + first
    position.unproven = unproven + first
    position.cost = cost + planned
    position.judged = try row.get("judged")
    position.confirmed = try row.get("confirmed")
    position.falseAlarms = try row.get("false_alarms")
    let responded: Int64 = try row.get("responded")
    return (position, responded > 0)
  }

  /// How long it took until somebody began, the first time that is known.
  private func response(to decision: Int64, _ booked: (Position, responded: Bool), _ db: Database) throws -> Int64? {
    guard !booked.responded else { return nil }
    return try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT max(0, min(coalesce(started, done)) - decisions.time)
          FROM outcomes JOIN actions ON actions.id = outcomes.action JOIN decisions ON decisions.id = actions.decision
          WHERE decisions.id = ? AND coalesce(started, done) IS NOT NULL
          """), arguments: [decision])
  }

  private func write(
    _ difference: Position, response: Int64?, decision: Int64?, line: Int64, because: String, missed: Int,
    input: Int64, _ db: Database
  ) throws {
    let recorded = try recordingTime(db)
    try db.cachedStatement(
      sql: """
        INSERT INTO bookings (decision, line, recorded, month, because, modelled, measured, over, unproven, cost,
          judged, confirmed, false_alarms, missed, responded, response, input)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      decision, line, recorded.microseconds, books().zone.month(at: recorded), because, difference.modelled,
      difference.measured, difference.over, difference.unproven, difference.cost, difference.judged,
      difference.confirmed,
      difference.falseAlarms, missed, response == nil ? 0 : 1, response ?? 0, input,
    ])
    try Chain.add(.booking, db.lastInsertedRowID, db)
  }

  // MARK: Baselines and losses

  /// How much a decision may claim in all, given what its class has claimed and lost this year; nil is no end.
  private func room(for decision: Int64, _ db: Database) throws -> Int64? {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT account_lines.asset_class AS asset_class, kind
          FROM decisions JOIN account_lines ON account_lines.id = line WHERE decisions.id = ?
          """), arguments: [decision])
    guard let row, try known(row, "kind", path: path) == AccountColumn.avoided else { return nil }
    guard let left = try left(of: row.get("asset_class"), db) else { return nil }
    return try booked(on: decision, db).position.measured.saturatingPlus(left)
  }

  /// Of the baseline of a class in the running year: what was neither claimed nor lost.
  private func left(of assetClass: String, _ db: Database) throws -> Int64? {
    let books = books()
    let year = books.zone.month(at: try recordingTime(db)) / 12
    guard let baseline = books.prices.baseline(of: assetClass, year: year) else { return nil }
    let claimed = try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT coalesce(sum(measured), 0) FROM bookings
          WHERE line IN (SELECT id FROM account_lines WHERE asset_class = ? AND kind = 'avoided')
            AND month BETWEEN ? AND ?
          """), arguments: [assetClass, year * 12, year * 12 + 11])
    var lost: Int64 = 0
    let from = Instant(year: Int64(year), month: 1, day: 1) ?? .distantPast
    let to = Instant(year: Int64(year) + 1, month: 1, day: 1) ?? .distantFuture
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql:
          "SELECT asset, cost, currency FROM losses WHERE planned = 0 AND start >= ? AND start < ? AND cost IS NOT NULL"
      ), arguments: [from.microseconds, to.microseconds])
    for row in rows where books.classes[try row.get("asset")] == assetClass {
      lost = lost.saturatingPlus(try inSiteCurrency(row.get("cost"), row.get("currency")) ?? 0)
    }
    return baseline.hundredths.saturatingMinus(claimed ?? 0).saturatingMinus(lost)
  }

  /// Lets decisions of the same class claim what was cut off before, the oldest first.
  private func claimRoom(besides decision: Int64, input: Int64, _ db: Database) throws {
    let cut = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT decision FROM bookings JOIN account_lines ON account_lines.id = line
          WHERE kind = 'avoided' AND over <> 0 AND decision <> ?1 AND asset_class = (
            SELECT account_lines.asset_class FROM decisions JOIN account_lines ON account_lines.id = line
            WHERE decisions.id = ?1)
          GROUP BY decision HAVING sum(over) > 0 ORDER BY decision
          """), arguments: [decision])
    for other in cut { try rebook(other, "room", input: input, db) }
  }

  /// Each new loss that nobody can have planned: the rules that looked at the asset and said nothing have missed it,
  /// and what the class may claim is less.
  private func bookLosses(after mark: Int64, input: Int64, _ db: Database) throws {
    let rows = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT asset, start FROM losses WHERE id > ? AND planned = 0 ORDER BY id"),
      arguments: [mark])
    let books = books()
    var classes: [String] = []
    for row in rows {
      let (asset, start): (String, Int64) = (try row.get("asset"), try row.get("start"))
      guard let assetClass = books.classes[asset] else { continue }
      if !classes.contains(assetClass) { classes.append(assetClass) }
      for rule in books.rules where rule.assetClass == assetClass {
        let seen = try Row.fetchOne(
          db.cachedStatement(
            sql: """
              SELECT tier, time BETWEEN ?3 AND ?4 AS useful FROM decisions
              WHERE rule = ?1 AND asset = ?2 ORDER BY time BETWEEN ?3 AND ?4 DESC, id DESC LIMIT 1
              """),
          arguments: [
            rule.name, asset, start.saturatingMinus(rule.lead.within.microseconds),
            start.saturatingMinus(rule.lead.atLeast.microseconds),
          ])
        if let seen, try seen.get("useful") == 1 { continue }
        let tier: Tier = try seen.map { try known($0, "tier", path: path) } ?? .shadow
        let line = try number(
          of: AccountLine(
            rule: rule.name, owner: rule.owner, assetClass: assetClass, asset: asset, tier: tier, column: rule.column),
          db)
        try write(
          Position(), response: nil, decision: nil, line: line, because: "loss", missed: 1, input: input, db)
      }
    }
    for assetClass in classes { try shorten(assetClass, input: input, db) }
  }

  /// Cuts off what the class has claimed beyond what is left, the newest first.
  private func shorten(_ assetClass: String, input: Int64, _ db: Database) throws {
    guard let left = try left(of: assetClass, db), left < 0 else { return }
    let claims = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT decision FROM bookings JOIN account_lines ON account_lines.id = line
          WHERE kind = 'avoided' AND asset_class = ? AND decision IS NOT NULL
          GROUP BY decision HAVING sum(measured) > 0 ORDER BY max(bookings.id) DESC
          """), arguments: [assetClass])
    for claim in claims {
      guard let left = try self.left(of: assetClass, db), left < 0 else { return }
      try rebook(claim, "loss", input: input, db)
    }
  }
}

/// When the newest row of the accounts was recorded; 1970 when there is none.
func newestRecorded(_ db: Database) throws -> Instant {
  let newest = try Int64.fetchOne(
    db.cachedStatement(
      sql: """
        SELECT max(coalesce((SELECT recorded FROM bookings ORDER BY id DESC LIMIT 1), 0),
          coalesce((SELECT recorded FROM decisions ORDER BY id DESC LIMIT 1), 0),
          coalesce((SELECT recorded FROM losses ORDER BY id DESC LIMIT 1), 0))
        """))
  return Instant(microseconds: newest ?? 0)
}
