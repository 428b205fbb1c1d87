import Foundation
import GRDB
import Rules

/// A checksum beside each row that no hash covers: what a disk or a memory changed in it shows. It proves nothing
/// against a person, who can compute it as we do; what must be proved is in the hash chain.
enum RowChecksum {
  /// A table whose rows have one in the column `checksum`; NULL in rows of before schema 6 that did not change since.
  struct Table {
    let name: String
    /// The primary key.
    let key: [String]
    /// The other columns that no hash covers.
    let columns: [String]

    init(_ name: String, _ key: String..., covers columns: [String]) {
      self.name = name
      self.key = key
      self.columns = columns
    }
  }

  /// Of `batches`, `chain` and the tables that the chain binds, the hashes cover the rest. `meta.schema` is changed by
  /// migrations; another one than the tables are of is refused when the file is opened.
  static let tables = [
    Table("meta", "one", covers: ["ledger", "created"]),
    Table("quiet_commits", "one", covers: ["count"]),
    Table("configurations", "hash", covers: []),
    Table("texts", "hash", "name", covers: ["text"]),
    Table("configs", "number", covers: ["hash"]),
    Table("bindings", "config", "tag", covers: ["asset", "name", "asset_class"]),
    Table("cuts", "id", covers: ["before", "at", "hash"]),
    Table("marks", "id", covers: ["source", "count", "bytes"]),
    Table("snapshots", "next", covers: ["configuration", "taken", "format", "semantics", "pieces", "hash"]),
    Table("snapshot_pieces", "id", covers: ["next", "place", "bytes"]),
    Table("conditions", "rule", "asset", covers: ["phase", "since", "blind_since", "blind_reading"]),
    Table("reports", "id", covers: ["kind", "time", "rule", "asset", "text"]),
    Table(
      "dead_letters", "id",
      covers: ["source", "topic", "reason", "detail", "payload", "arrived", "hash", "retained", "fate"]),
    Table("dead_letter_counts", "source", "reason", covers: ["count", "last"]),
    Table(
      "silences", "id",
      covers: ["rule", "asset", "at", "until", "person", "why", "input", "ended", "ended_by", "ended_input"]),
    Table("account_lines", "id", covers: ["rule", "owner", "asset_class", "asset", "tier", "kind"]),
    Table("held_back", "id", covers: ["times", "last"]),
    Table(
      "actions", "id",
      covers: [
        "state", "due", "attempts", "reason", "follow_due", "valid_until", "merged_into", "on_class", "on_id",
      ]),
    Table("decisions", "id", covers: ["line"]),
    Table("limits_used", "decision", "place", covers: ["text"]),
    Table("verdicts", "id", covers: ["worth_currency"]),
  ]

  /// From here on the connection writes the checksum of every row it writes. Triggers of this connection alone, so
  /// that no statement can forget it and other programs can read the file without the function.
  static func keep(on db: Database) throws {
    db.add(
      function: DatabaseFunction("row_checksum", argumentCount: nil, pure: true) { values in
        of(values)
      })
    // The triggers are in memory: no disk that is full stands in their way. They must not call each other.
    try db.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA recursive_triggers = OFF")
    for table in tables {
      let values = table.key + table.columns
      let write = """
        BEGIN
          UPDATE \(table.name)
          SET checksum = row_checksum('\(table.name)', \(values.map { "NEW.\($0)" }.joined(separator: ", ")))
          WHERE \(table.key.map { "\($0) = NEW.\($0)" }.joined(separator: " AND "));
        END
        """
      try db.execute(
        sql: """
          CREATE TEMP TRIGGER \(table.name)_inserted AFTER INSERT ON main.\(table.name) \(write);
          CREATE TEMP TRIGGER \(table.name)_updated AFTER UPDATE OF \(values.joined(separator: ", "))
          ON main.\(table.name) \(write);
          """)
    }
    // What the migration itself wrote.
    try db.execute(
      sql: """
        UPDATE meta SET created = created WHERE checksum IS NULL;
        UPDATE quiet_commits SET count = count WHERE checksum IS NULL;
        """)
  }

  /// Of the table's name and the row's values, in order. Each step is one to one, so a difference within one word of
  /// eight bytes always shows.
  static func of(_ values: some Sequence<DatabaseValue>) -> Int64 {
    var sum: UInt64 = 0x4D69_6C6C
    func add(_ word: UInt64) {
      sum = (sum ^ word) &* 0x9E37_79B9_7F4A_7C15
      sum ^= sum >> 32
    }
    func add(_ bytes: UnsafeRawBufferPointer) {
      add(UInt64(bytes.count))
      var place = 0
      while place + 8 <= bytes.count {
        add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
        place += 8
      }
      var rest: UInt64 = 0
      for byte in bytes[place...].reversed() { rest = rest << 8 | UInt64(byte) }
      add(rest)
    }
    for value in values {
      switch value.storage {
      case .null: add(0)
      case .int64(let number):
        add(1)
        add(UInt64(bitPattern: number))
      case .double(let number):
        add(2)
        add(number.bitPattern)
      case .string(let text):
        add(3)
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
      case .blob(let data):
        add(4)
        data.withUnsafeBytes { add($0) }
      }
    }
    return Int64(bitPattern: sum)
  }
}
