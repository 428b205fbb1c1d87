import Foundation
import GRDB
import Ledger
import Rules
import Testing

/// A clean stop leaves nothing in the write-ahead log.
@Suite struct CloseTests {
  let folder = Folder()

  private var logged: Int {
    ((try? FileManager.default.attributesOfItem(atPath: folder.ledger + "-wal"))?[.size] as? Int) ?? 0
  }

  @Test func after_it_is_closed_the_file_alone_has_everything_although_a_reader_had_it_open() throws {
    let ledger = try Ledger(path: folder.ledger)
    let reader = try LedgerReader(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)])
    #expect(try reader.decisions().count == 1)
    try ledger.commit(decisions: [.make(1)])
    #expect(logged > 0)
    try ledger.close()
    #expect(logged == 0)
    let copy = folder.path + "/copy.sqlite"
    try FileManager.default.copyItem(atPath: folder.ledger, toPath: copy)
    #expect(try LedgerReader(path: copy).decisions().count == 2)
    #expect(try reader.decisions().count == 2, "whoever had it open goes on")
  }

  @Test func a_log_that_a_reader_holds_is_said_and_nothing_is_lost() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)])
    let reader = try DatabaseQueue(path: folder.ledger)
    let error = try reader.read { db in
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM decisions")
      try ledger.commit(decisions: [.make(1)])
      return #expect(throws: LedgerError.self) { try ledger.close() }
    }
    #expect(error?.description.contains("a reader holds its write-ahead log; nothing is lost") == true)
    #expect(try LedgerReader(path: folder.ledger).decisions().count == 2)
  }
}
