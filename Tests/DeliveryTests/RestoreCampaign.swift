import Delivery
import Engine
import Foundation
import Ledger
import Rules
import Synchronization
import Testing

/// Rounds of load, a backup under load, more load, the end of the engine, restore and resume, against a system that can
/// be asked for what it has and takes every order that it is sent. `make test` plays a few rounds.
struct RestoreCampaign {
  private static let rounds = Campaign.size(3, large: 20)

  @Test func no_trouble_has_two_orders_and_none_is_forgotten() throws {
    var merged = 0
    for round in 0..<Self.rounds {
      let round = try RestoreRound(seed: Campaign.seed &+ UInt64(round), skills: [.lookUp, .lookUpOpen])
      try round.play()
      #expect(round.twice == [], "(seed \(round.seed))")
      #expect(round.forgotten == [], "(seed \(round.seed))")
      let left = try round.actions.filter { $0.state != .settled && $0.state != .merged }
      #expect(left.map { "\($0.key) \($0.state) \($0.reason ?? "")" } == [], "(seed \(round.seed))")
      merged += try round.actions.count { $0.state == .merged }
    }
    #expect(merged > 0, "no trouble had an order that the backup did not know (seed \(Campaign.seed))")
  }

  @Test func what_cannot_be_looked_for_waits_for_a_person_and_no_trouble_has_two_orders() throws {
    var waiting = 0
    for round in 0..<Self.rounds {
      let round = try RestoreRound(seed: Campaign.seed &+ UInt64(round), skills: .lookUp)
      try round.play()
      #expect(round.twice == [], "(seed \(round.seed))")
      waiting += try round.actions.count(where: \.waitsForAPerson)
    }
    #expect(waiting > 0, "no trouble was in doubt (seed \(Campaign.seed))")
  }

  @Test func a_copy_put_in_place_by_hand_has_two_orders_of_one_trouble() throws {
    let round = try RestoreRound(seed: Campaign.seed, skills: [.lookUp, .lookUpOpen])
    try round.play(restoring: false)
    #expect(round.twice != [], "without what a restore writes, the campaign finds nothing: it is not worth its time")
  }
}

extension ActionRow {
  /// It is not there under its own key, and may be there under another.
  fileprivate var waitsForAPerson: Bool { state == .unknown && reason?.contains("under this key") == true }
}

/// Twelve machines with troubles at random, the engine and the dispatcher as they are, and a ledger on disk.
private final class RestoreRound {
  let seed: UInt64
  private let folder = NSTemporaryDirectory() + "millwright-restore-\(UUID().uuidString)"
  private var ledgerFile: String { folder + "/ledger.sqlite" }
  private var backup: String { folder + "/backup.sqlite" }
  private let skills: AdapterSkills
  private let plant: Troubles
  private let system: OrderBook
  private let settings: AdapterSettings
  private let clock: Shared<Instant>
  private var dice: Dice

