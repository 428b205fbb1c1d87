import GRDB
import Rules

/// Rules that persons have shelved, and assets they took out of service.
extension Silence {
  /// What the inputs before `number` left standing, oldest first.
  static func standing(before number: Int64, _ db: Database) throws -> [Silence] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT rule, asset, until, person FROM silences
          WHERE input < ?1 AND (ended_input IS NULL OR ended_input >= ?1) ORDER BY id
          """), arguments: [number]
    ).map { row in
      Silence(
        rule: try row.get("rule"), asset: try row.get("asset"), until: instant(try row.get("until")),
        person: try row.get("person"))
    }
  }
}

/// A rule shelved, or an asset out of service, by a person who has not ended it.
package struct SilenceRow: Sendable, Equatable {
  package var silence: Silence
  /// Wall clock.
  package var since: Instant
  package var why: String
}

extension LedgerReader {
  /// What persons have silenced and not ended, oldest first; a shelving whose time is over is not told from another.
  package func silences() throws(LedgerError) -> [SilenceRow] {
    try reading("what is shelved or out of service") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM silences WHERE ended_input IS NULL ORDER BY id").map { row in
        SilenceRow(
          silence: Silence(
            rule: try row.get("rule"), asset: try row.get("asset"), until: instant(try row.get("until")),
            person: try row.get("person")),
          since: Instant(microseconds: try row.get("at")), why: try row.get("why"))
      }
    }
  }
}

extension Ledger {
  /// An instruction that silences something, or ends that. One of the same rule and asset takes an earlier one's place.
  func silence(_ instruction: Instruction, input: Int64, _ db: Database) throws {
    func begin(_ rule: String?, _ asset: String?, until: Instant?, why: String) throws {
      try end("rule IS ?1 AND asset IS ?2", rule, asset)
      try db.cachedStatement(
        sql: "INSERT INTO silences (rule, asset, at, until, person, why, input) VALUES (?, ?, ?, ?, ?, ?, ?)"
      ).execute(arguments: [
        rule, asset, instruction.at.microseconds, until?.microseconds, instruction.person, why, input,
      ])
    }
    func end(_ which: String, _ rule: String?, _ asset: String?) throws {
      try db.cachedStatement(
        sql: "UPDATE silences SET ended = ?3, ended_by = ?4, ended_input = ?5 WHERE ended_input IS NULL AND \(which)"
      ).execute(arguments: [rule, asset, instruction.at.microseconds, instruction.person, input])
    }
    switch instruction.act {
    case .shelve(let rule, let asset, let until, let why): try begin(rule, asset, until: until, why: why)
    case .takeOut(let asset, let why): try begin(nil, asset, until: nil, why: why)
    case .unshelve(let rule, let asset): try end("rule IS ?1 AND (?2 IS NULL OR asset IS ?2)", rule, asset)
    case .putBack(let asset): try end("rule IS ?1 AND asset IS ?2", nil, asset)
    case .approve, .reject, .retry, .drop, .verdict, .halt, .resume, .reset, .release, .losses, .backtested,
      .takeLetter, .dropLetter, .restored:
      return
    }
  }
}

extension Instruction.Act {
  /// Why an instruction about silences or conditions does not apply; nil when it does, or is about something else.
  func objectionAboutSilence(_ db: Database) throws -> String? {
    func stands(_ which: String, _ rule: String?, _ asset: String?) throws -> Bool {
      let sql = "SELECT count(*) FROM silences WHERE ended_input IS NULL AND \(which)"
      return try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [rule, asset]) ?? 0 > 0
    }
    switch self {
    case .unshelve(let rule, let asset):
      if try stands("rule IS ?1 AND (?2 IS NULL OR asset IS ?2)", rule, asset) { return nil }
      guard let asset else { return "rule '\(rule)' is not shelved" }
      let onAll = try stands("rule IS ?1 AND asset IS NULL AND ?2 IS NOT NULL", rule, asset)
      return "rule '\(rule)' is not shelved on \(asset)"
        + (onAll ? ", it is on all assets: unshelve it without one" : "")
    case .takeOut(let asset, _):
      return try stands("rule IS ?1 AND asset IS ?2", nil, asset) ? "\(asset) is out of service already" : nil
    case .putBack(let asset):
      return try stands("rule IS ?1 AND asset IS ?2", nil, asset) ? nil : "\(asset) is not out of service"
    case .reset(let rule, let asset):
      let sql = "SELECT phase FROM conditions WHERE rule = ? AND asset = ?"
      let phase = try String.fetchOne(db.cachedStatement(sql: sql), arguments: [rule, asset]) ?? "normal"
      return ["active", "clearing"].contains(phase)
        ? nil : "rule '\(rule)' is \(phase) on \(asset); only an active condition can be reset"
    case .shelve, .approve, .reject, .retry, .drop, .verdict, .halt, .resume, .release, .losses, .backtested,
      .takeLetter, .dropLetter, .restored:
      return nil
    }
  }
}
