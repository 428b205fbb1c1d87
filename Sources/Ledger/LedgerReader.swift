import Foundation
import GRDB
import Rules
import Synchronization

/// The ledger read-only, for subcommands beside a running engine: each question is one short transaction that
/// sees what was committed, and the engine never waits for it.
package final class LedgerReader: Sendable {
  package let path: String
  private let queue: DatabaseQueue
  private let mayInterrupt = Mutex(false)

  /// Throws when there is no ledger at `path`, or one that this version cannot read.
  package init(path: String) throws(LedgerError) {
    self.path = path
    guard access(path, F_OK) == 0 else { throw .notFound(path: path) }
    var configuration = GRDB.Configuration()
    configuration.label = "ledger-reader"
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      try OlderSchema.fill(db)
      try db.execute(sql: "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
      try db.execute(sql: "PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 0")
    }
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw .opening(path, error)
    }
    try checkSchema(queue, path: path, isWriter: false)
  }

  /// Ends what `interruptibly` does at the moment: it throws.
  func interrupt() { mayInterrupt.withLock { if $0 { queue.interrupt() } } }

  /// Within a question, what `interrupt` may end. Its transaction is not: the end of one must not be interrupted.
  func interruptibly<T>(_ body: () throws -> T) rethrows -> T {
    mayInterrupt.withLock { $0 = true }
    defer { mayInterrupt.withLock { $0 = false } }
    return try body()
  }

  /// The ledger's random id.
  package func id() throws(LedgerError) -> String {
    try reading("meta") { db in try String.fetchOne(db, sql: "SELECT ledger FROM meta") ?? "" }
  }

  /// The texts of what decides now, by name; empty before anything did.
  package func versions() throws(LedgerError) -> [(name: String, text: String)] {
    try reading("the texts of a configuration") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT name, text FROM texts
          WHERE hash = (SELECT hash FROM configs ORDER BY number DESC LIMIT 1) ORDER BY name
          """
      ).map { (try $0.get("name"), try $0.get("text")) }
    }
  }

  /// Every input from `number` on, in order.
  package func replay(from number: Int64, _ body: (Int64, Input) throws -> Void) throws {
    try read(
      journal: path, from: number,
      using: { sql, arguments throws(LedgerError) in
        try reading("the journal") { db in try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments) }
      }, body)
  }

  /// Newest first: by data time, then by number.
  package func decisions(
    limit: Int = 50, rule: String? = nil, asset: String? = nil, since: Instant? = nil
  ) throws(LedgerError) -> [DecisionRow] {
    try reading("decisions") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM decisions
          WHERE (?1 IS NULL OR rule = ?1) AND (?2 IS NULL OR asset = ?2 OR substr(asset, -length(?2) - 1) = '/' || ?2) AND (?3 IS NULL OR time >= ?3)
          ORDER BY time DESC, id DESC LIMIT ?4
          """, arguments: [rule, asset, since?.microseconds, limit]
      ).map { row in
        let id: Int64 = try row.get("id")
        return DecisionRow(
          id: id, key: try DecisionKey(row), title: try row.get("title"), owner: try row.get("owner"),
          consequence: try knownIfAny(row, "consequence", path: path), tier: try known(row, "tier", path: path),
          actions: try Row.fetchAll(
            db.cachedStatement(sql: "SELECT state FROM actions WHERE decision = ? ORDER BY number"), arguments: [id]
          ).map { try known($0, "state", path: path) })
      }
    }
  }

  /// The whole story of one decision, by its number in this ledger or its key; nil when there is none.
  package func decision(matching text: String) throws(LedgerError) -> DecisionStory? {
    try reading("a decision") { db in
      let id = try Int64.fetchOne(
        db, sql: "SELECT id FROM decisions WHERE key = ?1 OR id = ?2", arguments: [text, Int64(text)])
      return try id.map { try readStory($0, db, path: path) }
    }
  }

  /// By rule, then asset.
  package func conditions() throws(LedgerError) -> [ConditionRecord] {
    try reading("conditions") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM conditions ORDER BY rule, asset").map { row in
        ConditionRecord(
          rule: try row.get("rule"), asset: try row.get("asset"), phase: try row.get("phase"),
          since: Instant(microseconds: try row.get("since")),
          blindSince: instant(try row.get("blind_since")), blindReading: try row.get("blind_reading"))
      }
    }
  }

  /// Oldest first; nil is every state.
  package func actions(state: ActionState? = nil, limit: Int = 1000) throws(LedgerError) -> [ActionRow] {
    try reading("actions") { db in try ActionRow.all(db, state: state, limit: limit, path: path) }
  }

  /// Newest first.
  package func heldBack(
    limit: Int = 50, rule: String? = nil, asset: String? = nil, since: Instant? = nil
  ) throws(LedgerError) -> [HeldBackRow] {
    try reading("held-back decisions") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM held_back
          WHERE (?1 IS NULL OR rule = ?1) AND (?2 IS NULL OR asset = ?2 OR substr(asset, -length(?2) - 1) = '/' || ?2) AND (?3 IS NULL OR time >= ?3)
          ORDER BY time DESC, id DESC LIMIT ?4
          """, arguments: [rule, asset, since?.microseconds, limit]
      ).map { row in
        let columns = try HeldBackColumns(row)
        guard let reason = columns.known else {
          throw LedgerError.damagedRow(path: path, what: "a decision held back for '\(columns.reason)'")
        }
        var heldBack = HeldBack(
          rule: try row.get("rule"), asset: try row.get("asset"), time: Instant(microseconds: try row.get("time")),
          since: Instant(microseconds: try row.get("since")), reason: reason,
          evidence: try value([EvidenceColumns].self, json: try row.get("evidence")).map {
            try read(evidence: $0, path: path)
          })
        let times: Int64? = try row.get("times")
        heldBack.count = Int(clamping: times ?? 1)
        return HeldBackRow(id: try row.get("id"), heldBack: heldBack, last: instant(try row.get("last")))
      }
    }
  }

  /// Newest first.
  package func reports(limit: Int = 50) throws(LedgerError) -> [Report] {
    try reading("reports") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM reports ORDER BY id DESC LIMIT ?", arguments: [limit]).map { row in
        Report(
          try known(row, "kind", path: path), time: Instant(microseconds: try row.get("time")),
          rule: try row.get("rule"),
          asset: try row.get("asset"), text: try row.get("text"))
      }
    }
  }

  /// The kept ones, newest first.
  package func deadLetters(limit: Int = 50) throws(LedgerError) -> [DeadLetterRow] {
    try reading("dead letters") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM dead_letters ORDER BY id DESC LIMIT ?", arguments: [limit])
        .map { try DeadLetterRow($0, path: path) }
    }
  }

  /// Of every source and reason, kept or not.
  package func deadLetterCounts() throws(LedgerError) -> [DeadLetterCount] {
    try reading("dead letters") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM dead_letter_counts ORDER BY source, reason").map { row in
        DeadLetterCount(
          source: try row.get("source"), reason: try row.get("reason"), count: try row.get("count"),
          last: Instant(microseconds: try row.get("last")))
      }
    }
  }

  package func counts() throws(LedgerError) -> LedgerCounts {
    try reading("counts") { db in
      var actions: [ActionState: Int] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS count FROM actions GROUP BY state") {
        actions[try known(row, "state", path: path)] = try row.get("count")
      }
      return LedgerCounts(
        inputs: try Int64.fetchOne(db, sql: "SELECT total(count) FROM batches") ?? 0,
        decisions: try Int.fetchOne(db, sql: "SELECT count(*) FROM decisions") ?? 0,
        heldBack: try Int.fetchOne(db, sql: "SELECT count(*) FROM held_back") ?? 0, actions: actions,
        deadLetters: try Int.fetchOne(db, sql: "SELECT total(count) FROM dead_letter_counts") ?? 0)
    }
  }

  func reading<T>(_ what: String, _ body: (Database) throws -> T) throws(LedgerError) -> T {
    do {
      return try queue.read(body)
    } catch {
      throw .reading(what, path, error)
    }
  }
}
