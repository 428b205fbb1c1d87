import Foundation
import GRDB
import Rules

/// How an action is taken up: to be sent, to be looked up, to be followed. Each runs in the queue's transaction.
extension Ledger {
  /// Marks an action *sending*; nil when it is not to be sent after all, and says so in its history. Where what became
  /// of orders can be known, a recurrence need not make another.
  func claim(_ row: Int64, refusal: String?, skills: AdapterSkills, at now: Instant, _ db: Database) throws -> Errand? {
    try confirm(action: row, is: .ready, db, path: path)
    var claim = try readClaim(row, db)
    if let until = claim.action.setpoint?.validUntil, until <= now {
      try move(row, to: .expired, due: nil, at: now, why: "not sent by \(until), when it became void", db)
      return nil
    }
    if let refusal {
      try move(row, to: .refused, due: nil, at: now, why: refusal, db)
      return nil
    }
    claim.attempt += 1
    if let closed = claim.action.closes, claim.action.kind == .workOrder {
      return try claimComment(claim, row, on: closed, skills, at: now, db)
    }
    // What has a request may have been sent: it is sent again, and never merged.
    let order = skills.contains(.status) && claim.request == nil ? try openOrder(for: claim, row, db) : nil
    try move(row, to: .sending, due: nil, at: now, why: "attempt \(claim.attempt)", db)
    try db.cachedStatement(sql: "UPDATE actions SET attempts = ?, merged_into = ? WHERE id = ?")
      .execute(arguments: [claim.attempt, order?.row, row])
    return order.map { .join(claim, $0.order) } ?? .send(claim)
  }

  /// Takes the next look-up of an unknown action. It has no time for another until this one is reported, or until the
  /// next start.
  func takeLookUp(_ row: Int64, _ db: Database) throws -> Errand? {
    try confirm(action: row, is: .unknown, db, path: path)
    var claim = try readClaim(row, db)
    try db.cachedStatement(sql: "UPDATE actions SET due = NULL WHERE id = ?").execute(arguments: [row])
    // Found or not, nothing settles it but a person or a read-back: it must not be sent a second time.
    if claim.action.kind == .setpoint { return nil }
    let made = try Int.fetchOne(
      db.cachedStatement(sql: "SELECT coalesce(max(number), 0) FROM look_ups WHERE action = ?"), arguments: [row])
    claim.doubt = try Doubt(about: row, db)
    if claim.isInDoubt { claim.known = try known(besides: row, claim, db) }
    return .lookUp(claim, number: (made ?? 0) + 1)
  }

