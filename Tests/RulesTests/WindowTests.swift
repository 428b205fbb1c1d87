import Rules
import Testing

/// What each reading amounts to, against values worked out by hand from the definitions in docs/rules.md.
@Suite struct WindowTests {
  /// The value of one reading after the samples, asked at `at` (a change of another tag asks it).
  private func reading(
    _ form: ReadingForm, tag: String = "V", _ samples: [(Double, Double)], at time: Double,
    bad: [Double] = [], limits: [Limit] = [], atLeast: Coverage? = nil, isOptional: Bool = false
  ) -> ReadingValue {
    var seen = ReadingValue.notGood
    var rule = Rule.make(reads: [("r", tag, form), ("w", "W", .latest)], limits: limits) { look in
      seen = look.values[0]
      return try look("w") > 0
    }
    rule.readings[0].atLeast = atLeast
    rule.readings[0].isOptional = isOptional
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

  // MARK: Spread, total, lag

  @Test func spread_is_time_weighted_over_the_whole() {
    // (10, 30]: 20 for 10 s and 30 for 10 s: mean 25, each 5 away.
    #expect(reading(.spread(.seconds(20)), ramp, at: 30) == number(5))
    // 0 for 30 s, 8 for 10 s: mean 2, variance (30 * 4 + 10 * 36) / 40 = 12.
    #expect(reading(.spread(.seconds(40)), [(0, 0), (30, 8)], at: 40) == number(12.0.squareRoot()))
  }
  @Test func spread_of_a_steady_value_is_nought_to_the_digit() {
    #expect(reading(.spread(.seconds(30)), [(0, 0.1), (7, 0.1), (19, 0.1)], at: 40) == number(0))
    #expect(reading(.spread(.seconds(30)), tag: "Unsure", [(0, 1_234_567.8), (13, 1_234_567.8)], at: 40) == number(0))
  }
  @Test func a_small_spread_upon_a_great_value_keeps_its_digits() {
    // 1e9 and 1e9 + 0.5 for 10 s each: 0.25 away from the mean.
    let value = reading(.spread(.seconds(20)), tag: "Unsure", [(0, 1e9), (10, 1e9 + 0.5)], at: 20)
    #expect(value == number(0.25))
  }
  @Test func total_is_the_integral_per_hour() {
    // 20 kW for 10 s, 30 kW for 10 s: 500 kWs.
    #expect(reading(.total(.seconds(20)), ramp, at: 30) == number(500 / 3600))
  }
  @Test func smoothed_reaches_two_thirds_of_a_step_in_its_time_constant() {
    guard case .number(let value) = reading(.smoothed(.seconds(10)), [(0, 0), (100, 1)], at: 110) else {
      Issue.record("not known")
      return
    }
    // 1 - 1/e
    #expect(abs(value - 0.632_120_558_828_557_7) < 1e-15)
  }
  @Test func smoothed_stands_still_while_its_tag_is_bad_and_is_not_known() {
    #expect(reading(.smoothed(.seconds(10)), [(0, 4), (5, 9)], at: 7, bad: [5]) == ReadingValue.notGood)
    #expect(reading(.smoothed(.seconds(10)), [(0, 4), (5, 9), (50, 4)], at: 60, bad: [5]) == number(4))
  }

  // MARK: Movement

  @Test func rate_is_the_slope_of_the_least_squares_line() {
    // (10, 30] has the samples 30 and 40 at 20 and 30: one each second; the value in force at the left edge is none.
    #expect(reading(.rate(.seconds(20), per: .minutes(1)), ramp, at: 30) == number(60))
    // 0, 3, 3 at 0, 1, 2 s about the middle: (-1 * 0 + 0 * 3 + 1 * 3) / 2.
    #expect(reading(.rate(.seconds(3), per: .seconds(1)), [(0.5, 0), (1.5, 3), (2.5, 3)], at: 3) == number(1.5))
  }
  @Test func rate_of_one_sample_is_not_known() {
    #expect(reading(.rate(.seconds(20), per: .seconds(1)), [(0, 1), (30, 2)], at: 40) == ReadingValue.notGood)
  }
  @Test func a_counter_that_falls_began_anew_and_what_it_shows_counts() {
    // 90 to 100, reset, 7, 12: 10 + 7 + 5.
    #expect(
      reading(
        .increase(.seconds(60)), tag: "Beat", [(0, 90), (10, 100), (20, 7), (30, 12)], at: 40, atLeast: .share(0.5))
        == number(22))
  }
  @Test func a_counter_near_the_end_of_its_range_rolls_over() {
    // Credible -100 to 1000: 990 to -95 is 10 + 5 on, and not a reset.
    #expect(reading(.increase(.seconds(20)), [(0, 980), (10, 990), (20, -95)], at: 20) == number(25))
    // From 400 the way round is longer than half of the range: it began anew from -100.
    #expect(reading(.increase(.seconds(20)), [(0, 400), (20, -95)], at: 20) == number(5))
  }
  @Test func the_value_at_the_left_edge_begins_an_increase() {
    #expect(reading(.increase(.seconds(20)), ramp, at: 35) == number(20))
    #expect(reading(.increase(.seconds(20)), ramp, at: 35, bad: [10], atLeast: .share(0.5)) == number(30))
  }
  @Test func crossings_count_both_ways_and_touching_is_none() {
    let swings: [(Double, Double)] = [(0, 5), (10, 12), (20, 10), (30, 12), (40, 10), (50, 3)]
    #expect(reading(.crossings(.number(10), .seconds(55)), swings, at: 55) == number(2))
    // The one at 10 has left.
    #expect(reading(.crossings(.number(10), .seconds(45)), swings, at: 55) == number(1))
  }
  @Test func crossings_may_name_a_limit() {
    let swings: [(Double, Double)] = [(0, 5), (10, 12), (20, 5), (30, 12)]
    #expect(
      reading(.crossings(.limit("high"), .seconds(40)), swings, at: 40, limits: [Limit(name: "high", value: 10)])
        == number(3))
    #expect(
      reading(.crossings(.limit("high"), .seconds(40)), swings, at: 40, limits: [Limit(name: "high", value: 20)])
        == number(0))
  }
  @Test func time_in_a_state_or_while_true_is_in_seconds() {
    #expect(
      reading(.timeIn(.text("Heating"), .seconds(60)), tag: "State", [(0, 0), (20, 1), (35, 0), (50, 1)], at: 60)
        == number(25))
    #expect(reading(.timeIn(.boolean(true), .seconds(20)), tag: "Running", [(0, 1), (30, 0)], at: 40) == number(10))
  }
  @Test func time_in_a_state_leaves_a_bad_stretch_out() {
    #expect(
      reading(.timeIn(.text("Heating"), .seconds(60)), tag: "State", [(0, 1), (50, 1), (55, 1)], at: 60, bad: [50])
        == number(55))
  }

  // MARK: Options

  @Test func at_least_says_how_much_must_be_known() {
    let samples: [(Double, Double)] = [(0, 10), (30, 99), (40, 20)]
    #expect(
      reading(.average(.seconds(50)), samples, at: 50, bad: [30], atLeast: .share(0.95)) == ReadingValue.notGood)
    #expect(reading(.average(.seconds(60)), samples, at: 50, bad: [30], atLeast: .share(0.5)) == number(500 / 40))
    #expect(reading(.mean(.seconds(500)), ramp, at: 40, atLeast: .samples(4)) == number(25))
    #expect(reading(.mean(.seconds(500)), ramp, at: 40, atLeast: .samples(5)) == ReadingValue.notGood)
  }
  @Test func an_optional_reading_is_nothing_where_it_is_not_good() {
    #expect(reading(.average(.seconds(60)), ramp, at: 40, isOptional: true) == ReadingValue.absent)
    #expect(reading(.latest, [(0, 1)], at: 40, bad: [0], isOptional: true) == ReadingValue.absent)
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
