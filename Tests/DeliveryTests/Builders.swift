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

  /// Decided in the doubt of a restore at noon.
  static func inDoubt(known: [KnownOrder] = []) -> Claim {
    let doubt = Doubt(since: noon - .minutes(38), until: noon)
    var action = Action.make()
    action.doubt = doubt
    var claim = Claim.make(.make(action: action), attempt: 0)
    claim.doubt = doubt
    claim.known = known
    return claim
  }
}

/// Does what integrations/webhook/adapter.lua does, in Swift, and with `skills` what an adapter may do besides.
final class DeskCode: AdapterCode {
  var isIdempotent = true
  var skills: AdapterSkills = []
  var visibleAfter = TimeSpan.seconds(30)
  var followEvery = TimeSpan.minutes(5)
  var authorisation = Authorisation.standardWebhooks(secret: "signing_key")
  var failsOn: String?
  var saysWhat = false
  private var made = 0

  init(isIdempotent: Bool = true, _ skills: AdapterSkills = []) {
    self.isIdempotent = isIdempotent
    self.skills = skills
  }

  func request(_ action: Tree, settings: Tree) throws -> HTTPRequest {
    guard case .text(let key)? = action["key"], key != failsOn else { throw Broken() }
    made += 1  // never the same bytes twice: a repeated request can only be a kept one
    return HTTPRequest(
      method: "POST", path: "/orders", headers: [("Content-Type", "application/cloudevents+json")],
      body: Array("{\"id\":\"\(key)\",\"made\":\(made)}".utf8) + about(action))
  }

  /// A line for the asset and one for when it was decided, where the system is to know.
  private func about(_ action: Tree) -> [UInt8] {
    guard saysWhat, case .text(let asset)? = action["asset"]?["path"],
      case .text(let time)? = action["decision"]?["time"]
    else { return [] }
    return Array("\n\(asset)\n\(time)".utf8)
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

  func lookUp(_ action: Tree, settings: Tree) throws -> HTTPRequest {
    guard case .text(let key)? = action["key"] else { throw Broken() }
    return HTTPRequest(method: "GET", path: "/orders?key=\(key)", headers: [], body: [])
  }

  func readLookUp(_ response: HTTPResponse) throws -> LookUpAnswer {
    switch response.status {
    case 200: .found(reference: String(decoding: response.body, as: UTF8.self))
    case 404: .absent
    case 299: throw Broken()
    default: .tryAgain(after: nil, why: "status \(response.status)")
    }
  }

  func lookUpOpen(_ wanted: Tree, settings: Tree) throws -> HTTPRequest {
    guard case .text(let asset)? = wanted["action"]?["asset"]?["path"], case .text(let since)? = wanted["since"],
      case .list(let known)? = wanted["known"]
    else { throw Broken() }
    let keys = known.compactMap { if case .text(let key)? = $0["key"] { key } else { nil } }
    return HTTPRequest(
      method: "GET", path: "/open?asset=\(asset)&since=\(since)&but=\(keys.joined(separator: ","))", headers: [],
      body: [])
  }

  func readLookUpOpen(_ response: HTTPResponse, wanted: Tree) throws -> LookUpAnswer { try readLookUp(response) }

  func status(_ order: Tree, settings: Tree) throws -> HTTPRequest {
    guard case .text(let reference)? = order["reference"] else { throw Broken() }
    return HTTPRequest(method: "GET", path: "/orders/\(reference)", headers: [], body: [])
  }

  func readStatus(_ response: HTTPResponse) throws -> StatusAnswer {
    guard response.status != 299 else { throw Broken() }
    guard response.status == 200 else { return .tryAgain(after: nil, why: "status \(response.status)") }
    let word = String(decoding: response.body, as: UTF8.self)
    return .status(OrderReport(standing: OrderStanding(rawValue: word) ?? .unknown))
  }

  func comment(_ order: Tree, settings: Tree) throws -> HTTPRequest {
    guard case .text(let reference)? = order["reference"] else { throw Broken() }
    return HTTPRequest(method: "POST", path: "/orders/\(reference)/comments", headers: [], body: [])
  }

  func readComment(_ response: HTTPResponse) throws -> Receipt { try answer(response) }

  func losses(_ wanted: Tree, settings: Tree) throws -> HTTPRequest {
    var path = "/losses"
    if case .text(let after)? = wanted["after"] { path += "?after=\(after)" }
    return HTTPRequest(method: "GET", path: path, headers: [], body: [])
  }

  /// A loss a line: its reference, the asset, when it began in seconds, why.
  func readLosses(_ response: HTTPResponse, settings: Tree) throws -> LossesAnswer {
    guard response.status != 299 else { throw Broken() }
    guard response.status == 200 else { return .tryAgain(after: nil, why: "status \(response.status)") }
    return .losses(
      String(decoding: response.body, as: UTF8.self).split(separator: "\n").map { line in
        let words = line.split(separator: " ").map(String.init)
        return ReportedLoss(
          asset: words[1], reference: words[0], started: Instant(seconds: Int64(words[2]) ?? 0), cause: words[3])
      })
  }

  struct Broken: Error, CustomStringConvertible { var description: String { "adapter.lua:7: no" } }
}

/// A queue in memory that moves each action when it is reported, as the engine does at its commit.
final class MemoryQueue: ActionQueue {
  private struct Item {
    var claim: Claim
    var state = ActionState.ready
    var due: Instant
    var lookUps = 0
    var isTried = false
  }
  private struct State {
    var items: [Item] = []
    /// Given once, before all others.
    var errands: [Errand] = []
    var reports: [Command] = []
    var postponed: [Instant] = []
    var kept: [HTTPRequest] = []
  }
  private let state: Mutex<State>
  private let reported = DispatchSemaphore(value: 0)
  /// What the engine does after its commit.
  let afterReport = Mutex<(@Sendable () -> Void)?>(nil)

