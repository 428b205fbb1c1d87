import Foundation
import GRDB
import Ledger
import Rules
import Testing

@Suite struct CostTests {
  let folder = Folder()

  /// Prints, and asserts only what was counted: run it with `MILLWRIGHT_CAMPAIGN=large` for a number to believe.
  @Test func a_batch_of_changes_is_one_row() throws {
    let rounds = ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large" ? 5000 : 50
    let changes = (0..<48).map { Input.change(TagChange(TagID($0), .number(Double($0) / 3), time: at(Int64($0)))) }
    var writer = ByteWriter()
    for change in changes { change.encode(into: &writer) }
    let bytes = Data(writer.bytes)
    let bare = try DatabaseQueue(path: folder.path + "/bare.sqlite", configuration: .wal)
    try bare.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
    }
    let ledger = try Ledger(path: folder.ledger)
    let clock = ContinuousClock()
    var (bareTime, ledgerTime) = (Duration.zero, Duration.zero)
    // Turn by turn, so that whatever else the machine does falls on both.
    for _ in 0..<rounds {
      bareTime += try clock.measure {
        try bare.write { db in
          try db.cachedStatement(sql: "INSERT INTO t (b) VALUES (?)").execute(arguments: [bytes])
        }
      }
      var batch = Batch(firstInput: try ledger.nextInput)
      batch.inputs = changes
      ledgerTime += try clock.measure { try ledger.commit(batch) }
    }
    print(
      "commit of \(bytes.count) bytes: bare \(bareTime / rounds), ledger \(ledgerTime / rounds),",
      "ratio \(bareTime / ledgerTime)")
    let rows = try DatabaseQueue(path: folder.ledger).read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM batches")
    }
    #expect(rows == rounds)
  }
}

extension GRDB.Configuration {
  fileprivate static var wal: GRDB.Configuration {
    var configuration = GRDB.Configuration()
    configuration.journalMode = .wal
    return configuration
  }
}
