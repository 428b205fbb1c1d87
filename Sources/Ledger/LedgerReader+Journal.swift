import Foundation
import GRDB
import Rules

/// The journal's own dictionary, for whoever reads it beside the engine.
extension LedgerReader {
  /// Number of the oldest input that is still there; 1 when none is.
  package func firstInput() throws(LedgerError) -> Int64 {
    try reading("the journal") { db in
      try Int64.fetchOne(db, sql: "SELECT min(first_input) FROM batches")
        ?? Int64.fetchOne(db, sql: "SELECT before FROM cuts") ?? 1
    }
  }

  /// Where configurations began to decide, oldest first.
  package func configurations() throws(LedgerError) -> [(number: Int64, hash: Rules.Digest)] {
    try reading("the configurations") { db in
      try Row.fetchAll(db, sql: "SELECT number, hash FROM configs ORDER BY number").map { row in
        (try row.get("number"), Rules.Digest(hex: try row.get("hash")))
      }
    }
  }

  /// What the ids of tags meant when an input was taken: of the configuration that decided then.
  package func bindings(at number: Int64) throws(LedgerError) -> [(tag: TagID, asset: String, name: String)] {
    try reading("the journal's dictionary") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT tag, asset, name FROM bindings
          WHERE config = (SELECT coalesce(max(number), 0) FROM configs WHERE number <= ?) ORDER BY tag
          """, arguments: [number]
      ).map { row in
        let tag: Int64 = try row.get("tag")
        return (TagID(Int(tag)), try row.get("asset"), try row.get("name"))
      }
    }
  }
}
