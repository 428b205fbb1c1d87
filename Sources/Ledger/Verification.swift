import Foundation
import GRDB
import Rules

/// What checking the whole ledger found.
package struct Verification: Sendable, Equatable {
  /// Entries of the hash chain that were looked at.
  package var entries: Int
  /// Batches of the journal that were looked at.
  package var batches: Int
  /// What is wrong, the first things of each section of a round.
  package var problems: [Problem]
  /// The first thing that is wrong; nil when all is well.
  package var problem: Problem? { problems.first }

  /// What is wrong, and where.
  package struct Problem: Sendable, Hashable, Codable, CustomStringConvertible {
    /// What the row is: `decision`, `attempt`, `chain entry`, `batch`, or the table's name.
    package var kind: String
    /// Its number in its table; 0 for what has none.
    package var id: Int64
    package var what: String
    package var description: String { id == 0 ? "\(kind): \(what)" : "\(kind) \(id): \(what)" }

    /// What cannot be relied on while it is so.
    package var means: String {
      switch kind {
      case "batch":
        "inputs from \(id) on cannot be replayed: explain and backtest do not reach over them, and a start from an"
          + " older snapshot is refused"
      case "snapshot", "snapshots", "snapshot_pieces": "a start takes an older snapshot"
      case "ledger": "what was committed last is lost, and the next start is refused"
      case "pages": "rows may be lost or unreadable, and the next start may be refused"
      default: "it is not to be relied on, and nothing more is sent on the word of it"
      }
    }
  }
}

extension LedgerReader {
  /// Takes a whole round at once: computes the whole chain again from the rows, and checks what must hold besides,
  /// down to SQLite's pages. In short transactions, so a running engine goes on. That the newest rows were cut off
  /// together with their entries shows by the mark in the lock file; for somebody who changed that too, keep the newest
  /// hash (`newestHash`) elsewhere.
  package func verify() throws(LedgerError) -> Verification {
    var round = VerificationRound(wholeFileUpTo: .max)
    while !round.isEnded { try take(&round) }
    return Verification(entries: round.entries, batches: round.batches, problems: round.problems)
  }

  /// The newest entry's number and hash in hex: what to keep outside, to show later that nothing was cut off.
  package func newestHash() throws(LedgerError) -> (entry: Int64, hash: String)? {
    try reading("the chain") { db in
      try Row.fetchOne(db, sql: "SELECT seq, lower(hex(hash)) AS hash FROM chain ORDER BY seq DESC LIMIT 1")
        .map { (try $0.get("seq"), try $0.get("hash")) }
    }
  }
}
