import CSpin
import Campaigns
import Foundation
import Rules
import Scripting
import Testing

@Suite struct CallNoteTests {
  static let names = CallNote.Names(rules: ["a", "b"], adapters: ["desk"], assets: ["Works/P-1", "Works/P-2"])
  static let suction = OpenCall.Caller.rule("suction_low", asset: "Riverside/P-101")

  func note(_ folder: NoteFolder, threads: Int = 2, carrying: [OpenCall] = []) throws -> CallNote {
    try CallNote(path: folder.note, names: Self.names, configuration: .zero, threads: threads, carrying: carrying)
  }

  // MARK: A process that dies inside a call

  @Test(arguments: [("crash", SIGSEGV), ("overflow", SIGSEGV), ("abort", SIGABRT), ("trap", SIGILL)])
  func a_process_that_crashes_inside_a_call_leaves_rule_asset_and_signal(how: String, signal: Int32) throws {
    let folder = try NoteFolder()
    let end = try folder.doomed(how).end()
    #expect(end.signal == signal)
    #expect(
      end.said
        == "level=error event=\"ended by signal \(signal)\" rule=\"suction_low\" asset=\"Riverside/P-101\" "
        + "what=\"the process dies inside this call\"\n")
    let earlier = try #require(try CallNote.read(path: folder.note))
    #expect(earlier.configuration == Digest(hex: "c0ffee"))
    #expect(earlier.calls == [OpenCall(Self.suction, .signal(signal))])
    #expect(
      earlier.calls.first?.fault
        == Fault(
          rule: "suction_low", asset: "Riverside/P-101", cause: "the engine ended inside this call: signal \(signal)"))
  }

  @Test func a_call_that_spins_is_ended_by_the_watchdog_and_left_in_the_note() throws {
    let folder = try NoteFolder()
    let end = try folder.doomed("forever", limit: 200).end()
    #expect(end.code == 70)
    #expect(
      end.said.hasPrefix("level=error event=\"ended by the watchdog\" rule=\"suction_low\" asset=\"Riverside/P-101\""))
    #expect(try CallNote.read(path: folder.note)?.calls == [OpenCall(Self.suction, .overran)])
  }

  @Test func a_call_of_an_adapter_is_left_too_but_is_no_fault_of_a_rule() throws {
    let folder = try NoteFolder()
    let end = try folder.doomed("crash", ["adapter", "desk"]).end()
    #expect(end.said.contains("adapter=\"desk\""))
    let call = try #require(try CallNote.read(path: folder.note)?.calls.first)
    #expect(call == OpenCall(.adapter("desk"), .signal(SIGSEGV)))
    #expect(call.isToBlame && call.fault == nil)
  }

  @Test func a_kill_from_outside_is_not_held_against_the_call() throws {
    let folder = try NoteFolder()
    #expect(try folder.doomed("kill").end().signal == SIGKILL)
    let call = try #require(try CallNote.read(path: folder.note)?.calls.first)
    #expect(call == OpenCall(Self.suction, .killed))
    #expect(!call.isToBlame && call.fault == nil)
  }

  @Test func a_kill_from_outside_while_a_call_does_not_return_is_held_against_it() throws {
    let folder = try NoteFolder()
    let doomed = try folder.doomed("forever", limit: 10_000)
    try eventually("the watchdog sees a call that lasts") {
      try #require(doomed.process.isRunning)
      return try CallNote.read(path: folder.note)?.calls.first?.ending == .killedWhileLasting
    }
    kill(doomed.process.processIdentifier, SIGKILL)
    #expect(doomed.end().signal == SIGKILL)
    #expect(try CallNote.read(path: folder.note)?.calls.first?.fault != nil)
  }

  // MARK: A process that lives

  @Test func nothing_is_open_once_a_call_has_returned_or_failed() throws {
    let folder = try NoteFolder()
    let note = try note(folder)
    let place = try note.place()
    let rule = try RuleFile.read(text: CallNoteTests.rule, file: "rules/b.lua", calls: place)
    rule.askedFor?.pointee = 1
    for value in [ReadingValue.number(1), .text("x"), .notGood, .number(-1)] {
      _ = [value].withUnsafeBufferPointer { readings in
        rule.ask(.when, readings, LimitTable([Double]()))
      }
      #expect(try CallNote.read(path: folder.note)?.calls == [])
    }
  }

  static let rule = """
    rule {
      title = "B", owner = "o", applies_to = "Pump", reads = { v = latest "V [bar g]" },
      when = function(pump) if pump.v < 0 then while true do end end return pump.v > 10 end,
      actions = { notification { title = "x" } },
    }
    """

  @Test func a_call_that_waits_without_using_the_processor_is_not_ended() throws {
    // It would end this process. As when the process is stopped, the machine suspended, or others have the processor.
    let folder = try NoteFolder()
    let note = try note(folder)
    try note.watch(limit: TimeSpan(microseconds: 20_000))
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      defer { done.signal() }
      do {
        let host = try LuaHost(
          text: "rule { when = function() wait() return true end }", file: "rules/a.lua", statement: "rule", words: [],
          caller: try note.place().rule("a"), natives: [LuaHost.Native("wait", spin_wait)])
        guard case .table(_, let fields) = host.declared, case .function(let when)? = fields.first?.value else {
          return
        }
        try host.bind(readings: [], limits: [])
        let answer = [ReadingValue]().withUnsafeBufferPointer { readings in
          host.ask(when, readings, LimitTable([Double]()))
        }
        #expect(answer == .yes)
      } catch {
        Issue.record(error)
      }
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while try CallNote.read(path: folder.note)?.calls != [OpenCall(.rule("a", asset: nil), .killed)] {
      try #require(ContinuousClock.now < deadline, "the call is open")
    }
    // A look every 2 ms: ten times the limit.
    let enough = note.looks + 100
    while note.looks < enough { try #require(ContinuousClock.now < deadline, "the watchdog looks") }
    spin_release()
    #expect(done.wait(timeout: .now() + 60) == .success)
  }

  @Test func a_place_serves_one_thread_at_a_time() throws {
    let folder = try NoteFolder()
    let note = try note(folder, threads: 1)
    var place: CallNote.Place? = try note.place()
    #expect(throws: CallNoteError.noPlace) { try note.place() }
    withExtendedLifetime(place) {}
    place = nil
    _ = try note.place()
  }

  // MARK: From one process to the next

  @Test func what_an_earlier_process_left_stays_until_it_is_forgotten() throws {
    let folder = try NoteFolder()
    let left = [
      OpenCall(.rule("b", asset: "Works/P-2"), .signal(SIGSEGV)), OpenCall(.rule("a", asset: "Works/P-1"), .overran),
      OpenCall(.rule("a", asset: "Works/P-2"), .killedWhileLasting, wasRecovering: true),
    ]
    let unknown = [
      OpenCall(.rule("gone", asset: "Works/P-1"), .overran), OpenCall(.rule("a", asset: "Gone"), .overran),
    ]
    let note = try note(folder, carrying: left + unknown)
    #expect(try CallNote.read(path: folder.note)?.calls == left)
    note.forgetEarlier()
    #expect(try CallNote.read(path: folder.note)?.calls == [])
  }

  @Test func a_second_end_in_a_row_while_recovering_names_the_rule() throws {
    let folder = try NoteFolder()
    let digest = Digest(hex: "c0ffee")
    _ = try folder.doomed("crash", phase: "recovering").end()
    #expect(try CallNote.read(path: folder.note)?.endsRecovery(of: digest) == nil)
    _ = try folder.doomed("abort", phase: "recovering").end()
    let earlier = try #require(try CallNote.read(path: folder.note))
    #expect(earlier.endsRecovery(of: digest)?.caller == Self.suction)
    #expect(earlier.endsRecovery(of: Digest(hex: "ca11ab1e")) == nil, "another configuration replays nothing of this")
  }

  @Test func two_ends_while_live_do_not_end_recovery() throws {
    let folder = try NoteFolder()
    for _ in 0..<2 { _ = try folder.doomed("crash").end() }
    let earlier = try #require(try CallNote.read(path: folder.note))
    #expect(earlier.calls.count == 2)
    #expect(earlier.endsRecovery(of: Digest(hex: "c0ffee")) == nil)
  }

  @Test func what_cannot_be_read_or_made_says_so() throws {
    let folder = try NoteFolder()
    #expect(try CallNote.read(path: folder.note) == nil)
    try Data("no note".utf8).write(to: URL(fileURLWithPath: folder.note))
    #expect(throws: CallNoteError.notANote(folder.note)) { try CallNote.read(path: folder.note) }
    let nowhere = folder.path + "/nowhere/calls.note"
    #expect(throws: CallNoteError.cannotMake(nowhere, "No such file or directory")) {
      try CallNote(path: nowhere, names: Self.names, configuration: .zero, threads: 1)
    }
  }

  @Test func a_damaged_note_is_refused_or_read_but_never_traps() throws {
    let folder = try NoteFolder()
    let left = [OpenCall(.rule("b", asset: "Works/P-2"), .signal(SIGSEGV)), OpenCall(.rule("a", asset: nil), .overran)]
    _ = try CallNote(
      path: folder.note, names: Self.names, configuration: .zero, threads: 2, carrying: left, OpenWorkTests.left)
    let url = URL(fileURLWithPath: folder.note)
    let whole = try Data(contentsOf: url)
    var random = Campaign()
    var refused = 0
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<(1 + random.below(8)) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      if random.below(4) == 0 { bytes = bytes.prefix(random.below(bytes.count)) }
      try bytes.write(to: url)
      do { _ = try CallNote.read(path: folder.note) } catch CallNoteError.notANote { refused += 1 }
    }
    #expect(refused > 25)
  }

  /// Its seed is fixed: what it covers is in every run the same.
  private struct Campaign {
    var state: UInt64 = 20_260_724
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }
}
