import Rules
import Testing

/// S8: what holds a decision back, and when it is taken after all.
@Suite struct HoldingTests {
  // MARK: Calendars

  @Test func a_hold_begins_when_the_calendar_opens() {
    var plant = TestPlant([.over(heldFor: 60).with { $0.during = ["day"] }], open: ["day": (6, 22)])
    plant.play("V", 20, from: 0, through: 22_000, step: 500)
    #expect(plant.fired == [6 * 3600 + 60])
    #expect(plant.decisions.first?.since == TestPlant.at(6 * 3600))
    #expect(plant.heldBack.isEmpty, "nothing was due before")
  }

  @Test func a_hold_that_runs_when_the_calendar_closes_is_abandoned() {
    var plant = TestPlant([.over(heldFor: 60).with { $0.during = ["early"] }], open: ["early": (0, 1)])
    plant.send("V", 20, at: 3590)
    plant.play("V", 20, from: 3610, through: 8000)
    #expect(plant.fired.isEmpty)
    #expect(plant.phase == "normal")
  }

  @Test func a_hold_that_ends_as_the_calendar_closes_fires() {
    var plant = TestPlant([.over(heldFor: 60).with { $0.during = ["early"] }], open: ["early": (0, 1)])
    plant.send("V", 20, at: 3540)
    plant.send("V", 20, at: 3700)
    #expect(plant.fired == [3600])
  }

  @Test func an_active_condition_stays_and_may_clear_outside_the_calendar() {
    var plant = TestPlant([.over().with { $0.notDuring = ["late"] }], open: ["late": (1, 2)])
    plant.send("V", 20, at: 3500)
    plant.send("V", 20, at: 3700)
    #expect(plant.phase == "active")
    plant.send("V", 1, at: 3800)
    plant.send("V", 20, at: 3900)
    #expect(plant.cleared == [3800])
    #expect(plant.fired == [3500], "closed until 7200")
    plant.send("V", 20, at: 7300)
    #expect(plant.fired == [3500, 7200])
  }

  @Test func a_decision_whose_at_most_ends_outside_the_calendar_is_taken_when_it_opens() {
    let rule = Rule.over(atMost: 3600).with { $0.notDuring = ["late"] }
    var plant = TestPlant([rule], open: ["late": (1, 2)])
    plant.send("V", 20, at: 600)
    plant.send("V", 1, at: 700)
    plant.send("V", 20, at: 800)
    plant.play("V", 20, from: 900, through: 8000, step: 100)
    #expect(plant.fired == [600, 7200])
    #expect(plant.decisions.last?.deferredFrom == TestPlant.at(800))
    #expect(plant.heldBack.map(\.reason) == [.atMost(until: TestPlant.at(4200)), .calendar])
  }

  /// The opening at 21600 is seen by W at 21601; V's fall, stamped before it, comes after that.
  @Test func a_late_sample_around_an_opening_breaks_the_hold_that_began_there() {
    let rule = Rule.overBeside(heldFor: 60).with { $0.during = ["day"] }
    var plant = TestPlant([rule], open: ["day": (6, 22)], lateness: 2)
    plant.send("V", 20, at: 21_590)
    plant.send("W", 1, at: 21_601)
    #expect(plant.phase == "pending")
    plant.send("V", 1, at: 21_599)
    #expect(plant.phase == "normal")
    plant.play("V", 1, from: 21_610, through: 21_700)
    #expect(plant.fired.isEmpty)
  }

  @Test func a_second_sample_at_the_instant_of_an_opening_comes_before_it() {
    var plant = TestPlant([.over().with { $0.during = ["day"] }], open: ["day": (6, 22)])
    plant.send("V", 20, at: 21_600)
    plant.send("V", 1, at: 21_600)
    plant.send("V", 1, at: 21_700)
    #expect(plant.fired.isEmpty)
  }

  @Test func a_repetition_at_the_instant_of_a_closing_is_taken() {
    let rule = Rule.over().with {
      $0.notDuring = ["late"]
      $0.repeatsEvery = .seconds(100)
    }
    var plant = TestPlant([rule], open: ["late": (1, 2)])
    plant.send("V", 20, at: 3500)
    plant.send("V", 1, at: 3650)
    #expect(plant.fired == [3500, 3600])
    #expect(plant.heldBack.isEmpty)
  }

  // MARK: needs and suppressed_when

