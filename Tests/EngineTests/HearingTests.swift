import Engine
import Rules
import Synchronization
import Testing

/// A configuration that takes over hears the journal as far back as its windows reach (S9).
@Suite struct HearingTests {
  typealias World = ReloadWorld

  /// Fires when the mean of the last two hours is above 10.
  static func mean(_ limit: Double = 10) -> Rule {
    Rule(
      name: "mean", title: "mean", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "m", tag: "V", form: .average(.length(.hours(2))))],
      textHash: Digest(hex: "mean \(limit)"), logicHash: Digest(hex: "mean \(limit)")
    ) { _, readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      return value > limit ? .yes : .no
    }
  }

  /// Three hours of a value each ten minutes.
  static let threeHours: [World.Step] =
    [.up] + (0..<18).flatMap { [.value(12 + Double($0 % 3)), .pass(.minutes(10))] as [World.Step] }

  @Test func a_window_that_nobody_read_before_is_filled_from_the_journal_at_a_reload() throws {
    let versions = [[World.over(100)], [World.over(100), Self.mean()]].map { World.configuration($0) }
    let journal = try World.play(Self.threeHours + [.reload(1), .pass(.minutes(1)), .pass(.minutes(1))], versions)
    #expect(journal.times == [.minutes(180)], "at the reload, and not two hours later")
    #expect(journal.divergences == 0)
  }

  @Test func a_start_with_changed_files_fills_them_too() throws {
    let versions = [[World.over(100)], [World.over(100), Self.mean()]].map { World.configuration($0) }
    let journal = try World.play(Self.threeHours, versions)
    try World.play(
      [.up, .pass(.minutes(1)), .pass(.minutes(1))], versions, journal, from: .minutes(181), beginningWith: 1)
    #expect(journal.decisions.count == 1)
    #expect(journal.decisions.first?.evidence.first?.value != .notGood)
  }

  @Test func it_hears_what_came_under_earlier_configurations() throws {
    let explained = World.over(100, comment: "-- why")
    let versions = [[World.over(100)], [explained], [World.over(100), Self.mean()]].map { World.configuration($0) }
    let minute = World.Step.pass(.minutes(1))
    let journal = try World.play(
      Self.threeHours + [.reload(1), minute, .value(13), .reload(2), minute, minute], versions)
    #expect(journal.times == [.minutes(181)])
  }

  @Test func started_again_it_goes_on_from_what_it_heard() throws {
    let versions = [[World.over(100)], [World.over(100), Self.mean(50)]].map { World.configuration($0) }
    let journal = try World.play(Self.threeHours + [.reload(1), .pass(.minutes(1)), .pass(.minutes(1))], versions)
    #expect(journal.phase("mean") == nil, "it sees, and is calm")
    let end = try World.state(of: journal, versions)
    journal.damagedBefore = journal.lastConfiguration()?.number ?? .max
    #expect(try World.state(of: journal, versions) == end, "what was heard is not needed any more")
  }

  @Test func the_engine_decides_while_it_hears() throws {
    let versions = [[World.over(100)], [World.over(100), Self.mean(1_000)]].map { World.configuration($0) }
    // Ten for each that is heard at once.
    let many = (0..<100_000).map { World.Step.value(Double($0 % 2)) }
    let journal = try World.play(
      [.up] + many + [.reload(1), .value(1), .value(200)] + (0..<100).map { .value(Double($0 % 2)) }, versions)
    let decided = try #require(journal.batches.firstIndex { !$0.decisions.isEmpty })
    let took = try #require(
      journal.batches.lastIndex { if case .config? = $0.inputs.first { true } else { false } })
    #expect(took > decided, "it took over only when it had heard all")
    #expect(took > 1)
  }

  /// More than is heard at once, of a machine that fires nothing.
  private static let many = (0..<100_000).map { World.Step.value(Double($0 % 2)) }
  private static let more = (0..<100).map { World.Step.value(Double($0 % 2)) }
  private static var calm: [[Rule]] { [[World.over(100)], [World.over(100), mean(1_000)]] }

  private func takeovers(_ journal: MemoryJournal, of configuration: Configuration) -> [Int] {
    journal.batches.indices.filter { journal.batches[$0].inputs.first == .config(configuration.hash) }
  }

  @Test func a_start_with_much_to_hear_goes_on_with_the_version_before_until_it_has() throws {
    let versions = Self.calm.map { World.configuration($0) }
    let journal = try World.play([.up] + Self.many, versions)
    let first = journal.batches.count
    try World.play(
      [.up, .value(200)] + Self.more, versions, journal, from: .minutes(1), beginningWith: 1)
    let took = try #require(takeovers(journal, of: versions[1]).first)
    let decided = try #require(journal.batches.indices.first { $0 >= first && !journal.batches[$0].decisions.isEmpty })
    #expect(decided < took)
    #expect(journal.divergences == 0)
  }

  @Test func a_start_of_another_plant_hears_before_anything_else() throws {
    let versions = [
      World.configuration(Self.calm[0]), World.configuration(Self.calm[1], machines: ["M0", "M1", "M2"]),
    ]
    let journal = try World.play([.up] + Self.many, versions)
    let first = journal.batches.count
    try World.play([.up, .value(1)], versions, journal, from: .minutes(1), beginningWith: 1)
    #expect(takeovers(journal, of: versions[1]) == [first])
  }

  @Test func a_journal_cut_while_it_is_heard_keeps_nothing_from_taking_over() throws {
    let versions = Self.calm.map { World.configuration($0) }
    let journal = MemoryJournal()
    journal.tidying = { journal in
      if journal.cutBefore == nil, journal.nextInput > 100_000 { journal.cutBefore = journal.nextInput - 10 }
    }
    try World.play([.up] + Self.many + [.reload(1), .pass(.seconds(2))] + Self.more, versions, journal)
    #expect(journal.cutBefore != nil)
    #expect(takeovers(journal, of: versions[1]).count == 1)
  }

  @Test func who_waits_for_a_reload_is_answered_after_a_commit_failed_while_it_heard() throws {
    let versions = Self.calm.map { World.configuration($0) }
    let journal = MemoryJournal()
    journal.fails = { !$0.decisions.isEmpty }
    let answers = Mutex(0)
    try World.play(
      [.up] + Self.many + [.reload(1), .value(1), .value(200)] + Self.more, versions, journal
    ) { answers.withLock { $0 += 1 } }
    #expect(journal.fails == nil, "it failed")
    #expect(takeovers(journal, of: versions[1]).count == 1)
    #expect(answers.withLock { $0 } == 1)
  }

  @Test func what_cannot_be_read_of_before_keeps_no_configuration_from_taking_over() throws {
    let versions = [[World.over(100)], [World.over(100), Self.mean()]].map { World.configuration($0) }
    let journal = MemoryJournal()
    try World.play(Self.threeHours, versions, journal)
    journal.damagedBefore = 5
    try World.play([.up, .value(13), .reload(1), .pass(.minutes(1))], versions, journal, from: .minutes(181))
    #expect(journal.lastConfiguration()?.hash == versions[1].hash)
    #expect(journal.batches.flatMap(\.reports).contains { $0.kind == .possibleGap && $0.text.contains("begin empty") })
    #expect(journal.decisions.isEmpty)
  }
}
