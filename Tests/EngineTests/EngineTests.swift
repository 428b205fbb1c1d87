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

  @Test func a_death_is_journalled_by_the_start_after_it_and_the_second_quarantines() throws {
    let death = Fault(rule: "over", asset: "M0", cause: "the engine ended inside this call: signal 11")
    func change(_ machine: Int, at seconds: Int64) -> Input {
      .change(
        TagChange(TagID(machine), .number(seconds % 2 == 0 ? 20 : 1), time: Instant(seconds: 1_000_000 + seconds)))
    }
    // The first start is one with a new configuration, and its first commit fails.
    let journal = MemoryJournal(failing: [1])
    try Script.run([change(0, at: 0), change(0, at: 1)], by: 2, into: journal, deaths: [death])
    try Script.run([change(0, at: 2), change(0, at: 3)], by: 2, into: journal)
    try Script.run((4..<7).flatMap { [change(0, at: $0), change(1, at: $0)] }, by: 6, into: journal, deaths: [death])
    let inputs = journal.batches.flatMap(\.inputs)
    #expect(inputs.count { $0 == .death(death) } == 2)
    #expect(inputs.prefix(2) == [.config(Digest(hex: "a")), .death(death)])
    #expect(journal.batches.flatMap(\.decisions).map(\.key.asset) == ["M0", "M0", "M1", "M1"])
    #expect(
      journal.batches.flatMap(\.reports).map(\.kind).filter { $0 != .linkLost } == [.fault, .fault, .quarantined])
  }
}
