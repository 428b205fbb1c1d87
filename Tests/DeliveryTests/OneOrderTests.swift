import Delivery
import Foundation
import Ledger
import Rules
import Synchronization
import Testing

/// The ledger and the dispatcher as they are, a random system behind them, and an engine that dies at random before it
/// has written what it was told.
struct OneOrderTests {
  enum Kind: CaseIterable, Sendable {
    case idempotent, idempotentWithLookUp, lookUp, neither
    var isIdempotent: Bool { self == .idempotent || self == .idempotentWithLookUp }
    var skills: AdapterSkills { self == .lookUp || self == .idempotentWithLookUp ? .lookUp : [] }
  }

  @Test(arguments: Kind.allCases) func no_server_gets_two_orders_of_one_action(_ kind: Kind) throws {
    let count = Campaign.size(30, large: 1_000)
    let system = RandomSystem(seed: Campaign.seed, isIdempotent: kind.isIdempotent)
    let plant = try Plant(kind, system, actions: count)
    try plant.runUntilNothingIsDue()
    var settled = 0
    for action in try plant.actions() {
      let made = system.count(action.wireKey)
      #expect(made <= 1, "\(action.key) is \(action.state.rawValue) (seed \(Campaign.seed))")
      switch action.state {
      case .settled:
        #expect(made == 1)
        settled += 1
      case .refused: #expect(made == 0)
      case .unknown, .dead: #expect(Bool(true), "a person decides")
      default: #expect(Bool(false), "\(action.key) is left \(action.state.rawValue) (seed \(Campaign.seed))")
      }
    }
    // Where nothing protects, what had no answer waits for a person, and fewer are settled.
    #expect(settled > count / 5)
  }
}

/// One site with an adapter, on a clock that jumps to whatever is due next.
private final class Plant {
  private let folder = NSTemporaryDirectory() + "millwright-orders-\(UUID().uuidString)"
  private let kind: OneOrderTests.Kind
  private let settings: AdapterSettings
  private let clock = Shared(noon)
  private let deaths: Shared<Dice>
  private var engine: Engine?

  /// What ends when the process does.
  private struct Engine {
    var ledger: Ledger
    var queue: any ActionQueue
    var dispatcher: Dispatcher
    var hasDied: Shared<Bool>
    var told: DispatchSemaphore
  }

  init(_ kind: OneOrderTests.Kind, _ system: RandomSystem, actions: Int) throws {
    self.kind = kind
    deaths = Shared(Dice(Campaign.seed &+ 1))
    let server = DeskServer(answering: { system.answer($0) })
    settings = .make(
      server.url, total: TimeSpan(microseconds: 60_000), retries: Array(repeating: .seconds(20), count: 12))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let ledger = try Ledger(path: folder + "/ledger.sqlite")
    var batch = Batch(firstInput: try ledger.nextInput)
    batch.inputs = [.tick(SourceID(0), noon)]
    batch.decisions = (0..<actions).map { place in
      var decision = Decision.make()
      decision.key.asset = "Riverside/Utilities/P-\(place)"
      return decision
    }
    try ledger.commit(batch)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func actions() throws -> [ActionRow] { try LedgerReader(path: folder + "/ledger.sqlite").actions() }

  func runUntilNothingIsDue() throws {
    while true {
      let engine = try self.engine ?? start()
      if engine.hasDied.value.withLock({ $0 }) {
        engine.dispatcher.stop()
        self.engine = nil
      } else if let due = try engine.queue.nextDue(adapter: "desk", skills: kind.skills) {
        clock.value.withLock { $0 = max($0, due) }
        engine.dispatcher.wake()
        // Nothing comes while the adapter leaves the system alone: then time goes on.
        if engine.told.wait(timeout: .now() + 0.1) == .timedOut { clock.value.withLock { $0 = $0 + .seconds(10) } }
      } else if try actions().contains(where: { $0.state == .sending }) {
        _ = engine.told.wait(timeout: .now() + 1)
      } else {
        return engine.dispatcher.stop()
      }
    }
  }

  /// Takes up what the engine before has left, as a start does.
  private func start() throws -> Engine {
    let ledger = try open()
    let now = clock.value.withLock { $0 }
    if kind.skills.contains(.lookUp) {
      try ledger.lookUpUnknown(adapter: "desk", at: now + .seconds(31))
    } else if kind.isIdempotent {
      try ledger.makeUnknownReady(adapter: "desk", now: now)
    }
    let (hasDied, told) = (Shared(false), DispatchSemaphore(value: 0))
    let queue = ledger.actionQueue(report: { [deaths] command in
      defer { told.signal() }
      // From its death on, nothing is written.
      let dies = deaths.value.withLock { $0.below(8) == 0 }
      if hasDied.value.withLock({ died in
        died = died || dies
        return died
      }) {
        return
      }
      do {
        var batch = Batch(firstInput: try ledger.nextInput)
        batch.inputs = [.command(command)]
        try ledger.commit(batch)
      } catch {
        Issue.record(error)
      }
    })
    let dispatcher = Dispatcher(
      settings: settings, queue: queue, site: "Riverside Works",
      code: { [kind] in DeskCode(isIdempotent: kind.isIdempotent, kind.skills) },
      clock: { [clock] in clock.value.withLock { $0 } }, log: { _ in })
    let engine = Engine(ledger: ledger, queue: queue, dispatcher: dispatcher, hasDied: hasDied, told: told)
    self.engine = engine
    dispatcher.start()
    return engine
  }

  /// The thread of the one before may hold the ledger a moment longer.
  private func open() throws -> Ledger {
    let end = Date(timeIntervalSinceNow: 30)
    while Date() < end {
      if let ledger = try? Ledger(path: folder + "/ledger.sqlite") { return ledger }
      sched_yield()
    }
    return try Ledger(path: folder + "/ledger.sqlite")
  }
}
