import ArgumentParser
import Benefit
import Demo
import Foundation
import Ledger
import Rules
import Site
import Synchronization

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows Millwright at work: a simulated plant, a real broker, the engine, a work-order desk.",
    discussion: "Everything runs on this machine's loopback, in a temporary folder, on free ports.")
  @Argument(help: "the site's folder") var site = "site"
  @Option(name: .customLong("for"), help: "how long, in real time; Ctrl-C ends it sooner") var length = "60s"
  @Option(help: "plant seconds a real second") var speed = 60.0
  @Option(help: "of the plant's noise") var seed: UInt64 = 1
  @Option(help: "where its return page is left") var page = NSTemporaryDirectory() + "millwright-demo-return.html"

  func run() throws {
    guard let length = TimeSpan(length), length > .zero else {
      throw Failure.usage("--for takes a length of time such as 60s or 5min, not '\(length)'")
    }
    guard speed >= 1, speed <= 600 else { throw Failure.usage("--speed takes 1 to 600, not \(speed)") }
    let folder = FileManager.default.temporaryDirectory.path + "/millwright-demo-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }

    // The plant's hour ends about now.
    let start = systemClock() - TimeSpan(microseconds: Int64(Double(length.microseconds) * speed))
    let secret = Secret("whsec_" + Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString())
    let broker: Broker
    do { broker = try Broker(folder: folder + "/broker") } catch { throw Failure.cannot("\(error)") }
    defer { broker.stop() }
    let desk = try WorkOrderDesk(secret: secret, clock: systemClock)
    let deskPort = try waitFor { try await desk.start() }
    defer { waitFor { await desk.stop() } }

    var installation = try Installation.read(SiteFolders(site: site), makeSecrets: false)
    installation.redirect(to: folder + "/state", broker: broker.port, desk: deskPort, secret: secret, speed: speed)

    let clock = DemoClock(start: start, speed: speed)
    let story = Story(colour: Story.terminalHasColour)  // what the desk takes is told in real time
    let teller = Teller(
      story, titles: try installation.configuration().rules.reduce(into: [:]) { $0[$1.name] = $1.title })
    let service = try Service(
      installation, clock: clock.wall, steady: clock.wall, log: Log(quiet: true), committed: teller.take)
    // In colour. All that it tells comes from the simulated plant.
    Swift.print(
      Story(colour: Story.terminalHasColour, speed: speed).opening(start: start, page: "http://127.0.0.1:\(deskPort)/"))

    try service.start()
    guard teller.waitUntilConnected(seconds: 20) else {
      service.stop()
      _ = try service.waitUntilEnded()
      throw Failure.cannot("cannot begin: the engine did not connect to the broker within 20 s")
    }
    let plant = Plant(seed: seed, start: start)
    let faults = plant.faults(until: clock.now + TimeSpan(microseconds: Int64(Double(length.microseconds) * speed)))
    let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
    let live = LivePlant(plant, publisher: publisher, clock: clock)
    let ending = DispatchSemaphore(value: 0)
    let stopping = Stopping { ending.signal() }
    defer { withExtendedLifetime(stopping) {} }
    let thread = Thread {
      do { try live.run() } catch { standardError.write("the plant stopped: \(error)\n") }
    }
    thread.start()
    teller.whenFirstAccepted = { desk.close(forNext: 1, retryAfter: 2) }
    _ = ending.wait(timeout: .now() + length.seconds)

    let end = clock.now
    live.stop()
    publisher.close()
    teller.waitUntilDelivered(seconds: 10)
    let written = faults.filter { $0.onset < end }
    try judge(teller.summary(start: start, end: end, messages: 0, faults: written), service)
    service.stop()
    let counts = try service.waitUntilEnded()
    let summary = teller.summary(
      start: start, end: end, messages: Int(counts.taken), faults: written)
    Swift.print("\n" + story.summary(summary))
    try leavePage(installation)
  }

  /// The shift says what it found: the simulated plant knows which of its faults were real. The newest decision is left
  /// for whoever opens the page.
  private func judge(_ summary: Summary, _ service: Service) throws {
    let comparison = Comparison(
      faults: summary.faults, decisions: summary.decisions, blind: summary.blind, until: summary.end)
    try service.journal(
      summary.decisions.dropLast().map { decision in
        Instruction(
          person: "demo-shift", at: systemClock(),
          act: .verdict(
            decision.key, comparison.wasFault(decision) ? .confirmed : .falseAlarm, cost: nil,
            note: "the simulated plant knows its faults"))
      })
  }

  /// What it was worth, left where it can be opened.
  private func leavePage(_ installation: Installation) throws {
    do {
      let reader = try LedgerReader(path: installation.site.stateFolder + "/ledger.sqlite")
      var accounts = try RoiAccounts(reader: reader, site: installation.site).accounts(
        by: .rule, since: nil, asOf: nil)
      accounts.evidence = try RoiEvidence(reader: reader, configuration: installation.configuration())
        .around(Array(accounts.waiting.prefix(3)))
      try writePage(returnPage(accounts), to: page)
    } catch let error as LedgerError {
      throw Failure.cannot("\(error)")
    }
    print("What it was worth, by verdicts of the simulated plant: \(page)")
  }
}

