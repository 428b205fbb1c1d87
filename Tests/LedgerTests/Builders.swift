import Foundation
import GRDB
import Ledger
import Rules

/// A folder of its own for one test, gone with it.
final class Folder {
  let path: String
  init() {
    path = NSTemporaryDirectory() + "millwright-ledger-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var ledger: String { path + "/ledger.sqlite" }

  /// The file as somebody with a tool of their own changes it.
  func tamper(_ sql: String) throws {
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: ledger, configuration: configuration)
    try queue.write { db in try db.execute(sql: sql) }
    try queue.close()
  }
}

func at(_ seconds: Int64) -> Instant { Instant(seconds: 1_760_000_000 + seconds) }

extension Action {
  static func make(_ number: Int = 1, adapter: String? = "desk", _ standing: ActionStanding = .ready) -> Action {
    Action(
      number: number, kind: .workOrder, title: "Check strainer of P-101", text: "Suction 0.3 bar g", priority: 2,
      adapter: adapter, standing: standing)
  }
}

extension Decision {
  static func make(_ second: Int64 = 0, of pump: String = "P-101", actions: [Action] = [.make()]) -> Decision {
    Decision(
      key: DecisionKey(rule: "pump_cavitation", asset: "Riverside/Utilities/\(pump)", time: at(second)),
      title: "Pump cavitation", owner: "rotating-equipment", since: at(second - 120), deferredFrom: at(second - 60),
      evidence: [
        Evidence(name: "suction", value: .number(0.3), unit: "bar g"),
        Evidence(name: "running", value: .boolean(true), unit: nil),
        Evidence(name: "batch", value: .text("B-7 \"é\""), unit: nil),
        Evidence(name: "flow", value: .notGood, unit: "m3/h"),
      ], limits: [Limit(name: "suction_low", value: 0.4)], checkFirst: ["suction valve open", "strainer"],
      consequence: .economic, textHash: Digest(hex: "aa"), logicHash: Digest(hex: "bb"), tier: .act, actions: actions,
      assetIDs: [("desk", "10004711")], assetClass: "CentrifugalPump")
  }
}

extension HTTPRequest {
  static let make = HTTPRequest(method: "POST", path: "/orders", headers: [("A", "1")], body: [1, 2])
}

extension HeldBack {
  static let make = HeldBack(
    rule: "pump_cavitation", asset: "Riverside/Utilities/P-101", time: at(5), since: at(1),
    reason: .atMost(until: at(900)),
    evidence: [
      Evidence(name: "suction", value: .number(.infinity), unit: "bar g"),
      Evidence(name: "batch", value: .text("x"), unit: nil),
    ])
}

extension Attempt {
  static func make(
    _ second: Int64 = 0, of pump: String = "P-101", action: Int = 1, number: Int = 1,
    answered receipt: Receipt = .accepted(reference: "WO-1"), next: ActionState = .settled, due: Instant? = nil
  ) -> Attempt {
    Attempt(
      action: ActionKey(decision: Decision.make(second, of: pump).key, number: action), number: number, began: at(10),
      ended: at(11), status: 201, receipt: receipt, next: next, due: due)
  }
}

extension Ledger {
  /// Commits one batch that continues the journal.
  func commit(
    _ inputs: [Input] = [.tick(SourceID(0), at(0))], decisions: [Decision] = [],
    _ more: (inout Batch) -> Void = { _ in }
  ) throws {
    var batch = Batch(firstInput: try nextInput)
    batch.inputs = inputs
    batch.decisions = decisions
    more(&batch)
    try commit(batch)
  }
  var due: any ActionQueue { actionQueue(report: { _ in }) }
}

extension ActionQueue {
  /// The next action to be sent, for an adapter that can do nothing else.
  func claim(adapter: String, now: Instant) throws -> Claim? {
    guard case .send(let claim)? = try next(adapter: adapter, skills: [], now: now) else { return nil }
    return claim
  }
  func nextDue(adapter: String) throws -> Instant? { try nextDue(adapter: adapter, skills: []) }
}
