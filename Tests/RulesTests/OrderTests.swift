import Rules
import Testing

/// S3: changes are taken in arrival order.
@Suite struct OrderTests {
  @Test func a_change_older_than_the_newest_of_its_tag_is_counted_and_kept_out() {
    var plant = TestPlant(.over())
    plant.send("V", 1, at: 100)
    plant.send("V", 20, at: 99)
    #expect(plant.fired == [])
    #expect(plant.decider.evaluator.counts.late == 1)
  }

  @Test func the_same_value_at_the_same_time_is_a_duplicate_and_dropped() {
    var plant = TestPlant(.make(reads: [("n", "V", .mean(.seconds(60)))]) { try $0("n") > 14 })
    plant.send("V", 20, at: 0)
    plant.send("V", 10, at: 50)
    plant.send("V", 10, at: 50)
    #expect(plant.decider.evaluator.counts.duplicate == 1)
    #expect(plant.decider.evaluator.counts.taken == 2)
  }

  @Test func another_value_at_the_same_time_is_evaluated_after_it() {
    var plant = TestPlant(.over())
    plant.send("V", 1, at: 10)
    plant.send("V", 20, at: 10)
    #expect(plant.fired == [10])
  }

  @Test func the_sixth_late_change_in_a_row_that_advances_is_a_clock_step() {
    var plant = TestPlant(.over(heldFor: 600))
    plant.send("V", 20, at: 3600)
    for step in 0..<5 { plant.send("V", 20, at: 300 + Double(step) * 60) }
    #expect(plant.decider.evaluator.counts.late == 5)
    #expect(plant.phase == "pending")
    plant.send("V", 1, at: 600)
    #expect(plant.decider.evaluator.counts.clockSteps == 1)
    #expect(plant.phase == "normal", "the hold is abandoned")
    #expect(plant.condition.clock == TestPlant.at(600))
    #expect(plant.reports.map(\.kind) == [.clockStep])
  }

  @Test func late_changes_that_do_not_advance_are_no_clock_step() {
    var plant = TestPlant(.over())
    plant.send("V", 1, at: 3600)
    for _ in 0..<20 { plant.send("V", 20, at: 300) }
    #expect(plant.decider.evaluator.counts.clockSteps == 0)
    #expect(plant.decider.evaluator.counts.late == 20)
  }

  @Test func after_a_clock_step_newer_samples_have_left_the_windows() {
    var plant = TestPlant(.make(reads: [("v", "V", .maximum(.seconds(600)))]) { try $0("v") > 60 })
    plant.play("V", 5, from: 0, through: 2220, step: 60)
    plant.send("V", 80, at: 2320)
    #expect(plant.fired == [2320])
    for step in 1...6 { plant.send("V", 50, at: 2240 + Double(step) * 10) }
    #expect(plant.cleared == [2300], "the 80 of 2320 has not happened yet")
  }

  @Test func a_source_time_too_far_ahead_takes_the_arrival_time() {
    var plant = TestPlant(.over(), skew: 5)
    plant.send("V", .number(20), at: 1000, arrived: 100)
    #expect(plant.fired == [100])
    #expect(plant.decider.evaluator.counts.ahead == 1)
  }

  @Test func a_source_time_ahead_within_the_skew_is_kept() {
    var plant = TestPlant(.over(), skew: 5)
    plant.send("V", .number(20), at: 104, arrived: 100)
    #expect(plant.fired == [104])
  }

  @Test func a_retained_message_without_its_own_time_is_not_good_until_a_live_one() {
    var plant = TestPlant(.over())
    plant.send("V", .number(20), at: 0, retained: true)
    #expect(plant.fired == [])
    #expect(plant.condition.blindSince != nil)
    plant.send("V", 20, at: 1)
    #expect(plant.fired == [1])
  }
}