  @Test func a_decision_waits_for_what_it_needs() {
    var plant = TestPlant(.overBeside().needing { try $0("w") > 5 })
    plant.send("W", 1, at: 0)
    plant.send("V", 20, at: 10)
    plant.send("V", 21, at: 20)
    #expect(plant.heldBack.map(\.reason) == [.needs])
    plant.send("W", 6, at: 30)
    plant.send("W", 1, at: 40)
    plant.send("W", 6, at: 50)
    #expect(plant.fired == [30])
    #expect(plant.decisions.first?.deferredFrom == TestPlant.at(10))
    #expect(plant.decisions.first?.evidence.map(\.value) == [.number(21), .number(6)], "as it was when it was taken")
  }

  @Test func not_knowing_what_it_needs_holds_it_back_and_not_knowing_suppression_does_not() {
    var needs = TestPlant(.overBeside().needing { try $0("w") > 5 })
    needs.send("V", 20, at: 10)
    #expect(needs.heldBack.map(\.reason) == [.needs])
    var suppressed = TestPlant(.overBeside().suppressed { try $0("w") > 5 })
    suppressed.send("V", 20, at: 10)
    #expect(suppressed.fired == [10])
  }

  @Test func a_decision_held_back_by_design_lapses_when_the_condition_clears() {
    var plant = TestPlant(.overBeside().suppressed { try $0("w") > 5 })
    plant.send("W", 6, at: 0)
    plant.send("V", 20, at: 10)
    plant.send("V", 1, at: 20)
    plant.send("W", 1, at: 30)
    #expect(plant.fired.isEmpty)
    #expect(plant.heldBack.map(\.reason) == [.suppressed])
  }