  convenience init(_ claims: Claim..., due: Instant = noon) { self.init(claims, due: due) }

  init(_ claims: [Claim], due: Instant = noon) {
    state = Mutex(State(items: claims.map { Item(claim: $0, due: due) }))
  }

  init(_ errands: [Errand]) { state = Mutex(State(errands: errands)) }

  func add(_ errand: Errand) { state.withLock { $0.errands.append(errand) } }

  func next(adapter: String, skills: AdapterSkills, now: Instant) throws -> Errand? {
    state.withLock { state in
      if !state.errands.isEmpty { return state.errands.removeFirst() }
      let place = state.items.firstIndex { item in
        item.due <= now && (item.state == .ready || (item.state == .unknown && skills.contains(.lookUp)))
      }
      guard let place else { return nil }
      if state.items[place].state == .unknown {
        state.items[place].lookUps += 1
        state.items[place].due = .distantFuture
        return .lookUp(state.items[place].claim, number: state.items[place].lookUps)
      }
      state.items[place].state = .sending
      if state.items[place].isTried { state.items[place].claim.attempt += 1 }
      state.items[place].isTried = true
      return .send(state.items[place].claim)
    }
  }

  func nextDue(adapter: String, skills: AdapterSkills) throws -> Instant? {
    state.withLock { $0.items.filter { $0.state == .ready || $0.state == .unknown }.map(\.due).min() }
  }

  func keep(_ request: HTTPRequest, for action: ActionKey) throws {
    state.withLock { state in
      state.kept.append(request)
      for place in state.items.indices where state.items[place].claim.key == action {
        state.items[place].claim.request = request
      }
    }
  }

  func report(_ command: Command) {
    state.withLock { state in
      state.reports.append(command)
      for place in state.items.indices {
        let key = state.items[place].claim.key
        switch command {
        case .attempted(let attempt) where attempt.action == key:
          state.items[place].state = attempt.next
          state.items[place].due = attempt.due ?? .distantFuture
        case .lookedUp(let lookUp) where lookUp.action == key:
          state.items[place].state = lookUp.next
          state.items[place].due = lookUp.due ?? .distantFuture
        default: break
        }
      }
    }
    afterReport.withLock { $0?() }
    reported.signal()
  }

  func postpone(_ action: ActionKey, until time: Instant) throws {
    state.withLock { $0.postponed.append(time) }
    reported.signal()
  }

  var reports: [Command] { state.withLock { $0.reports } }
  var attempts: [Attempt] { reports.compactMap { if case .attempted(let attempt) = $0 { attempt } else { nil } } }
  var lookUps: [LookUp] { reports.compactMap { if case .lookedUp(let lookUp) = $0 { lookUp } else { nil } } }
  var statuses: [OrderStatus] { reports.compactMap { if case .followed(let status) = $0 { status } else { nil } } }
  var postponed: [Instant] { state.withLock { $0.postponed } }
  var kept: [HTTPRequest] { state.withLock { $0.kept } }

  /// Blocks until that many more things were reported or postponed; a minute is the limit of a hung test, not a
  /// measure.
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
