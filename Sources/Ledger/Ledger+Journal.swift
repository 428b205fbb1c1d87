import Foundation
import GRDB
import Rules

/// The journal: what went in, in order, and how to read it again.
extension Ledger {
  /// Writes the whole batch in one transaction; when it returns, the batch survives power loss. A batch of
  /// nothing writes nothing. Any error means that nothing of the batch was kept.
  package func commit(_ batch: Batch) throws(LedgerError) {
    if batch.isEmpty && batch.decisions.isEmpty && batch.heldBack.isEmpty && batch.closings.isEmpty
      && batch.expired.isEmpty
      && batch.conditions.isEmpty && batch.reports.isEmpty && batch.pieces.isEmpty
    {
      return
    }
    // Encoded before the transaction, so that the claim of an action does not wait for it.
    var writer = ByteWriter()
    writer.reserve(batch.inputs.count * 24)
    var configs: [(number: Int64, hash: Digest)] = []
    var commands: [(number: Int64, command: Command)] = []
    var bindings: [(number: Int64, input: Input)] = []
    for (place, input) in batch.inputs.enumerated() {
      input.encode(into: &writer)
      switch input {
      case .config(let hash): configs.append((batch.firstInput + Int64(place), hash))
      case .command(let command): commands.append((batch.firstInput + Int64(place), command))
      case .bind: bindings.append((batch.firstInput + Int64(place), input))
      case .change, .tick, .partialTick, .source, .fault, .death, .meaning, .skipped: break
      }
    }
    let bytes = Data(writer.bytes)
    try writing("a batch") { db in
      let end = try JournalEnd(db)
      guard batch.firstInput == end.next else {
        throw LedgerError.outOfOrder(path: path, expected: end.next, found: batch.firstInput)
      }
      if !batch.inputs.isEmpty {
        let hash = batchHash(
          first: batch.firstInput, count: Int64(batch.inputs.count), meaning: Int64(batch.meaning.rawValue), bytes,
          after: end.hash)
        try db.cachedStatement(
          sql: "INSERT INTO batches (first_input, count, meaning, bytes, hash) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [batch.firstInput, batch.inputs.count, batch.meaning.rawValue, bytes, hash])
      }
      // Conditions are of a configuration: those of the one before are no more.
      if !configs.isEmpty { try db.execute(sql: "DELETE FROM conditions") }
      for (number, hash) in configs {
        try db.cachedStatement(sql: "INSERT INTO configs (number, hash) VALUES (?, ?)")
          .execute(arguments: [number, hash.hex])
      }
      for (number, binding) in bindings { try keep(binding, number, db) }
      for (number, command) in commands { try carryOut(command, input: number, db) }
      let last = batch.firstInput + Int64(batch.inputs.count) - 1
      for decision in batch.decisions { try record(decision, input: last, db) }
      for heldBack in batch.heldBack { try record(heldBack, input: last, db) }
      for closing in batch.closings { try record(closing, input: last, db) }
      for action in batch.expired { try expire(action, db) }
      for condition in batch.conditions { try record(condition, db) }
      for report in batch.reports { try record(report, db) }
      for letter in batch.deadLetters { try record(letter, db) }
      try keep(batch.marks, db)
      for piece in batch.pieces { try keep(piece, db) }
    }
  }

  /// What a command changes beside the journal, in the journal's transaction.
  private func carryOut(_ command: Command, input: Int64, _ db: Database) throws {
    switch command {
    case .attempted(let attempt): try settle(attempt, input: input, db)
    case .lookedUp(let lookUp): try settle(lookUp, input: input, db)
    case .followed(let status): try record(status, input: input, db)
    case .instructed(let instruction): try carryOut(instruction, input: input, db)
    }
  }

  /// Number of the next input; 1 in an empty journal.
  package var nextInput: Int64 {
    get throws(LedgerError) { try reading("the journal") { db in try JournalEnd(db).next } }
  }

  /// Number of the oldest input that was not cut off.
  package var firstInput: Int64 {
    get throws(LedgerError) {
      try reading("the journal") { db in
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT min(first_input) FROM batches")) ?? JournalEnd(db).next
      }
    }
  }

  /// Gives every input from `number` on and before `end`, in order; what is committed meanwhile too. Throws what `body`
  /// throws, and a `LedgerError` that names the batch when bytes are damaged or a batch is missing.
  package func replay(
    from number: Int64, before end: Int64 = .max, _ body: (Int64, Input) throws -> Void
  ) throws {
    try read(journal: path, from: number, before: end, using: rows, body)
  }

  /// The first input of the newest batch that began to arrive before `time`; where none did, the oldest there is.
  package func input(before time: Instant) throws(LedgerError) -> Int64 {
    guard let found = try oldestInput(before: time, journal: path, using: rows) else { return try nextInput }
    return found
  }

  /// The newest moment that the ledger tells of; when it was made, where its journal is empty.
  func newestMoment() throws(LedgerError) -> Instant {
    if let newest = try lastMoment(journal: path, using: rows) { return newest }
    return try reading("the journal") { db in
      Instant(microseconds: try Int64.fetchOne(db, sql: "SELECT created FROM meta") ?? 0)
    }
  }

  private func rows(_ sql: String, _ arguments: StatementArguments) throws(LedgerError) -> [Row] {
    try reading("the journal") { db in try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments) }
  }

