import Engine
import Rules
import Synchronization
import Testing

/// S2: by time alone is decided only while the wall clock can be believed.
@Suite struct ClockTests {
  @Test func time_alone_ends_a_hold_while_the_clock_runs_evenly() throws {
    let decisions = try Scenario.play([.up, .value(20), .pass(.seconds(59))])
    #expect(decisions.isEmpty)
    let later = try Scenario.play([.up, .value(20), .pass(.seconds(59)), .pass(.seconds(2))])
    #expect(later.map(\.key.time) == [Scenario.start + .seconds(60)])
  }

  @Test func while_its_source_is_down_time_alone_decides_nothing() throws {
    #expect(try Scenario.play([.up, .value(20), .link(.lost), .pass(.minutes(20))]).isEmpty)
    #expect(try Scenario.play([.up, .value(20), .link(.lost), .pass(.minutes(20)), .link(.connected)]).isEmpty)
  }

  @Test func a_cancelling_change_in_the_backlog_comes_before_the_tick() throws {
    let decisions = try Scenario.play([
      .up, .value(20), .link(.lost), .pass(.minutes(20)), .link(.connected),
      .late(1, by: .minutes(19) + .seconds(30)), .link(.caughtUp), .pass(.minutes(2)),
    ])
    #expect(decisions.isEmpty)
  }

  @Test func with_its_session_kept_a_hold_goes_on_after_the_backlog() throws {
    let decisions = try Scenario.play([
      .up, .value(20), .link(.lost), .pass(.minutes(20)), .link(.connected), .link(.caughtUp), .pass(.seconds(1)),
    ])
    #expect(decisions.map(\.key.time) == [Scenario.start + .seconds(60)])
  }

  @Test func without_its_session_a_hold_is_abandoned() throws {
    let decisions = try Scenario.play([
      .up, .value(20), .link(.lost), .pass(.minutes(20)), .link(.connected), .link(.newSession), .link(.caughtUp),
      .pass(.minutes(2)),
    ])
    #expect(decisions.isEmpty)
  }

  @Test func a_clock_set_forward_ends_no_hold() throws {
    #expect(try Scenario.play([.up, .value(20), .set(.hours(87_600)), .pass(.seconds(30))]).isEmpty)
    let long = try Scenario.play([.up, .value(20), .set(.hours(87_600)), .pass(.seconds(30)), .pass(.minutes(10))])
    #expect(long.isEmpty, "evenness alone does not prove it right")
  }

  @Test func a_clock_set_forward_is_believed_again_when_a_sample_agrees_with_it() throws {
    let decisions = try Scenario.play([
      .up, .set(.minutes(30)), .value(20), .pass(.seconds(61)), .pass(.seconds(1)), .pass(.seconds(1)),
    ])
    #expect(decisions.count == 1)
  }

  @Test func a_clock_set_back_makes_no_sample_early_and_no_tick() throws {
    // The sample's own clock goes on; by ours it lies half an hour ahead, which is no reason to restamp it.
    let decisions = try Scenario.play([
      .up, .value(20), .set(TimeSpan(microseconds: -1_800_000_000)), .sample(20, at: Scenario.start + .seconds(30)),
      .sample(20, at: Scenario.start + .seconds(61)), .sample(20, at: Scenario.start + .seconds(62)),
    ])
    #expect(decisions.map(\.key.time) == [Scenario.start + .seconds(60)], "data moves time, and keeps its own")
  }

  @Test func a_clock_older_than_the_journal_is_not_believed_after_a_start() throws {
    let journal = MemoryJournal()
    _ = try Scenario.play(
      [.up, .value(20), .pass(.seconds(30)), .sample(20, at: Scenario.start + .seconds(30))], journal)
    let decisions = try Scenario.play(
      [.up, .pass(.minutes(30)), .pass(.minutes(20))], journal, from: .hours(-1))
    #expect(decisions.isEmpty)
    let right = try Scenario.play([.up, .pass(.seconds(1))], journal, from: .minutes(5))
    #expect(right.count == 1)
  }

