import GRDB

/// A reader sees a ledger of an older schema as this version would have it: tables that came later are empty, columns
/// that came later are NULL. Nothing is written: it is a writer that migrates.
enum OlderSchema {
  /// To be called once, on a connection that may only read, before it may not even make temporary things.
  static func fill(_ db: Database) throws {
    // Another program's file, or one of today: nothing to do.
    guard try db.tableExists("meta"), let row = try Row.fetchOne(db, sql: "SELECT schema FROM meta") else { return }
    let schema: Int = try row.get("schema")
    guard (1..<Schema.version).contains(schema) else { return }
    let fresh = try DatabaseQueue()
    try Schema.migrator.migrate(fresh)
    let wanted = try fresh.read { db in
      try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
      ).map { (table: $0, columns: try db.columns(in: $0).map(\.name)) }
    }
    for (table, columns) in wanted {
      let there = try db.tableExists(table) ? try db.columns(in: table).map(\.name) : []
      guard !columns.allSatisfy(there.contains) else { continue }
      let list = columns.map { there.contains($0) ? $0 : "NULL AS \($0)" }.joined(separator: ", ")
      // A temporary view goes before the table of its name.
      try db.execute(
        sql: "CREATE TEMP VIEW \(table) AS SELECT \(list) " + (there.isEmpty ? "WHERE 0" : "FROM main.\(table)"))
    }
  }
}
