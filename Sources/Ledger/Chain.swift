import Crypto
import Foundation
import GRDB
import Rules

/// The hash chain over decisions and what follows them. Each entry names one row and binds it, value by value as
/// it is stored, to all before it. What it cannot show: that the newest rows, with their entries, were cut off;
/// only a copy of a later hash kept elsewhere can.
enum Chain {
  /// Which table an entry's row is in. Raw values are in the hashes: append-only.
  enum Kind: UInt8, CaseIterable {
    case decision = 1
    case heldBack, action, event, attempt, receipt, request, lookUp, outcome, verdict, instruction, halt, closing, loss,
      backtest, booking

    /// What people call it.
    var name: String {
      switch self {
      case .decision: "decision"
      case .heldBack: "held-back decision"
      case .action: "action"
      case .event: "action event"
      case .attempt: "attempt"
      case .receipt: "receipt"
      case .request: "request"
      case .lookUp: "look-up"
      case .outcome: "outcome"
      case .verdict: "verdict"
      case .instruction: "instruction"
      case .halt: "halt"
      case .closing: "closing"
      case .loss: "loss"
      case .backtest: "backtest"
      case .booking: "booking"
      }
    }

    /// Of so many rows after one, the last and the first that has no entry: somebody else put it in.
    var unchained: String {
      """
      SELECT max(id) AS last,
        min(CASE WHEN NOT EXISTS (SELECT 1 FROM chain WHERE kind = \(rawValue) AND row = id) THEN id END) AS found
      FROM (SELECT id FROM \(table) WHERE id > ? ORDER BY id LIMIT ?)
      """
    }

    private var table: String {
      switch self {
      case .decision: "decisions"
      case .heldBack: "held_back"
      case .action: "actions"
      case .event: "action_events"
      case .attempt: "attempts"
      case .receipt: "receipts"
      case .request: "requests"
      case .lookUp: "look_ups"
      case .outcome: "outcomes"
      case .verdict: "verdicts"
      case .instruction: "instructions"
      case .halt: "halts"
      case .closing: "closings"
      case .loss: "losses"
      case .backtest: "backtests"
      case .booking: "bookings"
      }
    }

    /// What is hashed: the columns that never change, by name, so that a later column does not break old hashes.
    fileprivate var statements: [String] {
      switch self {
      case .decision:
        [
          """
          SELECT key, rule, asset, time, repeated, since, deferred_from, title, owner, consequence, tier, text_hash,
            logic_hash, asset_class, check_first, input
          FROM decisions WHERE id = ?
          """,
          "SELECT place, name, kind, number, text, unit FROM evidence WHERE decision = ? ORDER BY place",
          "SELECT place, name, value FROM limits_used WHERE decision = ? ORDER BY place",
          "SELECT place, adapter, id FROM asset_ids WHERE decision = ? ORDER BY place",
        ]
      case .heldBack:
        ["SELECT rule, asset, time, since, reason, until, evidence, input FROM held_back WHERE id = ?"]
      case .action:
        [
          """
          SELECT decision, number, kind, title, text, priority, setpoint_tag, setpoint_target, adapter, expires,
            wire_key
          FROM actions WHERE id = ?
          """
        ]
      case .event: ["SELECT action, seq, state, at, why FROM action_events WHERE id = ?"]
      case .attempt:
        [
          """
          SELECT action, number, began, ended, status, receipt, detail, after, next, due, input
          FROM attempts WHERE id = ?
          """
        ]
      case .receipt: ["SELECT action, reference, received FROM receipts WHERE id = ?"]
      case .request: ["SELECT method, path, headers, body FROM requests WHERE id = ?"]
      case .lookUp:
        [
          """
          SELECT action, number, began, ended, status, answer, detail, next, due, input
          FROM look_ups WHERE id = ?
          """
        ]
      case .outcome:
        ["SELECT action, at, standing, cause, cost, currency, started, done, input FROM outcomes WHERE id = ?"]
      case .verdict:
        ["SELECT decision, at, person, verdict, cost, currency, note, input FROM verdicts WHERE id = ?"]
      case .instruction: ["SELECT at, person, act, subject, detail, refusal, input FROM instructions WHERE id = ?"]
      case .halt: ["SELECT at, halted, who, why FROM halts WHERE id = ?"]
      case .closing: ["SELECT decision, at, cancels, input FROM closings WHERE id = ?"]
      case .loss:
        [
          """
          SELECT asset, start, until, cause, cost, currency, planned, origin, reference, recorded, input
          FROM losses WHERE id = ?
          """
        ]
      case .backtest:
        [
          """
          SELECT rule, logic_hash, first, last, decisions, losses, caught, false_alarms, net, currency, person, at, input
          FROM backtests WHERE id = ?
          """
        ]
      case .booking:
        [
          """
          SELECT decision, rule, owner, asset_class, asset, tier, kind, recorded, month, because, modelled,
            measured, over, unproven, cost, judged, confirmed, false_alarms, missed, responded, response, input
          FROM bookings JOIN account_lines ON account_lines.id = line WHERE bookings.id = ?
          """
        ]
      }
    }
  }

