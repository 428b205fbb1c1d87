import Foundation
import GRDB
import Rules

extension Ledger {
  /// Due actions for the dispatcher's threads, over the one writing connection. `report` takes what became of a
  /// claimed action to the engine.
  package func actionQueue(report: @escaping @Sendable (Attempt) -> Void) -> any ActionQueue {
    DueActions(ledger: self, report: report)
  }
}

/// The ledger as the dispatcher sees it. Its claims and the engine's batches take turns on the one connection.
private final class DueActions: ActionQueue {
  private let ledger: Ledger
  private let handOver: @Sendable (Attempt) -> Void

  init(ledger: Ledger, report: @escaping @Sendable (Attempt) -> Void) {
    self.ledger = ledger
    handOver = report
  }

  /// An action waits while an earlier one of its decision may still be made or may have been.
  private static let unblocked = """
    NOT EXISTS (
      SELECT 1 FROM actions AS earlier
      WHERE earlier.decision = actions.decision AND earlier.number < actions.number
        AND earlier.state IN ('ready', 'sending', 'unknown'))
    """

  func claim(adapter: String, now: Instant) throws -> Claim? {
    // Most asks find nothing: they must not cost a write.
    guard let due = try nextDue(adapter: adapter), due <= now else { return nil }
    return try ledger.writing("the claim of an action") { db in
      guard try HaltRow.standing(db) == nil else { return nil }
      let found = try Row.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT id, decision, number, wire_key, attempts FROM actions
            WHERE adapter = ? AND state = 'ready' AND due <= ? AND \(Self.unblocked)
            ORDER BY due, id LIMIT 1
            """), arguments: [adapter, now.microseconds])
      guard let found else { return nil }
      let row: Int64 = try found.get("id")
      try confirm(action: row, is: .ready, db, path: ledger.path)
      let number: Int = try found.get("number")
      let attempts: Int = try found.get("attempts")
      guard (0..<Int(Int32.max)).contains(attempts) else {
        throw LedgerError.damagedRow(path: ledger.path, what: "action \(row) was attempted \(attempts) times")
      }
      let attempt = attempts + 1
      let decision = try readDecision(try found.get("decision"), db, path: ledger.path)
      guard let action = decision.actions.first(where: { $0.number == number }) else {
        throw LedgerError.damagedRow(path: ledger.path, what: "action row \(row) is not among its decision's")
      }
      try move(row, to: .sending, due: nil, at: now, why: "attempt \(attempt)", db)
      try db.cachedStatement(sql: "UPDATE actions SET attempts = ? WHERE id = ?").execute(arguments: [attempt, row])
      return Claim(
        key: ActionKey(decision: decision.key, number: number), wireKey: try found.get("wire_key"), decision: decision,
        action: action, attempt: attempt, request: try readRequest(row, db))
    }
  }

  func nextDue(adapter: String) throws -> Instant? {
    try ledger.reading("due actions") { db in
      try Int64.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT due FROM actions WHERE adapter = ? AND state = 'ready' AND \(Self.unblocked)
            ORDER BY due, id LIMIT 1
            """), arguments: [adapter])
    }.map(Instant.init(microseconds:))
  }

  func keep(_ request: HTTPRequest, for action: ActionKey) throws {
    try ledger.writing("a request") { db in
      guard let row = try ledger.row(of: action, db) else {
        throw LedgerError.unknownAction(path: ledger.path, key: action)
      }
      // The first stands: what may have been sent is never replaced.
      try db.cachedStatement(
        sql: "INSERT OR IGNORE INTO requests (id, method, path, headers, body) VALUES (?, ?, ?, ?, ?)"
      ).execute(arguments: [
        row, request.method, request.path, try json(request.headers.map { [$0.name, $0.value] }),
        Data(request.body),
      ])
      if db.changesCount == 1 { try Chain.add(.request, row, db) }
    }
  }

  func report(_ attempt: Attempt) { handOver(attempt) }
}

/// The request kept for an action.
func readRequest(_ action: Int64, _ db: Database) throws -> HTTPRequest? {
  let sql = "SELECT method, path, headers, body FROM requests WHERE id = ?"
  guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [action]) else { return nil }
  let headers = try value([[String]].self, json: try row.get("headers"))
  let body: Data = try row.get("body")
  return HTTPRequest(
    method: try row.get("method"), path: try row.get("path"),
    headers: headers.compactMap { $0.count == 2 ? (name: $0[0], value: $0[1]) : nil }, body: [UInt8](body))
}