extension Installation {
  /// Points the site at what the demo started, and nowhere else.
  fileprivate mutating func redirect(to state: String, broker: Int, desk: Int, secret: Secret, speed: Double) {
    site.stateFolder = state
    for index in site.sources.indices {
      site.sources[index].mqtt.host = "127.0.0.1"
      site.sources[index].mqtt.port = broker
      site.sources[index].mqtt.username = nil
      site.sources[index].mqtt.password = nil
      site.sources[index].mqtt.tls = nil
      // A message takes the same real time however fast the plant runs.
      site.sources[index].settings.lateness = TimeSpan(microseconds: Int64(200_000 * speed))
    }
    for index in site.adapters.indices {
      site.adapters[index].baseURL = "http://127.0.0.1:\(desk)"
      site.adapters[index].plainOnLoopback = true
      site.adapters[index].retries = [.seconds(1), .seconds(2), .seconds(5), .seconds(10)]
      for name in ["signing_key"] + site.adapters[index].secrets.keys { site.adapters[index].secrets[name] = secret }
    }
  }
}

/// Listens to what was committed, prints it as it happens, and remembers it for the summary.
private final class Teller: Sendable {
  private struct Memory {
    var decisions: [Decision] = []
    var actions: [ActionKey: Action] = [:]
    var orders: [Summary.Order] = []
    var heldBack: [HeldBack] = []
    var blind: [ConditionRecord] = []
    var undelivered: Set<ActionKey> = []
    var messages = 0
    var toldAt: Instant?
    /// Data time of the first change.
    var began: Instant?
    var connected = false
    var whenFirstAccepted: (@Sendable () -> Void)?
  }
  private let story: Story
  private let titles: [String: String]
  private let memory = Mutex(Memory())
  private let changed = DispatchSemaphore(value: 0)

  init(_ story: Story, titles: [String: String]) {
    self.story = story
    self.titles = titles
  }

  var whenFirstAccepted: (@Sendable () -> Void)? {
    get { memory.withLock { $0.whenFirstAccepted } }
    set { memory.withLock { $0.whenFirstAccepted = newValue } }
  }

  /// Called on the engine's thread after each commit.
  func take(_ batch: Batch) {
    let (lines, closeDesk) = memory.withLock { memory in
      var lines: [String] = []
      var closeDesk: (@Sendable () -> Void)?
      for input in batch.inputs {
        switch input {
        case .source(_, .caughtUp, _): memory.connected = true
        case .change(let change):
          memory.messages += 1
          if memory.began == nil { memory.began = change.time }
          if change.time >= (memory.toldAt ?? change.time) + .minutes(10) || memory.toldAt == nil {
            if memory.toldAt != nil {
              lines.append(
                story.status(at: change.time, changes: memory.messages, decisions: memory.decisions.count))
            }
            memory.toldAt = change.time
          }
        case .command(.attempted(let attempt)):
          guard let action = memory.actions[attempt.action] else { continue }
          lines.append(story.order(action, attempt))
          if attempt.next != .ready { memory.undelivered.remove(attempt.action) }
          if case .accepted(let reference) = attempt.receipt {
            memory.orders.append(
              Summary.Order(
                reference: reference, title: action.title, priority: action.priority, tries: attempt.number))
            closeDesk = memory.whenFirstAccepted
            memory.whenFirstAccepted = nil
          }
        default: break
        }
      }
      for decision in batch.decisions {
        memory.decisions.append(decision)
        for action in decision.actions {
          let key = ActionKey(decision: decision.key, number: action.number)
          memory.actions[key] = action
          if action.standing == .ready { memory.undelivered.insert(key) }
        }
        lines.append(story.decision(decision))
      }
      for held in batch.heldBack {
        memory.heldBack.append(held)
        lines.append(story.heldBack(held, title: titles[held.rule] ?? held.rule))
      }
      // Before it has heard everything once, every rule is blind; that is no news.
      let settled = (memory.began ?? .distantFuture) + .minutes(6)
      for condition in batch.conditions where condition.blindSince.map({ $0 > settled }) ?? false {
        let known = memory.blind.contains { $0.rule == condition.rule && $0.asset == condition.asset }
        if !known { memory.blind.append(condition) }
      }
      return (lines, closeDesk)
    }
    for line in lines { Swift.print(line) }
    if !lines.isEmpty { fflush(nil) }
    closeDesk?()
    changed.signal()
  }

  func waitUntilConnected(seconds: Double) -> Bool { wait(seconds) { $0.connected } }
  func waitUntilDelivered(seconds: Double) { _ = wait(seconds) { $0.undelivered.isEmpty } }

  private func wait(_ seconds: Double, _ isDone: (Memory) -> Bool) -> Bool {
    let deadline = DispatchTime.now() + seconds
    while !memory.withLock({ isDone($0) }) {
      if changed.wait(timeout: deadline) == .timedOut { return memory.withLock { isDone($0) } }
    }
    return true
  }

  func summary(start: Instant, end: Instant, messages: Int, faults: [PlantFault]) -> Summary {
    memory.withLock {
      Summary(
        start: start, end: end, messages: messages, decisions: $0.decisions, orders: $0.orders,
        heldBack: $0.heldBack, blind: $0.blind, faults: faults)
    }
  }
}

/// Runs what is asynchronous to its end, from a thread that is not.
func waitFor<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) throws -> T {
  let done = DispatchSemaphore(value: 0)
  let result = Mutex<Result<T, any Error>?>(nil)
  Task {
    let outcome: Result<T, any Error>
    do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
    result.withLock { $0 = outcome }
    done.signal()
  }
  done.wait()
  guard let outcome = result.withLock({ $0 }) else { preconditionFailure("the work signalled before it had a result") }
  return try outcome.get()
}

func waitFor(_ work: @escaping @Sendable () async -> Void) {
  let done = DispatchSemaphore(value: 0)
  Task {
    await work()
    done.signal()
  }
  done.wait()
}
