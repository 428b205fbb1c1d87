import Rules
import Testing

/// S11: a broken rule stays alone with it.
@Suite struct FaultTests {
  private static func breaking(_ name: String = "broken", heldFor: Double = 0) -> Rule {
    .make(name, heldFor: heldFor) { look in
      let value = try look("v")
      if value == 13 { throw Broken(cause: "rules/broken.lua:4: attempt to compare nil with number") }
      return value > 10
    }
  }

  @Test func a_fault_names_rule_asset_and_cause_and_others_never_notice() {
    var plant = TestPlant(Self.breaking(), .over("sound"))
    plant.send("V", 13, at: 0)
    #expect(
      plant.faults == [
        Fault(rule: "broken", asset: "Works/M1", cause: "rules/broken.lua:4: attempt to compare nil with number")
      ])
    #expect(plant.decisions.map(\.key.rule) == ["sound"])
  }

  @Test func its_condition_stays_as_it_is() {
    var plant = TestPlant(Self.breaking(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 13, at: 30)
    #expect(plant.condition.phase == .pending(since: TestPlant.at(0)))
    plant.send("V", 20, at: 40)
    plant.send("V", 20, at: 61)
    #expect(plant.fired == [60], "the fault was of one input; the hold went on")
  }

  @Test func after_three_faults_the_rule_is_quarantined_on_that_asset_only() {
    var plant = TestPlant(Self.breaking(), machines: 2)
    for time in 0..<5 { plant.send("V", 13, at: Double(time)) }
    #expect(plant.faults.count == 3)
    #expect(plant.reports.map(\.kind) == [.fault, .fault, .fault, .quarantined])
    plant.send("V", 20, at: 10)
    plant.send("V", 20, at: 10, machine: 2)
    #expect(plant.decisions.map(\.key.asset) == ["Works/M2"])
  }

  @Test func the_asset_is_left_before_its_rule_is_asked() {
    let word = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    defer { word.deallocate() }
    word.pointee = .max
    var seen: [UInt32] = []
    var rule = Rule.make { look in
      seen.append(word.pointee)
      return try look("v") > 10
    }
    rule.askedFor = word
    var plant = TestPlant(rule, machines: 3)
    for machine in [2, 1, 3] { plant.send("V", 1, at: 0, machine: machine) }
    #expect(seen == [1, 0, 2])
  }

  @Test func the_deadline_is_left_before_it_is_taken() {
    let words = UnsafeMutablePointer<UInt32>.allocate(capacity: 2)
    let moment = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
    defer {
      words.deallocate()
      moment.deallocate()
    }
    words.initialize(repeating: .max, count: 2)
    moment.initialize(to: 0)
    var seen: [(rule: UInt32, asset: UInt32, at: Instant)] = []
    var rule = Rule.make(heldFor: 60) { look in
      seen.append((words[0], words[1], Instant(microseconds: moment.pointee)))
      return try look("v") > 10
    }
    rule.deadlines = DeadlineNote(number: 9, rule: words, asset: words + 1, moment: moment)
    var plant = TestPlant(rule, machines: 3)
    plant.link(.caughtUp, at: 0)
    for machine in [3, 2] { plant.send("V", 20, at: 0, machine: machine) }
    seen = []
    plant.tick(61)
    #expect(seen.map(\.rule) == [9, 9])
    #expect(seen.map(\.asset) == [1, 2])
    #expect(seen.map(\.at) == [TestPlant.at(60), TestPlant.at(60)])
  }

  @Test func replayed_with_its_fault_journalled_first_it_comes_to_the_same_state_without_calling_the_rule() {
    var live = TestPlant(Self.breaking(heldFor: 60))
    var journal: [Input] = []
    var calls = 0
    let samples: [(Double, Double)] = [
      (0, 20), (30, 13), (61, 20), (100, 1), (130, 20), (220, 13), (230, 20), (300, 1),
    ]
    for (time, value) in samples {
      let before = live.faults.count
      live.send("V", value, at: time)
      journal += live.faults[before...].map(Input.fault)
      journal.append(live.journal[live.journal.count - 1])
    }
    var replay = TestPlant(
      .make("broken", heldFor: 60) { look in
        calls += 1
        #expect(try look("v") != 13, "the rule is not called for the input of its fault")
        return try look("v") > 10
      })
    for input in journal { replay.apply(input) }
    #expect(calls > 0)
    #expect(replay.faults == live.faults)
    #expect(replay.decisions == live.decisions)
    #expect(replay.decider.encodedState() == live.decider.encodedState())
  }

  @Test func a_fault_at_a_deadline_leaves_the_hold_to_be_asked_again() {
    var first = true
    var plant = TestPlant(
      .make(heldFor: 60) { look in
        if try look("v") == 21, first {
          first = false
          throw Broken(cause: "once")
        }
        return try look("v") > 10
      })
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    first = false
    plant.send("V", 21, at: 10)
    first = true
    plant.tick(61)
    #expect(plant.faults.count == 1)
    #expect(plant.fired == [])
    plant.tick(62)
    #expect(plant.fired == [60])
  }
}