  init(seed: UInt64, skills: AdapterSkills) throws {
    self.seed = seed
    self.skills = skills
    dice = Dice(seed)
    let clock = Shared(noon)
    self.clock = clock
    plant = Troubles(seed: seed, from: noon)
    let book = OrderBook(seed: seed &+ 7) { clock.value.withLock { $0 } }
    system = book
    let server = DeskServer(answering: { book.answer($0) })
    settings = .make(server.url, total: .seconds(2), retries: Array(repeating: .seconds(20), count: 12))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var actions: [ActionRow] {
    get throws { try LedgerReader(path: ledgerFile).actions() }
  }

  /// Troubles with two orders or more.
  var twice: [String] {
    var counts: [String: Int] = [:]
    for order in system.orders { counts[plant.trouble(order.asset, at: order.decided), default: 0] += 1 }
    return counts.filter { $0.value > 1 }.keys.sorted()
  }

  /// Machines in trouble at the end without any order.
  var forgotten: [String] {
    let now = clock.value.withLock { $0 }
    let known = Set(system.orders.map(\.asset))
    return Troubles.machines.filter { plant.isInTrouble($0, since: now - .seconds(60), at: now) && !known.contains($0) }
  }

  func play(restoring: Bool = true) throws {
    let taken = Int64(dice.below(20) + 30) * 5
    let killed = taken + Int64(dice.below(20) + 20) * 5
    let up = killed + Int64(dice.below(12) + 1) * 5
    try run(until: killed, backupAt: taken)
    clock.value.withLock { $0 = noon + .seconds(up) }
    do { _ = try open() }
    if restoring {
      let restored = try Ledger.restore(from: backup, to: ledgerFile, at: clock.value.withLock { $0 })
      #expect(restored.since <= noon + .seconds(taken) && restored.since >= noon + .seconds(taken - 10))
    } else {
      for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: ledgerFile + end) }
      try FileManager.default.copyItem(atPath: backup, toPath: ledgerFile)
      try Ledger.forgetMark(at: ledgerFile)
    }
    // By then the last trouble has begun.
    try run(until: max(up + 300, 1_000), resumingAt: restoring ? up + 20 : nil, quietly: true)
    #expect(try LedgerReader(path: ledgerFile).verify().problem == nil)
  }

  /// One life of the engine. `quietly`: it goes on until nothing is to be sent or looked up.
  private func run(until end: Int64, backupAt: Int64? = nil, resumingAt: Int64? = nil, quietly: Bool = false) throws {
    let ledger = try open()
    try ledger.lookUpUnknown(adapter: "desk", at: clock.value.withLock { $0 } + .seconds(32))
    let inbox = Inbox()
    let queue = ledger.actionQueue(report: { inbox.post($0) })
    let desk = DispatcherOf(settings, queue, skills, clock)
    let source = Sampler(plant, clock, inbox) { [ledgerFile, backup] second in
      if second == backupAt { _ = try LedgerReader(path: ledgerFile).backUp(to: backup) }
      if second == resumingAt {
        inbox.post(
          .instructed(Instruction(person: "somebody", at: noon + .seconds(second), act: .resume)))
      }
      guard second >= end else { return false }
      guard quietly, second < end + 50_000 else { return true }
      let actions = try LedgerReader(path: ledgerFile).actions()
      // What comes after one that waits for a person waits for that.
      let held = Set(actions.filter(\.waitsForAPerson).map(\.key.decision.asset))
      return actions.allSatisfy {
        $0.state == .settled || $0.state == .merged || held.contains($0.key.decision.asset)
      }
    }
    let engine = try Engine(
      catalogue: Troubles.Only(), journal: ledger, sources: [source], inbox: inbox,
      clock: { [clock] in clock.value.withLock { $0 } }, steady: { [clock] in clock.value.withLock { $0 } },
      log: { _ in }, committed: { _ in desk.dispatcher.wake() })
    desk.dispatcher.start()
    try engine.run()
    desk.dispatcher.stop()
    if let error = source.failure { throw error }
  }

  /// The thread of the one before may hold the ledger a moment longer.
  private func open() throws -> Ledger {
    let end = Date(timeIntervalSinceNow: 30)
    while Date() < end {
      if let ledger = try? Ledger(path: ledgerFile) { return ledger }
      sched_yield()
    }
    return try Ledger(path: ledgerFile)
  }
}

private struct DispatcherOf {
  let dispatcher: Dispatcher
  init(_ settings: AdapterSettings, _ queue: any ActionQueue, _ skills: AdapterSkills, _ clock: Shared<Instant>) {
    dispatcher = Dispatcher(
      settings: settings, queue: queue, site: "Riverside Works",
      code: {
        let code = DeskCode(isIdempotent: false, skills)
        code.saysWhat = true
        return code
      }, clock: { clock.value.withLock { $0 } }, log: { _ in })
  }
}

/// When each machine is in trouble.
private struct Troubles: Sendable {
  static let machines = (0..<12).map { "M\($0)" }
  private var stretches: [[Range<Instant>]] = []

  init(seed: UInt64, from start: Instant) {
    var dice = Dice(seed &+ 3)
    for _ in Self.machines {
      var (time, found) = (Int64(dice.below(300)), [Range<Instant>]())
      while time < 900 {
        let end = dice.below(3) == 0 ? time + 100_000 : time + Int64(dice.below(200) + 30)
        found.append((start + .seconds(time))..<(start + .seconds(end)))
        time = end + Int64(dice.below(250) + 40)
      }
      stretches.append(found)
    }
  }

  func value(of machine: Int, at time: Instant) -> Double { stretches[machine].contains { $0.contains(time) } ? 20 : 5 }

  /// The machine and the number of the trouble in which it was decided.
  func trouble(_ asset: String, at time: Instant) -> String {
    let machine = Self.machines.firstIndex(of: asset) ?? 0
    let number = stretches[machine].lastIndex { $0.lowerBound <= time } ?? -1
    return "\(asset), trouble \(number)"
  }

  func isInTrouble(_ asset: String, since: Instant, at time: Instant) -> Bool {
    let machine = Self.machines.firstIndex(of: asset) ?? 0
    return stretches[machine].contains { $0.lowerBound <= since && $0.contains(time) }
  }

