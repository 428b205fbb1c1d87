import Benefit
import Rules
import Testing

/// Each figure of the data-quality summary, worked out by hand.
@Suite struct TagQualityTests {
  private static let start: Int64 = 1_767_225_600

  /// Values a minute apart, unless a minute is named.
  private func quality(
    _ samples: [(minute: Int64, value: Value)], late: Set<Int> = [], _ definition: TagDefinition = .temperature
  ) -> TagQuality {
    var quality = TagQuality(definition)
    for (index, sample) in samples.enumerated() {
      quality.take(
        TagChange(TagID(0), sample.value, time: Instant(seconds: Self.start + sample.minute * 60)),
        isLate: late.contains(index))
    }
    quality.finish()
    return quality
  }

  @Test func the_same_value_at_the_same_time_is_doubled_and_another_is_not() {
    let quality = quality([(0, .number(1)), (0, .number(1)), (0, .number(2)), (1, .number(2))])
    #expect(quality.doubled == 1)
    #expect(quality.rows == 4)
  }

  @Test func a_gap_is_longer_than_ten_steps_and_than_the_silence_allowed() {
    // Steps of 1 min; 10 min is ten steps and no more; 11 min is, and is longer than stale_after (5 min).
    let minutes: [Int64] = [0, 1, 2, 3, 13, 14, 25]
    let quality = quality(minutes.enumerated().map { ($1, .number(Double($0))) })
    #expect(quality.medianStep == .minutes(1))
    #expect(quality.gaps == 1)
    #expect(quality.longestGap?.span == .minutes(11))
    #expect(quality.longestGap?.since == Instant(seconds: Self.start + 14 * 60))
  }

  @Test func a_step_within_the_silence_allowed_is_no_gap() {
    let patient = TagDefinition(name: "T", type: .number, life: .itself(staleAfter: .minutes(30)))
    #expect(quality([(0, .number(1)), (1, .number(2)), (2, .number(3)), (22, .number(4))], patient).gaps == 0)
  }

  @Test func a_number_that_stands_still_for_a_hundred_rows_is_frozen_and_for_fewer_is_not() {
    func rows(_ same: Int64) -> [(minute: Int64, value: Value)] {
      [(0, .number(1))] + (1...same).map { ($0, .number(7)) } + [(same + 1, .number(2))]
    }
    #expect(quality(rows(99)).frozen == 0)
    #expect(quality(rows(100)).frozen == 1)
    #expect(quality(rows(100)).longestFrozen?.span == .minutes(100))
  }

  @Test func what_stands_still_at_the_end_is_frozen_too() {
    #expect(quality((0..<150).map { ($0, .number(7)) }).frozen == 1)
  }

  @Test func numbers_that_are_none_or_not_credible_are_told_apart() {
    let quality = quality([(0, .number(.nan)), (1, .number(.infinity)), (2, .number(900)), (3, .number(20))])
    #expect(quality.notANumber == 2)
    #expect(quality.notCredible == 1)
  }

  @Test func text_and_nothing_where_a_number_belongs_are_not_readable() {
    #expect(quality([(0, .text("#REF!")), (1, .null), (2, .number(20))]).unreadable == 2)
  }

  @Test func late_samples_count_as_late_and_as_nothing_else() {
    let quality = quality([(5, .number(1)), (0, .number(900)), (6, .number(2))], late: [1])
    #expect(quality.late == 1)
    #expect(quality.notCredible == 0)
    #expect(quality.medianStep == .minutes(1))
  }

  @Test func steps_that_never_repeat_cost_bounded_memory_and_keep_the_median() {
    var steps = Steps()
    for step in 1...100_000 { steps.add(Int64(step)) }
    let median = steps.median ?? 0
    // Taken together to 8 leading bits: within one part in 128 of 50,000.
    #expect(abs(median - 50_000) <= 50_000 / 100)
    #expect(steps.count(over: 0) == 100_000)
  }
}

extension TagDefinition {
  static let temperature = TagDefinition(
    name: "Temperature", type: .number, unit: "degC", credible: -40...200, life: .itself(staleAfter: .minutes(5)))
}
