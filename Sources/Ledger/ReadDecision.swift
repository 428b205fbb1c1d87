import GRDB
import Rules

/// A decision as it was taken, put together from its rows.
func readDecision(_ id: Int64, _ db: Database, path: String) throws -> Decision {
  guard
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT * FROM decisions WHERE id = ?"), arguments: [id])
  else { throw LedgerError.damagedRow(path: path, what: "decision \(id) is missing") }
  return Decision(
    key: try DecisionKey(row), title: try row.get("title"), owner: try row.get("owner"),
    since: Instant(microseconds: try row.get("since")), deferredFrom: instant(try row.get("deferred_from")),
    follows: try followed(row, db, path: path),
    evidence: try Row.fetchAll(
      db.cachedStatement(sql: "SELECT * FROM evidence WHERE decision = ? ORDER BY place"), arguments: [id]
    ).map { try read(evidence: try EvidenceColumns($0), path: path) },
    limits: try Row.fetchAll(
      db.cachedStatement(sql: "SELECT name, value, kind, text FROM limits_used WHERE decision = ? ORDER BY place"),
      arguments: [id]
    ).map { Limit(name: try $0.get("name"), value: try read(limit: try LimitColumns($0), path: path)) },
    checkFirst: try value([String].self, json: try row.get("check_first")),
    consequence: try knownIfAny(row, "consequence", path: path),
    textHash: Digest(hex: try row.get("text_hash")), logicHash: Digest(hex: try row.get("logic_hash")),
    tier: try known(row, "tier", path: path),
    actions: try Row.fetchAll(
      db.cachedStatement(sql: "SELECT * FROM actions WHERE decision = ? ORDER BY number"), arguments: [id]
    ).map { try readAction($0, db, path: path) },
    assetIDs: try Row.fetchAll(
      db.cachedStatement(sql: "SELECT adapter, id FROM asset_ids WHERE decision = ? ORDER BY place"),
      arguments: [id]
    ).map { (adapter: try $0.get("adapter"), id: try $0.get("id")) },
    assetClass: try row.get("asset_class"), value: try valuation(row, db, path: path))
}

/// Nil where its rule stated none, or accounts were not kept yet.
private func valuation(_ row: Row, _ db: Database, path: String) throws -> Valuation? {
  guard let line: Int64 = try row.get("line"), let cost: Int64 = try row.get("planned_cost") else { return nil }
  let sql = "SELECT kind FROM account_lines WHERE id = ?"
  guard let found = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [line]) else {
    throw LedgerError.damagedRow(path: path, what: "account line \(line) is missing")
  }
  let (modelled, nuisance): (Int64?, Int64?) = (try row.get("modelled"), try row.get("nuisance"))
  let currency: String = try row.get("value_currency") ?? ""
  return Valuation(
    column: try known(found, "kind", path: path), modelled: modelled.map { Money(hundredths: $0, currency: currency) },
    cost: Money(hundredths: cost, currency: currency), nuisance: Money(hundredths: nuisance ?? 0, currency: currency),
    author: try row.get("author"))
}

/// The decision that this one follows, by its key.
private func followed(_ row: Row, _ db: Database, path: String) throws -> DecisionKey? {
  guard let id: Int64 = try row.get("follows") else { return nil }
  let sql = "SELECT rule, asset, time, repeated FROM decisions WHERE id = ?"
  guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id]) else {
    throw LedgerError.damagedRow(path: path, what: "decision \(id) is missing")
  }
  return try DecisionKey(row)
}

private func read(limit columns: LimitColumns, path: String) throws(LedgerError) -> LimitValue {
  guard let limit = columns.limit else {
    throw .damagedRow(path: path, what: "a limit of kind '\(columns.kind ?? "number")' does not say its value")
  }
  return limit
}

func read(evidence columns: EvidenceColumns, path: String) throws(LedgerError) -> Evidence {
  guard let evidence = columns.evidence else {
    throw .damagedRow(path: path, what: "evidence '\(columns.name)' is of kind '\(columns.kind)'")
  }
  return evidence
}

