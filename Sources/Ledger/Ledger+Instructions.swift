import GRDB
import Rules

/// What persons told us to do: each is a row of its own, with who, and what it changed.
extension Ledger {
  /// An instruction brought as an input. One that does not apply any more (the action has moved on meanwhile)
  /// changes nothing, and its row says so.
  func carryOut(_ instruction: Instruction, input: Int64, _ db: Database) throws {
    let refusal = try instruction.act.objection(db, path: path)
    let columns = InstructionColumns(instruction.act)
    try db.cachedStatement(
      sql: """
        INSERT INTO instructions (at, person, act, subject, detail, refusal, input) VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      instruction.at.microseconds, instruction.person, columns.act, columns.subject, columns.detail, refusal, input,
    ])
    try Chain.add(.instruction, db.lastInsertedRowID, db)
    guard refusal == nil else { return }
    let (person, at) = (instruction.person, instruction.at)
    switch instruction.act {
    case .approve(let key): try approve(key, at: at, by: person, db)
    case .reject(let key, let why):
      try advance(key, to: .cancelled, due: nil, at: at, why: "rejected by \(person)\(afterColon(why))", db)
    case .retry(let key):
      try advance(key, to: .ready, due: at, at: at, why: "sent again by \(person)", db)
    case .drop(let key, let why):
      try advance(key, to: .cancelled, due: nil, at: at, why: "dropped by \(person)\(afterColon(why))", db)
    case .verdict(let key, let verdict, let cost, let worth, let note):
      try record(verdict, of: key, cost, worth, note, by: instruction, input: input, db)
    case .halt(let why): try record(halted: true, at: at, who: person, why: why, db)
    case .resume: try record(halted: false, at: at, who: person, why: "", db)
    case .shelve, .unshelve, .takeOut, .putBack: try silence(instruction, input: input, db)
    // The evaluator ends it, and its record says so.
    case .reset: return
    // The next configuration is made by what is written here.
    case .release: break
    case .losses(let losses, let origin): try record(losses, origin, by: instruction, input: input, db)
    case .backtested(let figures): try record(figures, by: instruction, input: input, db)
    case .takeLetter(let letter): try settle(letter: letter, as: .taken, db)
    case .dropLetter(let letter, _): try settle(letter: letter, as: .dropped, db)
    // Its row is what says what is in doubt.
    case .restored: break
    }
  }

  /// What waited over a restore, or was decided in its doubt, may have been made: it is looked up first. The target of a
  /// setpoint is the same however often it is written.
  private func approve(_ key: ActionKey, at: Instant, by person: String, _ db: Database) throws {
    guard let row = try row(of: key, db) else { throw LedgerError.unknownAction(path: path, key: key) }
    guard let doubt = try Doubt(about: row, db), try kind(of: row, db) != .setpoint else {
      return try move(row, to: .ready, due: at.microseconds, at: at, why: "approved by \(person)", db)
    }
    try move(row, to: .unknown, due: at.microseconds, at: at, why: "approved by \(person); \(doubt.words)", db)
  }

  private func kind(of row: Int64, _ db: Database) throws -> ActionKind {
    let found = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT kind FROM actions WHERE id = ?"), arguments: [row])
    guard let found else { throw LedgerError.damagedRow(path: path, what: "action \(row) is missing") }
    return try known(found, "kind", path: path)
  }

  private func advance(
    _ key: ActionKey, to state: ActionState, due: Instant?, at: Instant, why: String, _ db: Database
  ) throws {
    guard let row = try row(of: key, db) else { throw LedgerError.unknownAction(path: path, key: key) }
    try move(row, to: state, due: due?.microseconds, at: at, why: why, db)
  }

  private func record(
    _ verdict: Verdict, of key: DecisionKey, _ cost: Money?, _ worth: Money?, _ note: String,
    by instruction: Instruction,
    input: Int64, _ db: Database
  ) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO verdicts (decision, at, person, verdict, cost, currency, note, input, worth, worth_currency)
        VALUES ((SELECT id FROM decisions WHERE key = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      key.description, instruction.at.microseconds, instruction.person, verdict.rawValue, cost?.hundredths,
      cost?.currency, note, input, worth?.hundredths, worth?.currency,
    ])
    try Chain.add(.verdict, db.lastInsertedRowID, db)
  }

  /// The newest such row says whether anything is sent.
  func record(halted: Bool, at: Instant, who: String, why: String, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO halts (at, halted, who, why) VALUES (?, ?, ?, ?)")
      .execute(arguments: [at.microseconds, halted ? 1 : 0, who, why])
    try Chain.add(.halt, db.lastInsertedRowID, db)
  }
}

private func afterColon(_ why: String) -> String { why.isEmpty ? "" : ": \(why)" }

extension Instruction.Act {
  /// Why this does not apply to what is there now; nil when it does. Asked before an instruction is journalled, so
  /// that the person hears it, and again when it is carried out: the action may have moved on.
  func objection(_ db: Database, path: String) throws -> String? {
    func isNot(_ states: [ActionState], _ key: ActionKey, _ text: String) throws -> String? {
      guard let row = try ActionRow.one(key, db, path: path) else { return "there is no action \(key)" }
      return states.contains(row.state) ? nil : "action \(row.id) is \(row.state.rawValue); \(text)"
    }
    switch self {
    case .approve(let key): return try isNot([.waiting], key, "only a waiting action can be approved")
    case .reject(let key, _): return try isNot([.waiting], key, "only a waiting action can be rejected")
    case .retry(let key):
      if let text = try isNot([.dead, .unknown], key, "only a dead or unknown action can be sent again") {
        return text
      }
      guard let row = try ActionRow.one(key, db, path: path), row.kind == .setpoint, row.state == .unknown else {
        return nil
      }
      return "action \(row.id) is a setpoint that may have been written: it is never sent a second time; drop it"
    case .drop(let key, _):
      return try isNot(
        [.dead, .unknown, .ready, .waiting], key,
        "only an action that is dead, unknown, ready or waiting can be dropped")
    case .verdict(let key, _, _, _, _):
      let sql = "SELECT count(*) FROM decisions WHERE key = ?"
      let count = try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [key.description])
      return count == 0 ? "there is no decision \(key)" : nil
    case .halt, .release, .losses, .backtested, .restored: return nil
    case .takeLetter(let letter), .dropLetter(let letter, _):
      return try DeadLetterRow.objection(to: letter, db, path: path)
    case .resume: return try HaltRow.standing(db) == nil ? "nothing is halted" : nil
    case .shelve, .unshelve, .takeOut, .putBack, .reset: return try objectionAboutSilence(db)
    }
  }
}

/// An act as it is stored.
struct InstructionColumns {
  var act: String
  /// What it is about: the key of an action or of a decision, a rule, an asset, or a rule on an asset.
  var subject: String?
  var detail: String

  init(_ act: Instruction.Act) {
    switch act {
    case .approve(let key): (self.act, subject, detail) = ("approve", "\(key)", "")
    case .reject(let key, let why): (self.act, subject, detail) = ("reject", "\(key)", why)
    case .retry(let key): (self.act, subject, detail) = ("retry", "\(key)", "")
    case .drop(let key, let why): (self.act, subject, detail) = ("drop", "\(key)", why)
    case .verdict(let key, let verdict, let cost, let worth, let note):
      let parts = [verdict.rawValue, cost.map { "\($0)" } ?? "", worth.map { "saved \($0)" } ?? "", note]
      (self.act, subject, detail) = ("verdict", "\(key)", parts.filter { !$0.isEmpty }.joined(separator: ", "))
    case .halt(let why): (self.act, subject, detail) = ("halt", nil, why)
    case .resume: (self.act, subject, detail) = ("resume", nil, "")
    case .shelve(let rule, let asset, let until, let why):
      (self.act, subject, detail) = ("shelve", place(rule, asset), "until \(until)\(afterColon(why))")
    case .unshelve(let rule, let asset): (self.act, subject, detail) = ("unshelve", place(rule, asset), "")
    case .takeOut(let asset, let why): (self.act, subject, detail) = ("out", asset, why)
    case .putBack(let asset): (self.act, subject, detail) = ("in", asset, "")
    case .reset(let rule, let asset): (self.act, subject, detail) = ("reset", place(rule, asset), "")
    case .release(let rule, let logic): (self.act, subject, detail) = ("release", rule, logic.hex)
    case .losses(let losses, let origin): (self.act, subject, detail) = ("losses", origin, "\(losses.count)")
    case .takeLetter(let letter): (self.act, subject, detail) = ("take letter", "\(letter)", "")
    case .dropLetter(let letter, let why): (self.act, subject, detail) = ("drop letter", "\(letter)", why)
    case .backtested(let figures):
      (self.act, subject) = ("backtested", figures.rule)
      detail =
        "\(figures.logic.hex), \(figures.from) to \(figures.to): \(figures.decisions) decisions, "
        + "\(figures.caught) of \(figures.losses) losses caught, \(figures.falseAlarms) false, net \(figures.net)"
    case .restored(let since, let file): (self.act, subject, detail) = ("restored", "\(since)", file)
    }
  }
}

/// A rule on one asset, or on all.
private func place(_ rule: String, _ asset: String?) -> String { asset.map { "\(rule)/\($0)" } ?? rule }
