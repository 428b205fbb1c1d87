import Foundation
import Ledger
import Rules
import Testing

@Suite struct ReaderTests {
  let folder = Folder()

  @Test func decisions_are_listed_newest_first_and_filtered() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(1), .make(3), .make(2)])
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.decisions().map(\.key.time) == [at(3), at(2), at(1)])
    #expect(try reader.decisions(limit: 1, rule: "pump_cavitation", since: at(2)).count == 1)
    #expect(try reader.decisions(rule: "other").isEmpty)
    #expect(try reader.decision(matching: "nothing") == nil)
  }

  @Test func what_was_held_back_conditions_and_reports_come_back() throws {
    let ledger = try Ledger(path: folder.ledger)
    var condition = ConditionRecord(
      rule: "r", asset: "a", phase: "pending", since: at(1), blindSince: at(2), blindReading: "flow")
    let report = Report(.clockStep, time: at(3), rule: nil, asset: "a", text: "back 5 s")
    try ledger.commit {
      $0.heldBack = [.make]
      $0.conditions = [condition]
      $0.reports = [report]
    }
    condition.phase = "active"
    try ledger.commit { $0.conditions = [condition] }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.heldBack().map(\.heldBack) == [.make])
    #expect(try reader.conditions() == [condition])
    #expect(try reader.reports() == [report])
  }

  @Test func dead_letters_are_kept_to_a_hundred_of_a_reason_and_counted_on() throws {
    let ledger = try Ledger(path: folder.ledger)
    let letters = (1...130).map { number in
      DeadLetter(
        source: "plant", topic: "t", reason: number > 120 ? "no time" : "not JSON", detail: "at byte 1",
        payload: [UInt8](repeating: 7, count: 2000), arrived: at(Int64(number)))
    }
    try ledger.commit([]) { $0.deadLetters = letters }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.deadLetters(limit: 1000).count == 110)
    #expect(try reader.deadLetters(limit: 1).first?.letter.payload.count == 1024)
    #expect(try reader.deadLetterCounts().map(\.count) == [10, 120])
    #expect(try reader.deadLetterCounts().last?.last == at(120))
    #expect(try ledger.nextInput == 1)
  }
}
