import Engine
import Rules
import Testing

/// Files that change under a running engine (S9).
@Suite struct ReloadTests {
  typealias World = ReloadWorld
  static let minute = TimeSpan.minutes(1)

  @Test func a_hold_ends_exactly_on_time_when_only_a_comment_changed_in_its_middle() throws {
    let versions = ["", "-- why"].map { World.configuration([World.over(heldFor: Self.minute, comment: $0)]) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(30)), .reload(1), .pass(.seconds(29)), .pass(.seconds(9))], versions)
    #expect(journal.times == [.seconds(60)])
    #expect(journal.decisions.first?.textHash == versions[1].rules[0].textHash)
  }

  @Test func new_logic_begins_its_hold_when_it_is_taken_over() throws {
    let versions = [10, 11].map { World.configuration([World.over($0, heldFor: Self.minute)]) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(30)), .reload(1), .pass(.seconds(55)), .pass(.seconds(9))], versions)
    #expect(journal.times == [.seconds(90)])
  }

  @Test func new_logic_keeps_active_what_is() throws {
    let versions = [10, 11].map { World.configuration([World.over($0)]) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(5)), .reload(1), .pass(.seconds(5)), .value(21), .pass(.seconds(5))], versions)
    #expect(journal.times == [.zero])
    #expect(journal.phase() == "active")
  }

  @Test func new_logic_that_is_not_true_clears_what_was_active() throws {
    let versions = [10, 30].map { World.configuration([World.over($0)]) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(5)), .reload(1), .pass(.seconds(5)), .pass(.seconds(5))], versions)
    #expect(journal.phase() == "normal", "asked as of the reload, although the source says nothing more")
  }

  @Test func a_rule_that_is_taken_away_sleeps_and_comes_back_as_it_was() throws {
    let other = World.over(1_000, name: "other")
    let versions = [[World.over(), other], [other]].map { World.configuration($0) }
    let journal = try World.play(
      [
        .up, .value(20), .reload(1), .pass(.seconds(9)), .value(25), .reload(0), .pass(.seconds(9)), .value(26),
        .pass(.seconds(9)),
      ], versions)
    #expect(journal.times == [.zero], "it was active and is")
    #expect(journal.phase() == "active")
  }

  @Test(arguments: [(29, 1), (31, 2)])
  func a_removed_rule_is_forgotten_after_thirty_days(_ days: Int64, _ decisions: Int) throws {
    let other = World.over(1_000, name: "other")
    let versions = [[World.over(), other], [other]].map { World.configuration($0) }
    let journal = try World.play(
      [
        .up, .value(20), .reload(1), .pass(.hours(days * 24)), .value(25), .reload(0), .pass(.seconds(9)),
        .pass(.seconds(9)),
      ], versions)
    #expect(journal.decisions.count == decisions)
  }

  @Test(arguments: [false, true])
  func a_renamed_rule_goes_on_under_its_new_name(_ isSaid: Bool) throws {
    let renamed = World.over(
      heldFor: Self.minute, name: "too_much", comment: isSaid ? "formerly over" : "", formerly: isSaid ? ["over"] : [])
    let versions = [World.over(heldFor: Self.minute), renamed].map { World.configuration([$0]) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(30)), .reload(1), .pass(.seconds(29)), .pass(.seconds(9))], versions)
    #expect(journal.times == [.seconds(60)])
    #expect(journal.decisions.map(\.key.rule) == ["too_much"])
  }

  @Test func what_is_held_back_is_decided_when_its_reason_ends_after_a_reload() throws {
    let versions = ["", "-- why"].map { World.configuration([World.over(comment: $0, atMost: Self.minute)]) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(10)), .value(1), .pass(.seconds(10)), .value(20), .reload(1)]
        + [.pass(.seconds(39)), .pass(.seconds(9))], versions)
    #expect(journal.times == [.zero, .seconds(60)])
    #expect(journal.decisions.last?.deferredFrom == World.start + .seconds(20))
  }

  @Test func an_asset_that_comes_before_the_others_moves_no_state_to_another() throws {
    let rule = World.over(heldFor: Self.minute)
    let versions = [["M0", "M1"], ["A0", "M0", "M1"]].map { World.configuration([rule], machines: $0) }
    let journal = try World.play(
      [.up, .value(20, of: 1), .pass(.seconds(30)), .reload(1), .pass(.seconds(29)), .pass(.seconds(9))], versions)
    #expect(journal.times == [.seconds(60)])
    #expect(journal.decisions.map(\.key.asset) == ["M1"])
  }

  @Test func a_start_with_changed_files_is_a_reload() throws {
    let versions = ["", "-- why"].map { World.configuration([World.over(heldFor: Self.minute, comment: $0)]) }
    let journal = try World.play([.up, .value(20), .pass(.seconds(30))], versions)
    try World.play(
      [.up, .pass(.seconds(29)), .pass(.seconds(9))], versions, journal, from: .seconds(30), beginningWith: 1)
    #expect(journal.times == [.seconds(60)])
  }

  @Test func a_start_that_cannot_bring_the_old_files_back_begins_anew_and_says_so() throws {
    let versions = ["", "-- why"].map { World.configuration([World.over(heldFor: Self.minute, comment: $0)]) }
    let journal = try World.play([.up, .value(20), .pass(.seconds(30))], [versions[0]])
    try World.play([.up, .pass(.minutes(2))], [versions[1]], journal, from: .seconds(30))
    #expect(journal.decisions.isEmpty)
    #expect(journal.batches.flatMap(\.reports).contains { $0.kind == .possibleGap && $0.text.contains("begin anew") })
  }
}

