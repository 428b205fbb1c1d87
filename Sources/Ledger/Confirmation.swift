import Foundation
import GRDB
import Rules

/// Nothing is sent on the word of rows that are not as they were written: between two runs of `verify` a bit may
/// have flipped, and an index may say what its table does not.
func confirm(action: Int64, is state: ActionState, _ db: Database, path: String) throws {
  let row = try Row.fetchOne(
    db.cachedStatement(sql: "SELECT decision, number, state FROM actions WHERE id = ?"), arguments: [action])
  guard let row, try known(row, "state", path: path) == state else {
    throw LedgerError.damagedRow(path: path, what: "action \(action) is not \(state.rawValue), as its index says")
  }
  let (decision, number): (Int64, Int) = (try row.get("decision"), try row.get("number"))
  let found = try Int64.fetchOne(
    db.cachedStatement(sql: "SELECT id FROM actions WHERE decision = ? AND number = ?"), arguments: [decision, number])
  guard found == action else {
    throw LedgerError.damagedRow(path: path, what: "action \(action) is not found by its decision")
  }
  let newest = try Row.fetchOne(
    db.cachedStatement(sql: "SELECT id, state FROM action_events WHERE action = ? ORDER BY seq DESC LIMIT 1"),
    arguments: [action])
  guard let newest, try known(newest, "state", path: path) == state else {
    throw LedgerError.damagedRow(path: path, what: "action \(action) is not what its newest event says")
  }
  try Chain.confirm(.decision, decision, db, path: path)
  try Chain.confirm(.action, action, db, path: path)
  try Chain.confirm(.event, try newest.get("id"), db, path: path)
  if try Int64.fetchOne(db.cachedStatement(sql: "SELECT 1 FROM requests WHERE id = ?"), arguments: [action]) != nil {
    try Chain.confirm(.request, action, db, path: path)
  }
}

/// The newest key on the wire must be what this ledger's id makes of it: another id would give other keys.
func confirm(ledger id: String, _ db: Database, path: String) throws {
  let newest = try Row.fetchOne(
    db,
    sql: """
      SELECT rule, asset, time, repeated, number, wire_key
      FROM actions JOIN decisions ON decisions.id = actions.decision ORDER BY actions.id DESC LIMIT 1
      """)
  guard let newest else { return }
  let key = ActionKey(decision: try DecisionKey(newest), number: try newest.get("number"))
  guard try newest.get("wire_key") == wireKey(ledger: id, action: key) else {
    throw LedgerError.damagedRow(path: path, what: "its id '\(id)' did not make the key of \(key)")
  }
}

extension Chain {
  /// Throws when a row is not as it was written, by its own entry and the one before it.
  static func confirm(_ kind: Kind, _ row: Int64, _ db: Database, path: String) throws {
    let entry = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT seq, hash FROM chain WHERE kind = ? AND row = ?"),
      arguments: [Int64(kind.rawValue), row])
    guard let entry else {
      throw LedgerError.damagedRow(path: path, what: "\(kind.name) \(row) is not in the chain")
    }
    let (seq, stored): (Int64, Data) = (try entry.get("seq"), try entry.get("hash"))
    let before = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT hash FROM chain WHERE seq = ?"), arguments: [seq &- 1])
    let previous: Data = try before?.get("hash") ?? root
    guard try hash(kind, row, after: previous, db) == stored else {
      throw LedgerError.damagedRow(path: path, what: "\(kind.name) \(row) is not as it was written")
    }
  }
}
