import GRDB
import Rules

/// What a restore leaves in doubt, as the ledger's rows say it.
extension Doubt {
  /// Of an action that was decided before the newest restore or in the doubt it left; nil of any other.
  init?(about action: Int64, _ db: Database) throws {
    let first = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT state, why FROM action_events WHERE action = ? AND seq = 1"), arguments: [action])
    let (state, why): (String?, String?) = (try first?.get("state"), try first?.get("why"))
    let born = state == ActionState.unknown.rawValue ? why.flatMap { Doubt(words: $0) } : nil
    let later = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT instructions.at, subject FROM actions JOIN decisions ON decisions.id = actions.decision
            JOIN instructions ON act = 'restored' AND instructions.input > decisions.input
          WHERE actions.id = ? ORDER BY instructions.id DESC LIMIT 1
          """), arguments: [action]
    ).map { try Doubt($0) }
    guard let newest = later ?? born else { return nil }
    self.init(since: min(newest.since, born?.since ?? newest.since), until: newest.until)
  }

  /// A restore after the newest configuration before an input; nil when there is none.
  static func ofRestore(before number: Int64, _ db: Database) throws -> Doubt? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT at, subject FROM instructions
        WHERE act = 'restored' AND input < ?1
          AND input > coalesce((SELECT max(number) FROM configs WHERE number < ?1), 0)
        ORDER BY id DESC LIMIT 1
        """, arguments: [number]
    ).map { try Doubt($0) }
  }

  private init(_ row: Row) throws {
    let subject: String = try row.get("subject")
    guard let since = Instant(rfc3339: subject) else { throw DamagedValue(column: "subject") }
    self.init(since: since, until: Instant(microseconds: try row.get("at")))
  }
}
