import Foundation
import Ledger
import Rules
import Testing

/// Rows that SQLite reads without complaint and that are not what was written.
@Suite struct DamageTests {
  let folder = Folder()

  init() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)]) { $0.heldBack = [.make] }
  }

  private func claimed() throws -> Claim? {
    try Ledger(path: folder.ledger).due.claim(adapter: "desk", now: .distantFuture)
  }

  @Test func an_untouched_action_is_claimed() throws { #expect(try claimed()?.action == Action.make()) }

  @Test(arguments: [
    "UPDATE decisions SET title = 'nothing'", "UPDATE decisions SET consequence = 'cheap'",
    "UPDATE evidence SET number = 0.2 WHERE place = 0", "UPDATE limits_used SET value = 9",
    "UPDATE asset_ids SET id = '1'", "UPDATE actions SET text = 'x'", "UPDATE actions SET priority = 1",
    "UPDATE actions SET setpoint_tag = 'Speed', setpoint_target = 1", "UPDATE actions SET attempts = -1",
    "UPDATE actions SET attempts = 9223372036854775807", "UPDATE action_events SET state = 'settled'",
    "UPDATE action_events SET why = 'x'", "UPDATE chain SET hash = x'00'", "DELETE FROM chain",
    "UPDATE meta SET ledger = 'another'",
    "INSERT INTO requests VALUES (1, 'POST', '/orders', '[]', x'00')",
  ])
  func nothing_is_sent_on_a_row_that_was_changed(_ change: String) throws {
    try folder.tamper(change)
    #expect(throws: LedgerError.self) { try claimed() }
  }

  /// As a flipped bit in a record's header leaves it: the tables do not allow it and SQLite does not look.
  private func store(_ literal: String, in column: String, of table: String) throws {
    try folder.tamper(
      """
      CREATE TEMP TABLE was AS SELECT sql FROM sqlite_schema WHERE name = '\(table)';
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT, ', ''), ' STRICT', ''), 'NOT NULL', '')
      WHERE name = '\(table)';
      PRAGMA writable_schema = RESET;
      UPDATE \(table) SET \(column) = \(literal);
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = (SELECT sql FROM was) WHERE name = '\(table)';
      """)
  }

  @Test(
    arguments: [
      ("decisions", "time"), ("decisions", "title"), ("evidence", "kind"), ("actions", "number"), ("actions", "state"),
      ("action_events", "at"), ("batches", "bytes"), ("batches", "count"), ("chain", "hash"), ("held_back", "reason"),
    ], ["NULL", "x'ff00'", "'x'", "1.5"])
  func a_value_of_another_type_is_an_error_and_no_trap(_ place: (table: String, column: String), _ literal: String)
    throws
  {
    try store(literal, in: place.column, of: place.table)
    do {
      if let claim = try claimed() { #expect(claim.action == Action.make()) }
    } catch is LedgerError {
      // It was looked at and refused.
    }
    #expect(throws: LedgerError.self) {
      let reader = try LedgerReader(path: folder.ledger)
      if let problem = try reader.verify().problem {
        throw LedgerError.damagedRow(path: reader.path, what: problem.description)
      }
    }
  }

  @Test func a_changed_description_of_a_table_is_not_believed() throws {
    try folder.tamper(
      """
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'rule, time', 'rule, since') WHERE name = 'decisions_by_rule';
      """)
    #expect(throws: LedgerError.self) { try Ledger(path: folder.ledger) }
    #expect(throws: LedgerError.self) { try LedgerReader(path: folder.ledger) }
  }
}
