import GRDB
import Rules

/// An action's life: every move is one row of its history, and its current state is what the newest row says.
extension Ledger {
  /// Actions left *unknown*, by a lost answer or by the end of an engine, oldest first.
  package func unknownActions() throws(LedgerError) -> [ActionRow] {
    try reading("actions") { db in try ActionRow.all(db, state: .unknown, limit: .max, path: path) }
  }

  /// Puts the unknown actions of an adapter that sends the same key twice without making two things back to
  /// *ready*, due at `now` (wall clock). Returns how many.
  @discardableResult
  package func makeUnknownReady(adapter: String, now: Instant) throws(LedgerError) -> Int {
    try writing("actions") { db in
      let rows = try Int64.fetchAll(
        db, sql: "SELECT id FROM actions WHERE adapter = ? AND state = 'unknown' ORDER BY id", arguments: [adapter])
      for row in rows {
        try move(row, to: .ready, due: now.microseconds, at: now, why: "sent again: the adapter knows the key", db)
      }
      return rows.count
    }
  }

  /// An attempt brought back as an input: what was answered, and where the action stands now.
  func settle(_ attempt: Attempt, input: Int64, _ db: Database) throws {
    guard let row = try row(of: attempt.action, db) else {
      throw LedgerError.unknownAction(path: path, key: attempt.action)
    }
    let receipt = ReceiptColumns(attempt.receipt)
    try db.cachedStatement(
      sql: """
        INSERT INTO attempts (action, number, began, ended, status, receipt, detail, after, next, due, input)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      row, attempt.number, attempt.began.microseconds, attempt.ended.microseconds, attempt.status, receipt.kind,
      receipt.detail, receipt.after, attempt.next.rawValue, attempt.due?.microseconds, input,
    ])
    try Chain.add(.attempt, db.lastInsertedRowID, db)
    if let reference = receipt.reference {
      try db.cachedStatement(sql: "INSERT INTO receipts (action, reference, received) VALUES (?, ?, ?)")
        .execute(arguments: [row, reference, attempt.ended.microseconds])
      try Chain.add(.receipt, db.lastInsertedRowID, db)
    }
    let due = attempt.next == .ready ? (attempt.due ?? attempt.ended).microseconds : nil
    try move(row, to: attempt.next, due: due, at: attempt.ended, why: receipt.why, db)
  }

  /// A waiting action that nobody approved in time; one that left *waiting* meanwhile stays as it is.
  func expire(_ key: ActionKey, _ db: Database) throws {
    guard let row = try row(of: key, db) else { throw LedgerError.unknownAction(path: path, key: key) }
    let found = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT state, expires FROM actions WHERE id = ?"), arguments: [row])
    guard let found, try known(found, "state", path: path) == ActionState.waiting else { return }
    let expires: Int64? = try found.get("expires")
    try move(
      row, to: .expired, due: nil, at: expires.map(Instant.init(microseconds:)) ?? key.decision.time,
      why: "nobody approved it in time", db)
  }

  func row(of key: ActionKey, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT actions.id FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE decisions.key = ? AND actions.number = ?
          """), arguments: [key.decision.description, key.number])
  }
}

/// One row of an action's history, and its current state beside it. `due` is microseconds, for *ready* only.
func move(_ action: Int64, to state: ActionState, due: Int64?, at: Instant, why: String, _ db: Database) throws {
  try db.cachedStatement(
    sql: """
      INSERT INTO action_events (action, seq, state, at, why)
      VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM action_events WHERE action = ?1), ?2, ?3, ?4)
      """
  ).execute(arguments: [action, state.rawValue, at.microseconds, why])
  try Chain.add(.event, db.lastInsertedRowID, db)
  try db.cachedStatement(sql: "UPDATE actions SET state = ?, due = ?, reason = ? WHERE id = ?")
    .execute(arguments: [state.rawValue, due, why, action])
}

/// What was being sent when the last writer ended: bytes may have gone out, and no answer will come.
func markInterrupted(_ db: Database, at now: Instant) throws {
  for row in try Int64.fetchAll(db, sql: "SELECT id FROM actions WHERE state = 'sending' ORDER BY id") {
    try move(row, to: .unknown, due: nil, at: now, why: "the engine ended while this was being sent", db)
  }
}

/// A receipt as it is stored.
struct ReceiptColumns {
  var kind: String
  var detail: String
  var after: Int64?

  init(_ receipt: Receipt) {
    switch receipt {
    case .accepted(let reference): (kind, detail) = ("accepted", reference)
    case .already(let reference): (kind, detail) = ("already", reference)
    case .rejected(let why): (kind, detail) = ("rejected", why)
    case .tryAgain(let after, let why): (kind, detail, self.after) = ("try_again", why, after?.microseconds)
    case .unknown(let why): (kind, detail) = ("unknown", why)
    }
  }

  init(_ row: Row) throws(DamagedValue) {
    kind = try row.get("receipt")
    detail = try row.get("detail")
    after = try row.get("after")
  }

  /// Nil when it is of no known kind.
  var receipt: Receipt? {
    switch kind {
    case "accepted": .accepted(reference: detail)
    case "already": .already(reference: detail)
    case "rejected": .rejected(detail)
    case "try_again": .tryAgain(after: after.map(TimeSpan.init(microseconds:)), why: detail)
    case "unknown": .unknown(detail)
    default: nil
    }
  }

  var reference: String? { kind == "accepted" || kind == "already" ? detail : nil }

  /// For the action's history.
  var why: String {
    switch kind {
    case "accepted": "accepted as \(detail)"
    case "already": "already there as \(detail)"
    default: detail
    }
  }
}