  /// When a setpoint becomes void: in its action's hash, where there is one, since schema 2.
  private static let validity = "SELECT valid_until FROM actions WHERE id = ? AND valid_until IS NOT NULL"

  /// Columns of schema 3, in the hash of the rows that have something there: what was hashed without them stays as it
  /// was.
  private static func third(_ kind: Kind) -> String? {
    switch kind {
    case .decision:
      """
      SELECT follows, place, kind, text
      FROM decisions LEFT JOIN limits_used ON limits_used.decision = decisions.id AND kind IS NOT NULL
      WHERE decisions.id = ? AND (follows IS NOT NULL OR kind IS NOT NULL) ORDER BY place
      """
    case .heldBack:
      "SELECT subject, person FROM held_back WHERE id = ? AND (subject IS NOT NULL OR person IS NOT NULL)"
    case .action:
      """
      SELECT on_asset, on_class, on_id, closes FROM actions
      WHERE id = ? AND (on_asset IS NOT NULL OR closes IS NOT NULL)
      """
    case .event, .attempt, .receipt, .request, .lookUp, .outcome, .verdict, .instruction, .halt, .closing, .loss,
      .backtest, .booking:
      nil
    }
  }

  /// Columns of schema 4, likewise.
  private static func fourth(_ kind: Kind) -> String? {
    switch kind {
    case .decision:
      """
      SELECT recorded, month, modelled, planned_cost, nuisance, author, value_currency, kind
      FROM decisions JOIN account_lines ON account_lines.id = line WHERE decisions.id = ?
      """
    case .verdict: "SELECT worth, worth_currency FROM verdicts WHERE id = ? AND worth IS NOT NULL"
    default: nil
    }
  }

  /// What the first entry follows.
  static let root = Data(repeating: 0, count: 32)

  /// Adds the entry of a row just written, in the row's own transaction.
  static func add(_ kind: Kind, _ row: Int64, _ db: Database) throws {
    let last = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1"))
    let previous: (seq: Int64, hash: Data) = try last.map { (try $0.get("seq"), try $0.get("hash")) } ?? (0, root)
    guard let hash = try hash(kind, row, after: previous.hash, db) else {
      preconditionFailure("A row is chained after it was written, in the same transaction.")
    }
    try db.cachedStatement(sql: "INSERT INTO chain (seq, kind, row, hash) VALUES (?, ?, ?, ?)")
      .execute(arguments: [previous.seq + 1, Int64(kind.rawValue), row, hash])
  }

  /// The hash of a row as it is stored now; nil when it is gone.
  static func hash(_ kind: Kind, _ id: Int64, after previous: Data, _ db: Database) throws -> Data? {
    var writer = ByteWriter()
    writer.byte(kind.rawValue)
    writer.integer(id)
    for (place, sql) in kind.statements.enumerated() {
      let rows = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [id])
      if place == 0 && rows.isEmpty { return nil }
      writer.integer(rows.count)
      for row in rows {
        for value in row.databaseValues { value.encode(into: &writer) }
      }
    }
    if kind == .action,
      let row = try Row.fetchOne(db.cachedStatement(sql: validity), arguments: [id])
    {
      for value in row.databaseValues { value.encode(into: &writer) }
    }
    for sql in [third(kind), fourth(kind)].compactMap({ $0 }) {
      let rows = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [id])
      if !rows.isEmpty { writer.integer(rows.count) }
      for row in rows {
        for value in row.databaseValues { value.encode(into: &writer) }
      }
    }
    var sha = SHA256()
    sha.update(data: [0x00])
    sha.update(data: writer.bytes)
    sha.update(data: previous)
    return Data(sha.finalize())
  }
}

extension DatabaseValue {
  /// Type and value: a number stored as text is another value.
  fileprivate func encode(into writer: inout ByteWriter) {
    switch storage {
    case .null: writer.byte(0)
    case .int64(let number):
      writer.byte(1)
      writer.integer(number)
    case .double(let number):
      writer.byte(2)
      writer.double(number)
    case .string(let text):
      writer.byte(3)
      writer.text(text)
    case .blob(let data):
      writer.byte(4)
      writer.integer(data.count)
      for byte in data { writer.byte(byte) }
    }
  }
}
