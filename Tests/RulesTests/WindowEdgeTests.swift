import Rules
import Testing

/// Windows whose left edge hangs on the plant or on the calendar: `since`, `this`.
@Suite struct WindowEdgeTests {
  /// What the reading of `V` was each time the rule was asked.
  private final class Seen { var values: [ReadingValue] = [] }

  private func plant(
    _ forms: [ReadingForm], zone: Zone = .utc, shifts: [Shift] = [], lateness: Double = 0, every: Every = .never,
    _ seen: Seen
  ) -> TestPlant {
    let reads = forms.enumerated().map { ("r\($0.offset)", "V", $0.element) }
    let rule = Rule.make(reads: reads + [("w", "W", .latest)], every: every) { look in
      seen.values = Array(look.values[..<forms.count])
      return false
    }
    var plant = TestPlant()
    var configuration = TestPlant.configuration([rule], lateness: lateness)
    configuration.zone = zone
    configuration.shifts = shifts
    plant.decider = Decider(configuration)
    return plant
  }

  private func sums(_ window: Window) -> [ReadingForm] { [.average(window), .count(window), .increase(window)] }

  @Test func since_a_tag_changed_begins_with_the_change() {
    let seen = Seen()
    var plant = plant(sums(.since(tag: "Batch", value: nil)), seen)
    plant.send("Batch", .text("A"), at: 0)
    plant.play("V", 4, from: 0, through: 50)
    plant.send("Batch", .text("B"), at: 60)
    plant.send("Batch", .text("B"), at: 70)
    plant.send("V", 6, at: 80)
    plant.send("V", 9, at: 90)
    plant.send("W", 1, at: 100)
    // Since 60: 4 for 20 s, 6 for 10 s, 9 for 10 s.
    #expect(seen.values == numbers(230 / 40, 2, 5))
  }

  @Test func since_a_tag_became_a_value_goes_on_when_it_no_longer_is() {
    let seen = Seen()
    var plant = plant(sums(.since(tag: "Running", value: .boolean(true))), seen)
    plant.send("Running", .boolean(false), at: 0)
    plant.send("V", 4, at: 0)
    #expect(seen.values == Array(repeating: ReadingValue.notGood, count: 3))
    plant.send("Running", .boolean(true), at: 10)
    plant.send("Running", .boolean(false), at: 20)
    plant.send("V", 8, at: 30)
    plant.send("W", 1, at: 50)
    #expect(seen.values == numbers(6, 1, 4))
  }

  @Test func a_window_since_long_ago_is_exact_however_many_samples_came() {
    let seen = Seen()
    var plant = plant(sums(.since(tag: "Batch", value: nil)) + [.minimum(.since(tag: "Batch", value: nil))], seen)
    plant.send("V", 1, at: 0)
    plant.send("Batch", .text("A"), at: 10)
    for time in 11...40_000 { plant.send("V", time % 2 == 0 ? 2 : 6, at: Double(time)) }
    // 1 for 1 s; then 39,989 s of 6 and 2 in turn, 6 first.
    let integral = 1.0 + 19_995 * 6 + 19_994 * 2
    #expect(seen.values[0] == .number(integral / 39_990))
    #expect(seen.values[1] == .number(39_990))
    #expect(seen.values[3] == .number(1))
    #expect(plant.decider.evaluator.marks(of: TestPlant.tag("V")) < 3 * 4_096 + 10)
  }

  @Test func a_change_of_the_anchor_that_comes_late_still_begins_the_window_where_it_was() {
    let seen = Seen()
    var plant = plant(sums(.since(tag: "Batch", value: nil)), lateness: 2, seen)
    plant.send("Batch", .text("A"), at: 0)
    plant.play("V", 4, from: 0, through: 50)
    plant.send("Batch", .text("B"), at: 49)
    plant.send("W", 1, at: 60)
    #expect(seen.values[0] == .number(4))
    #expect(seen.values[2] == .number(0))
  }

  @Test func after_a_clock_step_a_later_anchor_is_forgotten() {
    let seen = Seen()
    var plant = plant([.count(.since(tag: "Batch", value: nil))], seen)
    plant.send("Batch", .text("A"), at: 1000)
    plant.send("V", 1, at: 1000)
    for time in 1...6 { plant.send("V", Double(time), at: Double(time)) }
    plant.send("W", 1, at: 20)
    #expect(seen.values == [ReadingValue.notGood])
  }

  // MARK: This

