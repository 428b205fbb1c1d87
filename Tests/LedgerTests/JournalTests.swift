import Foundation
import GRDB
import Ledger
import LedgerWriter
import Rules
import Testing

@Suite struct JournalTests {
  let folder = Folder()

  static let inputs: [Input] = [
    .config(Digest(hex: "c1")), .bind(TagID(0), asset: "Riverside/P", tag: "Flow", assetClass: "Pump"),
    .change(TagChange(TagID(0), .number(1.5), time: at(1), arrived: at(2))), .tick(SourceID(0), at(3)),
    .source(SourceID(0), .lost, at(4)), .fault(Fault(rule: "r", asset: "a", cause: "r.lua:1: nil")),
    .change(TagChange(TagID(0), .text("x"), quality: .bad, time: at(5))),
  ]

  @Test func inputs_come_back_in_order_from_any_number() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(Array(Self.inputs[..<3]))
    try ledger.commit(Array(Self.inputs[3...]))
    for first in 1...8 {
      var seen: [Input] = []
      try ledger.replay(from: Int64(first)) { number, input in
        #expect(number == Int64(first + seen.count))
        seen.append(input)
      }
      #expect(seen == Array(Self.inputs[(first - 1)...]))
    }
    #expect(try ledger.nextInput == 8)
  }

  // SQLite's functions, as they are called, end a text at its first NUL.
  @Test func a_text_of_a_device_comes_back_whole_with_NUL_and_all() throws {
    let odd = "B\u{0}7\u{1B}[2J\u{202E}x\u{0}"
    let ledger = try Ledger(path: folder.ledger)
    var decision = Decision.make()
    decision.evidence = [
      Evidence(name: "batch", value: .text(odd), unit: nil), Evidence(name: "plain", value: .text("json"), unit: nil),
    ]
    var heldBack = HeldBack.make
    heldBack.evidence = decision.evidence
    let change = Input.change(TagChange(TagID(0), .text(odd), time: at(5)))
    try ledger.commit([change]) {
      $0.decisions = [decision]
      $0.heldBack = [heldBack]
    }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.decision(matching: "1")?.decision.evidence == decision.evidence)
    #expect(try reader.heldBack(limit: 1).first?.heldBack.evidence == decision.evidence)
    try ledger.replay(from: 1) { _, input in #expect(input == change) }
  }

  @Test func a_replay_ends_before_the_input_it_is_to_end_before() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(Array(Self.inputs[..<3]))
    try ledger.commit(Array(Self.inputs[3...]))
    for end in 1...9 {
      var seen: [Int64] = []
      try ledger.replay(from: 2, before: Int64(end)) { number, _ in seen.append(number) }
      #expect(seen == (2..<9).filter { $0 < end && $0 < 8 })
    }
  }

  @Test func the_configuration_at_an_input_is_the_one_that_decided_then() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit([.tick(SourceID(0), at(1)), .config(Digest(hex: "c1")), .tick(SourceID(0), at(2))])
    try ledger.commit([.config(Digest(hex: "c2")), .tick(SourceID(0), at(3))])
    let found = try (1...6).map { try ledger.configuration(at: Int64($0))?.hex }
    #expect(found == [nil, "c1", "c1", "c2", "c2", "c2"])
  }

  /// Batches of any size, some of which say nothing of time.
  @Test(arguments: UInt64(1)...20)
  func before_a_time_is_the_newest_batch_that_began_to_arrive_earlier(seed: UInt64) throws {
    let ledger = try Ledger(path: folder.ledger)
    #expect(try ledger.input(before: at(0)) == 1)
    var random = SplitMix(seed)
    var clock: Int64 = 0
    var begun: [(first: Int64, time: Instant)] = []
    for _ in 0..<40 {
      let first = try ledger.nextInput
      var batch: [Input] = []
      for _ in 0...(random.next() % 5) {
        clock += Int64(random.next() % 3)
        guard random.next() % 3 > 0 else {
          batch.append(.bind(TagID(1), asset: "A", tag: "T", assetClass: "C"))
          continue
        }
        if begun.last?.first != first { begun.append((first, at(clock))) }
        batch.append(.change(TagChange(TagID(0), .number(1), time: at(0), arrived: at(clock))))
      }
      try ledger.commit(batch)
    }
    for time in -1...(clock + 1) {
      #expect(try ledger.input(before: at(time)) == begun.last { $0.time < at(time) }?.first ?? 1, "seed \(seed)")
    }
  }

  @Test func the_body_of_a_replay_may_use_the_ledger() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(Self.inputs)
    try ledger.replay(from: 1) { _, _ in _ = try ledger.nextInput }
  }

  @Test func an_empty_batch_writes_nothing() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(Batch(firstInput: 99))
    #expect(try ledger.nextInput == 1)
  }

  @Test func a_batch_that_does_not_continue_the_journal_is_refused() throws {
    let ledger = try Ledger(path: folder.ledger)
    var batch = Batch(firstInput: 2)
    batch.inputs = Self.inputs
    #expect(throws: LedgerError.outOfOrder(path: folder.ledger, expected: 1, found: 2)) { try ledger.commit(batch) }
  }

  @Test func a_decision_taken_twice_fails_the_whole_batch_and_leaves_nothing_of_it() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)])
    let before = try LedgerReader(path: folder.ledger).counts()
    #expect(throws: LedgerError.duplicateDecision(path: folder.ledger, key: Decision.make(0).key)) {
      try ledger.commit(decisions: [.make(1), .make(0)]) { $0.heldBack = [.make] }
    }
    #expect(try LedgerReader(path: folder.ledger).counts() == before)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func the_newest_configuration_is_known_by_its_input() throws {
    let ledger = try Ledger(path: folder.ledger)
    #expect(try ledger.lastConfiguration() == nil)
    try ledger.commit([.tick(SourceID(0), at(0)), .config(Digest(hex: "c1")), .config(Digest(hex: "c2"))])
    let last = try #require(try ledger.lastConfiguration())
    #expect(last.number == 3)
    #expect(last.hash == Digest(hex: "c2"))
  }

  @Test func texts_are_kept_once_under_their_hash() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.storeTexts(Digest(hex: "c1"), [("b.lua", "B"), ("a.lua", "A")])
    try ledger.storeTexts(Digest(hex: "c1"), [("a.lua", "other")])
    #expect(try ledger.texts(Digest(hex: "c1")).map(\.text) == ["A", "B"])
  }

  @Test func the_versions_of_now_are_the_texts_of_the_newest_configuration() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.storeTexts(Digest(hex: "c1"), [("a.lua", "A")])
    try ledger.storeTexts(Digest(hex: "c2"), [("a.lua", "A2")])
    try ledger.commit([.config(Digest(hex: "c1")), .config(Digest(hex: "c2"))])
    #expect(try LedgerReader(path: folder.ledger).versions().map(\.text) == ["A2"])
  }

  @Test func a_release_is_of_one_rule_and_one_logic() throws {
    let ledger = try Ledger(path: folder.ledger)
    let act = Instruction.Act.release(rule: "pump", logic: Digest(hex: "l2"))
    try ledger.commit([.command(.instructed(Instruction(person: "h.weber", at: at(1), act: act)))])
    #expect(try ledger.isReleased(rule: "pump", logic: Digest(hex: "l2")))
    #expect(try !ledger.isReleased(rule: "pump", logic: Digest(hex: "l1")))
    #expect(try !ledger.isReleased(rule: "oven", logic: Digest(hex: "l2")))
  }

  @Test(arguments: [
    "UPDATE batches SET bytes = x'ff' WHERE first_input = 2",
    "UPDATE batches SET bytes = CAST(bytes || x'00' AS BLOB) WHERE first_input = 2",
    "UPDATE batches SET count = 4611686018427387904 WHERE first_input = 2",
    "DELETE FROM batches WHERE first_input = 2",
  ])
  func a_damaged_batch_is_named(_ damage: String) throws {
    for _ in 1...3 { try Ledger(path: folder.ledger).commit() }
    try folder.tamper(damage)
    #expect(try LedgerReader(path: folder.ledger).verify().problem?.id == 2)
    do {
      try Ledger(path: folder.ledger).replay(from: 1) { _, _ in }
      Issue.record("damage not seen")
    } catch LedgerError.damagedBatch(_, let first, _) {
      #expect(first == 2)
    }
  }
}
