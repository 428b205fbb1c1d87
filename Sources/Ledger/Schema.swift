import GRDB
import Rules

/// The tables, as append-only migrations: a released one is never changed, the next one is added after it.
/// Times are microseconds since 1970 UTC; digests are hex; each row with a life has one row here, and each thing
/// that happened to it a row in an append-only table beside it.
enum Schema {
  private static let migrations = [first, second, third, fourth, fifth, sixth]
  /// The newest migration this version knows.
  static let version = migrations.count
  /// `Mill`, in the file's header: tells a ledger from another SQLite file.
  static let applicationID: Int64 = 0x4D69_6C6C

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for (place, sql) in migrations.enumerated() {
      migrator.registerMigration("\(place + 1)", foreignKeyChecks: .immediate) { db in try db.execute(sql: sql) }
    }
    return migrator
  }

  /// What the file says its tables and indexes are must be what the migrations up to `schema` make: SQLite believes
  /// that text, and a changed one would make it read other things than were written. What somebody added is let be.
  static func check(_ db: Database, schema: Int, path: String) throws {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name"
    let fresh = try DatabaseQueue()
    try migrator.migrate(fresh, upTo: String(schema))
    let wanted = try fresh.read { db in try Row.fetchAll(db, sql: sql) }
    let found = Set(try Row.fetchAll(db, sql: sql))
    guard let changed = wanted.first(where: { !found.contains($0) }) else { return }
    let name: String = try changed.get("name")
    throw LedgerError.damagedRow(path: path, what: "the description of \(name) is not as it was written")
  }
}
