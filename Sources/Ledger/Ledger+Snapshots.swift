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

  func keep(_ piece: SnapshotPiece, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO snapshot_pieces (next, place, bytes) VALUES (?, ?, ?)")
      .execute(arguments: [piece.next, piece.place, Data(piece.bytes)])
    guard piece.isLast else { return }
    var hash = SHA256()
    let pieces = try Row.fetchCursor(
      db, sql: "SELECT bytes FROM snapshot_pieces WHERE next = ? ORDER BY place", arguments: [piece.next])
    while let row = try pieces.next() { hash.update(data: try row.get("bytes") as Data) }
    try db.execute(
      sql: """
        INSERT INTO snapshots (next, configuration, taken, format, semantics, pieces, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        piece.next, piece.configuration.hex, piece.taken.microseconds, Snapshot.format, Snapshot.semantics,
        piece.place + 1, Data(hash.finalize()),
      ])
  }
}
