import GRDB
import Rules

/// What is done for a decision when its condition has cleared.
extension Ledger {
  /// What was not sent is cancelled where the rule says so; setpoints that go back and what is said on orders are
  /// actions of the same decision. An action that came to nothing needs no closing.
  func record(_ closing: Closing, input: Int64, _ db: Database) throws {
    let sql = "SELECT id FROM decisions WHERE key = ?"
    guard
      let decision = try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [closing.decision.description])
    else { throw LedgerError.damagedRow(path: path, what: "decision \(closing.decision) is missing") }
    try db.cachedStatement(sql: "INSERT INTO closings (decision, at, cancels, input) VALUES (?, ?, ?, ?)")
      .execute(arguments: [decision, closing.time.microseconds, closing.cancels ? 1 : 0, input])
    try Chain.add(.closing, db.lastInsertedRowID, db)
    if closing.cancels { try cancelUnsent(decision, at: closing.time, db) }
    for action in closing.actions {
      guard let closed = action.closes, try cameToSomething(closed, decision, db) else { continue }
      try record(action, of: closing.decision, decision, at: closing.time, db)
    }
  }

  /// One with a request may have been sent: it is known only when it was looked up.
  private func cancelUnsent(_ decision: Int64, at time: Instant, _ db: Database) throws {
    let rows = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id FROM actions
          WHERE decision = ? AND state IN ('waiting', 'ready') AND closes IS NULL
            AND id NOT IN (SELECT id FROM requests)
          ORDER BY id
          """), arguments: [decision])
    for row in rows {
      try move(row, to: .cancelled, due: nil, at: time, why: "the condition is over, and nothing was sent", db)
    }
  }

  private func cameToSomething(_ number: Int, _ decision: Int64, _ db: Database) throws -> Bool {
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT state FROM actions WHERE decision = ? AND number = ?"),
      arguments: [decision, number])
    guard let row else { return false }
    switch try known(row, "state", path: path) as ActionState {
    case .waiting, .ready, .sending, .settled, .merged, .unknown, .shadow: return true
    case .refused, .expired, .cancelled, .dead: return false
    }
  }
}
