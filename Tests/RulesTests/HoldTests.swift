import Rules
import Testing

/// S6 and S7: holds, activity, release.
@Suite struct HoldTests {
  @Test func without_held_for_it_fires_at_once() {
    var plant = TestPlant(.over())
    plant.send("V", 20, at: 7)
    #expect(plant.fired == [7])
    #expect(plant.decisions[0].since == TestPlant.at(7))
  }

  @Test func a_hold_broken_before_its_end_never_fires() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 59)
    plant.send("V", 20, at: 60)
    plant.send("V", 20, at: 119)
    #expect(plant.fired == [])
  }

  @Test func a_sample_at_the_deadline_precedes_it() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 60)
    plant.send("V", 1, at: 70)
    #expect(plant.fired == [])
  }

  @Test func when_is_asked_once_more_at_the_deadline_and_those_readings_are_the_evidence() {
    var plant = TestPlant(
      .make(reads: [("mean", "V", .average(.seconds(60)))], heldFor: 30) { try $0("mean") > 10 })
    plant.play("V", 20, from: 0, through: 60)
    plant.play("V", 40, from: 70, through: 110)
    // True from 50 s on, when four fifths of the window are covered (48 s) and a sample comes.
    #expect(plant.fired == [80])
    // 20 from 20 s to 70 s, 40 from 70 s to 80 s.
    let mean: Double = (50 * 20 + 10 * 40) / 60
    #expect(plant.decisions[0].evidence[0].value == .number(mean))
  }

  @Test func a_window_is_re_evaluated_when_nothing_arrives() {
    var plant = TestPlant(
      .make(reads: [("mean", "V", .average(.seconds(100)))], every: .span(.seconds(10))) { try $0("mean") > 15 })
    plant.play("V", 10, from: 0, through: 100)
    plant.send("V", 20, at: 100)
    plant.send("V", 20, at: 1000)
    // The mean passes 15 fifty seconds after the step; multiples of 10 s are asked.
    #expect(plant.fired == [160])
  }

  @Test func every_never_asks_only_on_samples() {
    var plant = TestPlant(
      .make(reads: [("mean", "V", .average(.seconds(100)))], every: .never) { try $0("mean") > 15 })
    plant.play("V", 10, from: 0, through: 100)
    plant.send("V", 20, at: 100)
    plant.send("V", 20, at: 1000)
    #expect(plant.fired == [1000])
  }

  @Test func one_decision_per_activation() {
    var plant = TestPlant(.over())
    plant.play("V", 20, from: 0, through: 1000)
    plant.send("V", 1, at: 1010)
    plant.send("V", 20, at: 1020)
    #expect(plant.fired == [0, 1020])
  }

  @Test func active_until_clears_when_has_held() {
    var plant = TestPlant(.over(releasedFor: 60, clearsWhen: { try $0("v") < 5 }))
    plant.send("V", 20, at: 0)
    plant.send("V", 8, at: 10)
    #expect(plant.phase == "active", "false, but not cleared")
    plant.send("V", 4, at: 20)
    #expect(plant.phase == "clearing")
    plant.send("V", 6, at: 30)
    #expect(plant.phase == "active")
    plant.send("V", 4, at: 40)
    plant.send("V", 4, at: 101)
    #expect(plant.cleared == [100])
  }

  @Test func it_never_clears_while_when_is_true() {
    var plant = TestPlant(.over(clearsWhen: { _ in true }))
    plant.send("V", 20, at: 0)
    plant.send("V", 30, at: 10)
    #expect(plant.phase == "active")
    plant.send("V", 1, at: 20)
    #expect(plant.cleared == [20])
  }

  @Test func three_activations_in_a_minute_are_reported_as_chattering_once() {
    var plant = TestPlant(.over())
    for second in 0..<10 { plant.send("V", second % 2 == 0 ? 20 : 1, at: Double(second)) }
    #expect(plant.reports.map(\.kind) == [.chattering])
  }

  @Test func ten_activations_in_an_hour_are_chattering_and_nine_are_not() {
    var plant = TestPlant(.over())
    for round in 0..<9 {
      plant.send("V", 20, at: Double(round) * 300)
      plant.send("V", 1, at: Double(round) * 300 + 150)
    }
    #expect(plant.reports == [])
    plant.send("V", 20, at: 2700)
    #expect(plant.reports.map(\.kind) == [.chattering])
  }
}

/// Examples in rule files are proven by the same evaluator.
@Suite struct ExampleTests {
  private func failure(_ rule: Rule, fires: Bool, _ values: [(reading: String, value: Value)], _ lasting: TimeSpan)
    -> String?
  {
    rule.failure(
      of: Example(
        name: "example", kind: fires ? .fires : .staysCalm,
        series: values.map { ($0.reading, .constant(.value($0.value))) }, lasting: lasting, line: 1))
  }

  @Test func an_example_that_fires_passes_and_one_too_short_says_how_long_it_was() {
    let rule = Rule.over(heldFor: 120)
    #expect(failure(rule, fires: true, [("v", .number(20))], .minutes(2)) == nil)
    #expect(
      failure(rule, fires: true, [("v", .number(20))], .minutes(1))
        == "it did not fire within 1 min: 'when' was true for 1 min of 2 min")
  }

  @Test func an_example_that_should_stay_calm_and_fires_says_when() {
    #expect(failure(.over(heldFor: 120), fires: false, [("v", .number(20))], .minutes(9)) == "it fired after 2 min")
    #expect(failure(.over(heldFor: 120), fires: false, [("v", .number(1))], .minutes(9)) == nil)
  }

  @Test func an_example_that_leaves_a_reading_out_is_blind_there() {
    let rule = Rule.make(reads: [("v", "V", .latest), ("w", "W", .latest)]) { try $0("v") > 10 && $0("w") > 10 }
    #expect(
      failure(rule, fires: true, [("v", .number(20))], .minutes(1))
        == "it did not fire within 1 min: 'w' was not good or not known")
  }

  @Test func readings_of_one_tag_may_differ() {
    let rule = Rule.make(reads: [("v", "V", .latest), ("rise", "V", .change(.minutes(10)))], heldFor: 60) {
      try $0("v") > 10 && $0("rise") > 5
    }
    #expect(failure(rule, fires: true, [("v", .number(20)), ("rise", .number(6))], .minutes(2)) == nil)
  }
}
