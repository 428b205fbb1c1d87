import Foundation
import GRDB
import Rules
import Synchronization

extension Ledger {
  /// A last look at a setpoint request before it is claimed: why it must not be sent, or nil.
  package typealias Permit = @Sendable (Decision, Action, Instant) -> String?

  /// Errands for the dispatcher's threads, over the one writing connection. `report` takes what came of them to the
  /// engine. Without a `permit` no setpoint is sent. While `isHalting`, nothing is sent, as if halted: a halt that is
  /// not yet on disk.
  package func actionQueue(
    report: @escaping @Sendable (Command) -> Void,
    permit: @escaping Permit = { _, _, _ in "nothing permits setpoints here" },
    isHalting: @escaping @Sendable () -> Bool = { false }
  ) -> any ActionQueue {
    DueActions(ledger: self, report: report, permit: permit, isHalting: isHalting)
  }
}

/// The ledger as the dispatcher sees it. Its claims and the engine's batches take turns on the one connection.
private final class DueActions: ActionQueue {
  private let ledger: Ledger
  private let handOver: @Sendable (Command) -> Void
  private let permit: Ledger.Permit
  private let isHalting: @Sendable () -> Bool
  /// Rows that are not as they were written: said once and then left alone, so that the others go on.
  private let damaged = Mutex<[Int64]>([])

  init(
    ledger: Ledger, report: @escaping @Sendable (Command) -> Void, permit: @escaping Ledger.Permit,
    isHalting: @escaping @Sendable () -> Bool
  ) {
    self.ledger = ledger
    self.permit = permit
    self.isHalting = isHalting
    handOver = report
  }

  func report(_ command: Command) { handOver(command) }

  func next(adapter: String, skills: AdapterSkills, now: Instant) throws -> Errand? {
    let skipped = damaged.withLock { $0 }
    // Most asks find nothing: they must not cost a write.
    while let due = try ledger.reading(
      "due actions",
      { db in
        try DueRow.first(adapter, skills, now, without: skipped, ledger.path, db)
      })
    {
      if due.kind == .send, isHalting() { return nil }
      do {
        if let errand = try errand(due, skills, now, skipped) { return errand }
      } catch LedgerError.damagedRow(let path, let what) {
        damaged.withLock { $0.append(due.action) }
        throw LedgerError.damagedRow(path: path, what: what)
      }
    }
    return nil
  }

  func nextDue(adapter: String, skills: AdapterSkills) throws -> Instant? {
    let skipped = damaged.withLock { $0 }
    return try ledger.reading("due actions") { db in
      try DueRow.soonest(adapter, skills, without: skipped, db)
    }
  }

  /// Nil when the action is out of the way, or somebody was quicker: then there may be another.
  private func errand(_ due: DueRow, _ skills: AdapterSkills, _ now: Instant, _ skipped: [Int64]) throws -> Errand? {
    switch due.kind {
    case .follow: return try ledger.reading("an order") { db in try ledger.follow(due.action, db) }
    case .lookUp:
      return try ledger.writing("the look-up of an action") { db in try ledger.takeLookUp(due.action, db) }
    case .send:
      // What permits it may look at anything; it must not do so within the transaction.
      var refusal: String?
      if due.isSetpoint {
        let (decision, action) = try ledger.reading("an action") { db in try ledger.action(due.action, db) }
        refusal = permit(decision, action, now)
      }
      return try ledger.writing("the claim of an action") { db in
        let first = try DueRow.first(due.adapter, skills, now, without: skipped, ledger.path, db)
        guard first == due, !isHalting() else { return nil }
        return try ledger.claim(due.action, refusal: refusal, skills: skills, at: now, db)
      }
    }
  }

  func keep(_ request: HTTPRequest, for action: ActionKey) throws {
    try ledger.writing("a request") { db in
      guard let row = try ledger.row(of: action, db) else {
        throw LedgerError.unknownAction(path: ledger.path, key: action)
      }
      // The first stands: what may have been sent is never replaced.
      try db.cachedStatement(
        sql: "INSERT OR IGNORE INTO requests (id, method, path, headers, body) VALUES (?, ?, ?, ?, ?)"
      ).execute(arguments: [
        row, request.method, request.path, try json(request.headers.map { [$0.name, $0.value] }),
        Data(request.body),
      ])
      if db.changesCount == 1 { try Chain.add(.request, row, db) }
    }
  }