  @Test func a_decision_is_taken_when_the_last_of_its_reasons_ends() {
    var plant = TestPlant(.overBeside(atMost: 100).suppressed { try $0("w") > 5 })
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10)
    plant.send("W", 6, at: 20)
    plant.send("V", 20, at: 30)
    plant.send("W", 1, at: 60)
    plant.send("V", 20, at: 150)
    #expect(plant.fired == [0, 100])
    #expect(plant.heldBack.map(\.reason) == [.suppressed, .atMost(until: TestPlant.at(100))])
    #expect(plant.heldBack.map(\.time) == [TestPlant.at(30), TestPlant.at(60)])
  }

  @Test func a_reason_may_come_up_while_another_holds() {
    var plant = TestPlant(.overBeside(atMost: 100).suppressed { try $0("w") > 5 })
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10)
    plant.send("V", 20, at: 30)
    plant.send("W", 6, at: 60)
    plant.send("W", 7, at: 150)
    plant.send("W", 1, at: 160)
    #expect(plant.fired == [0, 160])
    #expect(plant.heldBack.map(\.time) == [TestPlant.at(30), TestPlant.at(100)])
  }

  /// Shelved until 80, and within at_most until 100.
  @Test func a_reason_that_outlasts_the_one_that_was_told_is_told_then() {
    var plant = TestPlant(.over(atMost: 100))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10)
    plant.instruct(.shelve(rule: "rule", asset: nil, until: TestPlant.at(80), why: ""))
    plant.send("V", 20, at: 20)
    plant.send("V", 20, at: 150)
    #expect(plant.fired == [0, 100])
    #expect(plant.heldBack.map(\.time) == [TestPlant.at(20), TestPlant.at(80)])
  }

  @Test func a_failing_permissive_is_a_fault_of_the_rule_and_decides_nothing() {
    var plant = TestPlant(.overBeside().needing { _ in throw Broken(cause: "no") })
    plant.send("V", 20, at: 0)
    #expect(plant.faults.count == 1)
    #expect(plant.phase == "normal")
  }

  /// Only samples ask this rule. At 100, when at_most ends, it would say yes, and so break the release from 80 to 120.
  @Test func that_a_reason_ends_does_not_judge_the_condition() {
    let reads: [(String, String, ReadingForm)] = [("v", "V", .latest), ("age", "V", .age)]
    let rule = Rule.make(reads: reads, releasedFor: 40, atMost: 100) { look in
      let age = try look("age")
      return try look("v") > 10 || (age > 15 && age < 25)
    }
    var plant = TestPlant(rule)
    for (time, value) in [(0.0, 20.0), (10, 1), (60, 20), (80, 1), (130, 1)] { plant.send("V", value, at: time) }
    #expect(plant.fired == [0, 100])
    #expect(plant.cleared == [50, 120])
  }

  // MARK: Repetition

  @Test func an_active_condition_is_decided_again_until_it_clears() {
    var plant = TestPlant(.over().with { $0.repeatsEvery = .seconds(100) })
    plant.play("V", 20, from: 5, through: 255)
    plant.send("V", 1, at: 305)
    plant.send("V", 1, at: 500)
    #expect(plant.fired == [5, 105, 205])
    #expect(plant.decisions.allSatisfy { $0.since == TestPlant.at(5) && $0.deferredFrom == nil })
  }

  /// 100 is within 150 of 0, so it waits until then; 200 is within 150 of 150, and so on.
  @Test func a_repetition_keeps_to_at_most() {
    var plant = TestPlant(.over(atMost: 150).with { $0.repeatsEvery = .seconds(100) })
    plant.play("V", 20, from: 0, through: 320)
    #expect(plant.fired == [0, 150, 300])
    #expect(plant.decisions.map(\.deferredFrom) == [nil, TestPlant.at(100), TestPlant.at(200)])
  }

  @Test func repetitions_come_in_a_gap_of_the_data_too() {
    var plant = TestPlant(.over().with { $0.repeatsEvery = .seconds(100) })
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 350)
    #expect(plant.fired == [0, 100, 200, 300])
  }

  // MARK: Groups

  static func grouped(_ name: String, _ tag: String, heldFor: Double = 0) -> Rule {
    Rule.over(name, heldFor: heldFor, tag: tag).with { $0.group = "trip" }
  }

  @Test func others_of_a_group_wait_for_the_first_out() {
    var plant = TestPlant(Self.grouped("a", "V"), Self.grouped("b", "W"))
    plant.send("V", 20, at: 0)
    plant.send("W", 20, at: 10)
    #expect(plant.heldBack.map(\.reason) == [.group(first: "a")])
    plant.send("V", 1, at: 50)
    plant.send("W", 20, at: 60)
    #expect(plant.fired == [0, 50])
    #expect(plant.decisions.map(\.key.rule) == ["a", "b"])
    #expect(plant.decisions.last?.deferredFrom == TestPlant.at(10))
  }

  /// a is pending from 10 and b from 0; both fire at 40.
  @Test func of_two_that_fire_at_once_the_first_pending_is_first_out() {
    let rule = Rule.make("a", heldFor: 30) { try $0("v") > 10 }.with { $0.group = "trip" }
    let other = Rule.make("b", heldFor: 40) { try $0("v") > 5 }.with { $0.group = "trip" }
    var plant = TestPlant(rule, other)
    plant.send("V", 6, at: 0)
    plant.send("V", 20, at: 10)
    plant.send("V", 20, at: 100)
    #expect(plant.decisions.map(\.key.rule) == ["b"])
    #expect(plant.heldBack.map(\.reason) == [.group(first: "b")])
  }

  @Test func of_those_that_wait_the_first_pending_is_next() {
    var plant = TestPlant(
      Self.grouped("a", "V"), Self.grouped("b", "W", heldFor: 30), Self.grouped("c", "Unsure", heldFor: 10))
    plant.send("V", 20, at: 0)
    plant.send("W", 20, at: 10)
    plant.send("Unsure", 20, at: 12)
    plant.send("Unsure", 20, at: 45)
    plant.send("W", 20, at: 45)
    plant.send("V", 1, at: 50)
    plant.send("Unsure", 20, at: 60)
    plant.send("W", 20, at: 61)
    #expect(plant.decisions.map(\.key.rule) == ["a", "b"], "c fired first, and b was pending first")
  }

  @Test func a_rule_that_has_the_decision_repeats_although_another_waits_for_it() {
    let first = Self.grouped("b", "V").with { $0.repeatsEvery = .seconds(100) }
    var plant = TestPlant(first, Self.grouped("a", "W", heldFor: 30))
    plant.send("W", 20, at: 0)
    plant.send("V", 20, at: 10)
    plant.send("W", 20, at: 100)
    plant.send("V", 20, at: 250)
    #expect(plant.decisions.map(\.key.rule) == ["b", "b", "b"])
    #expect(plant.fired == [10, 110, 210])
  }

  /// a is over at 110; nothing is heard of either until 500.
  @Test func one_that_is_set_free_in_a_gap_of_the_data_is_decided_there() {
    let first = Rule.make("a", releasedFor: 60) { try $0("v") > 15 }.with { $0.group = "trip" }
    let second = Rule.make("b") { try $0("v") > 10 }.with { $0.group = "trip" }
    var plant = TestPlant(first, second)
    for (time, value) in [(0.0, 20.0), (50, 12), (500, 12)] { plant.send("V", value, at: time) }
    #expect(plant.fired == [0, 110])
    #expect(plant.decisions.last?.deferredFrom == TestPlant.at(0))
  }

  /// b has waited since 0 for what it needs, and gets it with the sample with which a fires.
  @Test func one_that_was_pending_first_and_is_set_free_goes_before_one_that_fires_then() {
    let needs = Rule.overBeside("b").needing { try $0("w") > 5 }.with { $0.group = "trip" }
    let other = Rule.over("a", tag: "W").with { $0.group = "trip" }
    var plant = TestPlant(other, needs)
    plant.send("W", 1, at: 0)
    plant.send("V", 20, at: 0)
    plant.send("W", 20, at: 10)
    #expect(plant.decisions.map(\.key.rule) == ["b"])
    #expect(plant.heldBack.map(\.reason) == [.needs, .group(first: "b")])
  }

  @Test func another_decides_for_one_of_its_group_that_is_shelved() {
    var plant = TestPlant(Self.grouped("a", "V"), Self.grouped("b", "W"))
    plant.instruct(.shelve(rule: "a", asset: nil, until: TestPlant.at(1000), why: ""))
    plant.send("V", 20, at: 0)
    plant.send("W", 20, at: 10)
    #expect(plant.decisions.map(\.key.rule) == ["b"])
  }

  // MARK: What persons say

  @Test func a_shelved_rule_decides_when_its_time_is_over() {
    var plant = TestPlant(.over())
    plant.instruct(.shelve(rule: "rule", asset: "Works/M1", until: TestPlant.at(100), why: "known"))
    plant.play("V", 20, from: 10, through: 200)
    #expect(plant.heldBack.map(\.reason) == [.shelved(until: TestPlant.at(100), by: "h.weber")])
    #expect(plant.fired == [100])
  }

  @Test func a_rule_that_is_unshelved_decides_then() {
    var plant = TestPlant(.over())
    plant.instruct(.shelve(rule: "rule", asset: nil, until: TestPlant.at(1000), why: ""))
    plant.send("V", 20, at: 10)
    plant.send("V", 20, at: 50)
    plant.instruct(.unshelve(rule: "rule", asset: nil), at: 55)
    plant.send("V", 20, at: 60)
    #expect(plant.fired == [50], "as far as data had come")
  }

  @Test func an_asset_out_of_service_is_silent_with_all_below_it_until_it_is_back() {
    var plant = TestPlant(.over())
    plant.instruct(.takeOut(asset: "Works", why: "overhaul"))
    plant.send("V", 20, at: 10)
    #expect(plant.heldBack.map(\.reason) == [.outOfService(asset: "Works", by: "h.weber")])
    plant.instruct(.putBack(asset: "Works"))
    plant.send("V", 20, at: 60)
    #expect(plant.fired == [10])
  }

  @Test func other_assets_and_rules_are_not_shelved() {
    var plant = TestPlant(.over("a"), .over("b"), machines: 2)
    plant.instruct(.shelve(rule: "a", asset: "Works/M1", until: TestPlant.at(1000), why: ""))
    plant.instruct(.takeOut(asset: "Work", why: ""))
    plant.send("V", 20, at: 10)
    plant.send("V", .number(20), at: 10, machine: 2)
    #expect(plant.decisions.map(\.key.description.first) == ["b", "a", "b"])
  }

  @Test func firings_held_back_for_one_reason_are_counted() {
    var plant = TestPlant(.over(atMost: 100))
    for time in [0.0, 10, 20, 30] {
      plant.send("V", 20, at: time)
      plant.send("V", 1, at: time + 5)
    }
    #expect(plant.heldBack.map(\.count) == [1, 2, 3])
  }

  @Test func a_latched_condition_is_active_until_a_person_resets_it() {
    var plant = TestPlant(.over().with { $0.clearsByHand = true })
    plant.send("V", 20, at: 0)
    plant.instruct(.reset(rule: "rule", asset: "Works/M1"))
    #expect(plant.phase == "active")
    #expect(plant.reports.map(\.text) == ["reset, and 'when' is still true"])
    plant.send("V", 1, at: 10)
    #expect(plant.phase == "active")
    plant.instruct(.reset(rule: "rule", asset: "Works/M1"))
    #expect(plant.cleared == [10])
    plant.send("V", 20, at: 20)
    #expect(plant.fired == [0, 20])
  }

  @Test func a_reset_that_cannot_be_judged_says_so() {
    var plant = TestPlant(.over().with { $0.clearsByHand = true })
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10, quality: .bad)
    plant.instruct(.reset(rule: "rule", asset: "Works/M1"))
    #expect(plant.phase == "active")
    #expect(plant.reports.count == 1)
  }

  // MARK: Limits that are lengths

  @Test func a_hold_lasts_as_the_assets_limit_says() {
    let rule = Rule.make(limits: [Limit(name: "stroke", value: .duration(.seconds(60)))]) { try $0("v") > 10 }
      .with { $0.heldFor = .limit("stroke") }
    var plant = TestPlant()
    plant.decider = Decider(
      TestPlant.configuration([rule], machines: 2, limits: ["rule": ["stroke": .duration(.seconds(20))]]))
    for machine in 1...2 {
      plant.send("V", .number(20), at: 0, machine: machine)
      plant.send("V", .number(20), at: 100, machine: machine)
    }
    #expect(
      plant.decisions.map { "\($0.key.asset) \($0.key.time == TestPlant.at(20))" } == [
        "Works/M1 true", "Works/M2 false",
      ])
    #expect(plant.fired == [20, 60])
  }

  // MARK: Restarts

  @Test func what_is_held_back_survives_a_restart() throws {
    var plant = TestPlant(.overBeside(atMost: 100).suppressed { try $0("w") > 5 })
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10)
    plant.send("W", 6, at: 20)
    plant.send("V", 20, at: 30)
    try plant.restart()
    plant.send("W", 1, at: 60)
    try plant.restart()
    plant.send("V", 20, at: 150)
    #expect(plant.fired == [0, 100])
    #expect(plant.heldBack.count == 2)
  }

  static var everything: [Rule] {
    [
      Rule.over("day", heldFor: 20, atMost: 300).with { $0.during = ["day"] },
      Rule.overBeside("needs", atMost: 200).needing { try $0("w") > 0 }.with { $0.group = "g" },
      Rule.overBeside("quiet", heldFor: 10).suppressed { try $0("w") > 20 }.with {
        $0.group = "g"
        $0.repeatsEvery = .seconds(90)
      },
      Rule.over("latched", heldFor: 5).with { $0.clearsByHand = true },
      Rule.over("w", tag: "W", atMost: 50).with {
        $0.group = "g"
        $0.notDuring = ["late"]
      },
    ]
  }
  static func configuration() -> Configuration {
    var configuration = TestPlant.configuration(everything, machines: 8, lateness: 2)
    // The inputs span about an hour and a half.
    configuration.calendars = [
      Calendar(name: "day", weekly: [.init(days: .all, span: CalendarTests.span(0.25, 0.6))]),
      Calendar(name: "late", weekly: [.init(days: .all, span: CalendarTests.span(0.5, 0.75))]),
    ]
    return configuration
  }
  /// Those of the determinism tests, with persons among them.
  static func inputs(seed: UInt64, count: Int) -> [Input] {
    var random = SplitMix(seed: seed)
    return DeterminismTests.inputs(seed: seed, count: count).flatMap { input -> [Input] in
      guard random.next() % 20 == 0, case .change(let change) = input else { return [input] }
      let machine = "Works/M\(random.next() % 8 + 1)"
      let rule = everything[Int(random.next() % 5)].name
      let acts: [Instruction.Act] = [
        .shelve(rule: rule, asset: machine, until: change.time + .seconds(60), why: ""),
        .unshelve(rule: rule, asset: machine), .takeOut(asset: machine, why: ""), .putBack(asset: machine),
        .putBack(asset: machine), .reset(rule: "latched", asset: machine), .reset(rule: "latched", asset: machine),
      ]
      let act = acts[Int(random.next() % UInt64(acts.count))]
      return [input, .command(.instructed(Instruction(person: "a", at: change.time, act: act)))]
    }
  }

  @Test func a_snapshot_restored_anywhere_goes_on_exactly_like_the_original() throws {
    let inputs = Self.inputs(seed: 5, count: 6_000)
    var whole = Decider(Self.configuration())
    var (decisions, reasons) = (0, Set<String>())
    for (count, input) in inputs.enumerated() {
      if count % 397 == 0 {
        var reader = ByteReader(whole.encodedState())
        var restored = Decider(Self.configuration())
        try restored.restore(from: &reader)
        var original = whole
        for next in inputs[count..<min(count + 300, inputs.count)] {
          #expect(original.apply(next)?.verdict == restored.apply(next)?.verdict)
        }
        #expect(original.encodedState() == restored.encodedState(), "300 inputs after input \(count)")
      }
      let verdict = whole.apply(input)?.verdict
      decisions += verdict?.decisions.count ?? 0
      for held in verdict?.heldBack ?? [] { reasons.insert("\("\(held.reason)".prefix { $0 != "(" })") }
    }
    #expect(decisions > 100)
    #expect(reasons.isSuperset(of: ["atMost", "group", "needs", "outOfService", "suppressed"]), "\(reasons.sorted())")
  }
}