/// A new version of a rule that acted, beside the old one.
@Suite struct ReleaseTests {
  typealias World = ReloadWorld

  @Test func the_old_version_acts_and_the_new_one_decides_in_its_shadow() throws {
    let versions = [[World.over(10)], [World.over(10), World.over(11).shadowing()]].map { World.configuration($0) }
    let journal = try World.play(
      [.up, .value(20), .value(1), .reload(1), .pass(.seconds(9)), .value(20), .pass(.seconds(9))], versions)
    let last = journal.decisions.dropFirst()
    #expect(last.map(\.key.rule) == ["over", "over~new"])
    #expect(last.map(\.tier) == [.act, .shadow])
    #expect(last.map { $0.actions.map(\.standing) } == [[.ready], [.shadow]])
  }

  @Test func released_the_new_version_takes_over_and_repeats_no_order() throws {
    let (old, new) = (World.over(10), World.over(11))
    let versions = [[old], [old, new.shadowing()], [new]].map { World.configuration($0) }
    let journal = try World.play(
      [.up, .value(20), .pass(.seconds(9)), .reload(1), .pass(.seconds(9)), .reload(2), .pass(.seconds(9)), .value(21)]
        + [.pass(.seconds(9)), .value(1), .pass(.seconds(9)), .value(20), .pass(.seconds(9))], versions)
    let acted = journal.decisions.filter { $0.tier == .act }
    #expect(acted.map(\.logicHash) == [old.logicHash, new.logicHash])
    #expect(acted.map(\.key.rule) == ["over", "over"])
  }

  @Test func a_rule_has_acted_where_it_may_and_has_decided() throws {
    let configuration = World.configuration([World.over()])
    var decider = Decider(configuration)
    #expect(!decider.hasActed("over"))
    _ = decider.apply(.change(TagChange(TagID(0), .number(20), time: World.start)))
    #expect(decider.hasActed("over"))
    var shadowed = configuration
    shadowed.policy.tiers = []
    var quiet = Decider(shadowed)
    quiet.adopt(decider, at: World.start)
    #expect(!quiet.hasActed("over"))
  }
}

/// A process that ends anywhere around a reload.
@Suite struct ReloadCrashTests {
  typealias World = ReloadWorld

  static func versions() -> [Configuration] {
    let old = World.over(10, heldFor: .seconds(20))
    let new = World.over(12, heldFor: .seconds(20))
    let other = World.over(5, name: "other", comment: "x", atMost: .minutes(1))
    return [
      World.configuration([old, other]), World.configuration([old, new.shadowing(), other]),
      World.configuration([new], machines: ["A", "M0", "M1"]), World.configuration([new, other]),
    ]
  }

  /// Values that keep both rules busy, a reload every so often.
  static func whole() throws -> MemoryJournal {
    var steps: [World.Step] = [.up]
    for turn in 0..<120 {
      steps += [.value(Double((turn * 7) % 16), of: turn % 2), .pass(.seconds(Int64(3 + turn % 9)))]
      if turn % 24 == 23 { steps.append(.reload((turn / 24 + 1) % 4)) }
    }
    return try World.play(steps, versions())
  }

  @Test func killed_between_any_two_batches_around_a_reload_the_state_is_the_same_to_the_bit() throws {
    let whole = try Self.whole()
    #expect(whole.batches.flatMap(\.inputs).count { if case .config = $0 { true } else { false } } == 6)
    for cut in 1...whole.batches.count {
      let killed = MemoryJournal()
      killed.batches = Array(whole.batches[..<cut])
      let state = try World.state(of: killed, Self.versions())
      let reference = try World.reference(killed, Self.versions())?.encodedState()
      try #require(state == reference, "after \(cut) batches")
    }
  }

  @Test func a_commit_that_fails_at_a_reload_changes_nothing_of_what_is_decided() throws {
    let whole = try Self.whole()
    let first = try #require(
      whole.batches.indices.dropFirst().first { index in
        whole.batches[index].inputs.contains { if case .config = $0 { true } else { false } }
      })
    for attempt in [first, first + 1, first + 2] {
      let failing = MemoryJournal(failing: [attempt])
      var steps: [World.Step] = [.up]
      for turn in 0..<30 {
        steps += [.value(Double((turn * 7) % 16), of: turn % 2), .pass(.seconds(Int64(3 + turn % 9)))]
        if turn == 23 { steps.append(.reload(1)) }
      }
      try World.play(steps, Self.versions(), failing)
      #expect(failing.lastConfiguration()?.hash == Self.versions()[1].hash)
      #expect(failing.divergences == 0)
    }
  }

  @Test func replayed_from_the_reload_on_nothing_diverges() throws {
    let whole = try Self.whole()
    let configs = whole.batches.filter { batch in
      batch.inputs.contains { if case .config = $0 { true } else { false } }
    }
    // Only the snapshots that belong to a configuration's own input are left.
    for index in whole.batches.indices {
      whole.batches[index].pieces.removeAll { piece in !configs.contains { $0.firstInput + 1 == piece.next } }
    }
    let decided = whole.decisions.count
    #expect(decided > 10)
    try World.play([], Self.versions(), whole, from: .hours(1), beginningWith: 1)
    #expect(whole.divergences == 0)
    #expect(whole.decisions.count == decided)
  }
}