  @Test func health_says_why_the_clock_is_not_believed() throws {
    let board = HealthBoard()
    _ = try Scenario.play([.up, .value(20), .set(.hours(2)), .pass(.seconds(5))], board: board)
    let health = try #require(board.current)
    #expect(health.clockDoubt == "the wall clock was set by 7200.0 s")
    #expect(health.troubles.count == 1)
    #expect(health.sources.map(\.link) == [.up])
  }
}

/// An engine whose clocks and source the test moves, a step a turn. Its one rule holds for a minute.
private enum Scenario {
  static let start = Instant(seconds: 1_000_000)

  enum Step {
    case up
    case link(LinkEvent)
    /// Stamped with the wall clock.
    case value(Double)
    /// Stamped earlier than the wall clock.
    case late(Double, by: TimeSpan)
    case sample(Double, at: Instant)
    /// Both clocks go on.
    case pass(TimeSpan)
    /// The wall clock is set.
    case set(TimeSpan)
  }

  static func play(
    _ steps: [Step], _ journal: MemoryJournal = MemoryJournal(), from: TimeSpan = .zero,
    board: HealthBoard = HealthBoard()
  ) throws -> [Decision] {
    let clocks = Clocks()
    clocks.set(from)
    let inbox = Inbox()
    let before = journal.batches.flatMap(\.decisions).count
    let engine = try Engine(
      catalogue: Script.Fixed(Script.configuration(hash: "hold", atMost: nil, faulty: false, heldFor: .minutes(1))),
      journal: journal, sources: [Player(steps, clocks, inbox)], inbox: inbox,
      clock: clocks.wall, steady: clocks.steady, board: board, log: { _ in }, committed: { _ in })
    try engine.run()
    return Array(journal.batches.flatMap(\.decisions)[before...])
  }

  final class Clocks: Sendable {
    private let now = Mutex((wall: start, steady: Instant(seconds: 5)))
    @Sendable func wall() -> Instant { now.withLock { $0.wall } }
    @Sendable func steady() -> Instant { now.withLock { $0.steady } }
    func pass(_ span: TimeSpan) {
      set(span)
      now.withLock { $0.steady = $0.steady + span }
    }
    func set(_ span: TimeSpan) { now.withLock { $0.wall = $0.wall + span } }
  }

  /// Takes a step each time it is asked, and some turns later ends the engine.
  final class Player: Source {
    let id = SourceID(0)
    private let steps: [Step]
    private let clocks: Clocks
    private let inbox: Inbox
    private let state = Mutex((next: 0, held: false))

    init(_ steps: [Step], _ clocks: Clocks, _ inbox: Inbox) {
      self.steps = steps
      self.clocks = clocks
      self.inbox = inbox
    }

    func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) { wake() }
    func take(into intake: inout Intake) {
      let step: Step? = state.withLock { state in
        guard !state.held else { return nil }
        defer { state.next += 1 }
        if state.next >= steps.count + 4 { inbox.stop() }
        return steps.indices.contains(state.next) ? steps[state.next] : nil
      }
      inbox.wake()
      let wall = clocks.wall()
      func change(_ value: Double, _ time: Instant) -> Input {
        .change(TagChange(TagID(0), .number(value), time: time, arrived: wall))
      }
      switch step {
      case .up?: intake.inputs += [LinkEvent.connected, .caughtUp].map { .source(id, $0, wall) }
      case .link(let event)?: intake.inputs.append(.source(id, event, wall))
      case .value(let value)?: intake.inputs.append(change(value, wall))
      case .late(let value, let span)?: intake.inputs.append(change(value, wall - span))
      case .sample(let value, let time)?: intake.inputs.append(change(value, time))
      case .pass(let span)?: clocks.pass(span)
      case .set(let span)?: clocks.set(span)
      case nil: break
      }
    }
    func hold() { state.withLock { $0.held = true } }
    func committed() { state.withLock { $0.held = false } }
    func refused() { state.withLock { $0.held = false } }
    func stop() {}
  }
}
