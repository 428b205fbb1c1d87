import Rules
import Testing

/// S1: each rule has a clock on each asset, and deadlines are taken by data time.
@Suite struct ClockTests {
  @Test func a_hold_fires_at_its_deadline_even_if_the_next_sample_comes_much_later() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 21, at: 500)
    #expect(plant.fired == [60])
  }

  @Test func a_deadline_equal_to_the_clock_is_not_taken_until_data_passes_it() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 20, at: 60)
    #expect(plant.fired == [])
    plant.send("V", 21, at: 60.001)
    #expect(plant.fired == [60])
  }

  @Test func at_the_end_of_a_file_a_deadline_equal_to_the_clock_is_taken() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 21, at: 60)
    plant.finish()
    #expect(plant.fired == [60])
  }

  @Test func at_the_end_of_a_file_a_later_deadline_is_not_taken() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 21, at: 59)
    plant.finish()
    #expect(plant.fired == [])
  }

  @Test func a_deadline_waits_for_the_lateness_of_the_slowest_source() {
    var plant = TestPlant(.over(heldFor: 60), lateness: 5)
    plant.send("V", 20, at: 0)
    plant.send("V", 21, at: 65)
    #expect(plant.fired == [])
    plant.send("V", 22, at: 65.5)
    #expect(plant.fired == [60])
  }

  @Test func a_change_after_the_deadline_no_longer_breaks_a_due_hold() {
    var plant = TestPlant(.over(heldFor: 60), lateness: 5)
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 62)
    plant.send("V", 1, at: 70)
    #expect(plant.fired == [60])
    #expect(plant.cleared == [62], "the change that came while the hold was due clears it at its own time")
  }

  @Test func a_change_at_or_before_the_deadline_breaks_a_due_hold_although_it_comes_late() {
    var plant = TestPlant(
      .make(reads: [("v", "V", .latest), ("w", "W", .latest)], heldFor: 60) { try $0("v") > 10 && $0("w") > 10 },
      lateness: 5)
    plant.send("V", 20, at: 0)
    plant.send("W", 20, at: 0)
    plant.send("V", 21, at: 63)
    plant.send("W", 1, at: 60)
    plant.send("V", 22, at: 70)
    #expect(plant.fired == [])
  }

  @Test func the_evidence_of_a_due_hold_is_of_its_deadline() {
    var plant = TestPlant(.over(heldFor: 60), lateness: 5)
    plant.send("V", 20, at: 0)
    plant.send("V", 30, at: 61)
    plant.send("V", 40, at: 70)
    #expect(plant.decisions.map { $0.evidence[0].value } == [.number(20)])
  }

  @Test func a_hold_that_ends_inside_the_lateness_decides_the_same_live_and_in_replay() {
    let samples: [(Double, Double)] = [(0, 20), (30, 25), (58, 26), (61, 1), (61.5, 30), (63, 2), (80, 3), (140, 4)]
    var live = TestPlant(.over(heldFor: 60, releasedFor: 1.2), lateness: 2)
    live.link(.connected, at: -1)
    live.link(.caughtUp, at: -1)
    var replay = TestPlant(.over(heldFor: 60, releasedFor: 1.2))
    for (time, value) in samples {
      // Live, ticks run a second apart and lag by the lateness.
      live.tick(time - 2)
      live.send("V", value, at: time)
      replay.send("V", value, at: time)
    }
    #expect(live.decisions == replay.decisions)
    #expect(live.fired == [60])
    #expect(live.cleared == replay.cleared)
  }

  @Test func an_older_change_of_another_tag_is_evaluated_at_the_clock() {
    var plant = TestPlant(
      .make(reads: [("v", "V", .latest), ("w", "W", .latest)]) { try $0("v") > 10 && $0("w") > 10 })
    plant.send("V", 20, at: 100)
    plant.send("W", 20, at: 40)
    #expect(plant.fired == [100])
  }

  @Test func a_tick_takes_deadlines_and_moves_nothing_else() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.tick(60)
    #expect(plant.fired == [])
    plant.tick(61)
    #expect(plant.fired == [60])
    #expect(plant.condition.clock == TestPlant.at(60))
  }

  @Test func while_its_source_is_down_or_catching_up_a_rule_takes_no_deadline() {
    var plant = TestPlant(.over(heldFor: 60))
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.link(.lost, at: 30)
    plant.tick(600)
    #expect(plant.fired == [])
    plant.link(.connected, at: 600)
    plant.send("V", 1, at: 40)
    plant.link(.caughtUp, at: 600)
    #expect(plant.fired == [], "the change that was queued at the broker cancels the hold")
  }
}
