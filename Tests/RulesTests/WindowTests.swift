import Rules
import Testing

/// What each reading amounts to, against values worked out by hand from the definitions in docs/rules.md.
@Suite struct WindowTests {
  /// The value of one reading after the samples, asked at `at` (a change of another tag asks it).
  private func reading(
    _ form: ReadingForm, tag: String = "V", _ samples: [(Double, Double)], at time: Double,
    bad: [Double] = []
  ) -> ReadingValue {
    var seen = ReadingValue.notGood
    let rule = Rule.make(reads: [("r", tag, form), ("w", "W", .latest)]) { look in
      seen = look.values[0]
      return try look("w") > 0
    }
    var plant = TestPlant(rule)
    for (at, value) in samples { plant.send(tag, value, at: at, quality: bad.contains(at) ? .bad : .good) }
    plant.send("W", 1, at: time)
    return seen
  }
  private let ramp: [(Double, Double)] = [(0, 10), (10, 20), (20, 30), (30, 40)]

  @Test func average_is_time_weighted_and_the_value_at_the_left_edge_belongs_to_it() {
    // (15, 35]: 20 for 5 s, 30 for 10 s, 40 for 5 s.
    #expect(reading(.average(.seconds(20)), ramp, at: 35) == number(600 / 20))
  }
  @Test func average_of_a_steady_value_is_that_value_however_long_ago_it_came() {
    #expect(reading(.average(.seconds(20)), [(0, 7)], at: 100_000) == number(7))
  }
  @Test func mean_weighs_samples_and_leaves_the_left_edge_out() {
    #expect(reading(.mean(.seconds(20)), ramp, at: 35) == number(35))
  }
  @Test func mean_without_a_sample_in_the_window_is_not_known() {
    #expect(reading(.mean(.seconds(20)), ramp, at: 100) == ReadingValue.notGood)
  }
  @Test func minimum_and_maximum_include_the_value_in_force_at_the_left_edge() {
    #expect(reading(.minimum(.seconds(20)), ramp, at: 35) == number(20))
    #expect(reading(.maximum(.seconds(20)), [(0, 99), (20, 1)], at: 35) == number(99))
  }
  @Test func a_value_that_ended_at_the_left_edge_is_outside() {
    #expect(reading(.maximum(.seconds(20)), [(0, 99), (15, 1)], at: 35) == number(1))
  }
  @Test func count_counts_changes_of_value_not_samples() {
    #expect(reading(.count(.seconds(60)), [(0, 1), (10, 1), (20, 2), (30, 2), (40, 1)], at: 50) == number(2))
  }
  @Test func change_is_now_minus_the_newest_good_value_at_or_before_the_left_edge() {
    #expect(reading(.change(.seconds(20)), ramp, at: 30) == number(20))
    #expect(reading(.change(.seconds(20)), ramp, at: 35) == number(20))
    #expect(reading(.change(.seconds(20)), ramp, at: 30, bad: [10]) == number(30))
  }
  @Test func change_without_a_value_that_old_is_not_known() {
    #expect(reading(.change(.seconds(60)), ramp, at: 30) == ReadingValue.notGood)
  }
  @Test func a_bad_stretch_is_left_out_and_four_fifths_must_be_covered() {
    // 40 s of 50 s are good: exactly four fifths.
    #expect(reading(.average(.seconds(50)), [(0, 10), (30, 99), (40, 20)], at: 50, bad: [30]) == number(500 / 40))
    #expect(
      reading(.average(.seconds(50)), [(0, 10), (29.9, 99), (40, 20)], at: 50, bad: [29.9]) == ReadingValue.notGood)
  }
  @Test func a_window_that_began_before_the_first_sample_is_not_covered() {
    #expect(reading(.average(.seconds(60)), ramp, at: 40) == ReadingValue.notGood)
  }
  @Test func silence_of_a_tag_that_shows_life_itself_is_left_out_of_windows() {
    // Alive is stale 60 s after each sample: good 0 to 60 and 90 to 100.
    #expect(reading(.average(.seconds(100)), tag: "Alive", [(0, 10), (90, 20)], at: 100) == ReadingValue.notGood)
    #expect(
      reading(.average(.seconds(80)), tag: "Alive", [(0, 10), (50, 10), (111, 20)], at: 120)
        == number((70 * 10 + 9 * 20) / 79))
  }
  @Test func previous_is_the_last_value_that_differed() {
    #expect(reading(.previous, [(0, 1), (10, 2), (20, 2)], at: 30) == number(1))
    #expect(reading(.previous, [(0, 1)], at: 30) == ReadingValue.notGood)
  }
  @Test func unchanged_for_counts_from_the_last_change_of_value_through_a_bad_sample() {
    #expect(reading(.unchangedFor, [(0, 1), (10, 2), (20, 9), (25, 2)], at: 30, bad: [20]) == number(20))
  }
  @Test func age_counts_from_the_last_sample() {
    #expect(reading(.age, ramp, at: 42.5) == number(12.5))
  }
  @Test func stale_after_its_own_time() {
    #expect(reading(.stale(after: .seconds(10)), ramp, at: 40) == ReadingValue.boolean(false))
    #expect(reading(.stale(after: .seconds(10)), ramp, at: 40.1) == ReadingValue.boolean(true))
  }

  @Test func sums_do_not_drift_over_a_hundred_million_seconds() {
    var plant = TestPlant(.make(reads: [("r", "V", .average(.seconds(100)))]) { _ in false })
    var seen = ReadingValue.notGood
    plant.decider = Decider(
      TestPlant.configuration([
        .make(reads: [("r", "V", .average(.seconds(100)))]) { look in
          seen = look.values[0]
          return false
        }
      ]))
    for step in 0..<100_000 { plant.send("V", step % 2 == 0 ? 999.9 : 0.1, at: Double(step) * 1000) }
    plant.send("V", 0.3, at: 100_000_000)
    plant.send("V", 0.3, at: 100_000_200)
    #expect(seen == number(0.3))
  }
}

private func number(_ value: Double) -> ReadingValue { .number(value) }
