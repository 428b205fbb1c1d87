import Foundation
import GRDB
import Ledger
import LedgerWriter

/// All that must not be lost of a ledger, as text, a part for each statement. What each ledger has of its own (its id, and keys and hashes
/// made of it) is left to `verify`; what a cut of the journal may or may not have removed is left out.
func fingerprint(of path: String) throws -> [String] {
  var configuration = GRDB.Configuration()
  configuration.readonly = true
  let queue = try DatabaseQueue(path: path, configuration: configuration)
  let statements = [
    "SELECT first_input + count, hex(hash) FROM batches ORDER BY first_input DESC LIMIT 1",
    "SELECT * FROM configs ORDER BY number",
    "SELECT * FROM decisions ORDER BY id", "SELECT * FROM evidence ORDER BY decision, place",
    "SELECT * FROM limits_used ORDER BY decision, place", "SELECT * FROM asset_ids ORDER BY decision, place",
    "SELECT * FROM held_back ORDER BY id",
    // What was being sent when the program died is unknown from the next opening on; what had no request yet, ready.
    """
    SELECT id, decision, number, kind, title, text,
      CASE WHEN state NOT IN ('sending', 'unknown') THEN state
        WHEN id IN (SELECT id FROM requests) THEN 'sending' ELSE 'ready' END,
      attempts
    FROM actions ORDER BY id
    """,
    """
    SELECT action, seq, state, at FROM action_events WHERE why NOT LIKE 'the engine ended%' ORDER BY action, seq
    """,
    "SELECT id, action, number, began, receipt, next, input FROM attempts ORDER BY id",
    "SELECT id, action, received FROM receipts ORDER BY id", "SELECT id, method, path, length(body) FROM requests",
    "SELECT id, hex(bytes) FROM marks WHERE id > (SELECT max(id) FROM marks) - 3 ORDER BY id",
    "SELECT * FROM conditions ORDER BY rule, asset", "SELECT * FROM reports ORDER BY id",
    "SELECT * FROM dead_letters ORDER BY id", "SELECT * FROM dead_letter_counts",
    "SELECT next, pieces, hex(hash) FROM snapshots ORDER BY next DESC LIMIT 1",
  ]
  return try queue.read { db in
    try statements.map { sql in
      try Row.fetchAll(db, sql: sql).map { row in row.databaseValues.map { "\($0)" }.joined(separator: "|") }
        .joined(separator: "\n")
    }
  }
}

/// The script taken on a disk that does not fail: what a ledger must hold after each step.
final class Reference {
  private var script: WriterScript
  private let folder = Scratch()
  private var prints: [[String]] = []

  init(seed: UInt64) { script = WriterScript(path: folder.ledger, seed: seed) }

  /// After so many steps; at least one.
  func print(after steps: Int) throws -> [String] {
    while prints.count < steps {
      try script.take(prints.count)
      prints.append(try fingerprint(of: folder.ledger))
    }
    return prints[steps - 1]
  }
}

/// A folder of its own for one test, gone with it.
final class Scratch {
  let path: String
  init() {
    path = FileManager.default.temporaryDirectory.path + "/millwright-faults-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var ledger: String { path + "/ledger.sqlite" }
}
