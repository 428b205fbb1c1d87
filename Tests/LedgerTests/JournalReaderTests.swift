import Foundation
import Ledger
import Rules
import Testing

/// What the past is read with, beside the engine.
@Suite struct JournalReaderTests {
  let folder = Folder()

  @Test func ids_mean_what_they_meant_when_the_input_was_taken() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit([
      .config(Digest(hex: "aa")), .bind(TagID(0), asset: "Works/P-1", tag: "Flow", assetClass: "Pump"),
      .change(TagChange(TagID(0), .number(1), time: at(1))),
    ])
    try ledger.commit([
      .config(Digest(hex: "bb")), .bind(TagID(0), asset: "Works/P-2", tag: "Flow", assetClass: "Pump"),
    ])
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.firstInput() == 1)
    #expect(try reader.configurations().map(\.number) == [1, 4])
    #expect(try reader.bindings(at: 3).map(\.asset) == ["Works/P-1"])
    #expect(try reader.bindings(at: 5).map(\.asset) == ["Works/P-2"])
  }

  @Test func the_newest_snapshot_taken_by_then_is_found() throws {
    let ledger = try Ledger(path: folder.ledger)
    let (older, newer) = (SnapshotTests.snapshot(6, 100, taken: at(10)), SnapshotTests.snapshot(11, 100, taken: at(20)))
    try SnapshotTests.commit(ledger)
    try SnapshotTests.commit(ledger, pieces: older.pieces)
    try SnapshotTests.commit(ledger, pieces: newer.pieces)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.snapshot(of: SnapshotTests.configuration, takenBy: at(15)) == older)
    #expect(try reader.snapshot(of: SnapshotTests.configuration, takenBy: at(20)) == newer)
    #expect(try reader.snapshot(of: SnapshotTests.configuration, takenBy: at(9)) == nil)
  }
}
