import CSpin
import Campaigns
import Foundation
import Rules
import Scripting
import Testing

/// What is in hand when a process ends, outside of any call.
@Suite struct OpenWorkTests {
  static let message = OpenWork.Subject.message(0xC0FFEE)
  static let deadline = OpenWork.Subject.deadline(rule: "a", asset: "Works/P-2", Instant(seconds: 60))
  static let left = [
    OpenWork(message, .signal(SIGSEGV)), OpenWork(deadline, .killed, used: .seconds(3)),
    OpenWork(.input(7), .signal(SIGILL), wasRecovering: true),
  ]

  private func read(_ folder: NoteFolder) throws -> CallNote.Earlier {
    try #require(try CallNote.read(path: folder.note))
  }

  // MARK: A process that dies

  @Test(arguments: [("crash", SIGSEGV), ("overflow", SIGSEGV), ("abort", SIGABRT), ("trap", SIGILL)])
  func a_process_that_crashes_with_a_message_in_hand_leaves_its_hash_and_the_signal(how: String, signal: Int32) throws {
    let folder = try NoteFolder()
    let end = try folder.doomed(how, ["message", "c0ffee"]).end()
    #expect(end.signal == signal)
    #expect(
      end.said
        == "level=error event=\"ended by signal \(signal)\" message=\"0000000000c0ffee\" "
        + "what=\"the process dies with this in hand\"\n")
    #expect(try read(folder).work == [OpenWork(Self.message, .signal(signal))])
    #expect(try read(folder).strikes == [0xC0FFEE: 1])
    #expect(try read(folder).calls == [])
  }

  @Test func a_process_that_crashes_inside_a_call_holds_it_against_the_call_and_not_against_the_message() throws {
    let folder = try NoteFolder()
    let end = try folder.doomed("crash", ["message", "c0ffee", "rule", "suction_low", "Riverside/P-101"]).end()
    #expect(end.signal == SIGSEGV)
    #expect(try read(folder).calls == [OpenCall(CallNoteTests.suction, .signal(SIGSEGV))])
    #expect(try read(folder).work == [])
  }

  @Test func a_kill_from_outside_is_not_held_against_the_message() throws {
    let folder = try NoteFolder()
    for hand in [["message", "c0ffee"], ["message", "c0ffee", "rule", "suction_low", "Riverside/P-101"]] {
      #expect(try folder.doomed("kill", hand).end().signal == SIGKILL)
      #expect(try read(folder).work == [OpenWork(Self.message, .killed)])
      #expect(try read(folder).strikes == [:])
    }
  }

  @Test func a_kill_from_outside_after_two_seconds_of_the_processor_is_held_against_the_message() throws {
    let folder = try NoteFolder()
    let end = try folder.kill("forever", ["message", "c0ffee"], "it has used two seconds") {
      $0.used > OpenWork.longest
    }
    #expect(end.signal == SIGKILL)
    let work = try #require(try read(folder).work.first)
    #expect(work.subject == Self.message && work.ending == .killed && work.isToBlame)
    #expect(try read(folder).strikes == [0xC0FFEE: 1])
  }

  @Test func a_deadline_leaves_its_rule_asset_and_moment_and_is_a_fault() throws {
    let folder = try NoteFolder()
    let end = try folder.doomed("trap", ["deadline", "suction_low", "Riverside/P-101", "60"]).end()
    #expect(end.said.contains("rule=\"suction_low\" asset=\"Riverside/P-101\" what=\"the process dies with this"))
    let work = try #require(try read(folder).work.first)
    #expect(
      work.fault
        == Fault(
          rule: "suction_low", asset: "Riverside/P-101",
          cause: "the engine ended while it took the deadline of 1970-01-01T00:01:00Z: signal \(SIGILL)"))
  }

  @Test func a_deadline_is_not_held_to_account_for_those_before_it_in_its_tick() throws {
    let folder = try NoteFolder()
    // 300 deadlines, 10 ms of the processor each.
    let end = try folder.kill("deadlines", ["deadline", "suction_low", "Riverside/P-101", "0"], "it has taken 300") {
      if case .deadline(_, _, let moment) = $0.subject { moment > Instant(seconds: 300) } else { false }
    }
    #expect(end.signal == SIGKILL)
    #expect(try read(folder).work.map(\.isToBlame) == [false])
  }

  // MARK: From one process to the next

  @Test func strikes_of_a_message_are_counted_over_starts_until_it_is_forgotten() throws {
    let folder = try NoteFolder()
    for _ in 0..<2 { _ = try folder.doomed("trap", ["message", "c0ffee"]).end() }
    #expect(try folder.doomed("trap", ["message", "beef"]).end().signal == SIGILL)
    let earlier = try read(folder)
    #expect(earlier.strikes == [0xC0FFEE: 2, 0xBEEF: 1])
    let note = try CallNote(
      path: folder.note, names: CallNoteTests.names, configuration: .zero, threads: 1, carrying: [], earlier.work)
    note.forget(message: 0xC0FFEE)
    #expect(try read(folder).strikes == [0xBEEF: 1])
  }

  @Test func what_the_first_batch_journals_is_forgotten_with_it_and_messages_stay() throws {
    let folder = try NoteFolder()
    let note = try CallNote(
      path: folder.note, names: CallNoteTests.names, configuration: .zero, threads: 1, carrying: [], Self.left)
    #expect(try read(folder).work == Self.left)
    note.forgetEarlier()
    #expect(try read(folder).work == [Self.left[0]])
  }

  @Test func a_second_end_in_one_input_while_recovering_names_it() throws {
    let folder = try NoteFolder()
    let digest = Digest(hex: "c0ffee")
    _ = try folder.doomed("crash", phase: "recovering", ["input", "17"]).end()
    #expect(try read(folder).inputEndingRecovery(of: digest) == nil)
    _ = try folder.doomed("kill", phase: "recovering", ["input", "17"]).end()
    #expect(try read(folder).inputEndingRecovery(of: digest) == nil, "a kill is not held against it")
    _ = try folder.doomed("abort", phase: "recovering", ["input", "17"]).end()
    #expect(try read(folder).inputEndingRecovery(of: digest)?.number == 17)
    #expect(try read(folder).inputEndingRecovery(of: Digest(hex: "ca11ab1e")) == nil)
  }

  @Test func a_call_while_recovering_keeps_the_input_it_was_made_for() throws {
    let folder = try NoteFolder()
    let digest = Digest(hex: "c0ffee")
    for _ in 0..<2 {
      let hand = ["input", "17", "rule", "suction_low", "Riverside/P-101"]
      _ = try folder.doomed("crash", phase: "recovering", hand).end()
    }
    #expect(try read(folder).endsRecovery(of: digest)?.input == 17)
    #expect(try read(folder).inputEndingRecovery(of: digest) == nil)
  }

  // MARK: A process that lives

  @Test func nothing_is_in_hand_once_it_has_ended() throws {
    let folder = try NoteFolder()
    let note = try CallNote(path: folder.note, names: CallNoteTests.names, configuration: .zero, threads: 1)
    let place = try note.place()
    for work in [WorkInHand.message(1), .input(2), .deadlines] {
      place.begin(work)
      place.deadlines(of: "a")?.take(asset: 1, at: Instant(seconds: 60))
      #expect(try read(folder).work.count == 1)
      place.end()
      #expect(try read(folder).work == [])
    }
    #expect(place.deadlines(of: "gone") == nil)
  }
}

extension NoteFolder {
  /// Kills the process once what it has in hand is as said.
  fileprivate func kill(
    _ how: String, _ hand: [String], _ what: String, when: (OpenWork) -> Bool
  ) throws -> (signal: Int32?, code: Int32, said: String) {
    let doomed = try doomed(how, hand)
    try eventually(what) {
      try #require(doomed.process.isRunning)
      return try CallNote.read(path: note)?.work.first.map(when) == true
    }
    Glibc.kill(doomed.process.processIdentifier, SIGKILL)
    return doomed.end()
  }
}
