import Engine
import Rules
import Testing

/// What a start makes of the journal: the state as it was, from a snapshot where there is one.
@Suite struct RecoveryTests {
  /// Looked at some times a batch, this clock lets a snapshot begin every few batches.
  static func hurried() -> Ticking { Ticking(by: .seconds(7)) }

  @Test func a_start_begins_with_the_newest_snapshot_and_replays_only_what_came_after() throws {
    let journal = MemoryJournal()
    try Script.run(Script.inputs(2_000), by: 20, into: journal, ticking: Self.hurried())
    #expect(journal.batches.contains { $0.pieces.contains(where: \.isLast) })
    try Script.run([], by: 1, into: journal)
    #expect(journal.replayed == 0, "the stop had left a snapshot of everything")
  }

  /// At a minute a look, one is begun right behind the last batch, and the stop comes while another thread makes it.
  @Test func a_snapshot_that_the_stop_finds_under_way_does_not_take_the_last_ones_place() throws {
    for _ in 0..<200 {
      let journal = MemoryJournal()
      try Script.run(Script.inputs(40), by: 20, into: journal, ticking: Ticking(by: .minutes(1)))
      _ = try Script.engine(journal)
      try #require(journal.replayed == 0)
    }
  }

  @Test func the_state_is_the_same_to_the_bit_after_a_kill_between_any_two_batches() throws {
    let inputs = Script.inputs(1_500)
    let whole = MemoryJournal()
    // Two runs: the stop between them leaves a snapshot, whatever the other thread has time for.
    try Script.run(Array(inputs[..<750]), by: 15, into: whole, ticking: Self.hurried())
    try Script.run(Array(inputs[750...]), by: 15, into: whole, ticking: Self.hurried())
    var shortest = Int.max
    for cut in stride(from: 1, to: whole.batches.count, by: 3) {
      let killed = MemoryJournal()
      killed.batches = Array(whole.batches[..<cut])
      let engine = try Script.engine(killed)
      if cut > 50 { shortest = min(shortest, killed.replayed) }
      #expect(try engine.encodedState == Script.state(of: killed), "after \(cut) batches")
    }
    #expect(shortest < 200, "a snapshot was used")
  }

  @Test func killed_anywhere_the_decisions_are_those_of_a_run_without_kills() throws {
    let inputs = Script.inputs(1_200)
    let whole = MemoryJournal()
    try Script.run(inputs, by: 12, into: whole)
    for cut in [1, 7, 33, 60, 99] {
      let killed = MemoryJournal()
      try Script.run(inputs, by: 12, into: killed, ticking: Self.hurried())
      killed.batches = Array(killed.batches[..<cut])
      let done = killed.batches.flatMap(\.inputs).count(where: \.isChange)
      try Script.run(Array(inputs[done...]), by: 12, into: killed)
      #expect(killed.batches.flatMap(\.decisions) == whole.batches.flatMap(\.decisions))
    }
  }

  @Test func a_snapshot_that_cannot_be_read_is_passed_over_and_said() throws {
    let journal = MemoryJournal()
    try Script.run(Script.inputs(1_500), by: 15, into: journal, ticking: Self.hurried())
    let sound = try Script.state(of: journal)
    for index in journal.batches.indices.suffix(3) {
      for place in journal.batches[index].pieces.indices { journal.batches[index].pieces[place].bytes[0] ^= 0x55 }
    }
    let engine = try Script.engine(journal)
    #expect(engine.encodedState == sound)
  }

  @Test func a_failed_commit_gives_up_the_snapshot_under_way_and_a_later_one_is_whole() throws {
    let inputs = Script.inputs(1_500)
    let journal = MemoryJournal(failing: [9, 10, 31])
    try Script.run(inputs, by: 15, into: journal, ticking: Self.hurried())
    let engine = try Script.engine(journal)
    #expect(try engine.encodedState == Script.state(of: journal))
    let sound = MemoryJournal()
    try Script.run(inputs, by: 15, into: sound)
    #expect(journal.batches.flatMap(\.decisions) == sound.batches.flatMap(\.decisions))
  }

  @Test(arguments: ["other content", "missing", "one too many"])
  func a_decision_that_replay_does_not_come_to_alike_is_reported_as_a_divergence(_ kind: String) throws {
    let journal = MemoryJournal()
    try Script.run(Script.inputs(400), by: 10, into: journal)
    // Without a snapshot the whole journal is replayed.
    for index in journal.batches.indices { journal.batches[index].pieces = [] }
    let index = try #require(journal.batches.firstIndex { !$0.decisions.isEmpty })
    switch kind {
    case "other content": journal.batches[index].decisions[0].title = "Something else"
    case "missing": journal.batches[index].decisions.removeFirst()
    default:
      var other = journal.batches[index].decisions[0]
      other.key.time = other.key.time + .seconds(1)
      journal.batches[index].decisions.append(other)
    }
    let before = journal.batches.flatMap(\.decisions).count
    try Script.run([], by: 1, into: journal)
    let reports = journal.batches.flatMap(\.reports).filter { $0.kind == .divergence }
    #expect(reports.count == 1)
    #expect(journal.batches.flatMap(\.decisions).count == before, "what is stored stands, and nothing is emitted")
  }

  @Test func a_sound_journal_shows_no_divergence() throws {
    let journal = MemoryJournal()
    try Script.run(Script.inputs(800), by: 10, into: journal, faulty: true)
    for index in journal.batches.indices { journal.batches[index].pieces = [] }
    try Script.run([], by: 1, into: journal, faulty: true)
    #expect(!journal.batches.flatMap(\.reports).contains { $0.kind == .divergence })
  }

  @Test func when_journal_and_snapshots_are_cut_what_is_left_is_replayed_and_said() throws {
    let journal = MemoryJournal()
    try Script.run(Script.inputs(600), by: 10, into: journal)
    // The configuration's own batch stands for its row in the ledger, which stays.
    let configuration = journal.batches[0]
    journal.batches = [configuration] + journal.batches[30...]
    for index in journal.batches.indices { journal.batches[index].pieces = [] }
    journal.cutBefore = journal.batches[1].firstInput
    try Script.run([], by: 1, into: journal)
    #expect(journal.batches.flatMap(\.reports).contains { $0.kind == .possibleGap })
  }
}
