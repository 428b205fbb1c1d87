import Foundation
import GRDB
import Rules

/// Which messages the journal has, as far back as a broker may deliver them again.
extension Ledger {
  /// MQTT's receive maximum: no more can be unacknowledged.
  static let marksKept = 65_535

  /// Writes the marks of a batch, and forgets rows that only hold what is too old to come again.
  func keep(_ marks: [MessageMark], _ db: Database) throws {
    guard !marks.isEmpty else { return }
    var bySource: [Int32: ByteWriter] = [:]
    for mark in marks { bySource[mark.source.index, default: ByteWriter()].mark(mark) }
    for source in bySource.keys.sorted() {
      let bytes = bySource[source]?.bytes ?? []
      try db.cachedStatement(sql: "INSERT INTO marks (source, count, bytes) VALUES (?, ?, ?)")
        .execute(arguments: [Int64(source), bytes.count / 10, Data(bytes)])
      // Most batches are small: looked at once in a while, by the row's number.
      let row = db.lastInsertedRowID
      if row % 64 == 0 || bytes.count > 4_096 { try forgetMarks(of: source, db) }
    }
  }

  private func forgetMarks(of source: Int32, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        DELETE FROM marks WHERE source = ?1 AND id < (
          SELECT id FROM (
            SELECT id, sum(count) OVER (ORDER BY id DESC) AS newer FROM marks WHERE source = ?1)
          WHERE newer >= ?2 ORDER BY id DESC LIMIT 1)
        """
    ).execute(arguments: [Int64(source), Ledger.marksKept])
  }

  /// The newest messages of all sources, oldest first.
  package func marks() throws(LedgerError) -> [MessageMark] {
    try reading("the newest messages") { db in
      var found: [MessageMark] = []
      for row in try Row.fetchAll(db, sql: "SELECT source, bytes FROM marks ORDER BY id") {
        let (index, bytes): (Int, Data) = (try row.get("source"), try row.get("bytes"))
        guard (0...Int(Int32.max)).contains(index), bytes.count % 10 == 0 else {
          throw LedgerError.damagedRow(path: path, what: "the marks of newest messages")
        }
        var reader = ByteReader([UInt8](bytes))
        while !reader.atEnd { found.append(try reader.mark(of: SourceID(index))) }
      }
      return found
    }
  }
}

extension ByteWriter {
  fileprivate mutating func mark(_ mark: MessageMark) {
    for shift in [0, 8] { byte(UInt8(truncatingIfNeeded: mark.packet >> shift)) }
    for shift in stride(from: 0, to: 64, by: 8) { byte(UInt8(truncatingIfNeeded: mark.hash >> shift)) }
  }
}

extension ByteReader {
  fileprivate mutating func mark(of source: SourceID) throws -> MessageMark {
    var packet: UInt16 = 0
    for shift in [0, 8] { packet |= UInt16(try byte()) << shift }
    var hash: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 8) { hash |= UInt64(try byte()) << shift }
    return MessageMark(source: source, packet: packet, hash: hash)
  }
}
