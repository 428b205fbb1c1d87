import Engine
import Rules
import Synchronization

extension Input {
  var isChange: Bool { if case .change = self { true } else { false } }
}

/// Keeps everything in memory; commits of the given ordinals fail.
final class MemoryJournal: Journal {
  var batches: [Batch] = []
  /// Inputs that a recovery was given.
  private(set) var replayed = 0
  private var failing: Set<Int>
  private var attempts = 0
  struct Full: Error {}
  /// Set by a test: the first batch of which it is true cannot be committed.
  var fails: ((Batch) -> Bool)?
  /// Set by a test: what time to tidy is used for.
  var tidying: ((MemoryJournal) -> Void)?
  /// Set by a test: inputs before this one cannot be read any more.
  var damagedBefore: Int64 = 0
  struct Damaged: Error {}

  init(failing: Set<Int> = []) { self.failing = failing }

  func commit(_ batch: Batch) throws {
    attempts += 1
    if let fails, fails(batch) {
      self.fails = nil
      throw Full()
    }
    if failing.contains(attempts) { throw Full() }
    precondition(batch.firstInput == nextInput, "inputs are numbered without gaps")
    batches.append(batch)
  }
  var nextInput: Int64 { batches.last.map { $0.firstInput + Int64($0.inputs.count) } ?? 1 }

  func replay(from number: Int64, before end: Int64, _ body: (Int64, Input) throws -> Void) throws {
    if number < damagedBefore { throw Damaged() }
    for batch in batches {
      for (place, input) in batch.inputs.enumerated()
      where (max(number, cutBefore ?? 0)..<max(end, cutBefore ?? 0)).contains(batch.firstInput + Int64(place)) {
        replayed += 1
        try body(batch.firstInput + Int64(place), input)
      }
    }
  }
  func input(before time: Instant) -> Int64 {
    let later = batches.firstIndex { batch in
      batch.inputs.contains { if case .change(let change) = $0 { change.arrived >= time } else { false } }
    }
    return later.map { batches[$0].firstInput } ?? nextInput
  }
  func configuration(at number: Int64) -> Digest? {
    var found: Digest?
    for batch in batches {
      for (place, input) in batch.inputs.enumerated() where batch.firstInput + Int64(place) <= number {
        if case .config(let hash) = input { found = hash }
      }
    }
    return found
  }
  /// Set by a test that cuts.
  var cutBefore: Int64?
  var firstInput: Int64 { cutBefore ?? batches.first { !$0.inputs.isEmpty }?.firstInput ?? nextInput }
  func snapshot(of configuration: Digest, before limit: Int64) -> Snapshot? {
    let pieces = batches.flatMap(\.pieces).filter { $0.configuration == configuration && $0.next < limit }
    guard let last = pieces.last(where: \.isLast) else { return nil }
    let own = pieces.filter { $0.next == last.next }
    return Snapshot(
      next: last.next, configuration: configuration, taken: last.taken, bytes: own.flatMap(\.bytes))
  }
  func decisions(from number: Int64, _ body: (Decision) throws -> Void) throws {
    for batch in batches where batch.firstInput + Int64(batch.inputs.count) > number {
      for decision in batch.decisions { try body(decision) }
    }
  }
  func marks() -> [MessageMark] { batches.flatMap(\.marks) }
  func tidy(now: Instant) { tidying?(self) }
  func lastConfiguration() -> (number: Int64, hash: Digest)? {
    for batch in batches.reversed() {
      for (place, input) in batch.inputs.enumerated().reversed() {
        if case .config(let hash) = input { return (batch.firstInput + Int64(place), hash) }
      }
    }
    return nil
  }
  func standing(before number: Int64) -> Standing {
    var standing = Standing()
    for batch in batches where batch.firstInput < number { standing.decisions += batch.decisions.map(\.key) }
    return standing
  }
}

