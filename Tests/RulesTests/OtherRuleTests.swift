import Rules
import Testing

/// `active` and `fired`: rules that look at rules.
@Suite struct OtherRuleTests {
  static func active(_ rule: String, as name: String = "a") -> Reading {
    Reading(name: name, tag: "", form: .active(rule: rule))
  }
  static func fired(_ rule: String, _ seconds: Int64) -> Reading {
    Reading(name: "n", tag: "", form: .fired(rule: rule, .seconds(seconds)))
  }
  static let p = Reading(name: "p", tag: "P", form: .latest)
  static let q = Reading(name: "q", tag: "Q", form: .latest)
  static func high(_ name: String = "high", heldFor: Double = 0) -> Rule {
    .on("Pump", name, [p], heldFor: heldFor) { try $0("p") > 10 }
  }

  @Test func a_rule_is_asked_at_the_moment_at_which_the_other_fires() {
    var plant = TestPlant(
      works: Self.high(heldFor: 30), .on("Pump", "after", [Self.active("high")]) { try $0("a") == 1 })
    plant.send("P-1", "P", 11, at: 0)
    plant.send("P-1", "P", 11, at: 100)
    #expect(plant.told == ["high P-1@30.0", "after P-1@30.0"])
  }

  /// Active from 30 on, held for 10: the data of the other rule lets its time pass, too.
  @Test func a_hold_on_another_rule_ends_as_the_others_data_flows() {
    var plant = TestPlant(
      works: Self.high(heldFor: 30), .on("Pump", "after", [Self.active("high")], heldFor: 10) { try $0("a") == 1 })
    plant.send("P-1", "P", 11, at: 0)
    plant.send("P-1", "P", 11, at: 39)
    #expect(plant.told == ["high P-1@30.0"])
    plant.send("P-1", "P", 11, at: 41)
    #expect(plant.told == ["high P-1@30.0", "after P-1@40.0"])
  }

  @Test func an_other_that_clears_in_between_breaks_the_hold() {
    var plant = TestPlant(
      works: Self.high(heldFor: 30), .on("Pump", "after", [Self.active("high")], heldFor: 10) { try $0("a") == 1 })
    plant.send("P-1", "P", 11, at: 0)
    plant.send("P-1", "P", 1, at: 38)
    plant.send("P-1", "P", 11, at: 39)
    plant.send("P-1", "P", 1, at: 60)
    #expect(plant.told == ["high P-1@30.0"])
  }

  /// At 30 the other fires and this hold would end: what the other is comes first, as a sample does.
  @Test func at_one_instant_the_other_goes_first() {
    let calm = Rule.on("Pump", "calm", [Self.active("high"), Self.q], heldFor: 30) {
      try $0("a") == 0 && $0("q") > 0
    }
    for ticks in [false, true] {
      var plant = TestPlant(works: Self.high(heldFor: 30), calm)
      plant.send("P-1", "P", 11, at: 0)
      plant.send("P-1", "Q", 1, at: 0)
      if ticks { plant.tick(50, of: 0) } else { plant.send("P-1", "Q", 1, at: 50) }
      #expect(plant.told == ["high P-1@30.0"])
    }
  }

  /// `a` looks at `b`, `b` at `c`: evaluated and decided the other way round.
  @Test func rules_look_at_each_other_three_deep_in_one_input() {
    let a = Rule.on("Pump", "a", [Self.active("b")]) { try $0("a") == 1 }
    let b = Rule.on("Pump", "b", [Self.active("c")]) { try $0("a") == 1 }
    var plant = TestPlant(works: a, b, Self.high("c"), Self.high("d"))
    plant.send("P-1", "P", 11, at: 5)
    #expect(plant.told == ["c P-1@5.0", "b P-1@5.0", "a P-1@5.0", "d P-1@5.0"])
    plant.send("P-1", "P", 1, at: 6)
    #expect(["a", "b", "c"].map { plant.condition($0, of: "P-1")?.phase.name } == ["normal", "normal", "normal"])
  }

  @Test func conditions_of_other_assets_are_not_meant() {
    var plant = TestPlant(works: Self.high(), .on("Pump", "after", [Self.active("high"), Self.q]) { try $0("a") == 1 })
    plant.send("P-2", "P", 11, at: 1)
    plant.send("P-1", "Q", 1, at: 2)
    #expect(plant.told == ["high P-2@1.0", "after P-2@1.0"])
  }

  /// Active at 0, 10 and 20. At 60 the window (0, 60] no longer holds the first.
  @Test func activations_are_counted_within_the_window() {
    let thrice = Rule.on("Pump", "thrice", [Self.fired("high", 60)], every: .span(.seconds(1))) { try $0("n") >= 3 }
    var plant = TestPlant(works: Self.high(), thrice)
    for time in [0.0, 10, 20] {
      plant.send("P-1", "P", 11, at: time)
      plant.send("P-1", "P", 1, at: time + 5)
    }
    plant.send("P-1", "P", 1, at: 70)
    #expect(plant.told.last == "thrice P-1@20.0")
    #expect(plant.cleared == [5, 15, 25, 60])
  }

