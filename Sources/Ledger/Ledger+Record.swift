import Foundation
import GRDB
import Rules

/// Kept of each source and reason; more are only counted, so that a broken device cannot fill the disk.
let deadLettersKept = 100

/// What a batch caused, row by row. Each function runs in the batch's transaction.
extension Ledger {
  func record(_ decision: Decision, input: Int64, _ db: Database) throws {
    let first = try firstPosition(of: decision, db)
    do {
      try db.cachedStatement(
        sql: """
          INSERT INTO decisions (key, rule, asset, time, repeated, since, deferred_from, title, owner, consequence,
            tier, text_hash, logic_hash, asset_class, check_first, input, follows, line, recorded, month,
            modelled, planned_cost, nuisance, author, value_currency)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM decisions WHERE key = ?), ?, ?, ?, ?, ?,
            ?, ?, ?)
          """
      ).execute(arguments: [
        decision.key.description, decision.key.rule, decision.key.asset, decision.key.time.microseconds,
        decision.key.repeated, decision.since.microseconds, decision.deferredFrom?.microseconds, decision.title,
        decision.owner, decision.consequence?.rawValue, decision.tier.rawValue, decision.textHash.hex,
        decision.logicHash.hex, decision.assetClass, try json(decision.checkFirst), input,
        decision.follows?.description, first.line, first.recorded.microseconds, first.month,
        first.value?.modelled?.hundredths, first.value?.cost.hundredths, first.value?.nuisance.hundredths,
        first.value?.author, first.value?.cost.currency,
      ])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
      throw LedgerError.duplicateDecision(path: path, key: decision.key)
    }
    let row = db.lastInsertedRowID
    for (place, evidence) in decision.evidence.enumerated() {
      let columns = EvidenceColumns(evidence)
      try db.cachedStatement(
        sql: "INSERT INTO evidence (decision, place, name, kind, number, text, unit) VALUES (?, ?, ?, ?, ?, ?, ?)"
      ).execute(arguments: [row, place, columns.name, columns.kind, columns.number, columns.text, columns.unit])
    }
    for (place, limit) in decision.limits.enumerated() {
      let columns = try LimitColumns(limit.value)
      try db.cachedStatement(
        sql: "INSERT INTO limits_used (decision, place, name, value, kind, text) VALUES (?, ?, ?, ?, ?, ?)"
      ).execute(arguments: [row, place, limit.name, columns.number, columns.kind, columns.text])
    }
    for (place, known) in decision.assetIDs.enumerated() {
      try db.cachedStatement(sql: "INSERT INTO asset_ids (decision, place, adapter, id) VALUES (?, ?, ?, ?)")
        .execute(arguments: [row, place, known.adapter, known.id])
    }
    try Chain.add(.decision, row, db)
    for action in decision.actions { try record(action, of: decision.key, row, db) }
  }

