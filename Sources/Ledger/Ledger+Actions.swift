import GRDB
import Rules

/// An action's life: every move is one row of its history, and its current state is what the newest row says.
extension Ledger {
  /// Actions left *unknown*, by a lost answer or by the end of an engine, oldest first.
  package func unknownActions() throws(LedgerError) -> [ActionRow] {
    try reading("actions") { db in try ActionRow.all(db, state: .unknown, limit: .max, path: path) }
  }

  /// Puts the unknown actions of an adapter that sends the same key twice without making two things back to
  /// *ready*, due at `now` (wall clock). Returns how many. Setpoints stay: one whose fate is not known is never sent
  /// again. So does what was decided in the doubt of a restore: it may have been made under another key.
  @discardableResult
  package func makeUnknownReady(adapter: String, now: Instant) throws(LedgerError) -> Int {
    try writing("actions") { db in
      let rows = try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM actions
          WHERE adapter = ? AND state = 'unknown' AND kind <> 'setpoint'
            AND (attempts > 0
              OR (SELECT state FROM action_events WHERE action = actions.id AND seq = 1) <> 'unknown')
          ORDER BY id
          """, arguments: [adapter])
      for row in rows {
        try move(row, to: .ready, due: now.microseconds, at: now, why: "sent again: the adapter knows the key", db)
      }
      return rows.count
    }
  }

  /// Gives the unknown actions of an adapter that can look them up, and that wait for no look-up yet, one at `due`
  /// (wall clock). Returns how many.
  @discardableResult
  package func lookUpUnknown(adapter: String, at due: Instant) throws(LedgerError) -> Int {
    try writing("actions") { db in
      try db.execute(
        sql: """
          UPDATE actions SET due = ?
          WHERE adapter = ? AND state = 'unknown' AND kind <> 'setpoint' AND due IS NULL
          """, arguments: [due.microseconds, adapter])
      return db.changesCount
    }
  }

  /// An attempt brought back as an input: what was answered, and where the action stands now.
  func settle(_ attempt: Attempt, input: Int64, _ db: Database) throws {
    guard let row = try row(of: attempt.action, db),
      let kind = try Row.fetchOne(
        db.cachedStatement(sql: "SELECT kind FROM actions WHERE id = ?"), arguments: [row])
    else { throw LedgerError.unknownAction(path: path, key: attempt.action) }
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
    if let reference = receipt.reference { try keepReceipt(reference, of: row, at: attempt.ended, db) }
    let due = attempt.next == .ready ? attempt.due ?? attempt.ended : attempt.due
    try move(row, to: attempt.next, due: due?.microseconds, at: attempt.ended, why: receipt.why, db)
    if attempt.next != .merged {
      try db.cachedStatement(sql: "UPDATE actions SET merged_into = NULL WHERE id = ?").execute(arguments: [row])
    }
    if attempt.next == .settled {
      try beginFollowing(row, try known(kind, "kind", path: path), from: attempt.ended, db)
    }
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

/// One row of an action's history, and its current state beside it. `due` (microseconds) counts while it is *ready*, or
/// *unknown* and to be looked up.
func move(_ action: Int64, to state: ActionState, due: Int64?, at: Instant, why: String, _ db: Database) throws {
  try db.cachedStatement(
    sql: """
      INSERT INTO action_events (action, seq, state, at, why)
      VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM action_events WHERE action = ?1), ?2, ?3, ?4)
      """
  ).execute(arguments: [action, state.rawValue, at.microseconds, why])
  try Chain.add(.event, db.lastInsertedRowID, db)
  let due = state == .ready || state == .unknown ? due : nil
  try db.cachedStatement(sql: "UPDATE actions SET state = ?, due = ?, reason = ? WHERE id = ?")
    .execute(arguments: [state.rawValue, due, why, action])
}

/// What was being sent when the last writer ended. Its request is kept before the first byte: with one, bytes may have
/// gone out and no answer will come; without, none did.
func markInterrupted(_ db: Database, at now: Instant) throws {
  let rows = try Row.fetchAll(
    db,
    sql: """
      SELECT id, EXISTS (SELECT 1 FROM requests WHERE requests.id = actions.id) AS began
      FROM actions WHERE state = 'sending' ORDER BY id
      """)
  for row in rows {
    let began: Int64 = try row.get("began")
    let why = "the engine ended " + (began == 0 ? "before this was sent" : "while this was being sent")
    let due = began == 0 ? now.microseconds : nil
    try move(try row.get("id"), to: began == 0 ? .ready : .unknown, due: due, at: now, why: why, db)
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
