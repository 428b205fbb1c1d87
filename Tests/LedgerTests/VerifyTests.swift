import Foundation
import Ledger
import Rules
import Testing

@Suite struct VerifyTests {
  let folder = Folder()

  /// A ledger with at least two rows of every chained kind.
  func fill() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0), .make(1)]) { $0.heldBack = [.make, .make] }
    for second: Int64 in 0...1 {
      let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(10)))
      let request = HTTPRequest(method: "POST", path: "/orders", headers: [], body: [UInt8(second)])
      try ledger.due.keep(request, for: claim.key)
      try ledger.commit([.command(.attempted(.make(second)))])
    }
  }

  @Test func an_untouched_ledger_verifies() throws {
    try fill()
    let found = try LedgerReader(path: folder.ledger).verify()
    #expect(found.entries == 18)
    #expect(found.batches == 3)
    #expect(found.problem == nil)
  }

  @Test(arguments: [
    "UPDATE decisions SET title = 'nothing' WHERE id = 1", "UPDATE decisions SET deferred_from = NULL WHERE id = 1",
    "UPDATE evidence SET number = 0.2 WHERE decision = 1 AND place = 0",
    "DELETE FROM evidence WHERE decision = 2 AND place = 1",
    "INSERT INTO evidence (decision, place, name, kind) VALUES (1, 9, 'x', 'not_good')",
    "INSERT INTO evidence (decision, place, name, kind) VALUES (99, 9, 'x', 'not_good')",
    "UPDATE limits_used SET value = 9", "UPDATE asset_ids SET id = '1'",
    "UPDATE held_back SET until = 1 WHERE id = 2", "DELETE FROM held_back WHERE id = 1",
    """
    INSERT INTO held_back SELECT 99, rule, asset, time, since, reason, until, evidence, input, subject, person, times,
      last, checksum FROM held_back LIMIT 1
    """,
    "UPDATE actions SET text = 'x' WHERE id = 2", "UPDATE actions SET wire_key = 'x' WHERE id = 1",
    "UPDATE actions SET state = 'ready' WHERE id = 1", "DELETE FROM actions WHERE id = 1",
    "UPDATE action_events SET why = 'x' WHERE id = 3", "DELETE FROM action_events WHERE id = 3",
    "INSERT INTO action_events VALUES (99, 1, 9, 'settled', 0, '')",
    "UPDATE attempts SET status = 500 WHERE id = 1", "DELETE FROM attempts WHERE id = 2",
    "INSERT INTO attempts SELECT 99, action, 9, began, ended, status, receipt, detail, after, next, due, input FROM attempts LIMIT 1",
    "UPDATE receipts SET reference = 'WO-9' WHERE id = 1", "DELETE FROM receipts WHERE id = 1",
    "INSERT INTO receipts VALUES (99, 1, 'WO-9', 0)",
    "UPDATE requests SET body = x'00ff' WHERE id = 1", "DELETE FROM requests WHERE id = 2",
    "DELETE FROM decisions WHERE id = 1", "DELETE FROM chain WHERE seq = 2",
    "UPDATE chain SET hash = x'00' WHERE seq = 2", "UPDATE chain SET kind = 99 WHERE seq = 2",
    // Two rows of one kind change places, entries and all.
    """
    UPDATE receipts SET id = 77 WHERE id = 1; UPDATE receipts SET id = 1 WHERE id = 2;
    UPDATE receipts SET id = 2 WHERE id = 77
    """,
    """
    CREATE TABLE swap AS SELECT row, hash FROM chain WHERE seq = 1; DELETE FROM chain WHERE seq = 1;
    UPDATE chain SET seq = 1 WHERE seq = 2; INSERT INTO chain SELECT 2, 1, row, hash FROM swap
    """,
    // The last entry without its row, and the last row without its entry.
    "DELETE FROM chain WHERE seq = (SELECT max(seq) FROM chain)",
  ])
  func what_was_changed_behind_the_ledger_is_found(_ change: String) throws {
    try fill()
    try folder.tamper(change)
    #expect(try LedgerReader(path: folder.ledger).verify().problem != nil)
  }

  @Test func the_problem_names_the_row() throws {
    try fill()
    try folder.tamper("UPDATE receipts SET reference = 'WO-9' WHERE id = 2")
    let problem = try #require(try LedgerReader(path: folder.ledger).verify().problem)
    #expect(problem.description.hasPrefix("receipt 2: it is not as it was written"))
  }

  @Test func a_cut_tail_is_seen_only_by_a_hash_kept_outside() throws {
    try fill()
    let kept = try #require(try LedgerReader(path: folder.ledger).newestHash())
    try folder.tamper(
      """
      DELETE FROM chain WHERE seq > 10; DELETE FROM receipts; DELETE FROM attempts; DELETE FROM requests;
      DELETE FROM action_events WHERE id NOT IN (SELECT row FROM chain WHERE kind = 4);
      UPDATE actions SET state = (SELECT state FROM action_events WHERE action = actions.id ORDER BY seq DESC LIMIT 1);
      UPDATE actions SET checksum = NULL;
      DELETE FROM chain WHERE kind IN (5, 6, 7);
      """)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.verify().problem?.kind == "ledger", "the lock file knows")
    try FileManager.default.removeItem(atPath: folder.ledger + ".lock")
    #expect(try reader.verify().problem == nil)
    #expect(try #require(try reader.newestHash()).hash != kept.hash)
  }
}
