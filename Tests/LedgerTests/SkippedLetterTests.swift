import Foundation
import Ledger
import Rules
import Testing

@Suite struct SkippedLetterTests {
  let folder = Folder()

  private func skipped(_ hash: UInt64, _ second: Int64, bytes: Int = 5_000) -> DeadLetter {
    DeadLetter(
      source: "plant", topic: "t", reason: "the engine ended twice in it", detail: "kept whole",
      payload: [UInt8](repeating: 7, count: bytes), arrived: at(second),
      skipped: DeadLetter.Skipped(hash: hash, retained: true))
  }
  private func unread(_ second: Int64) -> DeadLetter {
    DeadLetter(
      source: "plant", topic: "t", reason: "the engine ended twice in it", detail: "x", payload: [1],
      arrived: at(second))
  }
  private func instruct(_ act: Instruction.Act, _ second: Int64) -> Input {
    .command(.instructed(Instruction(person: "h.weber", at: at(second), act: act)))
  }

  @Test func a_skipped_message_is_kept_whole_however_many_others_there_are() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit([]) { $0.deadLetters = (1...100).map { unread($0) } + [skipped(.max, 101)] }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.waitingLetters().map(\.letter) == [skipped(.max, 101)])
    #expect(try ledger.skippedMessages() == [.max])
  }

  @Test func the_same_message_again_is_counted_and_not_kept_twice() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit([]) { $0.deadLetters = [skipped(1, 1), skipped(1, 2), skipped(2, 3)] }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.waitingLetters().map(\.letter.skipped?.hash) == [1, 2])
    #expect(try reader.deadLetterCounts().map(\.count) == [3])
  }

  @Test func what_a_person_took_is_skipped_no_longer_and_what_they_dropped_still_is() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit([]) { $0.deadLetters = [skipped(1, 1), skipped(2, 2), skipped(3, 3)] }
    try ledger.commit([instruct(.takeLetter(1), 10), instruct(.dropLetter(2, why: "a test"), 11)])
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try ledger.skippedMessages() == [2, 3])
    #expect(try reader.waitingLetters().map(\.id) == [3])
    #expect(try reader.deadLetters().map(\.fate) == [nil, .dropped, .taken])
    #expect(try reader.objection(to: .takeLetter(1)) == "dead letter 1 was taken already")
    #expect(try reader.objection(to: .takeLetter(2)) == "dead letter 2 was dropped already")
    #expect(try reader.objection(to: .takeLetter(3)) == nil)
    #expect(try reader.verify().problem == nil)
  }

  @Test func what_could_not_be_read_or_is_not_there_cannot_be_taken() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit([]) { $0.deadLetters = [unread(1)] }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.objection(to: .takeLetter(1))?.contains("could not be read") == true)
    #expect(
      try reader.objection(to: .dropLetter(9, why: ""))
        == "there is no dead letter 9; see 'millwright sources dead-letters'")
  }
}
