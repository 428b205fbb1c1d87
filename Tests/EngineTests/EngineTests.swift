import Engine
import Rules
import Synchronization
import Testing

/// The engine between a source and a journal that keep their promises, and then one that does not.
@Suite struct EngineTests {
  @Test func the_same_inputs_in_any_batches_give_the_same_decisions_and_the_same_state() throws {
    let inputs = Script.inputs(3_000)
    var seen: [(decisions: [Decision], state: [UInt8])] = []
    for chunk in [1, 7, 500, 3_000] {
      let journal = MemoryJournal()
      try Script.run(inputs, by: chunk, into: journal)
      #expect(journal.batches.flatMap(\.inputs).filter(\.isChange) == inputs)
      seen.append((journal.batches.flatMap(\.decisions), try Script.state(of: journal)))
    }
    #expect(seen[0].decisions.count > 20)
    for other in seen.dropFirst() {
      #expect(other.decisions == seen[0].decisions)
      #expect(other.state == seen[0].state)
    }
  }

  @Test func what_was_taken_is_acknowledged_only_after_the_commit() throws {
    let journal = MemoryJournal()
    let source = try Script.run(Script.inputs(500), by: 50, into: journal)
    #expect(source.acknowledged == 500)
    #expect(source.acknowledgedBeforeCommit == 0)
  }

  @Test func a_batch_that_cannot_be_committed_is_refused_and_comes_again_and_nothing_is_decided_twice() throws {
    let inputs = Script.inputs(1_000)
    let sound = MemoryJournal()
    try Script.run(inputs, by: 100, into: sound)
    let failing = MemoryJournal(failing: [3, 4, 9])
    let source = try Script.run(inputs, by: 100, into: failing)
    #expect(source.refusals == 3)
    #expect(failing.batches.flatMap(\.decisions) == sound.batches.flatMap(\.decisions))
    #expect(failing.batches.flatMap(\.inputs).filter(\.isChange) == inputs)
  }

  @Test func a_start_on_the_same_configuration_brings_the_state_back_and_emits_nothing() throws {
    let inputs = Script.inputs(2_000)
    let whole = MemoryJournal()
    try Script.run(inputs, by: 100, into: whole)
    let twice = MemoryJournal()
    try Script.run(Array(inputs[..<900]), by: 100, into: twice)
    try Script.run(Array(inputs[900...]), by: 100, into: twice)
    #expect(twice.batches.flatMap(\.decisions) == whole.batches.flatMap(\.decisions))
    let configurations = twice.batches.flatMap(\.inputs).count { if case .config = $0 { true } else { false } }
    #expect(configurations == 1)
  }

  @Test func a_new_configuration_repeats_no_decision_and_holds_to_at_most() throws {
    let journal = MemoryJournal()
    let change = Input.change(TagChange(TagID(0), .number(20), time: Instant(seconds: 1_000_000)))
    try Script.run([change], by: 1, into: journal, hash: "a", atMost: nil)
    try Script.run([change], by: 1, into: journal, hash: "b", atMost: nil)
    let keys = journal.batches.flatMap(\.decisions).map(\.key)
    #expect(keys.map(\.repeated) == [0, 1], "the same moment twice, under keys of their own")

    let limited = MemoryJournal()
    try Script.run([change], by: 1, into: limited, hash: "a", atMost: .hours(24))
    try Script.run([change], by: 1, into: limited, hash: "b", atMost: .hours(24))
    #expect(limited.batches.flatMap(\.decisions).count == 1)
    #expect(limited.batches.flatMap(\.heldBack).count == 1)
  }

  @Test func a_fault_stands_in_the_journal_before_its_input() throws {
    let journal = MemoryJournal()
    try Script.run(Script.inputs(300), by: 10, into: journal, faulty: true)
    let inputs = journal.batches.flatMap(\.inputs)
    let faults = inputs.indices.filter { if case .fault = inputs[$0] { true } else { false } }
    #expect(!faults.isEmpty)
    for index in faults {
      guard case .change(let change) = inputs[index + 1], case .number(let value) = change.value else {
        Issue.record("no change follows the fault")
        continue
      }
      #expect(value > 39)
    }
  }
}

// MARK: - Parts

extension Input {
  fileprivate var isChange: Bool { if case .change = self { true } else { false } }
}

/// Keeps everything in memory; commits of the given ordinals fail.
private final class MemoryJournal: Journal {
  private(set) var batches: [Batch] = []
  private var failing: Set<Int>
  private var attempts = 0
  struct Full: Error {}

  init(failing: Set<Int> = []) { self.failing = failing }

  func commit(_ batch: Batch) throws {
    attempts += 1
    if failing.contains(attempts) { throw Full() }
    precondition(batch.firstInput == nextInput, "inputs are numbered without gaps")
    batches.append(batch)
  }
  var nextInput: Int64 { batches.last.map { $0.firstInput + Int64($0.inputs.count) } ?? 1 }

  func replay(from number: Int64, _ body: (Int64, Input) throws -> Void) throws {
    for batch in batches {
      for (place, input) in batch.inputs.enumerated() where batch.firstInput + Int64(place) >= number {
        try body(batch.firstInput + Int64(place), input)
      }
    }
  }
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
private final class ScriptedSource: Source {
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

/// A clock that goes on a millisecond each time it is looked at.
private final class Ticking: Sendable {
  private let time = Mutex(Instant(seconds: 2_000_000))
  @Sendable func now() -> Instant {
    time.withLock { time in
      time = time + TimeSpan(microseconds: 1_000)
      return time
    }
  }
}

private enum Script {
  static func configuration(hash: String, atMost: TimeSpan?, faulty: Bool) -> Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A")])
    let model = Model(
      classes: [machine], assets: (0..<4).map { Asset(name: "M\($0)", path: "M\($0)", classIndex: 0) }
    ) { _, _ in SourceID(0) }
    let rule = Rule(
      name: "over", title: "over", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "v", tag: "V", form: .latest)],
      atMost: atMost.map(AtMost.init(oncePer:))
    ) { _, readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      if faulty, value > 39 { return .fault("rules/over.lua:1: too much") }
      return value > 10 ? .yes : .no
    }
    return Configuration(
      hash: Digest(hex: hash), model: model, rules: [rule], policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "script", lateness: .zero, skew: .hours(1_000_000))])
  }

  private final class Fixed: Catalogue {
    let only: Configuration
    init(_ only: Configuration) { self.only = only }
    func configuration(_ hash: Digest) -> Configuration { only }
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
    _ inputs: [Input], by chunk: Int, into journal: MemoryJournal, hash: String = "a", atMost: TimeSpan? = nil,
    faulty: Bool = false
  ) throws -> ScriptedSource {
    let inbox = Inbox()
    let source = ScriptedSource(inputs, by: chunk, inbox)
    let ticking = Ticking()
    let engine = try Engine(
      catalogue: Fixed(configuration(hash: hash, atMost: atMost, faulty: faulty)), hash: Digest(hex: hash),
      journal: journal, sources: [source], inbox: inbox, clock: ticking.now, log: { _ in },
      committed: { _ in })
    try engine.run()
    return source
  }

  /// The state that the journal stands for.
  static func state(of journal: MemoryJournal) throws -> [UInt8] {
    var decider = Decider(configuration(hash: "a", atMost: nil, faulty: false))
    try journal.replay(from: 1) { _, input in _ = decider.apply(input) }
    return decider.encodedState()
  }
}
