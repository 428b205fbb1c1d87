import Explain
import Rules
import Testing

/// The texts in `Golden` were written by hand from the semantics.
@Suite struct WhyNotTests {
  private func expect(_ explanation: Explanation, is golden: String) throws {
    #expect(explanation.lines(whyNot: true).joined(separator: "\n") + "\n" == (try Told.golden(golden)))
  }

  @Test func one_sample_below_the_limit_is_named_as_what_ended_the_hold() throws {
    var told = Told()
    told.temperature(85, from: "10:00", to: "10:04")
    told.temperature(92, from: "10:05", to: "10:11")
    told.temperature(89.5, from: "10:12", to: "10:12")
    told.temperature(92, from: "10:13", to: "10:18")
    told.temperature(86, from: "10:19", to: "10:30")
    try expect(try told.explain(at: "10:16"), is: "one_sample.txt")
  }

  @Test func a_silent_sensor_is_named_as_what_blinded_the_rule() throws {
    var told = Told(staleAfter: .minutes(2))
    told.temperature(85, from: "10:00", to: "10:03")
    told.temperature(92, from: "10:04", to: "10:09")
    told.temperature(86, from: "10:20", to: "10:30")
    try expect(try told.explain(at: "10:14"), is: "blind.txt")
  }

  @Test func a_firing_held_back_says_by_what_and_until_when() throws {
    var told = Told()
    told.temperature(92, from: "06:00", to: "06:00")
    told.temperature(86, from: "06:15", to: "06:15")
    told.temperature(92, from: "10:00", to: "10:00")
    told.temperature(86, from: "10:20", to: "10:20")
    told.temperature(86, from: "10:30", to: "10:30")
    try expect(try told.explain(at: "10:10"), is: "held_back.txt")
  }

  @Test func out_of_calendar_says_how_much_of_it_was_open() throws {
    var told = Told()
    told.openFrom = .minutes(10 * 60 + 20)
    told.temperature(92, from: "10:00", to: "10:24")
    told.temperature(86, from: "10:25", to: "10:30")
    try expect(try told.explain(at: "10:15"), is: "out_of_calendar.txt")
  }

  @Test func what_never_came_near_says_so() throws {
    var told = Told()
    told.temperature(70, from: "10:00", to: "10:10")
    #expect(try told.explain(at: "10:05").whyNot == .neverTrue)
  }

  @Test func a_hold_that_still_runs_says_what_is_missing() throws {
    var told = Told()
    told.temperature(92, from: "10:00", to: "10:05")
    #expect(
      try told.explain(at: "10:05").whyNot == .running(since: Told.at("10:00"), fires: Told.at("10:10")))
  }

  @Test func nothing_heard_is_no_reason_to_guess() throws {
    #expect(try Told().explain(at: "10:05").whyNot == .noData)
  }
}