  private let berlin = Zone(
    name: "Europe/Berlin", offset: .hours(1),
    changes: [
      .init(at: Instant(rfc3339: "2026-03-29T01:00:00Z") ?? .distantPast, offset: .hours(2)),
      .init(at: Instant(rfc3339: "2026-10-25T01:00:00Z") ?? .distantPast, offset: .hours(1)),
    ])
  private func second(_ text: String) -> Double {
    ((Instant(rfc3339: text) ?? .distantPast) - TestPlant.start).seconds
  }

  @Test func a_day_of_23_hours_runs_from_midnight_to_midnight() {
    let seen = Seen()
    var plant = plant([.elapsed(.this(.day)), .left(.this(.day)), .total(.this(.day))], zone: berlin, seen)
    plant.send("V", 1, at: second("2026-03-27T00:00:00Z"))
    // 05:00 summer time: four hours after midnight.
    plant.send("W", 1, at: second("2026-03-29T03:00:00Z"))
    #expect(seen.values == numbers(4 * 3600, 19 * 3600, 4))
  }

  @Test func an_hour_that_the_clocks_show_twice_is_two() {
    let seen = Seen()
    var plant = plant([.elapsed(.this(.span(.hours(1)))), .total(.this(.day))], zone: berlin, seen)
    plant.send("V", 1, at: second("2026-10-23T00:00:00Z"))
    plant.send("W", 1, at: second("2026-10-25T00:30:00Z"))
    #expect(seen.values == numbers(1800, 2.5))
    plant.send("W", 2, at: second("2026-10-25T01:30:00Z"))
    #expect(seen.values == numbers(1800, 3.5))
  }

  @Test func a_period_ends_whether_or_not_a_sample_comes() {
    let seen = Seen()
    let rule = Rule.make(reads: [("r", "V", .count(.this(.span(.minutes(15)))))], heldFor: 0) { look in
      seen.values.append(look.values[0])
      return try look("r") == 0
    }
    var plant = TestPlant(rule)
    plant.send("V", 1, at: 0)
    plant.send("V", 2, at: 800)
    plant.send("V", 2, at: 2000)
    #expect(plant.fired == [0, 900])
  }

  @Test func a_shift_past_midnight_is_one_and_between_shifts_nothing_is_known() {
    let night = Shift(name: "night", span: DaySpan(from: .hours(22), to: .hours(6)))
    let seen = Seen()
    var plant = plant(
      [.elapsed(.this(.shift)), .left(.this(.shift)), .total(.this(.shift))], shifts: [night], seen)
    plant.send("V", 2, at: 0)
    // 2026-03-02 04:00: since 22:00 the day before.
    plant.send("W", 1, at: 28 * 3600)
    #expect(seen.values == numbers(6 * 3600, 2 * 3600, 12))
    plant.send("W", 2, at: 36 * 3600)
    #expect(seen.values == Array(repeating: ReadingValue.notGood, count: 3))
  }

  @Test func the_next_shift_is_seen_when_it_begins() {
    let day = Shift(name: "day", span: DaySpan(from: .hours(6), to: .hours(14)))
    let rule = Rule.make(reads: [("r", "V", .left(.this(.shift))), ("v", "V", .latest)]) { try $0("r") == 8 * 3600 }
    var plant = TestPlant()
    var configuration = TestPlant.configuration([rule])
    configuration.shifts = [day]
    plant.decider = Decider(configuration)
    plant.send("V", 1, at: 0)
    plant.send("V", 1, at: 30_000)
    #expect(plant.fired == [6 * 3600])
  }

  // MARK: Restart

  @Test func what_windows_know_survives_a_restart_to_the_bit() throws {
    let window = Window.since(tag: "Batch", value: nil)
    let forms: [ReadingForm] = [
      .spread(window), .rate(.minutes(10), per: .hours(1)), .smoothed(.minutes(1)), .increase(.minutes(10)),
      .crossings(.number(20), .minutes(10)), .timeIn(.number(7), .minutes(10)), .minimum(.minutes(10)),
      .total(.this(.span(.minutes(15)))),
    ]
    let seen = Seen()
    var whole = plant(forms, seen)
    whole.send("Batch", .text("A"), at: 0)
    for time in 1...9_000 { whole.send("V", Double(time * 7919 % 41), at: Double(time) / 4) }
    var reader = ByteReader(whole.decider.encodedState())
    var restored = plant(forms, seen)
    try restored.decider.restore(from: &reader)
    for time in 9_001...18_000 {
      let value = Double(time * 7919 % 41)
      whole.send("V", value, at: Double(time) / 4)
      let before = seen.values
      restored.send("V", value, at: Double(time) / 4)
      #expect(seen.values == before)
    }
    #expect(restored.decider.encodedState() == whole.decider.encodedState())
  }
}

private func numbers(_ values: Double...) -> [ReadingValue] { values.map { .number($0) } }