  /// An order for every machine that is in trouble for ten seconds.
  final class Only: Catalogue {
    private let only: Configuration
    init() {
      let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A")])
      let rule = Rule(
        name: "over", title: "over", owner: "tests", appliesTo: "Machine",
        readings: [Reading(name: "v", tag: "V", form: .latest)], heldFor: .span(.seconds(10)),
        actions: [.workOrder(title: "look at {asset}", priority: 2, text: nil, on: .own)]
      ) { _, readings, _ in
        guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
        return value > 10 ? .yes : .no
      }
      only = Configuration(
        hash: Digest(hex: "aa"),
        model: Model(
          classes: [machine], assets: Troubles.machines.map { Asset(name: $0, path: $0, classIndex: 0) }
        ) { _, _ in SourceID(0) }, rules: [rule],
        policy: PolicySettings(
          tiers: [.init(rule: nil, assetClass: nil, kind: nil, tier: .act)],
          routes: [.init(kind: .workOrder, assetClass: nil, adapter: "desk")]),
        sources: [SourceSettings(name: "plant", lateness: .zero, skew: .seconds(5))])
    }
    func configuration(_ hash: Digest) -> Configuration { only }
    func successor(to decider: Decider?) -> Configuration? { decider == nil ? only : nil }
  }
}

/// Samples every machine each five seconds of a clock that it moves itself, a step a turn.
private final class Sampler: Source {
  let id = SourceID(0)
  private let plant: Troubles
  private let clock: Shared<Instant>
  private let inbox: Inbox
  /// Told the second; true ends the engine.
  private let ends: @Sendable (Int64) throws -> Bool
  private let state = Shared((isUp: false, isHeld: false, failure: (any Error)?.none))

  init(
    _ plant: Troubles, _ clock: Shared<Instant>, _ inbox: Inbox, ends: @escaping @Sendable (Int64) throws -> Bool
  ) {
    self.plant = plant
    self.clock = clock
    self.inbox = inbox
    self.ends = ends
  }

  var failure: (any Error)? { state.value.withLock { $0.failure } }

  func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) { wake() }
  func take(into intake: inout Intake) {
    let (isFirst, isHeld) = state.value.withLock { state in
      defer { state.isUp = state.isUp || !state.isHeld }
      return (!state.isUp, state.isHeld)
    }
    guard !isHeld else { return }
    let now = clock.value.withLock { now in
      now = now + .seconds(isFirst ? 0 : 5 - now.microseconds / 1_000_000 % 5)
      return now
    }
    if isFirst {
      intake.inputs += [LinkEvent.connected, .caughtUp].map { .source(id, $0, now) }
    } else {
      for machine in Troubles.machines.indices {
        let value = plant.value(of: machine, at: now)
        intake.inputs.append(.change(TagChange(TagID(machine), .number(value), time: now, arrived: now)))
      }
    }
    do {
      if try ends((now.microseconds - noon.microseconds) / 1_000_000) { inbox.stop() }
    } catch {
      state.value.withLock { $0.failure = error }
      inbox.stop()
    }
    inbox.wake()
  }
  func hold() { state.value.withLock { $0.isHeld = true } }
  func committed() { state.value.withLock { $0.isHeld = false } }
  func refused() { state.value.withLock { $0.isHeld = false } }
  func stop() {}
}

/// Takes every order that it is sent, now and then without saying so.
private final class OrderBook: Sendable {
  struct Order: Sendable {
    var key: String
    var asset: String
    var decided: Instant
    var made: Instant
  }
  private let state: Shared<(dice: Dice, orders: [Order])>
  private let now: @Sendable () -> Instant

  init(seed: UInt64, now: @escaping @Sendable () -> Instant) {
    state = Shared((Dice(seed), []))
    self.now = now
  }

  var orders: [Order] { state.value.withLock { $0.orders } }

  func answer(_ request: DeskServer.Request) -> DeskServer.Answer {
    request.line.hasPrefix("POST") ? take(request) : look(request.line)
  }

  private func take(_ request: DeskServer.Request) -> DeskServer.Answer {
    let lines = String(decoding: request.body, as: UTF8.self).split(separator: "\n").map(String.init)
    let key = (request.header("Idempotency-Key") ?? "").trimmingCharacters(in: ["\""])
    guard lines.count == 3, let decided = Instant(rfc3339: lines[2]) else { return .reply(400) }
    return state.value.withLock { state in
      let roll = state.dice.below(8)
      if roll == 0 { return .close }
      state.orders.append(Order(key: key, asset: lines[1], decided: decided, made: now()))
      return roll == 1 ? .close : .reply(201, body: "WO-\(state.orders.count)")
    }
  }

  private func look(_ line: String) -> DeskServer.Answer {
    let target = line.split(separator: " ").dropFirst().first ?? ""
    var asked: [String: String] = [:]
    for pair in target.split(separator: "?").last?.split(separator: "&") ?? [] {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      asked[parts[0]] = parts.count > 1 ? parts[1] : ""
    }
    let but = Set((asked["but"] ?? "").split(separator: ",").map(String.init))
    let since = asked["since"].flatMap { Instant(rfc3339: $0) } ?? .distantPast
    let place = orders.firstIndex { order in
      asked["key"].map { $0 == order.key }
        ?? (order.asset == asked["asset"] && order.made >= since && !but.contains(order.key))
    }
    return place.map { .reply(200, body: "WO-\($0 + 1)") } ?? .reply(404)
  }
}