/// An action as its decision made it: its standing is what its first event says.
func readAction(_ row: Row, _ db: Database, path: String) throws -> Action {
  let id: Int64 = try row.get("id")
  let sql = "SELECT state, why FROM action_events WHERE action = ? ORDER BY seq LIMIT 1"
  guard let first = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id]) else {
    throw LedgerError.damagedRow(path: path, what: "action \(id) has no history")
  }
  let expires = instant(try row.get("expires"))
  var doubt: Doubt?
  let standing: ActionStanding
  switch try known(first, "state", path: path) as ActionState {
  case .ready: standing = .ready
  case .waiting: standing = .waiting(expires: expires ?? .distantFuture)
  case .shadow: standing = .shadow
  case .refused: standing = .refused(try first.get("why"))
  case .unknown:
    standing = expires.map { .waiting(expires: $0) } ?? .ready
    let why: String = try first.get("why")
    guard let said = Doubt(words: why) else {
      throw LedgerError.damagedRow(path: path, what: "action \(id) does not say since when it is in doubt")
    }
    doubt = said
  case let state: throw LedgerError.damagedRow(path: path, what: "action \(id) begins as '\(state.rawValue)'")
  }
  let tag: String? = try row.get("setpoint_tag")
  let (asset, assetClass): (String?, String?) = (try row.get("on_asset"), try row.get("on_class"))
  return Action(
    number: try row.get("number"), kind: try known(row, "kind", path: path), title: try row.get("title"),
    text: try row.get("text"),
    priority: try row.get("priority"),
    setpoint: try tag.map {
      Action.Setpoint(
        tag: $0, target: try row.get("setpoint_target") ?? .nan, validUntil: instant(try row.get("valid_until")))
    },
    on: try asset.map { Action.Place(path: $0, assetClass: assetClass ?? "", id: try row.get("on_id")) },
    closes: try row.get("closes"), adapter: try row.get("adapter"), standing: standing, doubt: doubt)
}

/// A decision and all that came of it.
func readStory(_ id: Int64, _ db: Database, path: String) throws -> DecisionStory {
  let decision = try readDecision(id, db, path: path)
  let rows = try Row.fetchAll(
    db,
    sql: """
      SELECT actions.*, rule, asset, time, repeated
      FROM actions JOIN decisions ON decisions.id = actions.decision
      WHERE actions.decision = ? ORDER BY number
      """, arguments: [id])
  let actions = try rows.map { row in
    let line = try ActionRow(row, path: path)
    return ActionStory(
      row: line, action: try readAction(row, db, path: path),
      events: try Row.fetchAll(
        db, sql: "SELECT * FROM action_events WHERE action = ? ORDER BY seq", arguments: [line.id]
      )
      .map {
        ActionEvent(
          seq: try $0.get("seq"), state: try known($0, "state", path: path),
          at: Instant(microseconds: try $0.get("at")),
          why: try $0.get("why"))
      },
      attempts: try Row.fetchAll(
        db, sql: "SELECT * FROM attempts WHERE action = ? ORDER BY number", arguments: [line.id]
      )
      .map { try readAttempt($0, of: line.key, path: path) },
      receipts: try Row.fetchAll(db, sql: "SELECT * FROM receipts WHERE action = ? ORDER BY id", arguments: [line.id])
        .map {
          ReceiptRow(reference: try $0.get("reference"), received: Instant(microseconds: try $0.get("received")))
        },
      lookUps: try Row.fetchAll(
        db, sql: "SELECT * FROM look_ups WHERE action = ? ORDER BY number", arguments: [line.id]
      ).map { try LookUp($0, of: line.key, path: path) },
      outcomes: try Row.fetchAll(db, sql: "SELECT * FROM outcomes WHERE action = ? ORDER BY id", arguments: [line.id])
        .map { try OrderStatus($0, of: line.key, path: path) },
      mergedInto: try mergedInto(row, db), request: try readRequest(line.id, db))
  }
  let input = try Int64.fetchOne(db, sql: "SELECT input FROM decisions WHERE id = ?", arguments: [id]) ?? 0
  let verdicts = try Row.fetchAll(db, sql: "SELECT * FROM verdicts WHERE decision = ? ORDER BY id", arguments: [id])
    .map { try VerdictRow($0, path: path) }
  return DecisionStory(
    id: id, decision: decision, input: input, actions: actions, closings: try readClosings(id, db), verdicts: verdicts)
}

private func readClosings(_ decision: Int64, _ db: Database) throws -> [ClosingRow] {
  try Row.fetchAll(db, sql: "SELECT * FROM closings WHERE decision = ? ORDER BY id", arguments: [decision])
    .map { row in
      let cancels: Int64 = try row.get("cancels")
      return ClosingRow(at: Instant(microseconds: try row.get("at")), cancels: cancels != 0)
    }
}

/// The order that a merged action was counted on.
private func mergedInto(_ row: Row, _ db: Database) throws -> ActionKey? {
  guard try row.get("state") == ActionState.merged.rawValue, let order: Int64 = try row.get("merged_into") else {
    return nil
  }
  return try Row.fetchOne(
    db,
    sql: """
      SELECT rule, asset, time, repeated, number
      FROM actions JOIN decisions ON decisions.id = actions.decision WHERE actions.id = ?
      """, arguments: [order]
  ).map { ActionKey(decision: try DecisionKey($0), number: try $0.get("number")) }
}

private func readAttempt(_ row: Row, of action: ActionKey, path: String) throws -> Attempt {
  guard let receipt = try ReceiptColumns(row).receipt else {
    throw LedgerError.damagedRow(path: path, what: "an attempt at \(action) has an unknown receipt")
  }
  return Attempt(
    action: action, number: try row.get("number"), began: Instant(microseconds: try row.get("began")),
    ended: Instant(microseconds: try row.get("ended")), status: try row.get("status"), receipt: receipt,
    next: try known(row, "next", path: path), due: instant(try row.get("due")))
}
