import Foundation
import GRDB
import Ledger
import LedgerWriter
import Rules
import Synchronization
import Testing

/// Verification beside a working ledger, driven step by step under a clock of the test's own.
@Suite struct BackgroundVerificationTests {
  let folder = Folder()
  let clock = BookClock()

  private func verification() -> BackgroundVerification {
    BackgroundVerification(ledger: folder.ledger, clock: { [clock] in clock.now })
  }

  /// Steps to the end of the round, or of the try; gives how many read something.
  @discardableResult
  private func finishRound(_ verification: BackgroundVerification) -> Int {
    var steps = 0
    while case .read = verification.step() { steps += 1 }
    return steps
  }

  private func fill() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0)]) {
      $0.reports = [Report(.chattering, time: at(1), asset: "P-101", text: "three times in a minute")]
    }
    try ledger.commit()
  }

  @Test func a_sound_ledger_has_no_trouble_and_says_when_it_was_verified() throws {
    try fill()
    let verification = verification()
    #expect(verification.status == .init())
    finishRound(verification)
    #expect(verification.status == .init(lastEnded: clock.now))
  }

  @Test(arguments: [
    ("UPDATE reports SET text = 'twice'", "reports 1: it is not as it was written", "not to be relied on"),
    ("UPDATE decisions SET title = 'x'", "decision 1: it is not as it was written", "not to be relied on"),
    ("UPDATE batches SET bytes = x'ff' WHERE first_input = 2", "batch 2: it is not as it was written", "replayed"),
    ("DELETE FROM chain WHERE seq = 3", "committed and are gone", "refused"),
  ])
  func damage_is_a_trouble_that_says_where_what_it_means_and_what_to_do(
    _ damage: String, _ place: String, _ means: String
  )
    throws
  {
    try fill()
    try folder.tamper(damage)
    let verification = verification()
    finishRound(verification)
    let troubles = verification.status.troubles.map(\.words).joined(separator: "\n")
    for part in [place, means, "(since \(clock.now))", LedgerError.remedy] {
      #expect(troubles.contains(part), "\(troubles)")
    }
  }

  @Test func a_trouble_stands_until_a_later_round_finds_its_part_sound() throws {
    try fill()
    try folder.tamper("UPDATE reports SET text = text || 'x'")
    let verification = verification()
    finishRound(verification)
    let found = verification.status.troubles
    #expect(found.count == 1)
    try folder.tamper("UPDATE reports SET text = substr(text, 1, length(text) - 1)")
    clock.advance(by: .hours(24))
    if case .idle = verification.step() { Issue.record("the next round is due") }
    #expect(verification.status.troubles == found, "its part is not looked at yet")
    finishRound(verification)
    #expect(verification.status.troubles.isEmpty)
  }

  @Test func what_was_found_before_a_restart_is_said_after_it() throws {
    try fill()
    try folder.tamper("UPDATE decisions SET title = 'x'")
    do { finishRound(verification()) }
    #expect(verification().status.troubles.count == 1)
  }

  @Test func a_restart_goes_on_where_the_round_stopped() throws {
    do {
      var script = WriterScript(path: folder.ledger, seed: 5)
      for step in 0..<60 { try script.take(step) }
    }
    let whole = finishRound(verification())
    #expect(whole > 40)
    for first in [1, 7, whole / 2, whole - 1] {
      try FileManager.default.removeItem(atPath: folder.ledger + ".verification")
      do {
        let begun = verification()
        for _ in 0..<first { _ = begun.step() }
        begun.keep()
      }
      #expect(finishRound(verification()) == whole - first)
    }
  }

  @Test func a_round_begins_a_day_after_the_one_before_and_at_once_when_the_clock_was_set_back() throws {
    try fill()
    let verification = verification()
    let begun = clock.now
    finishRound(verification)
    clock.advance(by: .hours(23))
    #expect(verification.step() == .idle(until: begun + .hours(24)))
    clock.advance(by: .hours(1))
    #expect(finishRound(verification) > 0)
    #expect(verification.status.lastEnded == clock.now)
    clock.advance(by: .hours(-48))
    #expect(finishRound(verification) > 0)
  }

  @Test func another_ledger_in_its_place_is_verified_from_the_beginning() throws {
    try fill()
    try folder.tamper("UPDATE decisions SET title = 'x'")
    do { finishRound(verification()) }
    for suffix in ["", "-wal", "-shm", ".lock"] {
      try? FileManager.default.removeItem(atPath: folder.ledger + suffix)
    }
    try fill()
    clock.advance(by: .hours(24))
    let verification = verification()
    finishRound(verification)
    #expect(verification.status == .init(lastEnded: clock.now))
  }

  @Test func after_a_restore_nothing_is_said_of_the_ledger_that_was_there_before() throws {
    try fill()
    let backup = folder.path + "/backup.sqlite"
    _ = try LedgerReader(path: folder.ledger).backUp(to: backup)
    try folder.tamper("UPDATE reports SET text = 'x'")
    do { finishRound(verification()) }
    _ = try Ledger.restore(from: backup, to: folder.ledger, at: at(100))
    let verification = verification()
    #expect(verification.status.troubles.isEmpty)
    finishRound(verification)
    #expect(verification.status == .init(lastEnded: clock.now))
  }

  /// Commits, claims, answers, snapshots, cuts of the journal, stops and starts between the steps of rounds.
  @Test func a_ledger_at_work_is_never_called_damaged() throws {
    var script = WriterScript(path: folder.ledger, seed: 8)
    try script.take(0)
    let verification = verification()
    var (rounds, steps) = (0, 0)
    for step in 1..<400 {
      try script.take(step)
      for _ in 0..<8 {
        if case .idle = verification.step() {
          rounds += 1
          clock.advance(by: .hours(24))
        } else {
          steps += 1
        }
      }
      #expect(verification.status.troubles.isEmpty)
    }
    #expect(rounds > 10 && steps > 1_000)
  }

  @Test func a_ledger_that_cannot_be_opened_is_a_trouble_until_it_can() throws {
    try fill()
    try FileManager.default.moveItem(atPath: folder.ledger, toPath: folder.path + "/aside")
    let verification = verification()
    #expect(verification.step() == .idle(until: clock.now + .minutes(1)))
    #expect(verification.status.troubles.first?.text.hasPrefix("the ledger is not verified: ") == true)
    try FileManager.default.moveItem(atPath: folder.path + "/aside", toPath: folder.ledger)
    finishRound(verification)
    #expect(verification.status.troubles.isEmpty)
  }

  @Test func the_file_of_its_progress_may_be_damaged_and_the_round_begins_again() throws {
    try fill()
    do { finishRound(verification()) }
    try "{\"round\": 7".write(toFile: folder.ledger + ".verification", atomically: true, encoding: .utf8)
    let verification = verification()
    #expect(finishRound(verification) > 20)
    #expect(verification.status == .init(lastEnded: clock.now))
  }

  @Test func a_step_that_is_interrupted_is_taken_again_and_calls_nothing_damaged() throws {
    // Large enough that its pages take a while.
    var script = WriterScript(path: folder.ledger, seed: 5)
    for step in 0..<100 { try script.take(step) }
    let verification = verification()
    final class Flag: Sendable { let isSet = Mutex(false) }
    let isOver = Flag()
    let thread = Thread { while !isOver.isSet.withLock({ $0 }) { verification.interrupt() } }
    thread.start()
    defer { isOver.isSet.withLock { $0 = true } }
    var interrupted = 0
    for _ in 0..<30 {
      if case .idle = verification.step() { interrupted += 1 }
      #expect(verification.status.troubles.allSatisfy { $0.key.kind == .unverified })
      clock.advance(by: .minutes(1))
    }
    #expect(interrupted > 0)
    isOver.isSet.withLock { $0 = true }
    finishRound(verification)
    #expect(verification.status.troubles.isEmpty && verification.status.lastEnded != nil)
  }
}
