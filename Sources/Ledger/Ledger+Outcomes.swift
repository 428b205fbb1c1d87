import GRDB
import Rules

/// What look-ups found, and what became of orders.
extension Ledger {
  /// How long after an order was accepted its status is first asked for.
  private static let firstFollow = TimeSpan.seconds(10)

  /// A look-up brought back as an input: what it found, and where the action stands now. An action that a person has
  /// moved meanwhile stays where it is, but for one to be sent again that was found after all.
  func settle(_ lookUp: LookUp, input: Int64, _ db: Database) throws {
    guard let row = try row(of: lookUp.action, db) else {
      throw LedgerError.unknownAction(path: path, key: lookUp.action)
    }
    let (answer, detail) =
      switch lookUp.answer {
      case .found(let reference): ("found", reference)
      case .absent: ("absent", "it is not there")
      case .unknown(let why): ("unknown", why)
      }
    try db.cachedStatement(
      sql: """
        INSERT INTO look_ups (action, number, began, ended, status, answer, detail, next, due, input)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      row, lookUp.number, lookUp.began.microseconds, lookUp.ended.microseconds, lookUp.status, answer, detail,
      lookUp.next.rawValue, lookUp.due?.microseconds, input,
    ])
    try Chain.add(.lookUp, db.lastInsertedRowID, db)
    if case .found(let reference) = lookUp.answer {
      try keepReceipt(reference, of: row, at: lookUp.ended, db)
    }
    let found = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT state, kind FROM actions WHERE id = ?"), arguments: [row])
    guard let found else { return }
    let state: ActionState = try known(found, "state", path: path)
    let isThere = lookUp.next == .settled || lookUp.next == .merged
    guard state == .unknown || (state == .ready && isThere) else { return }
    let kind: ActionKind = try known(found, "kind", path: path)
    // A setpoint whose fate is not known is never sent again, whatever anyone concludes.
    guard kind != .setpoint || isThere else { return }
    try move(row, to: lookUp.next, due: lookUp.due?.microseconds, at: lookUp.ended, why: "looked up: \(lookUp.why)", db)
    if isThere { try beginFollowing(row, kind, from: lookUp.ended, db) }
  }

  /// What an order's system says of it.
  func record(_ status: OrderStatus, input: Int64, _ db: Database) throws {
    guard let row = try row(of: status.action, db) else {
      throw LedgerError.unknownAction(path: path, key: status.action)
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO outcomes (action, at, standing, cause, cost, currency, started, done, input)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      row, status.at.microseconds, status.standing.rawValue, status.cause, status.cost?.hundredths,
      status.cost?.currency, status.started?.microseconds, status.done?.microseconds, input,
    ])
    try Chain.add(.outcome, db.lastInsertedRowID, db)
    if status.standing.isFinal {
      try db.cachedStatement(sql: "UPDATE actions SET follow_due = NULL WHERE id = ?").execute(arguments: [row])
    }
  }

  /// The other system has it, under this name.
  func keepReceipt(_ reference: String, of row: Int64, at time: Instant, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO receipts (action, reference, received) VALUES (?, ?, ?)")
      .execute(arguments: [row, reference, time.microseconds])
    try Chain.add(.receipt, db.lastInsertedRowID, db)
  }

  /// A work order has a fate: from here on it is asked for, by an adapter that can.
  func beginFollowing(_ row: Int64, _ kind: ActionKind, from time: Instant, _ db: Database) throws {
    guard kind == .workOrder else { return }
    try db.cachedStatement(sql: "UPDATE actions SET follow_due = ? WHERE id = ?")
      .execute(arguments: [(time + Ledger.firstFollow).microseconds, row])
  }
}

extension LookUp {
  /// For the action's history.
  fileprivate var why: String {
    switch answer {
    case .found(let reference) where next == .merged: "its trouble has the open order \(reference)"
    case .found(let reference): "it is there as \(reference)"
    case .absent where next == .unknown: "it is not there under this key"
    case .absent: "it is not there"
    case .unknown(let why): why
    }
  }

  init(_ row: Row, of action: ActionKey, path: String) throws {
    let (word, detail): (String, String) = (try row.get("answer"), try row.get("detail"))
    let answer: Answer
    switch word {
    case "found": answer = .found(reference: detail)
    case "absent": answer = .absent
    case "unknown": answer = .unknown(detail)
    default: throw LedgerError.damagedRow(path: path, what: "a look-up of \(action) answered '\(word)'")
    }
    self.init(
      action: action, number: try row.get("number"), began: Instant(microseconds: try row.get("began")),
      ended: Instant(microseconds: try row.get("ended")), status: try row.get("status"), answer: answer,
      next: try known(row, "next", path: path), due: instant(try row.get("due")))
  }
}

extension OrderStatus {
  init(_ row: Row, of action: ActionKey, path: String) throws {
    let (cost, currency): (Int64?, String?) = (try row.get("cost"), try row.get("currency"))
    self.init(
      action: action, at: Instant(microseconds: try row.get("at")), standing: try known(row, "standing", path: path),
      cause: try row.get("cause"), cost: cost.map { Money(hundredths: $0, currency: currency ?? "") },
      started: instant(try row.get("started")), done: instant(try row.get("done")))
  }
}