  /// Once per day holds the second and third back; they are activations all the same.
  @Test func what_was_held_back_counts() {
    var high = Self.high()
    high.atMost = AtMost(oncePer: .hours(24))
    var plant = TestPlant(works: high, .on("Pump", "thrice", [Self.fired("high", 60)]) { try $0("n") >= 3 })
    for time in [0.0, 10, 20] {
      plant.send("P-1", "P", 11, at: time)
      plant.send("P-1", "P", 1, at: time + 5)
    }
    #expect(plant.told == ["high P-1@0.0", "thrice P-1@20.0"])
  }

  @Test func a_clock_set_back_takes_later_activations_out_of_the_window() {
    var plant = TestPlant(works: Self.high(), .on("Pump", "twice", [Self.fired("high", 600)]) { try $0("n") >= 2 })
    plant.send("P-1", "P", 11, at: 100)
    plant.send("P-1", "P", 1, at: 105)
    for time in [11.0, 12, 13, 14, 15, 16] { plant.send("P-1", "P", 1, at: time) }
    plant.send("P-1", "P", 11, at: 20)
    #expect(plant.told == ["high P-1@100.0", "high P-1@20.0"])
    #expect(plant.condition("twice", of: "P-1")?.phase == .normal)
  }

  /// The other's hold ends within the input in which the other breaks: as if it had not been asked at all.
  @Test func a_rule_that_breaks_leaves_no_trace_in_those_that_look_at_it() throws {
    let high = Rule.on("Pump", "high", [Self.p], heldFor: 10) { look in
      if try look("p") == 13 { throw Broken(cause: "unlucky") }
      return try look("p") > 10
    }
    let looking = Rule.on("Pump", "after", [Self.active("high")]) { try $0("a") == 1 }
    var plant = TestPlant(works: high, looking)
    plant.send("P-1", "P", 11, at: 0)
    plant.send("P-1", "P", 13, at: 50)
    #expect(plant.told == [])
    #expect(plant.faults.map(\.cause) == ["unlucky"])
    // Replay, which is told before, comes to the same.
    var replayed = Decider(TestWorks.configuration([high, looking]))
    _ = replayed.apply(plant.journal[0])
    for fault in plant.faults { _ = replayed.apply(.fault(fault)) }
    _ = replayed.apply(plant.journal[1])
    let after = replayed.evaluator.condition(rule: "after", asset: "Works/L-1/P-1")
    let place = Int(try #require(after).index)
    #expect(replayed.evaluator.conditions[place] == plant.decider.evaluator.conditions[place])
  }

  @Test func a_restart_forgets_neither_activity_nor_holds_on_it() throws {
    var plant = TestPlant(
      works: Self.high(),
      .on("Pump", "after", [Self.active("high"), Self.fired("high", 60)], heldFor: 10) {
        try $0("a") == 1 && $0("n") == 2
      })
    for (number, time) in [(11.0, 0.0), (1, 5), (11, 10)] {
      plant.send("P-1", "P", number, at: time)
      try plant.restart()
    }
    plant.send("P-1", "P", 11, at: 21)
    #expect(plant.told.last == "after P-1@20.0")
  }

  // MARK: What check says

  static func looking(_ name: String, at other: String, _ assetClass: String = "Pump") -> Rule {
    .on(assetClass, name, [active(other)]) { try $0("a") == 1 }
  }

  @Test func an_unknown_rule_is_named_with_the_nearest_right_one() {
    #expect(
      findings(among: [Self.looking("after", at: "hihg"), Self.high()]).map(\.description)
        == ["rules/after.lua: reading 'a' looks at rule 'hihg', which is not there (did you mean 'high'?)"])
    #expect(findings(among: [Self.looking("after", at: "torn")], broken: ["torn"]) == [])
  }

  @Test func a_rule_of_another_class_cannot_be_looked_at() {
    let found = findings(among: [Self.looking("after", at: "high", "Oven"), Self.high()])
    #expect(
      found.map(\.message) == [
        "reading 'a' looks at rule 'high', which applies to Pump and not to Oven: it looks at the same asset"
      ])
  }

  @Test func a_ring_of_rules_is_told_as_one() {
    let ring = [Self.looking("c", at: "a"), Self.looking("a", at: "b"), Self.looking("b", at: "c"), Self.high()]
    #expect(
      findings(among: ring).map(\.description)
        == ["rules/a.lua: rules look at each other in a ring: a looks at b looks at c looks at a"])
    #expect(
      findings(among: [Self.looking("a", at: "a")]).map(\.message)
        == ["the rule looks at itself; 'clears_when' says when it ends"])
    #expect(findings(among: [Self.looking("a", at: "high"), Self.high()]) == [])
  }
}
