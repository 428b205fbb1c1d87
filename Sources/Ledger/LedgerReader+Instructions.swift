import GRDB
import Glibc
import Rules

/// Why nothing is sent, while nothing is.
package struct HaltRow: Sendable, Equatable {
  package var since: Instant
  /// A person's id, or `restore`.
  package var who: String
  package var why: String

  /// Nil while actions are sent.
  static func standing(_ db: Database) throws -> HaltRow? {
    let sql = "SELECT at, halted, who, why FROM halts ORDER BY id DESC LIMIT 1"
    guard let row = try Row.fetchOne(db.cachedStatement(sql: sql)) else { return nil }
    let halted: Int64 = try row.get("halted")
    guard halted != 0 else { return nil }
    return HaltRow(since: Instant(microseconds: try row.get("at")), who: try row.get("who"), why: try row.get("why"))
  }
}

/// An instruction as it was kept, and what it did.
package struct InstructionRow: Sendable, Equatable {
  package var at: Instant
  package var person: String
  /// approve, reject, retry, drop, verdict, halt, resume, shelve, unshelve, out, in, reset, restored
  package var act: String
  package var detail: String
  /// Why it changed nothing; nil when it was carried out.
  package var refusal: String?

  init(_ row: Row) throws {
    at = Instant(microseconds: try row.get("at"))
    person = try row.get("person")
    act = try row.get("act")
    detail = try row.get("detail")
    refusal = try row.get("refusal")
  }
}

/// What a person's word is about, and its result.
extension LedgerReader {
  /// An action by its number in this ledger, or by its key; nil when there is none.
  package func action(matching text: String) throws(LedgerError) -> ActionRow? {
    let slash = text.lastIndex(of: "/")
    let decision = slash.map { String(text[..<$0]) }
    let number = slash.flatMap { Int64(text[text.index(after: $0)...]) }
    return try reading("an action") { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT actions.*, rule, asset, time, repeated
          FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE actions.id = ?1 OR (decisions.key = ?2 AND actions.number = ?3)
          """, arguments: [Int64(text), decision, number]
      ).map { try ActionRow($0, path: path) }
    }
  }

  /// A decision's key and its actions, by its number in this ledger or its key; nil when there is none.
  package func actions(ofDecision text: String) throws(LedgerError) -> (key: DecisionKey, actions: [ActionRow])? {
    try reading("a decision") { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT id, rule, asset, time, repeated FROM decisions WHERE key = ?1 OR id = ?2",
        arguments: [text, Int64(text)])
      guard let row else { return nil }
      let id: Int64 = try row.get("id")
      let actions = try Row.fetchAll(
        db,
        sql: """
          SELECT actions.*, rule, asset, time, repeated
          FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE actions.decision = ? ORDER BY number
          """, arguments: [id]
      ).map { try ActionRow($0, path: path) }
      return (try DecisionKey(row), actions)
    }
  }

  /// Why an act does not apply now; nil when it does.
  package func objection(to act: Instruction.Act) throws(LedgerError) -> String? {
    try reading("what an instruction is about") { db in try act.objection(db, path: path) }
  }

  /// What became of an instruction; nil when it is not in the ledger.
  package func row(of instruction: Instruction) throws(LedgerError) -> InstructionRow? {
    let columns = InstructionColumns(instruction.act)
    return try reading("an instruction") { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT * FROM instructions WHERE at = ? AND person = ? AND act = ? AND subject IS ?
          ORDER BY id DESC LIMIT 1
          """, arguments: [instruction.at.microseconds, instruction.person, columns.act, columns.subject]
      ).map { try InstructionRow($0) }
    }
  }

  /// Why nothing is sent; nil while actions are.
  package func halt() throws(LedgerError) -> HaltRow? {
    try reading("whether it is halted") { db in try HaltRow.standing(db) }
  }

  /// Numbers of the unknown actions that are still to be looked up in the other system.
  package func awaitingLookUp() throws(LedgerError) -> [Int64] {
    try reading("actions") { db in
      try Int64.fetchAll(db, sql: "SELECT id FROM actions WHERE state = 'unknown' AND due IS NOT NULL ORDER BY id")
    }
  }

  /// Since when the oldest action that is not settled waits to be sent or to be known, by the clock of its last step.
  package func oldestUnsent() throws(LedgerError) -> Instant? {
    try reading("actions") { db in
      let oldest = try Int64.fetchOne(
        db,
        sql: """
          SELECT min(at) FROM actions JOIN action_events ON action_events.action = actions.id AND action_events.seq = 1
          WHERE actions.state IN ('ready', 'sending', 'unknown')
          """)
      return oldest.map(Instant.init(microseconds:))
    }
  }

  /// Bytes on disk, what is not yet in the main file included.
  package var bytes: Int64 {
    [path, path + "-wal"].reduce(0) { sum, path in
      var info = stat()
      return stat(path, &info) == 0 ? sum + Int64(info.st_size) : sum
    }
  }
}
