import Foundation
import GRDB
import Rules

// Keeping the ledger small: what the site does not want kept goes, a little at a time.
extension Ledger {
  /// One small step at a time, so that no commit waits long: so many batches,
  private static let batchesAStep = 64
  /// or so many bytes of them,
  private static let bytesAStep = 4 << 20
  /// and so many free pages given back to the file system.
  private static let pagesAStep = 256

  /// Takes a step towards what is to be kept: forgets snapshots between the hours, cuts the journal's oldest batches
  /// where a snapshot begins, gives free pages back. `now` is the wall clock.
  package func tidy(now: Instant) throws(LedgerError) {
    let (snapshot, target, free) = try reading("what is kept") { db -> (Int64?, Int64?, Int) in
      let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count")
      return (try superfluousSnapshot(db), try cuttingPoint(now, db), free ?? 0)
    }
    if let snapshot { try writing("what is kept") { db in try forget(snapshot: snapshot, db) } }
    if let target { try writing("a cut of the journal") { db in try cut(before: target, now, db) } }
    if free > Ledger.pagesAStep * 4 {
      try withoutTransaction("free pages") { db in
        // Gives back only what its rows are asked for.
        _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(Ledger.pagesAStep))")
      }
    }
  }

  /// Bytes in use: what is not free to be written again.
  package var bytes: Int64 { get throws(LedgerError) { try reading("its size") { db in try size(db) } } }

  /// Neither one of the newest two nor the first of its hour.
  private func superfluousSnapshot(_ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT next FROM (
            SELECT next, row_number() OVER (ORDER BY next DESC) AS age,
              row_number() OVER (PARTITION BY taken / 3600000000 ORDER BY next) AS place
            FROM snapshots)
          WHERE age > 2 AND place > 1 ORDER BY next LIMIT 1
          """))
  }

  private func forget(snapshot next: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM snapshots WHERE next = ?").execute(arguments: [next])
    try db.cachedStatement(sql: "DELETE FROM snapshot_pieces WHERE next = ?").execute(arguments: [next])
  }

  /// The input before which the journal may be cut now; nil when there is nothing to cut.
  private func cuttingPoint(_ now: Instant, _ db: Database) throws -> Int64? {
    guard let first = try Int64.fetchOne(db.cachedStatement(sql: "SELECT min(first_input) FROM batches")) else {
      return nil
    }
    let byAge = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT max(next) FROM snapshots WHERE taken < ?"),
      arguments: [(now - retention.age).microseconds])
    var target = byAge ?? 0
    if try size(db) > retention.size {
      let next = try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT min(next) FROM snapshots WHERE next > ?"), arguments: [first])
      target = max(target, next ?? 0)
    }
    return target > first ? target : nil
  }

  /// Bytes in use: free pages are no reason to cut.
  private func size(_ db: Database) throws -> Int64 {
    let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    let free = try Int64.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    return (pages - free) * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
  }

  private func cut(before target: Int64, _ now: Instant, _ db: Database) throws {
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT first_input, count, length(bytes) AS length, hash FROM batches
          WHERE first_input + count <= ? ORDER BY first_input LIMIT ?
          """), arguments: [target, Ledger.batchesAStep])
    var bytes = 0
    var last: (next: Int64, hash: Data?)?
    for row in rows where bytes < Ledger.bytesAStep {
      bytes += try row.get("length")
      let (first, count): (Int64, Int64) = (try row.get("first_input"), try row.get("count"))
      last = (first + count, try row.get("hash"))
    }
    guard let last else { return }
    try db.cachedStatement(sql: "DELETE FROM batches WHERE first_input < ?").execute(arguments: [last.next])
    try db.cachedStatement(sql: "INSERT OR REPLACE INTO cuts (id, before, at, hash) VALUES (1, ?, ?, ?)")
      .execute(arguments: [last.next, now.microseconds, last.hash])
    // A snapshot whose journal is gone leads nowhere.
    for next in try Int64.fetchAll(
      db.cachedStatement(sql: "SELECT next FROM snapshots WHERE next < ?"), arguments: [last.next])
    {
      try forget(snapshot: next, db)
    }
  }
}