  /// The configuration under which an input was taken; nil before the first.
  package func configuration(at number: Int64) throws(LedgerError) -> Digest? {
    try reading("the journal") { db in
      let sql = "SELECT hash FROM configs WHERE number <= ? ORDER BY number DESC LIMIT 1"
      guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [number]) else { return nil }
      return Digest(hex: try row.get("hash"))
    }
  }

  /// The newest `config` input; nil in an empty journal.
  package func lastConfiguration() throws(LedgerError) -> (number: Int64, hash: Digest)? {
    try reading("the journal") { db in
      try Row.fetchOne(db.cachedStatement(sql: "SELECT number, hash FROM configs ORDER BY number DESC LIMIT 1"))
        .map { (try $0.get("number"), Digest(hex: try $0.get("hash"))) }
    }
  }

  /// Gives every decision that came of inputs from `number` on, oldest first; some hundred a query.
  package func decisions(from number: Int64, _ body: (Decision) throws -> Void) throws {
    // From the newest back: there may be a million before them, and only the last few are asked for.
    var last = try reading("decisions") { db in
      try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT id FROM decisions WHERE input < ? ORDER BY id DESC LIMIT 1"),
        arguments: [number]) ?? 0
    }
    while true {
      let found = try reading("decisions") { db in
        try Int64.fetchAll(
          db.cachedStatement(sql: "SELECT id FROM decisions WHERE id > ? ORDER BY id LIMIT 256"), arguments: [last]
        ).map { (id: $0, decision: try readDecision($0, db, path: path)) }
      }
      guard let newest = found.last else { return }
      for (_, decision) in found { try body(decision) }
      last = newest.id
    }
  }

  /// The newest 64 decisions of each rule and asset before an input, and what still waits for a person.
  package func standing(before number: Int64) throws(LedgerError) -> Standing {
    try reading("what was decided") { db in
      var standing = Standing()
      standing.decisions = try Row.fetchAll(
        db,
        sql: """
          SELECT rule, asset, time, repeated FROM (
            SELECT id, rule, asset, time, repeated,
              row_number() OVER (PARTITION BY rule, asset ORDER BY id DESC) AS place
            FROM decisions WHERE input < ?)
          WHERE place <= 64 ORDER BY id
          """, arguments: [number]
      ).map { try DecisionKey($0) }
      standing.waiting = try Row.fetchAll(
        db,
        sql: """
          SELECT rule, asset, time, repeated, number, expires
          FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE state = 'waiting' AND input < ? ORDER BY actions.id
          """, arguments: [number]
      ).map { row in
        (
          ActionKey(decision: try DecisionKey(row), number: try row.get("number")),
          Instant(microseconds: try row.get("expires"))
        )
      }
      // Also those that were sent or given up since: what was decided holds the tag until its time is over.
      standing.setpoints = try Row.fetchAll(
        db,
        sql: """
          SELECT coalesce(on_asset, asset) AS place, setpoint_tag, max(valid_until) AS valid_until
          FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE valid_until IS NOT NULL AND input < ?
          GROUP BY place, setpoint_tag ORDER BY place, setpoint_tag
          """, arguments: [number]
      ).map { row in
        (try row.get("place"), try row.get("setpoint_tag"), Instant(microseconds: try row.get("valid_until")))
      }
      standing.silences = try Silence.standing(before: number, db)
      standing.doubt = try Doubt.ofRestore(before: number, db)
      return standing
    }
  }

  /// Keeps the texts behind a configuration's hash; those already kept stay as they are, and what an
  /// earlier version did not keep is added.
  package func storeTexts(_ hash: Digest, _ texts: [(name: String, text: String)]) throws(LedgerError) {
    try writing("the texts of a configuration") { db in
      try db.execute(sql: "INSERT OR IGNORE INTO configurations (hash) VALUES (?)", arguments: [hash.hex])
      for (name, text) in texts {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO texts (hash, name, text) VALUES (?, ?, ?)")
          .execute(arguments: [hash.hex, name, text])
      }
    }
  }

  /// Whether a person has released the logic of a rule: from then on it needs nobody's word any more.
  package func isReleased(rule: String, logic: Digest) throws(LedgerError) -> Bool {
    try reading("what was released") { db in
      let count = try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM instructions WHERE act = 'release' AND subject = ? AND detail = ? AND refusal IS NULL
          """, arguments: [rule, logic.hex])
      return count ?? 0 > 0
    }
  }

  /// The texts kept under a hash, by name; empty when there are none.
  package func texts(_ hash: Digest) throws(LedgerError) -> [(name: String, text: String)] {
    try reading("the texts of a configuration") { db in
      try Row.fetchAll(db, sql: "SELECT name, text FROM texts WHERE hash = ? ORDER BY name", arguments: [hash.hex])
        .map { (try $0.get("name"), try $0.get("text")) }
    }
  }
}
