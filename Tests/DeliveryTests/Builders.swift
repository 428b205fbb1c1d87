import Delivery
import Foundation
import Rules
import Synchronization

let noon = Instant(seconds: 1_772_366_400)  // 2026-03-01T12:00:00Z
let signingKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

extension AdapterSettings {
  static func make(
    _ url: String, plain: Bool = true, secrets: [String: String] = ["signing_key": signingKey],
    total: TimeSpan = .seconds(20), retries: [TimeSpan] = [.seconds(5), .minutes(5)]
  ) -> AdapterSettings {
    AdapterSettings(
      name: "desk", integration: "webhook", baseURL: url, plainOnLoopback: plain,
      secrets: secrets.mapValues { Secret($0) }, totalTimeout: total, retries: retries)
  }
}

extension HTTPRequest {
  static func make(_ method: String = "POST", path: String = "/", headers: [(name: String, value: String)] = [])
    -> HTTPRequest
  {
    HTTPRequest(method: method, path: path, headers: headers, body: method == "GET" ? [] : Array("{\"a\":1}".utf8))
  }
}

extension Decision {
  static func make(action: Action = .make(), repeated: Int = 0) -> Decision {
    Decision(
      key: DecisionKey(rule: "pump_cavitation", asset: "Riverside/Utilities/P-101", time: noon, repeated: repeated),
      title: "Pump cavitation", owner: "rotating-equipment", since: noon - .minutes(2),
      evidence: [
        Evidence(name: "running", value: .boolean(true), unit: nil),
        Evidence(name: "suction", value: .number(0.31), unit: "bar g"),
        Evidence(name: "flow", value: .notGood, unit: "m3/h"),
        Evidence(name: "age", value: .number(.infinity), unit: nil),
      ],
      limits: [Limit(name: "suction_low", value: 0.4)],
      checkFirst: ["suction valve open", "strainer differential pressure"], consequence: .economic, tier: .act,
      actions: [action], assetIDs: [("desk", "10004711"), ("sap", "77")], assetClass: "CentrifugalPump")
  }
}

extension Action {
  static func make() -> Action {
    Action(
      number: 1, kind: .workOrder, title: "Check suction strainer of P-101", text: "Slow it down first.", priority: 2,
      adapter: "desk", standing: .ready)
  }
}

extension Claim {
  static func make(_ decision: Decision = .make(), wireKey: String = "k1", attempt: Int = 1) -> Claim {
    let action = decision.actions[0]
    return Claim(
      key: ActionKey(decision: decision.key, number: action.number), wireKey: wireKey, decision: decision,
      action: action, attempt: attempt, request: nil)
  }
}

/// Does what integrations/webhook/adapter.lua does, in Swift.
final class DeskCode: AdapterCode {
  var isIdempotent = true
  var authorisation = Authorisation.standardWebhooks(secret: "signing_key")
  var failsOn: String?
  private var made = 0

  func request(_ action: Tree, settings: Tree) throws -> HTTPRequest {
    guard case .text(let key)? = action["key"], key != failsOn else { throw Broken() }
    made += 1  // never the same bytes twice: a repeated request can only be a kept one
    return HTTPRequest(
      method: "POST", path: "/orders", headers: [("Content-Type", "application/cloudevents+json")],
      body: Array("{\"id\":\"\(key)\",\"made\":\(made)}".utf8))
  }

  func answer(_ response: HTTPResponse) throws -> Receipt {
    let text = String(decoding: response.body, as: UTF8.self)
    switch response.status {
    case 299: throw Broken()
    case 200..<300: return .accepted(reference: text)
    case 409: return .already(reference: text)
    case 408, 425, 429, 500...: return .tryAgain(after: nil, why: "status \(response.status) \(text)")
    default: return .rejected("status \(response.status) \(text)")
    }
  }

  struct Broken: Error, CustomStringConvertible { var description: String { "adapter.lua:7: no" } }
}

/// A queue in memory that settles each report at once, as the engine does at its commit.
final class MemoryQueue: ActionQueue {
  private struct Item {
    var claim: Claim
    var state = ActionState.ready
    var due: Instant
  }
  private struct State {
    var items: [Item] = []
    var attempts: [Attempt] = []
  }
  private let state: Mutex<State>
  private let reported = DispatchSemaphore(value: 0)
  /// What the engine does after its commit.
  let afterReport = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ claims: Claim..., due: Instant = noon) {
    state = Mutex(State(items: claims.map { Item(claim: $0, due: due) }))
  }

  func claim(adapter: String, now: Instant) throws -> Claim? {
    state.withLock { state in
      guard let place = state.items.firstIndex(where: { $0.state == .ready && $0.due <= now }) else { return nil }
      state.items[place].state = .sending
      return state.items[place].claim
    }
  }

  func nextDue(adapter: String) throws -> Instant? {
    state.withLock { $0.items.filter { $0.state == .ready }.map(\.due).min() }
  }

  func keep(_ request: HTTPRequest, for action: ActionKey) throws {
    state.withLock { state in
      for place in state.items.indices where state.items[place].claim.key == action {
        state.items[place].claim.request = request
      }
    }
  }

  func report(_ attempt: Attempt) {
    state.withLock { state in
      state.attempts.append(attempt)
      for place in state.items.indices where state.items[place].claim.key == attempt.action {
        state.items[place].state = attempt.next
        state.items[place].due = attempt.due ?? .distantFuture
        state.items[place].claim.attempt += 1
      }
    }
    afterReport.withLock { $0?() }
    reported.signal()
  }

  var attempts: [Attempt] { state.withLock { $0.attempts } }

  /// Blocks until that many more attempts were reported; a minute is the limit of a hung test, not a measure.
  func awaitReports(_ count: Int = 1) {
    for _ in 0..<count where reported.wait(timeout: .now() + 60) == .timedOut { return }
  }
}

/// A dispatcher with a clock the test moves.
final class Desk: Sendable {
  let queue: MemoryQueue
  let dispatcher: Dispatcher
  private let clockTime: Shared<Instant>
  private let logLines: Shared<[String]>

  init(
    _ settings: AdapterSettings, _ queue: MemoryQueue,
    code: @escaping @Sendable () throws -> any AdapterCode = { DeskCode() }
  ) {
    let time = Shared(noon)
    let log = Shared<[String]>([])
    self.queue = queue
    clockTime = time
    logLines = log
    dispatcher = Dispatcher(
      settings: settings, queue: queue, site: "Riverside Works", code: code, clock: { time.value.withLock { $0 } },
      log: { line in log.value.withLock { $0.append(line) } })
    dispatcher.start()
  }

  func advance(_ span: TimeSpan) {
    clockTime.value.withLock { $0 = $0 + span }
    dispatcher.wake()
  }

  var time: Instant { clockTime.value.withLock { $0 } }
  var log: [String] { logLines.value.withLock { $0 } }
}

final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }
}
