import Rules
import Testing

/// S11: a rule that uses up what a call may use on several assets, or ends the process on two, is called on none.
@Suite struct WholeRuleFaultTests {
  static func greedy(_ name: String = "greedy", kind: FaultCause.Kind = .exhausted) -> Rule {
    .make(name) { look in
      let value = try look("v")
      if value == 13 { throw Broken(cause: "rules/greedy.lua:4: used up its instructions", kind: kind) }
      return value > 10
    }
  }
  private static func fail(_ plant: inout TestPlant, _ machines: [Int], every seconds: Double = 1) {
    for (place, machine) in machines.enumerated() {
      plant.send("V", 13, at: 100 + Double(place) * seconds, machine: machine)
    }
  }
  private static func whole(_ plant: TestPlant) -> [Report] {
    plant.reports.filter { $0.kind == .quarantined && $0.asset == nil }
  }

  @Test(arguments: [FaultCause.Kind.exhausted, .overtime])
  func exhausted_on_three_assets_within_a_day_it_is_called_on_none(kind: FaultCause.Kind) {
    var plant = TestPlant(Self.greedy(kind: kind), .over("sound"), machines: 5)
    Self.fail(&plant, [1, 2, 3])
    #expect(Self.whole(plant).map(\.rule) == ["greedy"])
    #expect(plant.decider.evaluator.quarantined.keys.sorted() == ["greedy"])
    plant.send("V", 20, at: 200, machine: 4)
    plant.send("V", 20, at: 200, machine: 5)
    #expect(plant.decisions.filter { $0.key.time > TestPlant.at(150) }.map(\.key.rule) == ["sound", "sound"])
    let quarantined = plant.decider.takeChanged().filter { $0.rule == "greedy" && $0.phase == "quarantined" }
    #expect(quarantined.count == 5)
  }

  @Test func on_two_assets_or_over_days_it_counts_by_asset() {
    var plant = TestPlant(Self.greedy(), machines: 4)
    Self.fail(&plant, [1, 2, 1])
    #expect(Self.whole(plant) == [])
    plant = TestPlant(Self.greedy(), machines: 4)
    Self.fail(&plant, [1, 2, 3, 4], every: 12 * 3600 + 1)
    #expect(Self.whole(plant) == [], "of any day only two assets")
  }

