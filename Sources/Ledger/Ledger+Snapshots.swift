import Crypto
import Foundation
import GRDB
import Rules

/// Snapshots, piece by piece, and the journal's dictionary.
extension Ledger {
  func keep(_ binding: Input, _ number: Int64, _ db: Database) throws {
    guard case .bind(let tag, let asset, let name, let assetClass) = binding else { return }
    try db.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO bindings (config, tag, asset, name, asset_class)
        VALUES ((SELECT coalesce(max(number), 0) FROM configs WHERE number <= ?), ?, ?, ?, ?)
        """
    ).execute(arguments: [number, Int64(tag.index), asset, name, assetClass])
  }

  /// Writes one piece; with the last one the snapshot can be used. Pieces of one that was never finished go.
  func keep(_ piece: SnapshotPiece, _ db: Database) throws {
    if piece.place == 0 {
      try db.cachedStatement(sql: "DELETE FROM snapshot_pieces WHERE next NOT IN (SELECT next FROM snapshots)")
        .execute()
    }
    try db.cachedStatement(sql: "INSERT INTO snapshot_pieces (next, place, bytes) VALUES (?, ?, ?)")
      .execute(arguments: [piece.next, piece.place, Data(piece.bytes)])
    guard piece.isLast else { return }
    let (count, hash) = try digest(ofSnapshot: piece.next, db) { _ in }
    guard count == piece.place + 1 else {
      throw LedgerError.damagedRow(path: path, what: "the snapshot before input \(piece.next) lacks a piece")
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO snapshots (next, configuration, taken, format, semantics, pieces, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      piece.next, piece.configuration.hex, piece.taken.microseconds, Snapshot.format, Meaning.current.rawValue, count,
      hash,
    ])
  }

  /// The newest whole snapshot of a configuration before `limit` that this version can read. One whose bytes are not
  /// what was written is passed over, for an older one.
  package func snapshot(of configuration: Rules.Digest, before limit: Int64) throws(LedgerError) -> Snapshot? {
    try reading("a snapshot") { db in
      try newestSnapshot(of: configuration, before: limit, takenBy: .distantFuture, db)
    }
  }
}

extension LedgerReader {
  /// The newest whole snapshot of a configuration that was taken by then, by the wall clock, and that this version can
  /// read; nil when there is none.
  package func snapshot(of configuration: Rules.Digest, takenBy time: Instant) throws(LedgerError) -> Snapshot? {
    try reading("a snapshot") { db in
      try newestSnapshot(of: configuration, before: .max, takenBy: time, db)
    }
  }
}

private func newestSnapshot(
  of configuration: Rules.Digest, before limit: Int64, takenBy time: Instant, _ db: Database
) throws -> Snapshot? {
  let rows = try Row.fetchAll(
    db.cachedStatement(
      sql: """
        SELECT next, taken, pieces, hash, format FROM snapshots
        WHERE configuration = ? AND next < ? AND taken <= ? AND format BETWEEN ? AND ? AND semantics BETWEEN ? AND ?
        ORDER BY next DESC
        """),
    arguments: [
      configuration.hex, limit, time.microseconds, Snapshot.formats.lowerBound, Snapshot.formats.upperBound,
      Meaning.unnamed.rawValue, Meaning.current.rawValue,
    ])
  for row in rows {
    let next: Int64 = try row.get("next")
    var bytes: [UInt8] = []
    let (count, hash) = try digest(ofSnapshot: next, db) { bytes += $0 }
    guard try count == row.get("pieces"), try hash == row.get("hash") else { continue }
    var snapshot = Snapshot(
      next: next, configuration: configuration, taken: Instant(microseconds: try row.get("taken")), bytes: bytes)
    snapshot.layout = try row.get("format")
    return snapshot
  }
  return nil
}

/// How many pieces a snapshot has, and SHA-256 of all their bytes.
func digest(ofSnapshot next: Int64, _ db: Database, _ body: (Data) -> Void) throws -> (count: Int, hash: Data) {
  var hash = SHA256()
  var count = 0
  let pieces = try Row.fetchCursor(
    db.cachedStatement(sql: "SELECT place, bytes FROM snapshot_pieces WHERE next = ? ORDER BY place"), arguments: [next]
  )
  while let row = try pieces.next() {
    let bytes: Data = try row.get("bytes")
    hash.update(data: bytes)
    body(bytes)
    count += 1
  }
  return (count, Data(hash.finalize()))
}