/// Gives its inputs a chunk at a time and stops the engine when all of them are acknowledged.
final class ScriptedSource: Source {
  private struct State {
    var next = 0
    var taken = 0
    var acknowledged = 0
    var refusals = 0
    var held = false
    var early = 0
  }
  let id = SourceID(0)
  private let inputs: [Input]
  private let chunk: Int
  private let inbox: Inbox
  private let state = Mutex(State())
  private let wake = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ inputs: [Input], by chunk: Int, _ inbox: Inbox) {
    self.inputs = inputs
    self.chunk = chunk
    self.inbox = inbox
  }

  var acknowledged: Int { state.withLock { $0.acknowledged } }
  var refusals: Int { state.withLock { $0.refusals } }
  var acknowledgedBeforeCommit: Int { state.withLock { $0.early } }

  func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) {
    self.wake.withLock { $0 = wake }
    wake()
  }
  func take(into intake: inout Intake) {
    state.withLock { state in
      guard !state.held, state.next < inputs.count else { return }
      let end = min(state.next + chunk, inputs.count)
      intake.inputs += inputs[state.next..<end]
      state.next = end
      state.taken = end
    }
  }
  func hold() { state.withLock { $0.held = true } }
  func committed() {
    let done = state.withLock { state in
      if !state.held { state.early += 1 }
      state.held = false
      state.acknowledged = state.taken
      return state.acknowledged == inputs.count
    }
    if done { inbox.stop() } else { wake.withLock { $0 }?() }
  }
  func refused() {
    state.withLock { state in
      state.held = false
      state.refusals += 1
      state.next = state.acknowledged
      state.taken = state.acknowledged
    }
    wake.withLock { $0 }?()
  }
  func stop() {}
}

/// A clock that goes on by a step each time it is looked at.
final class Ticking: Sendable {
  private let time: Mutex<Instant>
  private let step: TimeSpan
  init(_ start: Instant = Instant(seconds: 2_000_000), by step: TimeSpan = TimeSpan(microseconds: 1_000)) {
    time = Mutex(start)
    self.step = step
  }
  @Sendable func now() -> Instant {
    time.withLock { time in
      time = time + step
      return time
    }
  }
}

enum Script {
  static func configuration(hash: String, atMost: TimeSpan?, faulty: Bool, heldFor: TimeSpan = .zero) -> Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A")])
    let model = Model(
      classes: [machine], assets: (0..<4).map { Asset(name: "M\($0)", path: "M\($0)", classIndex: 0) }
    ) { _, _ in SourceID(0) }
    let rule = Rule(
      name: "over", title: "over", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "v", tag: "V", form: .latest)], heldFor: .span(heldFor),
      atMost: atMost.map(AtMost.init(oncePer:))
    ) { _, readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      if faulty, value > 39 { return .fault("rules/over.lua:1: too much") }
      return value > 10 ? .yes : .no
    }
    return Configuration(
      hash: Digest(hex: hash), model: model, rules: [rule], policy: PolicySettings(tiers: [], routes: []),
      sources: [
        SourceSettings(name: "script", lateness: .zero, skew: heldFor == .zero ? .hours(1_000_000) : .seconds(5))
      ])
  }

  final class Fixed: Catalogue {
    let only: Configuration
    init(_ only: Configuration) { self.only = only }
    func configuration(_ hash: Digest) throws -> Configuration {
      guard hash == only.hash else { throw Gone() }
      return only
    }
    func successor(to decider: Decider?) -> Configuration? {
      decider?.evaluator.configuration.hash == only.hash ? nil : only
    }
    private struct Gone: Error {}
  }

  static func inputs(_ count: Int) -> [Input] {
    var random: UInt64 = 5
    return (0..<count).map { index in
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Double((random >> 33) % 400) / 10
      return .change(
        TagChange(TagID(Int(random >> 20) & 3), .number(value), time: Instant(seconds: 1_000_000 + Int64(index))))
    }
  }

  @discardableResult
  static func run(
    _ inputs: [Input], by chunk: Int, into journal: any Journal, hash: String = "a", atMost: TimeSpan? = nil,
    faulty: Bool = false, deaths: [Fault] = [], ticking: Ticking = Ticking()
  ) throws -> ScriptedSource {
    let inbox = Inbox()
    let source = ScriptedSource(inputs, by: chunk, inbox)
    let engine = try Engine(
      catalogue: Fixed(configuration(hash: hash, atMost: atMost, faulty: faulty)),
      journal: journal, sources: [source], inbox: inbox, clock: ticking.now, steady: ticking.now, deaths: deaths,
      log: { _ in }, committed: { _ in })
    try engine.run()
    return source
  }

  /// An engine that has brought its state back and does nothing yet.
  static func engine(_ journal: any Journal) throws -> Engine {
    let ticking = Ticking()
    return try Engine(
      catalogue: Fixed(configuration(hash: "a", atMost: nil, faulty: false)),
      journal: journal, sources: [], inbox: Inbox(), clock: ticking.now, steady: ticking.now, log: { _ in },
      committed: { _ in })
  }

  /// The state that the journal stands for.
  static func state(of journal: any Journal) throws -> [UInt8] {
    var decider = Decider(configuration(hash: "a", atMost: nil, faulty: false))
    try journal.replay(from: 1) { _, input in _ = decider.apply(input) }
    return decider.encodedState()
  }
}
