import Foundation
import GRDB
import Rules

/// What checking the whole ledger found.
package struct Verification: Sendable, Equatable {
  /// Entries of the hash chain that are as they were written, up to the first problem.
  package var entries: Int
  /// Batches of the journal that follow each other and can be decoded.
  package var batches: Int
  /// The first thing that is wrong; nil when all is well.
  package var problem: Problem?

  /// What is wrong, and where.
  package struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// What the row is: `decision`, `attempt`, `chain entry`, `batch`.
    package var kind: String
    /// Its number in its table.
    package var id: Int64
    package var what: String
    package var description: String { "\(kind) \(id): \(what)" }
  }
}

extension LedgerReader {
  /// Computes the whole chain again from the rows, and checks what must hold besides, down to SQLite's pages. In one
  /// transaction a table, so a running engine goes on. That the newest rows were cut off together with their entries
  /// shows by the mark in the lock file; for somebody who changed that too, keep the newest hash (`newestHash`)
  /// elsewhere.
  package func verify() throws(LedgerError) -> Verification {
    // Before the ledger is looked at: it only ever grows.
    let mark = WriterLock.mark(beside: path)
    var found = Verification(entries: 0, batches: 0, problem: nil)
    found.problem = try checkPages()
    if found.problem == nil { found.problem = try checkEnd(mark) }
    if found.problem == nil { found.problem = try checkChain(&found.entries) }
    if found.problem == nil { found.problem = try checkUnchained() }
    if found.problem == nil { found.problem = try checkStates() }
    if found.problem == nil { found.problem = try checkJournal(&found.batches) }
    return found
  }

  /// The newest entry's number and hash in hex: what to keep outside, to show later that nothing was cut off.
  package func newestHash() throws(LedgerError) -> (entry: Int64, hash: String)? {
    try reading("the chain") { db in
      try Row.fetchOne(db, sql: "SELECT seq, lower(hex(hash)) AS hash FROM chain ORDER BY seq DESC LIMIT 1")
        .map { (try $0.get("seq"), try $0.get("hash")) }
    }
  }

  /// That each table and its indexes say the same, and that no page is damaged.
  private func checkPages() throws(LedgerError) -> Verification.Problem? {
    let tables = try reading("the tables") { db in
      try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    }
    for table in ["sqlite_schema"] + tables {
      let said = try reading("the pages of \(table)") { db in
        try String.fetchOne(db, sql: "SELECT * FROM pragma_integrity_check(?)", arguments: [table]) ?? "nothing"
      }
      if said != "ok" { return .init(kind: "table", id: 0, what: "\(table): \(said)") }
    }
    return nil
  }

  private func checkEnd(_ mark: HighWaterMark?) throws(LedgerError) -> Verification.Problem? {
    guard let mark else { return nil }
    let id = try id()
    let isKept = try reading("the newest rows") { db in try mark.isKept(in: db, ledger: id) }
    return isKept ? nil : .init(kind: "ledger", id: 0, what: "\(mark) were committed and are gone")
  }

  private func checkChain(_ entries: inout Int) throws(LedgerError) -> Verification.Problem? {
    var previous = Chain.root
    var seq: Int64 = 0
    while true {
      var (hash, last, problem) = (previous, seq, nil as Verification.Problem?)
      let isEnd = try reading("the chain") { db in
        let rows = try Row.fetchAll(
          db.cachedStatement(sql: "SELECT seq, kind, row, hash FROM chain WHERE seq > ? ORDER BY seq LIMIT 1000"),
          arguments: [last])
        for row in rows {
          problem = try check(entry: row, seq: last + 1, after: hash, db)
          if problem != nil { return true }
          hash = try row.get("hash")
          last += 1
        }
        return rows.isEmpty
      }
      entries = Int(last)
      if isEnd { return problem }
      (previous, seq) = (hash, last)
    }
  }

  private func check(entry: Row, seq: Int64, after previous: Data, _ db: Database) throws -> Verification.Problem? {
    guard try entry.get("seq") == seq else { return .init(kind: "chain entry", id: seq, what: "it is missing") }
    let raw: Int64 = try entry.get("kind")
    guard let kind = UInt8(exactly: raw).flatMap(Chain.Kind.init) else {
      return .init(kind: "chain entry", id: seq, what: "it is of unknown kind \(raw)")
    }
    let row: Int64 = try entry.get("row")
    guard let hash = try Chain.hash(kind, row, after: previous, db) else {
      return .init(kind: kind.name, id: row, what: "it is missing (chain entry \(seq))")
    }
    let stored: Data = try entry.get("hash")
    guard hash == stored else {
      return .init(kind: kind.name, id: row, what: "it is not as it was written (chain entry \(seq))")
    }
    return nil
  }

  private func checkUnchained() throws(LedgerError) -> Verification.Problem? {
    for kind in Chain.Kind.allCases {
      let row = try reading("\(kind.name)s") { db in try Int64.fetchOne(db, sql: kind.unchained) }
      if let row { return .init(kind: kind.name, id: row, what: "it is not in the chain: somebody else put it in") }
    }
    return try reading("references") { db in
      try Row.fetchOne(db, sql: "PRAGMA foreign_key_check").map { row in
        let table: String = try row.get("table")
        return .init(kind: table, id: try row.get("rowid") ?? 0, what: "what it belongs to is missing")
      }
    }
  }

  private func checkStates() throws(LedgerError) -> Verification.Problem? {
    try reading("actions") { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT id, state, said FROM (
            SELECT id, state, coalesce((
              SELECT state FROM action_events WHERE action = actions.id ORDER BY seq DESC LIMIT 1), 'nothing') AS said
            FROM actions)
          WHERE state IS NOT said LIMIT 1
          """)
      return try row.map { row in
        let (state, said): (String, String) = (try row.get("state"), try row.get("said"))
        return .init(
          kind: "action", id: try row.get("id"), what: "it is '\(state)' and its newest event says '\(said)'")
      }
    }
  }

  private func checkJournal(_ batches: inout Int) throws(LedgerError) -> Verification.Problem? {
    do {
      try read(
        journal: path, from: .min,
        using: { sql, arguments throws(LedgerError) in
          let rows = try reading("the journal") { db in try Row.fetchAll(db, sql: sql, arguments: arguments) }
          batches += rows.count { $0.hasColumn("bytes") }
          return rows
        }, { _, _ in })
      return nil
    } catch LedgerError.damagedBatch(_, let first, let why) {
      batches = try reading("the journal") { db in
        try Int.fetchOne(db, sql: "SELECT count(*) FROM batches WHERE first_input < ?", arguments: [first]) ?? 0
      }
      return .init(kind: "batch", id: first, what: why)
    } catch let error as LedgerError {
      throw error
    } catch {
      throw .cannotRead(path: path, what: "the journal", why: "\(error)")
    }
  }
}
