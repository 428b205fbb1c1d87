import Campaigns
import Engine
import Foundation
import Ledger
import Rules
import Synchronization

/// An engine on a thread of its own with a ledger on disk, whose clocks, source and commits a test holds.
final class Watched: Sendable {
  let board = HealthBoard()
  let inbox = Inbox()
  let folder = FileManager.default.temporaryDirectory.path + "/millwright-watch-\(UUID().uuidString)"
  let source: HeldSource
  let journal: HeldJournal
  private let time: Mutex<Instant>
  private let ended = DispatchSemaphore(value: 0)

  /// The wall clock moves with the steady one.
  @Sendable func now() -> Instant { time.withLock { $0 } }

  /// One machine with one tag that lives as `life` says.
  init(life: Life = .itself(staleAfter: .seconds(60)), start: Instant = Instant(seconds: 1_767_225_600)) throws {
    time = Mutex(start)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    journal = HeldJournal(try Ledger(path: folder + "/ledger.sqlite"))
    source = HeldSource()
    let thread = Thread { [self] in
      do {
        let engine = try Engine(
          catalogue: OnlyOne(Self.configuration(life)), journal: journal, sources: [source], inbox: inbox, clock: now,
          steady: now, board: board, log: { _ in }, committed: { _ in })
        try engine.run()
      } catch {
        print("the watched engine ended: \(error)")
      }
      ended.signal()
    }
    thread.start()
    try eventually("the engine's first turn ends") { board.pulse != nil && board.current != nil }
  }

  private static func configuration(_ life: Life) -> Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A", life: life)])
    let rule = Rule(
      name: "over", title: "over", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "v", tag: "V", form: .latest)]
    ) { _, _, _ in .no }
    return Configuration(
      hash: Digest(hex: "watched"),
      model: Model(classes: [machine], assets: [Asset(name: "M", path: "M", classIndex: 0)]) { _, _ in SourceID(0) },
      rules: [rule], policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "plant", lateness: .seconds(2), skew: .seconds(5))])
  }

  func end() {
    source.release()
    journal.release()
    inbox.stop()
    ended.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Time goes on, and the engine sees it.
  func pass(_ span: TimeSpan) {
    time.withLock { $0 = $0 + span }
    inbox.wake()
  }

  /// The same, and it has said how it is since.
  func passAndSee(_ span: TimeSpan) throws {
    pass(span)
    let moment = now()
    try eventually("the engine says how it is") {
      inbox.wake()
      return (board.current?.steady ?? .distantPast) >= moment
    }
  }

  /// A change that arrived some time ago; returns when the engine has taken it.
  func give(_ value: Double, arrivedBefore age: TimeSpan = .zero) throws {
    try give(.change(TagChange(TagID(0), .number(value), time: now() - age, arrived: now() - age)))
  }

  func link(_ event: LinkEvent) throws { try give(.source(SourceID(0), event, now())) }

  private func give(_ input: Input) throws {
    source.give(input)
    try eventually("the engine takes it") {
      inbox.wake()
      return source.isEmpty
    }
  }

  var troubles: [Trouble] { board.troubles(at: now(), wall: now()) }
  func trouble(_ kind: Trouble.Kind) -> Trouble? { troubles.first { $0.key.kind == kind } }
}

/// Gives what a test says; a take can be held, which makes a turn that does not end.
final class HeldSource: Source {
  private struct State {
    var ready: [Input] = []
    var isHeld = false
  }
  let id = SourceID(0)
  private let state = Mutex(State())
  private let gate = DispatchSemaphore(value: 0)
  private let inside = Mutex(false)

  /// Whether the engine is in a take that is held.
  var isHolding: Bool { inside.withLock { $0 } }
  var isEmpty: Bool { state.withLock(\.ready.isEmpty) }
  func give(_ input: Input) { state.withLock { $0.ready.append(input) } }
  func holdTakes() { state.withLock { $0.isHeld = true } }
  func release() {
    let was = state.withLock { state in
      defer { state.isHeld = false }
      return state.isHeld
    }
    if was { gate.signal() }
  }

  func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) {}
  func take(into intake: inout Intake) {
    if state.withLock(\.isHeld) {
      inside.withLock { $0 = true }
      gate.wait()
      inside.withLock { $0 = false }
    }
    state.withLock { state in
      intake.inputs += state.ready
      state.ready = []
    }
  }
  func hold() {}
  func committed() {}
  func refused() {}
  func stop() {}
}

/// A ledger whose commits can be held.
final class HeldJournal: Journal, Sendable {
  private let ledger: Ledger
  private let isHeld = Mutex(false)
  private let gate = DispatchSemaphore(value: 0)
  private let inside = Mutex(false)

  init(_ ledger: Ledger) { self.ledger = ledger }

  var isHolding: Bool { inside.withLock { $0 } }
  func holdCommits() { isHeld.withLock { $0 = true } }
  func release() {
    let was = isHeld.withLock { held in
      defer { held = false }
      return held
    }
    if was { gate.signal() }
  }

  func commit(_ batch: Batch) throws {
    if isHeld.withLock({ $0 }) {
      inside.withLock { $0 = true }
      gate.wait()
      inside.withLock { $0 = false }
    }
    try ledger.commit(batch)
  }
  var nextInput: Int64 { get throws { try ledger.nextInput } }
  var firstInput: Int64 { get throws { try ledger.firstInput } }
  func replay(from number: Int64, before end: Int64, _ body: (Int64, Input) throws -> Void) throws {
    try ledger.replay(from: number, before: end, body)
  }
  func input(before time: Instant) throws -> Int64 { try ledger.input(before: time) }
  func lastConfiguration() throws -> (number: Int64, hash: Digest)? { try ledger.lastConfiguration() }
  func configuration(at number: Int64) throws -> Digest? { try ledger.configuration(at: number) }
  func standing(before number: Int64) throws -> Standing { try ledger.standing(before: number) }
  func snapshot(of configuration: Digest, before limit: Int64) throws -> Snapshot? {
    try ledger.snapshot(of: configuration, before: limit)
  }
  func decisions(from number: Int64, _ body: (Decision) throws -> Void) throws {
    try ledger.decisions(from: number, body)
  }
  func marks() throws -> [MessageMark] { try ledger.marks() }
  func tidy(now: Instant) throws { try ledger.tidy(now: now) }
}

private final class OnlyOne: Catalogue {
  private let only: Configuration
  init(_ only: Configuration) { self.only = only }
  func configuration(_ hash: Digest) throws -> Configuration {
    guard hash == only.hash else { throw DidNotHappen(what: "a configuration \(hash.hex)") }
    return only
  }
  func successor(to decider: Decider?) -> Configuration? {
    decider?.evaluator.configuration.hash == only.hash ? nil : only
  }
}
