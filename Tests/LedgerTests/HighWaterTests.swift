import Foundation
import Ledger
import Rules
import Testing

/// A ledger that has less than was committed to it is not opened as if nothing had been.
@Suite struct HighWaterTests {
  let folder = Folder()

  /// Commits, puts a copy of all files aside, and commits again.
  private func fill() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)])
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: folder.ledger + suffix, toPath: folder.path + "/older" + suffix)
    }
    try ledger.commit(decisions: [.make(1)])
  }

  private func putBackOlder() throws {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.ledger + suffix) }
    for suffix in ["", "-wal"] {
      try FileManager.default.moveItem(atPath: folder.path + "/older" + suffix, toPath: folder.ledger + suffix)
    }
  }

  private let expected = { (path: String) in
    LedgerError.cutShort(path: path, had: "input 2 and chain entry 6")
  }

  @Test func an_older_copy_is_refused_and_says_how_to_go_on() throws {
    try fill()
    try putBackOlder()
    #expect(throws: expected(folder.ledger)) { try Ledger(path: folder.ledger) }
    #expect(
      try LedgerReader(path: folder.ledger).verify().problem?.what
        == "input 2 and chain entry 6 were committed and are gone")
    #expect(expected("/l").description.contains("remove /l.lock if the loss is accepted"))
    try FileManager.default.removeItem(atPath: folder.ledger + ".lock")
    #expect(try Ledger(path: folder.ledger).nextInput == 2)
  }

  @Test func after_a_restore_the_older_copy_is_taken() throws {
    try fill()
    try putBackOlder()
    try Ledger.forgetMark(at: folder.ledger)
    #expect(try Ledger(path: folder.ledger).nextInput == 2)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func a_lost_file_is_missed_and_none_is_made_in_its_place() throws {
    try fill()
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.ledger + suffix) }
    #expect(throws: expected(folder.ledger)) { try Ledger(path: folder.ledger) }
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
  }

  @Test func another_ledger_in_its_place_is_refused() throws {
    try fill()
    let other = Folder()
    do { for _ in 0..<9 { try Ledger(path: other.ledger).commit(decisions: []) } }
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.ledger + suffix) }
    try FileManager.default.copyItem(atPath: other.ledger, toPath: folder.ledger)
    #expect(throws: expected(folder.ledger)) { try Ledger(path: folder.ledger) }
  }

  @Test func a_mark_that_was_torn_says_nothing() throws {
    try fill()
    let lock = URL(fileURLWithPath: folder.ledger + ".lock")
    var bytes = try Data(contentsOf: lock)
    bytes[60] ^= 1
    try bytes.write(to: lock)
    try putBackOlder()
    #expect(try Ledger(path: folder.ledger).nextInput == 2)
  }
}
