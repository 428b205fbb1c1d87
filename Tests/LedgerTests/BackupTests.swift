import Foundation
import GRDB
import Ledger
import Rules
import Testing

/// Backups, and ledgers that come out of them.
@Suite struct BackupTests {
  let folder = Folder()
  private var file: String { folder.path + "/backup.sqlite" }

  /// Two decisions: one settled, one that is ready.
  private func filled() throws -> Ledger {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)])
    _ = try ledger.due.claim(adapter: "desk", now: at(10))
    try ledger.commit([.command(.attempted(.make()))])
    try ledger.commit(decisions: [.make(1)])
    return ledger
  }

  @Test func a_backup_of_an_open_ledger_has_all_that_was_committed_and_nobody_else_may_read_it() throws {
    let ledger = try filled()
    let summary = try LedgerReader(path: folder.ledger).backUp(to: file)
    try ledger.commit(decisions: [.make(2)])
    let copy = try LedgerReader(path: file)
    #expect(try copy.counts().decisions == 2)
    #expect(try copy.id() == ledger.id)
    #expect(try copy.newestHash()?.hash == summary.newestHash)
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".new") } == [])
  }

  @Test func commits_go_on_while_a_backup_reads() throws {
    let ledger = try filled()
    let reader = try DatabaseQueue(path: folder.ledger)
    try reader.read { db in
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM decisions")
      // The reader's moment stands still, as a backup's does; the writer's does not.
      try ledger.commit(decisions: [.make(2)])
      #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM decisions") == 2)
    }
    #expect(try LedgerReader(path: folder.ledger).counts().decisions == 3)
  }

  @Test func a_backup_writes_over_nothing() throws {
    _ = try filled()
    try "mine".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(throws: LedgerError.self) { try LedgerReader(path: folder.ledger).backUp(to: file) }
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
  }

  @Test func an_altered_ledger_is_not_backed_up_as_if_it_were_sound() throws {
    do { _ = try filled() }
    try folder.tamper("UPDATE decisions SET title = 'other' WHERE id = 1")
    let error = #expect(throws: LedgerError.self) { try LedgerReader(path: folder.ledger).backUp(to: file) }
    #expect(error?.description.contains("decision 1: it is not as it was written") == true)
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  // MARK: Restore

  @Test func a_backup_that_is_not_there_is_called_that() throws {
    #expect(throws: LedgerError.cannotRestore(path: folder.ledger, file: file, why: "there is no such file")) {
      try Ledger.restore(from: file, to: folder.ledger, at: at(100))
    }
  }

  @Test func a_restored_ledger_is_halted_and_what_may_have_been_sent_since_is_to_be_looked_up() throws {
    do { _ = try filled() }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    let restored = try Ledger.restore(from: file, to: folder.ledger, at: at(100))
    #expect(restored.unknown == 1)
    let ledger = try Ledger(path: folder.ledger)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.halt()?.who == "restore")
    #expect(try reader.halt()?.why == "restored from \(file)")
    #expect(try reader.actions().map(\.state) == [.settled, .unknown])
    #expect(try reader.awaitingLookUp() == [2])
    #expect(try reader.actions().last?.due == at(100))
    #expect(try reader.verify().problem == nil)
    try ledger.commit(decisions: [.make(2)])
  }

  @Test func the_journal_of_a_restored_ledger_says_so_and_since_when_nothing_is_known() throws {
    do {
      let ledger = try filled()
      try ledger.commit([
        .source(SourceID(0), .connected, at(40)), .bind(TagID(0), asset: "a", tag: "t", assetClass: "c"),
      ])
    }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    let restored = try Ledger.restore(from: file, to: folder.ledger, at: at(100))
    #expect(restored.since == at(40) && restored.waiting == 0)
    var inputs: [Input] = []
    let ledger = try Ledger(path: folder.ledger)
    try ledger.replay(from: 1) { _, input in inputs.append(input) }
    let act = Instruction.Act.restored(since: at(40), file: file)
    #expect(inputs.last == .command(.instructed(Instruction(person: "restore", at: at(100), act: act))))
    #expect(try ledger.standing(before: try ledger.nextInput).doubt == Doubt(since: at(40), until: at(100)))
    try ledger.commit([.config(Digest(hex: "aa"))])
    #expect(try ledger.standing(before: try ledger.nextInput).doubt == nil, "a configuration has taken over")
  }

  @Test func what_was_waiting_when_the_backup_was_taken_is_looked_up_when_it_is_approved() throws {
    do {
      let waiting = Action.make(1, .waiting(expires: at(9_000)))
      try Ledger(path: folder.ledger).commit(decisions: [.make(actions: [waiting])])
    }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    #expect(try Ledger.restore(from: file, to: folder.ledger, at: at(100)).waiting == 1)
    let ledger = try Ledger(path: folder.ledger)
    let key = ActionKey(decision: Decision.make().key, number: 1)
    try ledger.commit([.command(.instructed(Instruction(person: "ada", at: at(200), act: .approve(key))))])
    let action = try #require(try LedgerReader(path: folder.ledger).actions().first)
    #expect(action.state == .unknown && action.due == at(200))
    #expect(action.reason == "approved by ada; it may have been made between \(at(0)) and \(at(100))")
  }

  @Test func a_setpoint_of_a_restored_ledger_is_not_looked_up_and_waits_for_a_person() throws {
    do {
      var action = Action.make()
      action.kind = .setpoint
      try Ledger(path: folder.ledger).commit(decisions: [.make(actions: [action])])
    }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    _ = try Ledger.restore(from: file, to: folder.ledger, at: at(100))
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.actions().map(\.state) == [.unknown])
    #expect(try reader.awaitingLookUp().isEmpty)
  }

  @Test func the_ledger_that_was_there_is_kept_whole_under_another_name() throws {
    do { _ = try filled() }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    do { try Ledger(path: folder.ledger).commit(decisions: [.make(2)]) }
    let replaced = try #require(try Ledger.restore(from: file, to: folder.ledger, at: at(100)).replaced)
    #expect(try LedgerReader(path: replaced).counts().decisions == 3)
    #expect(try LedgerReader(path: folder.ledger).counts().decisions == 2)
  }

  @Test func a_ledger_that_an_engine_has_is_not_replaced() throws {
    let ledger = try filled()
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    #expect(throws: LedgerError.held(path: folder.ledger, pid: "\(getpid())")) {
      try Ledger.restore(from: file, to: folder.ledger, at: at(100))
    }
    _ = try ledger.nextInput
  }

  @Test(arguments: [
    "UPDATE decisions SET title = 'other' WHERE id = 1", "DELETE FROM attempts", "DROP INDEX actions_to_claim",
  ])
  func a_backup_that_was_altered_is_refused_and_the_ledger_is_as_it_was(_ sql: String) throws {
    do { _ = try filled() }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: file, configuration: configuration).write { db in try db.execute(sql: sql) }
    #expect(throws: LedgerError.self) { try Ledger.restore(from: file, to: folder.ledger, at: at(100)) }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.halt() == nil)
    #expect(try reader.counts().decisions == 2)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left.filter { $0.contains(".new") || $0.contains("restoring") || $0.contains("replaced") } == [])
  }

  @Test func bytes_that_flipped_in_a_backup_are_found() throws {
    do { _ = try filled() }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let title = try #require(bytes.range(of: Data("Pump cavitation".utf8)))
    bytes[title.lowerBound] ^= 1
    try bytes.write(to: URL(fileURLWithPath: file))
    #expect(throws: LedgerError.self) { try Ledger.restore(from: file, to: folder.ledger, at: at(100)) }
  }

  @Test func a_restore_that_was_ended_half_way_keeps_everybody_out_until_it_is_made_again() throws {
    do { _ = try filled() }
    _ = try LedgerReader(path: folder.ledger).backUp(to: file)
    // What the second step leaves behind: the old one aside, the new one not yet in its place.
    try FileManager.default.moveItem(atPath: folder.ledger, toPath: folder.ledger + ".replaced-then")
    try FileManager.default.copyItem(atPath: file, toPath: folder.ledger + ".restoring")
    #expect(throws: LedgerError.halfRestored(path: folder.ledger)) { try Ledger(path: folder.ledger) }
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
    _ = try Ledger.restore(from: file, to: folder.ledger, at: at(100))
    _ = try Ledger(path: folder.ledger)
  }
}
