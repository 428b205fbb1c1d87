import Rules
import Testing

/// Examples as small time series: what they say of time, quality and restarts is played as it is written.
@Suite struct ExampleRunTests {
  /// `v > 10` for 2 min, sampled every minute over 20 min.
  private func run(
    _ series: Series, rule: Rule = .over(heldFor: 120), kind: Example.Kind = .fires, restarts: [TimeSpan] = [],
    expected: Example.Expected = .init(), overrides: [String: LimitValue] = [:]
  ) -> ExampleRun {
    rule.run(
      Example(
        name: "example", kind: kind, series: [("v", series)], lasting: .minutes(20), sampled: .minutes(1),
        restarts: restarts, expected: expected, line: 1), overrides: overrides)
  }
  private func number(_ number: Double) -> Series.Sample { .value(.number(number)) }
  private func steps(_ first: Double, _ rest: (Int64, Series.Sample)...) -> Series {
    .steps([.init(from: .zero, number(first))] + rest.map { .init(from: .minutes($0.0), $0.1) })
  }

  /// 10 years by the millisecond: it is known beforehand how often that asks, and nothing is asked.
  @Test(arguments: [(1_000, true), (60_000_000, true), (1_800_000_000, false)])
  func an_example_that_asks_too_often_is_not_run(sampled: Int64, tooOften: Bool) {
    var asked = 0
    let rule = Rule.make { _ in
      asked += 1
      return false
    }
    let run = rule.run(
      Example(
        name: "example", kind: .staysCalm, series: [("v", .constant(number(1)))], lasting: .hours(24 * 3650),
        sampled: TimeSpan(microseconds: sampled), line: 1))
    #expect((run.failures.first?.hasPrefix("it would ask the rule") ?? false) == tooOften)
    #expect(tooOften ? asked == 0 : asked > 100_000 && asked <= run.questions, "\(asked) of \(run.questions)")
  }

  @Test func a_rule_that_fails_is_not_asked_again_by_its_example() {
    var asked = 0
    let rule = Rule.make { _ in
      asked += 1
      throw Broken(cause: "took 0.21 s", kind: .overtime)
    }
    let run = run(.constant(number(1)), rule: rule)
    #expect(asked == 1 && run.isOvertime && run.failures == ["the rule failed: took 0.21 s"])
  }

  @Test func a_rising_reading_fires_the_hold_after_it_passed_the_limit() {
    // 5 to 15 in 10 min: 10 at 5 min, 11 at 6 min; held 2 min.
    #expect(run(.rises(from: number(5), to: number(15), over: .minutes(10))).fired == [.minutes(8)])
  }

  @Test func steps_begin_and_end_a_condition() {
    let run = run(steps(1, (3, number(20)), (9, number(1))))
    #expect(run.fired == [.minutes(5)] && run.cleared == [.minutes(9)])
  }

  @Test func a_bad_sample_ends_a_hold_and_is_drawn_as_blind() {
    let run = run(steps(20, (1, .bad), (2, number(1))), kind: .staysCalm)
    #expect(run.holds)
    #expect(run.phases[1] == .blind && run.phases[2] == .normal)
  }

  @Test func silence_is_stale_from_its_beginning() {
    let run = run(steps(20, (1, .silent)), kind: .staysCalm)
    #expect(run.holds && run.phases.last == .blind)
  }

  @Test func a_hold_survives_a_restart() {
    #expect(run(.constant(number(20)), restarts: [.minutes(1)]).fired == [.minutes(2)])
  }

  @Test func what_was_expected_and_came_otherwise_is_said() {
    let expected = Example.Expected(fires: [.minutes(4)], clears: [.minutes(9)])
    #expect(
      run(steps(1, (3, number(20))), expected: expected).failures == [
        "it was expected to fire after 4 min; it fired after 5 min",
        "it was expected to clear after 9 min; it did not clear",
      ])
  }

  @Test func a_second_firing_within_at_most_is_held_back() {
    let rule = Rule.over(heldFor: 120, atMost: 3600)
    let twice = steps(20, (4, number(1)), (6, number(20)))
    #expect(run(twice, rule: rule, kind: .heldBack).heldBack == [.minutes(8)])
    #expect(
      run(.constant(number(20)), rule: rule, kind: .heldBack).failures
        == ["nothing was held back within 20 min: it fired after 2 min"])
  }

  @Test func a_value_beyond_a_limit_is_beyond_the_one_in_force() {
    let rule = Rule.make(limits: [Limit(name: "high", value: 10)]) { try $0("v") > $0.limits[0] }
    let beyond = Series.constant(.limit("high", plus: 1))
    #expect(run(beyond, rule: rule, overrides: ["high": 50]).holds)
    #expect(!run(.constant(number(11)), rule: rule, overrides: ["high": 50]).holds)
  }

  @Test func what_an_action_says_is_filled_in() {
    let order = ActionTemplate.workOrder(title: "Look at {asset}: {v}", priority: 2, text: nil)
    let rule = Rule.make(heldFor: 120, actions: [order]) { try $0("v") > 10 }
    #expect(run(.constant(number(20)), rule: rule, expected: .init(says: ["example: 20"])).holds)
    #expect(
      run(.constant(number(20)), rule: rule, expected: .init(says: ["30"])).failures
        == ["no action says \"30\"; its titles are [\"Look at example: 20\"]"])
  }
}