  /// At its decision, or when the condition cleared.
  func record(
    _ action: Action, of decision: DecisionKey, _ decisionRow: Int64, at time: Instant? = nil, _ db: Database
  ) throws {
    let (state, why, expires): (ActionState, String, Instant?) =
      switch action.standing {
      case .ready: (.ready, action.closes == nil ? "decided" : "the condition is over", nil)
      case .waiting(let expires): (.waiting, "waits for a person's approval", expires)
      case .shadow: (.shadow, "recorded only: the tier is shadow", nil)
      case .refused(let why): (.refused, why, nil)
      }
    let key = ActionKey(decision: decision, number: action.number)
    try db.cachedStatement(
      sql: """
        INSERT INTO actions (decision, number, kind, title, text, priority, setpoint_tag, setpoint_target, adapter,
          expires, wire_key, state, valid_until, on_asset, on_class, on_id, closes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      decisionRow, action.number, action.kind.rawValue, action.title, action.text, action.priority,
      action.setpoint?.tag, action.setpoint?.target, action.adapter, expires?.microseconds,
      wireKey(ledger: id, action: key), state.rawValue, action.setpoint?.validUntil?.microseconds,
      action.on?.path, action.on?.assetClass, action.on?.id, action.closes,
    ])
    let row = db.lastInsertedRowID
    try Chain.add(.action, row, db)
    if let doubt = action.doubt {
      // That is what it begins as; one that waits for a person is looked up when it was approved.
      let due = action.kind == .setpoint ? nil : (time ?? decision.time).microseconds
      try move(row, to: .unknown, due: due, at: time ?? decision.time, why: doubt.words, db)
      guard state == .waiting else { return }
    }
    try move(row, to: state, due: wallClock().microseconds, at: time ?? decision.time, why: why, db)
  }

  /// The first in a row is a row of its own; the others are counted on it.
  func record(_ heldBack: HeldBack, input: Int64, _ db: Database) throws {
    let columns = HeldBackColumns(heldBack.reason)
    if heldBack.count > 1 {
      try db.cachedStatement(
        sql: """
          UPDATE held_back SET times = ?, last = ?
          WHERE id = (SELECT max(id) FROM held_back WHERE rule = ? AND asset = ? AND reason = ?)
          """
      ).execute(arguments: [
        heldBack.count, heldBack.time.microseconds, heldBack.rule, heldBack.asset, columns.reason,
      ])
      if db.changesCount > 0 { return }
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO held_back (rule, asset, time, since, reason, until, evidence, input, subject, person)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      heldBack.rule, heldBack.asset, heldBack.time.microseconds, heldBack.since.microseconds,
      columns.reason, columns.until, try json(heldBack.evidence.map(EvidenceColumns.init)), input, columns.subject,
      columns.person,
    ])
    try Chain.add(.heldBack, db.lastInsertedRowID, db)
  }

  func record(_ condition: ConditionRecord, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO conditions (rule, asset, phase, since, blind_since, blind_reading)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      condition.rule, condition.asset, condition.phase, condition.since.microseconds,
      condition.blindSince?.microseconds, condition.blindReading,
    ])
  }

  func record(_ report: Report, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO reports (kind, time, rule, asset, text) VALUES (?, ?, ?, ?, ?)")
      .execute(arguments: [report.kind.rawValue, report.time.microseconds, report.rule, report.asset, report.text])
  }

  func record(_ letter: DeadLetter, _ db: Database) throws {
    let count = try Int.fetchOne(
      db.cachedStatement(
        sql: """
          INSERT INTO dead_letter_counts (source, reason, count, last) VALUES (?, ?, 1, ?)
          ON CONFLICT DO UPDATE SET count = count + 1, last = excluded.last
          RETURNING count
          """), arguments: [letter.source, letter.reason, letter.arrived.microseconds])
    if let skipped = letter.skipped {
      if try isKept(skipped.hash, db) { return }
    } else {
      guard let count, count <= deadLettersKept else { return }
    }
    let payload = letter.skipped == nil ? letter.payload.prefix(1024) : letter.payload[...]
    try db.cachedStatement(
      sql: """
        INSERT INTO dead_letters (source, topic, reason, detail, payload, arrived, hash, retained)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      letter.source, letter.topic, letter.reason, letter.detail, Data(payload), letter.arrived.microseconds,
      letter.skipped.map { Int64(bitPattern: $0.hash) }, letter.skipped.map { $0.retained ? 1 : 0 },
    ])
  }
}

func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func value<T: Decodable>(_ type: T.Type, json text: String) throws -> T {
  let decoder = JSONDecoder()
  decoder.nonConformingFloatDecodingStrategy = .convertFromString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return try decoder.decode(type, from: Data(text.utf8))
}

/// Evidence as it is stored: in columns, and as JSON with a held-back decision.
struct EvidenceColumns: Codable {
  var name: String
  var kind: String
  /// SQLite has no NaN: it is stored as kind `number` without one.
  var number: Double?
  var text: String?
  var unit: String?

  init(_ evidence: Evidence) {
    name = evidence.name
    unit = evidence.unit
    switch evidence.value {
    case .notGood: kind = "not_good"
    case .boolean(let value):
      kind = "boolean"
      number = value ? 1 : 0
    case .number(let value):
      kind = "number"
      number = value
    case .text(let value) where value.utf8.contains(0):
      // SQLite's functions, as GRDB calls them, take a text up to its first NUL.
      kind = "json"
      text = (try? json([value])) ?? ""
    case .text(let value):
      kind = "text"
      text = value
    case .absent: kind = "absent"
    case .group(let group):
      kind = "group"
      number = group.mean
      text = [group.highest, group.lowest, group.spread, Double(group.howMany)].map { "\($0) " }.joined() + group.worst
    }
  }

  init(_ row: Row) throws(DamagedValue) {
    name = try row.get("name")
    kind = try row.get("kind")
    number = try row.get("number")
    text = try row.get("text")
    unit = try row.get("unit")
  }

  /// Nil when it is of no known kind.
  var evidence: Evidence? {
    let value: ReadingValue
    switch kind {
    case "not_good": value = .notGood
    case "boolean": value = .boolean(number == 1)
    case "number": value = .number(number ?? .nan)
    case "text": value = .text(text ?? "")
    case "json":
      guard let whole = text.flatMap(onlyText) else { return nil }
      value = .text(whole)
    case "absent": value = .absent
    case "group":
      let parts = (text ?? "").split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
      let numbers = parts.prefix(4).compactMap { Double($0) }
      guard parts.count == 5, numbers.count == 4, let count = Int(exactly: numbers[3]) else { return nil }
      value = .group(
        GroupReading(
          highest: numbers[0], lowest: numbers[1], spread: numbers[2], mean: number ?? .nan, howMany: count,
          worst: String(parts[4])))
    default: return nil
    }
    return Evidence(name: name, value: value, unit: unit)
  }
}

/// Of a list with one text in it, as `EvidenceColumns` writes it.
private func onlyText(json text: String) -> String? {
  guard let texts = try? value([String].self, json: text), texts.count == 1 else { return nil }
  return texts[0]
}
