import GRDB
import Rules

/// One line of a list of decisions.
package struct DecisionRow: Sendable, Equatable {
  /// Its number in this ledger.
  package var id: Int64
  package var key: DecisionKey
  package var title: String
  package var owner: String
  package var consequence: Consequence?
  package var tier: Tier
  /// The state of each of its actions, in order.
  package var actions: [ActionState]
}

/// An action and where it stands.
package struct ActionRow: Sendable, Equatable {
  package var id: Int64
  package var key: ActionKey
  package var kind: ActionKind
  package var title: String
  package var adapter: String?
  /// As on the wire; what to look for in the other system.
  package var wireKey: String
  package var state: ActionState
  /// Wall clock, while it is ready, or unknown and to be looked up.
  package var due: Instant?
  /// How often it was claimed for sending.
  package var attempts: Int
  /// Why it is in this state.
  package var reason: String?
}

/// One step in the life of an action.
package struct ActionEvent: Sendable, Equatable {
  /// From 1.
  package var seq: Int
  package var state: ActionState
  /// The decision's data time for the first and for an expiry, else wall clock.
  package var at: Instant
  package var why: String
}

/// The other system's word that it has the thing.
package struct ReceiptRow: Sendable, Equatable {
  package var reference: String
  /// Wall clock.
  package var received: Instant
}

/// An action with all that happened to it, in order.
package struct ActionStory: Sendable, Equatable {
  package var row: ActionRow
  package var action: Action
  package var events: [ActionEvent]
  package var attempts: [Attempt]
  package var receipts: [ReceiptRow]
  package var lookUps: [LookUp]
  /// What its system said of it, whenever that changed.
  package var outcomes: [OrderStatus]
  /// The order it was counted on instead of making one of its own.
  package var mergedInto: ActionKey?
  /// What was sent, without authorisation.
  package var request: HTTPRequest?
}

/// A decision with evidence and limits, and all that came of it.
package struct DecisionStory: Sendable, Equatable {
  package var id: Int64
  package var decision: Decision
  /// The last input of the batch that it was taken in.
  package var input: Int64
  package var actions: [ActionStory]
  /// When its condition cleared, where something was done about that.
  package var closings: [ClosingRow]
  /// What persons found, oldest first.
  package var verdicts: [VerdictRow]
}

/// The end of a decision's condition, where something was done about that.
package struct ClosingRow: Sendable, Equatable {
  /// Data time.
  package var at: Instant
  /// What was not sent yet was cancelled.
  package var cancels: Bool
}

/// What a person found a decision to have been.
package struct VerdictRow: Sendable, Equatable {
  package var at: Instant
  /// Their id in the site file.
  package var person: String
  package var verdict: Verdict
  package var cost: Money?
  package var note: String

  init(_ row: Row, path: String) throws {
    let (hundredths, currency): (Int64?, String?) = (try row.get("cost"), try row.get("currency"))
    at = Instant(microseconds: try row.get("at"))
    person = try row.get("person")
    verdict = try known(row, "verdict", path: path)
    cost = hundredths.map { Money(hundredths: $0, currency: currency ?? "") }
    note = try row.get("note")
  }
}

/// When each step of an action was reached; nil where it was not, or is not known.
package struct ActionSteps: Sendable, Equatable {
  /// Data time; the others are of the wall clock.
  package var decided: Instant
  /// The first attempt.
  package var sent: Instant?
  /// The other system's word that it has it.
  package var accepted: Instant?
  /// As that system says.
  package var started: Instant?
  package var done: Instant?
  package init(
    decided: Instant, sent: Instant? = nil, accepted: Instant? = nil, started: Instant? = nil, done: Instant? = nil
  ) {
    self.decided = decided
    self.sent = sent
    self.accepted = accepted
    self.started = started
    self.done = done
  }
}

extension ActionStory {
  package var steps: ActionSteps {
    ActionSteps(
      decided: row.key.decision.time, sent: attempts.first?.began, accepted: receipts.first?.received,
      started: outcomes.last { $0.started != nil }?.started, done: outcomes.last { $0.done != nil }?.done)
  }
}

/// A firing that became no decision.
package struct HeldBackRow: Sendable, Equatable {
  package var id: Int64
  /// With how many in a row there were for this reason, this one and those after it.
  package var heldBack: HeldBack
  /// When the newest of those after it fired.
  package var last: Instant?
}

/// How many messages of a source could not be read, for one reason.
package struct DeadLetterCount: Sendable, Equatable {
  package var source: String
  package var reason: String
  package var count: Int
  /// When the newest arrived, wall clock.
  package var last: Instant
}

/// How much of each there is.
package struct LedgerCounts: Sendable, Equatable {
  package var inputs: Int64
  package var decisions: Int
  package var heldBack: Int
  package var actions: [ActionState: Int]
  package var deadLetters: Int
}

extension ActionRow {
  /// Oldest first.
  static func all(_ db: Database, state: ActionState?, limit: Int, path: String) throws -> [ActionRow] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT actions.*, rule, asset, time, repeated
        FROM actions JOIN decisions ON decisions.id = actions.decision
        WHERE ?1 IS NULL OR state = ?1
        ORDER BY actions.id LIMIT ?2
        """, arguments: [state?.rawValue, limit]
    ).map { try ActionRow($0, path: path) }
  }

  static func one(_ key: ActionKey, _ db: Database, path: String) throws -> ActionRow? {
    try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT actions.*, rule, asset, time, repeated
          FROM actions JOIN decisions ON decisions.id = actions.decision
          WHERE decisions.key = ? AND actions.number = ?
          """), arguments: [key.decision.description, key.number]
    ).map { try ActionRow($0, path: path) }
  }

  /// From a row of `actions` joined with its decision's key.
  init(_ row: Row, path: String) throws {
    id = try row.get("id")
    key = ActionKey(decision: try DecisionKey(row), number: try row.get("number"))
    kind = try known(row, "kind", path: path)
    title = try row.get("title")
    adapter = try row.get("adapter")
    wireKey = try row.get("wire_key")
    state = try known(row, "state", path: path)
    due = instant(try row.get("due"))
    attempts = try row.get("attempts")
    reason = try row.get("reason")
  }
}

extension DecisionKey {
  init(_ row: Row) throws(DamagedValue) {
    self.init(
      rule: try row.get("rule"), asset: try row.get("asset"), time: Instant(microseconds: try row.get("time")),
      repeated: try row.get("repeated"))
  }
}

func instant(_ microseconds: Int64?) -> Instant? { microseconds.map(Instant.init(microseconds:)) }

/// A word of a closed set; another one is damage.
func known<T: RawRepresentable<String>>(_ row: Row, _ column: String, path: String) throws -> T {
  try known(word: row.get(column), column, path: path)
}

/// The same of a column that may be empty.
func knownIfAny<T: RawRepresentable<String>>(_ row: Row, _ column: String, path: String) throws -> T? {
  let word: String? = try row.get(column)
  return try word.map { try known(word: $0, column, path: path) }
}

private func known<T: RawRepresentable<String>>(word: String, _ column: String, path: String) throws(LedgerError) -> T {
  guard let value = T(rawValue: word) else {
    throw .damagedRow(path: path, what: "'\(word)' in column \(column)")
  }
  return value
}