  func postpone(_ action: ActionKey, until time: Instant) throws {
    try ledger.writing("when an order is asked for") { db in
      guard let row = try ledger.row(of: action, db) else {
        throw LedgerError.unknownAction(path: ledger.path, key: action)
      }
      try db.cachedStatement(sql: "UPDATE actions SET follow_due = ? WHERE id = ? AND follow_due IS NOT NULL")
        .execute(arguments: [time.microseconds, row])
    }
  }
}

/// One action that something is due for.
private struct DueRow: Equatable {
  enum Kind { case send, lookUp, follow }
  var action: Int64
  var adapter: String
  var kind: Kind
  var isSetpoint: Bool

  /// What may be sent. Within an incident (one rule on one asset) an action waits while an earlier one at the same
  /// adapter may still be made or may have been, and what closes an action while that one waits for a person. The plus keeps SQLite from reading all that is ready there, where what
  /// is older is enough.
  private static let sendable = """
    FROM actions JOIN decisions ON decisions.id = actions.decision
    WHERE adapter = ?1 AND state = 'ready' AND actions.id NOT IN (SELECT value FROM json_each(?2))
      AND NOT EXISTS (
        SELECT 1 FROM actions AS earlier JOIN decisions AS its ON its.id = earlier.decision
        WHERE earlier.state IN ('ready', 'sending', 'unknown') AND earlier.id < actions.id
          AND +earlier.adapter = actions.adapter AND its.rule = decisions.rule AND its.asset = decisions.asset)
      AND NOT EXISTS (
        SELECT 1 FROM actions AS closed
        WHERE closed.decision = actions.decision AND closed.number = actions.closes AND closed.state = 'waiting')
    """
  /// What may have been made. After a restore also where it cannot be looked up: then a person says so.
  private static let doubtful = """
    FROM actions
    WHERE adapter = ?1 AND state = 'unknown' AND id NOT IN (SELECT value FROM json_each(?2))
      AND (?3 OR EXISTS (SELECT 1 FROM instructions WHERE act = 'restored'))
    """
  private static let followed = """
    FROM actions WHERE adapter = ?1 AND id NOT IN (SELECT value FROM json_each(?2))
    """

  /// What is due first, and of that the oldest. An action never tried is due whatever the clock says now: one set back
  /// must not keep it. Statuses come after all that is to be sent or looked up: they can wait.
  static func first(
    _ adapter: String, _ skills: AdapterSkills, _ now: Instant, without skipped: [Int64], _ path: String, _ db: Database
  ) throws -> DueRow? {
    let except = try json(skipped)
    var found = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT * FROM (
            SELECT actions.id, kind, state, due \(sendable) AND (due <= ?4 OR attempts <= 0)
              AND coalesce((SELECT halted FROM halts ORDER BY halts.id DESC LIMIT 1), 0) = 0
            ORDER BY due, actions.id LIMIT 1)
          UNION ALL
          SELECT * FROM (SELECT id, kind, state, due \(doubtful) AND due <= ?4 ORDER BY due, id LIMIT 1)
          ORDER BY due, id LIMIT 1
          """), arguments: [adapter, except, skills.contains(.lookUp), now.microseconds])
    if found == nil {
      found = try Row.fetchOne(
        db.cachedStatement(
          sql: "SELECT id, kind, state \(followed) AND ?3 AND follow_due <= ?4 ORDER BY follow_due, id LIMIT 1"),
        arguments: [adapter, except, skills.contains(.status), now.microseconds])
    }
    return try found.map { row in
      let state: ActionState = try known(row, "state", path: path)
      let kind: ActionKind = try known(row, "kind", path: path)
      return DueRow(
        action: try row.get("id"), adapter: adapter,
        kind: state == .ready ? .send : state == .unknown ? .lookUp : .follow, isSetpoint: kind == .setpoint)
    }
  }

  static func soonest(_ adapter: String, _ skills: AdapterSkills, without skipped: [Int64], _ db: Database) throws
    -> Instant?
  {
    let except = try json(skipped)
    return try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT min(due) FROM (
            SELECT * FROM (SELECT due \(sendable) ORDER BY due LIMIT 1)
            UNION ALL SELECT min(due) \(doubtful) AND due IS NOT NULL
            UNION ALL SELECT min(follow_due) \(followed) AND follow_due IS NOT NULL AND ?4)
          """), arguments: [adapter, except, skills.contains(.lookUp), skills.contains(.status)]
    ).map(Instant.init(microseconds:))
  }
}
