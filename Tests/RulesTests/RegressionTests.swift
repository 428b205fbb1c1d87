import Rules
import Testing

/// Sequences that once went wrong, found by comparing the evaluator with the promises of docs/architecture.md (S1 to S8, S11).
@Suite struct RegressionTests {
  private static func twoSources(_ rule: Rule) -> Configuration {
    var configuration = TestPlant.configuration([rule])
    configuration.sources.append(SourceSettings(name: "other", lateness: .zero, skew: TestPlant.span(5)))
    configuration.model = Model(classes: configuration.model.classes, assets: configuration.model.assets) { _, tag in
      SourceID(tag.name == "W" ? 1 : 0)
    }
    return configuration
  }

  // MARK: Quarantine and clock steps

  @Test func a_quarantined_rule_has_no_deadline_after_a_clock_step() {
    var plant = TestPlant(
      .make(heldFor: 60) { look in
        if try look("v") == 13 { throw Broken(cause: "thirteen") }
        return try look("v") > 10
      })
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 1000)
    for time in 1...3 { plant.send("V", 13, at: 1000 + Double(time)) }
    for step in 1...6 { plant.send("V", 20, at: 500 + Double(step)) }
    plant.tick(1100)
    #expect(!plant.decider.evaluator.isDue([(SourceID(0), TestPlant.at(1101))]), "a tick would be journalled for ever")
  }

  @Test func blindness_that_began_after_the_stepped_clock_began_there() {
    var plant = TestPlant(.over())
    plant.send("V", 1, at: 10_000_000, quality: .bad)
    for step in 1...6 { plant.send("V", 1, at: Double(step), quality: .bad) }
    plant.send("V", 1, at: 86_500, quality: .bad)
    #expect(plant.reports.map(\.kind) == [.clockStep, .blindTooLong])
  }

  // MARK: What a due deadline still needs

  @Test func a_hold_that_waits_for_another_source_keeps_the_values_of_its_deadline() {
    let rule = Rule.make(reads: [("v", "V", .latest), ("w", "W", .latest)], heldFor: 60) {
      try $0("v") > 10 && $0("w") > 10
    }
    var plant = TestPlant(rule)
    plant.decider = Decider(Self.twoSources(rule))
    plant.send("W", 20, at: 0)
    plant.send("V", 20, at: 0)
    plant.apply(.source(SourceID(1), .lost, TestPlant.at(30)))
    for time in stride(from: 40.0, through: 400, by: 10) { plant.send("V", 20 + time, at: time) }
    plant.apply(.source(SourceID(1), .connected, TestPlant.at(400)))
    plant.apply(.source(SourceID(1), .caughtUp, TestPlant.at(400)))
    plant.send("V", 20, at: 410)
    #expect(plant.fired == [60])
    #expect(plant.decisions.map { $0.evidence[0].value } == [.number(80)])
  }

  @Test func a_hold_whose_deadline_met_a_fault_is_asked_again_with_the_values_of_then() {
    var broken = true
    var plant = TestPlant(
      .make(heldFor: 60) { look in
        if broken { throw Broken(cause: "once") }
        return try look("v") > 10
      })
    broken = false
    plant.send("V", 20, at: 0)
    broken = true
    plant.send("V", 21, at: 500)
    #expect(plant.faults.count == 1)
    broken = false
    plant.send("V", 22, at: 501)
    #expect(plant.fired == [60])
  }

  @Test func a_firing_held_back_in_a_gap_is_decided_there_when_its_reason_ends_there() {
    var plant = TestPlant(.over(heldFor: 60, releasedFor: 60, atMost: 3600))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 100)
    plant.send("V", 20, at: 200)
    plant.send("V", 21, at: 90_000)
    #expect(plant.fired == [60, 3660])
    #expect(plant.decisions.last?.evidence.map(\.value) == [.number(20)])
    plant.send("V", 1, at: 90_010)
    plant.send("V", 1, at: 90_100)
    #expect(plant.cleared == [160, 90_070])
    #expect(plant.condition.blindSince == nil)
  }

  @Test func a_release_runs_on_when_a_held_back_firing_is_decided() {
    var plant = TestPlant(.over(heldFor: 60, releasedFor: 60, atMost: 3600))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 100)
    plant.send("V", 20, at: 200)
    plant.send("V", 1, at: 90_000)
    plant.send("V", 1, at: 90_010)
    plant.send("V", 1, at: 90_061)
    #expect(plant.cleared == [160, 90_060])
  }

  @Test func what_was_held_back_and_lapsed_asks_nothing_later() {
    var plant = TestPlant(
      .make(reads: [("m", "V", .average(.seconds(100)))], atMost: 1000) { try $0("m") > 15 })
    plant.play("V", 10, from: 0, through: 100)
    plant.play("V", 40, from: 110, through: 200)
    plant.play("V", 1, from: 210, through: 400)
    plant.play("V", 40, from: 410, through: 500)
    plant.play("V", 1, from: 510, through: 700)
    plant.send("V", 40, at: 1100)
    plant.send("V", 40, at: 1400)
    #expect(plant.fired.count == 2 && plant.fired.last == 1400, "every is never: it is asked on samples only")
  }

  // MARK: Heartbeats and windows

  @Test func a_silent_heartbeat_is_left_out_of_windows() {
    var plant = TestPlant(
      .make(reads: [("m", "Beaten", .average(.seconds(30))), ("v", "V", .latest)]) { try $0("m") > 10 && $0("v") > 0 })
    plant.send("Beat", 1, at: 0)
    plant.send("Beaten", 20, at: 0)
    plant.send("V", 1, at: 1000)
    #expect(plant.fired == [])
    #expect(plant.condition.blindSince != nil)
  }

  @Test func a_value_that_is_good_for_the_last_time_at_the_left_edge_of_a_window_belongs_to_it() {
    var plant = TestPlant(
      .make(reads: [("m", "Beaten", .maximum(.this(.span(.seconds(20))))), ("v", "V", .latest)]) {
        try $0("m") > 5 && $0("v") > 0
      })
    plant.send("Beat", 1, at: 10)
    plant.send("Beaten", 10, at: 11)
    plant.send("V", 1, at: 20)
    #expect(plant.fired == [20], "the heartbeat is silent from 20 on, and the window begins there")
  }

  @Test func a_heartbeat_that_returns_is_no_sample_of_the_tags_that_live_by_it() {
    var plant = TestPlant(
      .make(reads: [("a", "Beaten", .age), ("v", "V", .latest)]) { try $0("v") > 0 && $0("a") == 101 })
    plant.send("Beat", 1, at: 0)
    plant.send("Beaten", 20, at: 0)
    plant.send("Beat", 2, at: 100)
    plant.send("V", 1, at: 101)
    #expect(plant.fired == [101])
  }

  @Test func a_first_sample_under_a_silent_heartbeat_is_not_tolerated() {
    var plant = TestPlant(.over(tolerates: 10, tag: "Beaten"))
    plant.send("Beat", 1, at: 0)
    plant.send("Beaten", 20, at: 17)
    #expect(plant.fired.isEmpty, "stale since the first input, not since the heartbeat fell silent at 10")
  }

  @Test func a_bad_value_is_stale_while_its_heartbeat_is_silent_and_bad_again_after() {
    let rule = Rule.make(reads: [("q", "Beaten", .quality), ("v", "V", .latest)], tolerates: 0) { look in
      try look("v") > (try look.text("q") == "bad" ? 10 : 30)
    }
    var plant = TestPlant(rule, lateness: 2)
    plant.send("Beat", 1, at: 0)
    plant.send("Beaten", 20, at: 1, quality: .bad)
    plant.send("V", 20, at: 15)
    plant.send("Beat", 2, at: 20)
    plant.send("V", 20.5, at: 21)
    plant.send("V", 20, at: 60)
    #expect(plant.fired == [20])
  }

  // MARK: What changes by silence, within the lateness and in a backlog

  @Test(arguments: [0.0, 2]) func a_silence_shorter_than_the_lateness_abandons_a_hold_too(lateness: Double) {
    var plant = TestPlant(.over(heldFor: 300, tag: "Alive"), lateness: lateness)
    plant.send("Alive", 20, at: 0)
    plant.send("Alive", 20, at: 60.5)
    #expect(plant.condition.phase == .pending(since: TestPlant.at(60.5)))
  }

  @Test func a_bad_stretch_of_a_backlog_abandons_a_hold_as_it_would_have_live() {
    var plant = TestPlant(.over(heldFor: 600, tolerates: 10))
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.link(.lost, at: 50)
    plant.link(.connected, at: 500)
    plant.send("V", 20, at: 100, quality: .bad)
    plant.send("V", 20, at: 300)
    plant.link(.caughtUp, at: 500)
    #expect(plant.condition.phase == .pending(since: TestPlant.at(300)))
  }

  @Test(arguments: [0.0, 2]) func every_asks_at_its_multiples_whatever_the_lateness(lateness: Double) {
    var plant = TestPlant(
      .make(reads: [("m", "V", .average(.seconds(10)))], every: .span(.seconds(1))) { try $0("m") > 15 },
      lateness: lateness)
    plant.play("V", 10, from: 0, through: 20, step: 1)
    for step in 0..<10 { plant.send("V", 20, at: 20.5 + Double(step)) }
    plant.send("V", 20, at: 40)
    #expect(plant.fired == [26])
  }

  // MARK: One instant

  @Test func a_hold_and_a_tolerance_that_end_together_fire() {
    var plant = TestPlant(.over(heldFor: 60, tolerates: 10))
    plant.send("V", 20, at: 0)
    plant.send("V", 0, at: 50, quality: .bad)
    plant.send("V", 20, at: 70)
    #expect(plant.fired == [60])
  }

  // MARK: Extremes

  @Test func a_value_at_the_limits_of_a_number_does_not_spoil_later_windows() {
    let rule = Rule.make(reads: [("m", "W", .average(.seconds(60))), ("n", "W", .mean(.seconds(60)))]) {
      try abs($0("m") - 20) < 0.001 && abs($0("n") - 20) < 0.001
    }
    for spike in [1.7e308, 3.4028234663852886e38] {
      var plant = TestPlant(rule)
      for time in 0..<1000 {
        plant.send("W", time % 10 == 3 && time < 300 ? spike / Double(time) : 20, at: Double(time))
      }
      #expect(plant.fired.last == 354, "\(spike): \(plant.fired)")
    }
  }

  @Test func no_time_that_a_source_may_send_ends_the_engine() {
    let rule = Rule.make(
      reads: [
        ("a", "W", .average(.hours(1))), ("c", "W", .change(.hours(1))), ("g", "W", .age), ("u", "W", .unchangedFor),
        ("x", "W", .maximum(.hours(1))), ("n", "W", .count(.hours(1))),
      ], every: .never
    ) { look in
      _ = try? look("g")
      return false
    }
    for times in [[Int64.min, 0, Int64.max], [Int64.min + 1, 1], [-5, Int64.max - 1, Int64.max]] {
      var plant = TestPlant(rule, lateness: 2)
      for (value, time) in times.enumerated() {
        let at = Instant(microseconds: time)
        plant.apply(.change(TagChange(TestPlant.tag("W"), .number(Double(value)), time: at, arrived: at)))
        plant.apply(.tick(SourceID(0), at))
      }
      plant.finish()
    }
  }

  /// Data had come further than the questions, which a source that was down had kept from being asked.
  @Test func one_that_is_set_free_in_a_backlog_behind_a_release_that_is_due_waits_for_that() {
    var plant = TestPlant(.over(heldFor: 5, releasedFor: 2, atMost: 30), lateness: 2)
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.tick(8)
    plant.send("V", 1, at: 10)
    plant.tick(20)
    plant.send("V", 20, at: 25)
    plant.link(.lost, at: 26)
    plant.link(.connected, at: 26)
    plant.send("V", 1, at: 31)
    plant.send("V", 2, at: 60)
    plant.link(.caughtUp, at: 61)
    plant.tick(31)
    plant.tick(61)
    #expect(plant.fired == [5], "what fired at 30 was held back until 35 and was over at 33")
    #expect(plant.heldBack.count == 1)
    #expect(plant.cleared == [12, 33])
  }
}

/// Work that must not grow with the square of what waits.
@Suite struct HuntWorkTests {
  @Test func a_backlog_behind_a_due_hold_costs_what_it_is_long() {
    let clock = ContinuousClock()
    func cost(_ count: Int) -> Duration {
      var plant = TestPlant(.over(heldFor: 60))
      plant.link(.connected, at: 0)
      plant.link(.caughtUp, at: 0)
      plant.send("V", 20, at: 0)
      plant.link(.lost, at: 30)
      plant.link(.connected, at: 1_000_000)
      let cost = clock.measure {
        for step in 1...count { plant.send("V", 20, at: 60 + Double(step)) }
        plant.link(.caughtUp, at: 1_000_000)
        plant.tick(1_000_000)
      }
      #expect(plant.fired == [60])
      return cost
    }
    _ = cost(10_000)
    let (short, long) = (cost(10_000), cost(160_000))
    // Sixteen times as long; the square would be 256 times.
    #expect(long < short * 100, "\(short) and \(long)")
  }
}