  @Test func errors_of_its_text_never_reach_other_assets() {
    var plant = TestPlant(Self.greedy(kind: .error), machines: 5)
    Self.fail(&plant, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
    #expect(Self.whole(plant) == [])
    plant.send("V", 20, at: 200, machine: 5)
    #expect(plant.decisions.map(\.key.asset) == ["Works/M5"])
  }

  @Test func the_process_ending_in_it_on_two_assets_does_the_same() {
    var plant = TestPlant(Self.greedy(), machines: 3)
    plant.apply(.death(Fault(rule: "greedy", asset: "Works/M1", cause: "signal 11")))
    #expect(Self.whole(plant) == [])
    plant.apply(.death(Fault(rule: "greedy", asset: "Works/M2", cause: "signal 11")))
    #expect(Self.whole(plant).map(\.rule) == ["greedy"])
    plant.send("V", 20, at: 0, machine: 3)
    #expect(plant.decisions == [])
  }

  /// As the journal has it: each fault before its input. The rule that replays never fails by itself.
  @Test func replay_and_a_restart_come_to_the_same_state() throws {
    let tame = Rule.make("greedy") { try $0("v") > 10 }
    var live = TestPlant(Self.greedy(), machines: 4)
    var replayed = Decider(TestPlant.configuration([tame], machines: 4))
    for (place, machine) in [1, 2, 3, 4].enumerated() {
      let before = live.faults.count
      live.send("V", 13, at: Double(place), machine: machine)
      for fault in live.faults[before...] { _ = replayed.apply(.fault(fault)) }
      _ = replayed.apply(live.journal[place])
      #expect(replayed.encodedState() == live.decider.encodedState(), "after input \(place)")
    }
    var reader = ByteReader(live.decider.encodedState())
    var restarted = Decider(TestPlant.configuration([Self.greedy()], machines: 4))
    try restarted.restore(from: &reader)
    #expect(restarted.encodedState() == live.decider.encodedState())
    #expect(restarted.evaluator.quarantined.keys.sorted() == ["greedy"])
  }

  @Test func a_new_asset_of_the_same_text_is_quarantined_and_a_new_text_is_not() {
    var plant = TestPlant(Self.greedy(), machines: 3)
    Self.fail(&plant, [1, 2, 3])
    var same = TestPlant(Self.greedy(), machines: 4)
    same.decider.adopt(plant.decider, at: TestPlant.at(200))
    same.send("V", 20, at: 201, machine: 4)
    #expect(same.decisions == [])
    var rule = Self.greedy()
    rule.textHash = Digest(hex: String(repeating: "5", count: 64))
    var changed = TestPlant(rule, machines: 4)
    changed.decider.adopt(same.decider, at: TestPlant.at(202))
    changed.send("V", 20, at: 203, machine: 4)
    #expect(changed.decisions.map(\.key.asset) == ["Works/M4"])
    #expect(changed.decider.evaluator.quarantined.isEmpty)
  }

  @Test func for_a_rule_that_looks_at_it_whether_it_is_active_is_not_known() throws {
    let high = Rule.on("Pump", "high", [OtherRuleTests.p]) { look in
      if try look("p") == 13 { throw Broken(cause: "unlucky") }
      return try look("p") > 10
    }
    let calm = Rule.on("Pump", "calm", [OtherRuleTests.active("high"), OtherRuleTests.q]) {
      try $0("a") == 0 && $0("q") > 0
    }
    let quiet = Rule.on("Pump", "quiet", [OtherRuleTests.fired("high", 60), OtherRuleTests.q]) {
      try $0("n") == 0 && $0("q") > 0
    }
    var plant = TestPlant(works: high, calm, quiet)
    plant.send("P-1", "P", 1, at: 0)
    for time in [1.0, 2, 3] { plant.send("P-1", "P", 13, at: time) }
    #expect(plant.condition("calm", of: "P-1")?.blindSince != nil, "it is asked again at once")
    plant.send("P-1", "Q", 1, at: 4)
    #expect(plant.told == [])
    #expect(
      plant.condition("calm", of: "P-1")?.blindSince != nil && plant.condition("quiet", of: "P-1")?.blindSince != nil)
    try plant.restart()
    plant.send("P-1", "Q", 2, at: 5)
    #expect(plant.told == [])
  }

  @Test func actions_that_took_too_long_are_journalled_and_replay_does_not_make_them() {
    var made = 0
    var rule = Rule.over("slow")
    rule.makeActions = { _, _ in
      made += 1
      return .fault(FaultCause("rules/slow.lua:9: took 0.21 s", kind: .overtime))
    }
    var live = TestPlant(rule)
    live.send("V", 20, at: 0)
    #expect(live.faults.map(\.kind) == [.overtimeOfActions] && live.decisions.count == 1)
    #expect(live.decider.evaluator.conditions[0].faults == 0, "the decision stands")

    rule.makeActions = { _, _ in .actions([.notification(title: "made again", text: nil, on: .own)]) }
    var replayed = Decider(TestPlant.configuration([rule]))
    _ = replayed.apply(.fault(live.faults[0]))
    let turn = replayed.apply(live.journal[0])
    #expect(turn?.verdict.decisions == live.decisions)
    #expect(replayed.encodedState() == live.decider.encodedState())
  }

  @Test func a_call_that_takes_too_long_ends_what_a_backtest_says_of_its_rule() {
    var plant = TestPlant(Self.greedy(kind: .overtime), .over("sound"), machines: 2)
    plant.decider.endRulesOvertime()
    plant.send("V", 13, at: 0)
    plant.send("V", 20, at: 1)
    plant.send("V", 20, at: 1, machine: 2)
    #expect(plant.decisions.filter { $0.key.rule == "greedy" } == [])
    #expect(Self.whole(plant).map(\.text) == ["rules/greedy.lua:4: used up its instructions: not evaluated from here"])
  }
}
