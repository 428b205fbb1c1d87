import Foundation
import GRDB
import Ledger
import LedgerWriter
import Rules
import Testing

/// Each column of each table is under a hash, a checksum, or a comparison with another: a change of it is found.
@Suite struct CoverageTests {
  /// Under the hash chain and shown by tests of their own, where there are rows in them.
  static let elsewhere: Set = ["look_ups", "outcomes", "closings", "losses", "backtests"]

  private func fill(_ path: String) throws {
    var script = WriterScript(path: path, seed: 3)
    for step in 0..<84 { try script.take(step) }
    let ledger = try #require(script.ledger)
    ledger.keepBooks(by: .make())
    try ledger.storeTexts(Digest(hex: "cc"), [("a.lua", "A"), ("b.lua", "B")])
    var valued = Decision.make(900)
    valued.value = Valuation(
      column: .avoided, modelled: Money(hundredths: 1_000_000, currency: "EUR"),
      cost: Money(hundredths: 35_000, currency: "EUR"), nuisance: Money(hundredths: 25_000, currency: "EUR"),
      author: "author")
    func instruct(_ act: Instruction.Act) -> Input {
      .command(.instructed(Instruction(person: "h.weber", at: at(901), act: act)))
    }
    try ledger.commit(
      [
        .bind(TagID(0), asset: "Riverside/P", tag: "Flow", assetClass: "Pump"),
        instruct(.shelve(rule: "pump_cavitation", asset: nil, until: at(9_000), why: "x")), instruct(.halt(why: "y")),
      ], decisions: [valued])
    try ledger.commit([instruct(.verdict(valued.key, .confirmed, cost: nil, note: "z"))])
    // A cut leaves a row.
    for _ in 0..<20 { try ledger.tidy(now: at(10_000)) }
    // All in one file.
    try ledger.close()
  }

  /// What is said of a ledger in which one value was changed; nil when nothing is.
  private func told(_ path: String) -> String? {
    do {
      if let problem = try LedgerReader(path: path).verify().problem { return "\(problem)" }
      _ = try Ledger(path: path)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func a_change_of_any_column_is_found() throws {
    let sound = Folder()
    try fill(sound.ledger)
    #expect(told(sound.ledger) == nil)
    var columns: [(table: String, column: String, key: [String])] = []
    var empty: Set<String> = []
    let queue = try DatabaseQueue(path: sound.ledger)
    try queue.read { db in
      for table in try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      {
        if try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") == 0 { empty.insert(table) }
        let key = try db.primaryKey(table).columns
        columns += try db.columns(in: table).map { (table, $0.name, key) }
      }
    }
    try queue.close()
    #expect(empty.isSubset(of: Self.elsewhere), "\(empty)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: sound.ledger))
    let mark = try Data(contentsOf: URL(fileURLWithPath: sound.ledger + ".lock"))
    let scratch = Folder()
    // What no table holds in two ways: a row that must be 1, and a number that nobody reads.
    for (table, column, key) in columns where !empty.contains(table) && column != "one" {
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: scratch.ledger + suffix) }
      try bytes.write(to: URL(fileURLWithPath: scratch.ledger))
      try mark.write(to: URL(fileURLWithPath: scratch.ledger + ".lock"))
      // The last row, so that no key meets another.
      let order = key.map { "\($0) DESC" }.joined(separator: ", ")
      let names = key.joined(separator: ", ")
      try scratch.tamper(
        """
        UPDATE \(table) SET \(column) = CASE typeof(\(column))
          WHEN 'integer' THEN \(column) + 1 WHEN 'real' THEN \(column) + 1 WHEN 'text' THEN \(column) || 'x'
          WHEN 'blob' THEN CAST(\(column) || x'01' AS BLOB)
          ELSE CASE WHEN (SELECT type FROM pragma_table_info('\(table)') WHERE name = '\(column)') = 'TEXT' THEN 'x'
            WHEN (SELECT type FROM pragma_table_info('\(table)') WHERE name = '\(column)') = 'BLOB' THEN x'01'
            ELSE 1 END END
        WHERE (\(names)) = (SELECT \(names) FROM \(table) ORDER BY \(order) LIMIT 1)
        """)
      #expect(told(scratch.ledger) != nil, "\(table).\(column) was changed and nothing says so")
    }
    print("\(columns.count) columns changed")
  }

  /// Two rows of one table change places, all but their keys: each of them is a row that was written.
  @Test(arguments: ["reports", "dead_letters", "marks", "conditions", "held_back", "actions"])
  func rows_that_changed_places_are_found(_ table: String) throws {
    let folder = Folder()
    try fill(folder.ledger)
    let queue = try DatabaseQueue(path: folder.ledger)
    let (columns, key) = try queue.read { db in
      (try db.columns(in: table).map(\.name), try db.primaryKey(table).columns)
    }
    try queue.close()
    let set = columns.filter { !key.contains($0) && !["wire_key", "decision", "number"].contains($0) }
    let order = key.joined(separator: ", ")
    try folder.tamper(
      """
      CREATE TEMP TABLE first AS SELECT * FROM \(table) ORDER BY \(order) LIMIT 1;
      CREATE TEMP TABLE last AS SELECT * FROM \(table) ORDER BY \(key.map { "\($0) DESC" }.joined(separator: ", ")) LIMIT 1;
      UPDATE \(table) SET \(set.map { "\($0) = (SELECT \($0) FROM last)" }.joined(separator: ", "))
      WHERE (\(order)) = (SELECT \(order) FROM first);
      UPDATE \(table) SET \(set.map { "\($0) = (SELECT \($0) FROM first)" }.joined(separator: ", "))
      WHERE (\(order)) = (SELECT \(order) FROM last);
      """)
    #expect(told(folder.ledger) != nil)
  }
}