  /// What rules of the same asset have asked for on the asset it works on; more than is ever open.
  private func known(besides row: Int64, _ claim: Claim, _ db: Database) throws -> [KnownOrder] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT wire_key, (SELECT reference FROM receipts WHERE action = actions.id ORDER BY id DESC LIMIT 1) AS reference
          FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE asset = ?1 AND on_asset IS ?2 AND actions.id <> ?3 AND closes IS NULL
            AND (attempts > 0 OR reference IS NOT NULL)
          ORDER BY actions.id DESC LIMIT 200
          """), arguments: [claim.decision.key.asset, claim.action.on?.path, row]
    ).map { KnownOrder(key: try $0.get("wire_key"), reference: try $0.get("reference")) }
  }

  func follow(_ row: Int64, _ db: Database) throws -> Errand? {
    try .follow(readClaim(row, db), readOrder(row, recurrences: recurrences(of: row, db), db))
  }

  func action(_ row: Int64, _ db: Database) throws -> (Decision, Action) {
    let claim = try readClaim(row, db)
    return (claim.decision, claim.action)
  }

  private func readClaim(_ row: Int64, _ db: Database) throws -> Claim {
    let found = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT decision, number, wire_key, attempts FROM actions WHERE id = ?"),
      arguments: [row])
    guard let found else { throw LedgerError.damagedRow(path: path, what: "action \(row) is missing") }
    let number: Int = try found.get("number")
    let attempts: Int = try found.get("attempts")
    guard (0..<Int(Int32.max)).contains(attempts) else {
      throw LedgerError.damagedRow(path: path, what: "action \(row) was attempted \(attempts) times")
    }
    let decision = try readDecision(try found.get("decision"), db, path: path)
    guard let action = decision.actions.first(where: { $0.number == number }) else {
      throw LedgerError.damagedRow(path: path, what: "action \(row) is not among its decision's")
    }
    return Claim(
      key: ActionKey(decision: decision.key, number: number), wireKey: try found.get("wire_key"), decision: decision,
      action: action, attempt: attempts, request: try readRequest(row, db))
  }

  /// What is to be said on the order that an action of the same decision made, or was counted on.
  private func claimComment(
    _ claim: Claim, _ row: Int64, on closed: Int, _ skills: AdapterSkills, at now: Instant, _ db: Database
  ) throws -> Errand? {
    guard skills.contains(.comment) else {
      try move(row, to: .cancelled, due: nil, at: now, why: "its adapter says nothing on orders", db)
      return nil
    }
    guard let made = try orderToSpeakOn(claim.decision.key, closed, db) else {
      try move(row, to: .cancelled, due: nil, at: now, why: "there is no open order to say it on", db)
      return nil
    }
    let order = try readOrder(made, recurrences: recurrences(of: made, db), db)
    try move(row, to: .sending, due: nil, at: now, why: "attempt \(claim.attempt)", db)
    try db.cachedStatement(sql: "UPDATE actions SET attempts = ?, merged_into = ? WHERE id = ?")
      .execute(arguments: [claim.attempt, made, row])
    return .comment(claim, order)
  }

  /// Nil when none was made, or it is known to be at its end.
  private func orderToSpeakOn(_ decision: DecisionKey, _ number: Int, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT made.id
          FROM decisions JOIN actions AS closed ON closed.decision = decisions.id AND closed.number = ?2
            JOIN actions AS made
              ON made.id = CASE closed.state WHEN 'merged' THEN coalesce(closed.merged_into, closed.id) ELSE closed.id END
          WHERE decisions.key = ?1 AND made.state IN ('settled', 'merged')
            AND coalesce((SELECT standing FROM outcomes WHERE action = made.id ORDER BY id DESC LIMIT 1), 'open')
              NOT IN ('done', 'cancelled')
          """), arguments: [decision.description, number])
  }

  // MARK: One incident, one order

  /// The newest order of the same rule's same action on the same asset that is not known to be at its end; one that was
  /// just taken, of which nothing was heard yet, is open. One action of a rule is told from another by its number.
  private func openOrder(for claim: Claim, _ row: Int64, _ db: Database) throws -> (row: Int64, order: OpenOrder)? {
    guard claim.action.kind == .workOrder else { return nil }
    let found = try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT actions.id FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE adapter = ?1 AND follow_due IS NOT NULL AND state IN ('settled', 'merged') AND kind = 'work_order'
            AND rule = ?2 AND asset = ?3 AND number = ?4 AND on_asset IS ?6 AND actions.id < ?5
            AND coalesce((SELECT standing FROM outcomes WHERE action = actions.id ORDER BY id DESC LIMIT 1), 'open')
              IN ('open', 'in_progress')
          ORDER BY actions.id DESC LIMIT 1
          """),
      arguments: [
        claim.action.adapter, claim.decision.key.rule, claim.decision.key.asset, claim.action.number, row,
        claim.action.on?.path,
      ])
    return try found.map { ($0, try readOrder($0, recurrences: recurrences(of: $0, db) + 1, db)) }
  }

  /// How many actions were merged into an order; what was said when the condition cleared is none.
  private func recurrences(of row: Int64, _ db: Database) throws -> Int {
    try Int.fetchOne(
      db.cachedStatement(
        sql: "SELECT count(*) FROM actions WHERE merged_into = ? AND state = 'merged' AND closes IS NULL"),
      arguments: [row]) ?? 0
  }

  private func readOrder(_ row: Int64, recurrences: Int, _ db: Database) throws -> OpenOrder {
    let found = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT rule, asset, time, repeated, number, wire_key, receipts.id AS receipt, reference, received
          FROM actions JOIN decisions ON decisions.id = actions.decision
            JOIN receipts ON receipts.action = actions.id
          WHERE actions.id = ? ORDER BY receipts.id LIMIT 1
          """), arguments: [row])
    guard let found else { throw LedgerError.damagedRow(path: path, what: "action \(row) has no receipt") }
    try Chain.confirm(.receipt, try found.get("receipt"), db, path: path)
    let key = ActionKey(decision: try DecisionKey(found), number: try found.get("number"))
    let newest = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT * FROM outcomes WHERE action = ? ORDER BY id DESC LIMIT 1"), arguments: [row])
    if let newest { try Chain.confirm(.outcome, try newest.get("id"), db, path: path) }
    let known = try newest.map { try OrderStatus($0, of: key, path: path) }
    return OpenOrder(
      action: key, wireKey: try found.get("wire_key"), reference: try found.get("reference"),
      recurrences: recurrences, known: known, since: try known?.at ?? Instant(microseconds: found.get("received")))
  }
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
