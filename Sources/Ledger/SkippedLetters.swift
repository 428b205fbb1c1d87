import Foundation
import GRDB
import Rules

/// A dead letter as it was kept, with its fate.
package struct DeadLetterRow: Sendable, Equatable {
  /// What a person does with a skipped message, once.
  package enum Fate: String, Sendable, CaseIterable {
    /// It was given to the engine again.
    case taken
    /// It stays left out.
    case dropped
  }

  package var id: Int64
  package var letter: DeadLetter
  /// Nil while a skipped message waits for a person, and for all that could not be read.
  package var fate: Fate?

  init(_ row: Row, path: String) throws {
    id = try row.get("id")
    let payload: Data = try row.get("payload")
    letter = DeadLetter(
      source: try row.get("source"), topic: try row.get("topic"), reason: try row.get("reason"),
      detail: try row.get("detail"), payload: [UInt8](payload),
      arrived: Instant(microseconds: try row.get("arrived")))
    if let hash: Int64 = try row.get("hash") {
      letter.skipped = DeadLetter.Skipped(
        hash: UInt64(bitPattern: hash), retained: (try row.get("retained") as Int64?) == 1)
    }
    fate = try knownIfAny(row, "fate", path: path)
  }

  static func one(_ id: Int64, _ db: Database, path: String) throws -> DeadLetterRow? {
    try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM dead_letters WHERE id = ?"), arguments: [id])
      .map { try DeadLetterRow($0, path: path) }
  }

  /// Why a person can do nothing about it; nil when they can.
  static func objection(to id: Int64, _ db: Database, path: String) throws -> String? {
    guard let row = try one(id, db, path: path) else {
      return "there is no dead letter \(id); see 'millwright sources dead-letters'"
    }
    if row.letter.skipped == nil {
      return "dead letter \(id) could not be read (\(row.letter.reason)): have its source send it again"
    }
    return row.fate.map { "dead letter \(id) was \($0.rawValue) already" }
  }
}

extension Ledger {
  /// Messages that are not to be evaluated, because the process ended twice in them and no person has taken them; the
  /// newest so many.
  package func skippedMessages(limit: Int = 10_000) throws(LedgerError) -> Set<UInt64> {
    try reading("skipped messages") { db in
      let sql = "SELECT hash FROM dead_letters WHERE hash IS NOT NULL AND fate IS NOT 'taken' ORDER BY id DESC LIMIT ?"
      return Set(try Int64.fetchAll(db, sql: sql, arguments: [limit]).map { UInt64(bitPattern: $0) })
    }
  }

  /// Whether a skipped message of the same bytes is kept already: one that the broker keeps comes with each connection.
  func isKept(_ hash: UInt64, _ db: Database) throws -> Bool {
    let sql = "SELECT count(*) FROM dead_letters WHERE hash = ? AND fate IS NOT 'taken'"
    return try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [Int64(bitPattern: hash)]) != 0
  }

  func settle(letter id: Int64, as fate: DeadLetterRow.Fate, _ db: Database) throws {
    try db.cachedStatement(sql: "UPDATE dead_letters SET fate = ? WHERE id = ?")
      .execute(arguments: [fate.rawValue, id])
  }
}

extension LedgerReader {
  package func deadLetter(_ id: Int64) throws(LedgerError) -> DeadLetterRow? {
    try reading("a dead letter") { db in try DeadLetterRow.one(id, db, path: path) }
  }

  /// Skipped messages that wait for a person, oldest first.
  package func waitingLetters() throws(LedgerError) -> [DeadLetterRow] {
    try reading("dead letters") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM dead_letters WHERE hash IS NOT NULL AND fate IS NULL ORDER BY id")
        .map { try DeadLetterRow($0, path: path) }
    }
  }
}
