import Engine
import Rules
import Synchronization
import Testing

/// What time makes due together does not keep the engine from what the sources bring, nor from its end.
@Suite struct SliceTests {
  private static let machines = 200

  private static func configuration() -> Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A")])
    let model = Model(
      classes: [machine], assets: (0..<machines).map { Asset(name: "M\($0)", path: "M\($0)", classIndex: 0) }
    ) { _, _ in SourceID(0) }
    let rule = Rule(
      name: "old", title: "old", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "a", tag: "V", form: .age)], every: .span(.seconds(10))
    ) { _, readings, _ in
      guard case .number(let age) = readings[0] else { return .blind(reading: 0) }
      return age > 25 ? .yes : .no
    }
    return Configuration(
      hash: Digest(hex: "a"), model: model, rules: [rule], policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "script", lateness: .zero, skew: .seconds(5))])
  }

  /// A clock that goes on by a millisecond each time it is looked at, and by more when it is told to.
  private final class Leaping: Sendable {
    private let time = Mutex(Instant(seconds: 2_000_000))
    @Sendable func now() -> Instant {
      time.withLock { time in
        time = time + TimeSpan(microseconds: 1_000)
        return time
      }
    }
    func leap(_ span: TimeSpan) { time.withLock { $0 = $0 + span } }
  }

  /// Brings a value of each machine, lets half a minute pass, and then brings one more each time it is asked, until
  /// enough was committed.
  private final class Source: Rules.Source {
    let id = SourceID(0)
    private let inbox: Inbox
    private let clock: Leaping
    private let calls = Mutex(0)
    let later: Int
    init(_ inbox: Inbox, _ clock: Leaping, later: Int) {
      self.inbox = inbox
      self.clock = clock
      self.later = later
    }
    func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) { wake() }
    func take(into intake: inout Intake) {
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      func change(_ machine: Int) -> Input {
        let now = clock.now()
        return .change(TagChange(TagID(machine), .number(Double(call)), time: now, arrived: now))
      }
      switch call {
      case 1:
        let now = clock.now()
        intake.inputs += [.source(id, .connected, now), .source(id, .caughtUp, now)]
        intake.inputs += (0..<SliceTests.machines).map(change)
        clock.leap(.seconds(30))
      case 2..<(2 + later): intake.inputs.append(change(call % SliceTests.machines))
      default: inbox.stop()
      }
    }
    func hold() {}
    func committed() { inbox.wake() }
    func refused() {}
    func stop() {}
  }

  @Test func changes_are_taken_between_the_slices_of_what_is_due_together() throws {
    let (inbox, clock, journal) = (Inbox(), Leaping(), MemoryJournal())
    let source = Source(inbox, clock, later: 20)
    let engine = try Engine(
      catalogue: Script.Fixed(Self.configuration()), journal: journal, sources: [source], inbox: inbox,
      clock: clock.now, steady: clock.now, log: { _ in }, committed: { _ in })
    try engine.run()
    let inputs = journal.batches.flatMap(\.inputs)
    let partial = inputs.indices.filter { if case .partialTick = inputs[$0] { true } else { false } }
    let first = try #require(partial.first)
    let last = try #require(partial.last)
    let between = inputs[first..<last].filter(\.isChange)
    #expect(!between.isEmpty)
    var replay = Decider(Self.configuration())
    for input in inputs { _ = replay.apply(input) }
    #expect(replay.encodedState() == engine.encodedState)
  }

  /// The source says stop at its second call, while hundreds of deadlines are due.
  @Test func the_engine_ends_between_two_slices() throws {
    let (inbox, clock, journal) = (Inbox(), Leaping(), MemoryJournal())
    let engine = try Engine(
      catalogue: Script.Fixed(Self.configuration()), journal: journal, sources: [Source(inbox, clock, later: 0)],
      inbox: inbox, clock: clock.now, steady: clock.now, log: { _ in }, committed: { _ in })
    try engine.run()
    let inputs = journal.batches.flatMap(\.inputs)
    #expect(inputs.contains { if case .partialTick = $0 { true } else { false } })
    #expect(!inputs.contains { if case .tick = $0 { true } else { false } }, "what was left is the next start's")
  }
}
