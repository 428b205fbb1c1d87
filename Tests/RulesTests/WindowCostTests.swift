import Foundation
import Rules
import Testing

/// What windows cost, and that their sums do not drift.
@Suite struct WindowCostTests {
  private func evaluator(_ forms: [ReadingForm], _ see: @escaping ([ReadingValue]) -> Void) -> Evaluator {
    let rule = Rule.make(reads: forms.enumerated().map { ("r\($0.offset)", "W", $0.element) }) { look in
      see(Array(look.values))
      return false
    }
    return Evaluator(TestPlant.configuration([rule]))
  }

  private func change(_ value: Double, at seconds: Int) -> Input {
    .change(TagChange(TestPlant.tag("W"), .number(value), time: TestPlant.start + .seconds(Int64(seconds))))
  }

  /// Between 0 and 999.99, in no order.
  private func value(_ place: Int) -> Double {
    var mixed = UInt64(truncatingIfNeeded: place) &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 29
    return Double(mixed % 100_000) / 100
  }

  /// All that the readings of a window of `length` seconds look at or move, for each change.
  private func work(_ length: Int64, _ form: (Window) -> ReadingForm, value: (Int) -> Double) -> Double {
    var evaluator = evaluator([form(.seconds(length))]) { _ in }
    for place in 0..<20_000 { _ = evaluator.apply(change(value(place), at: place)) }
    let before = evaluator.work.steps
    for place in 20_000..<60_000 { _ = evaluator.apply(change(value(place), at: place)) }
    return Double(evaluator.work.steps - before) / 40_000
  }

  @Test func work_per_change_is_flat_from_a_minute_to_thirty_days() {
    let forms: [(Window) -> ReadingForm] = [
      { .average($0) }, { .spread($0) }, { .minimum($0) }, { .maximum($0) }, { .rate($0, per: .hours(1)) },
      { .increase($0) },
    ]
    for (place, form) in forms.enumerated() {
      let short = work(60, form, value: value)
      let long = work(30 * 86_400, form, value: value)
      #expect(long <= 2 * short, "form \(place): \(short) marks a change over a minute, \(long) over 30 days")
    }
  }

  @Test func a_value_that_only_rises_costs_a_minimum_no_more_than_its_steps() {
    #expect(work(30 * 86_400, { .minimum($0) }, value: Double.init) < 40)
  }

  @Test func a_window_of_many_samples_keeps_no_more_than_its_steps() {
    var evaluator = evaluator([.average(.hours(30 * 24))]) { _ in }
    for place in 0..<100_000 { _ = evaluator.apply(change(value(place), at: place)) }
    #expect(evaluator.marks(of: TestPlant.tag("W")) < 3 * 4_096 + 300)
  }

  @Test func a_window_of_many_samples_moves_in_steps_on_multiples_since_the_epoch() {
    var seen: [ReadingValue] = []
    // 5,120 s: steps of 20 s. Start is a multiple of both.
    var evaluator = evaluator([.mean(.seconds(5_120)), .maximum(.seconds(5_120))]) { seen = $0 }
    for place in 0...9_999 { _ = evaluator.apply(change(Double(-place), at: place)) }
    // The edge 4,879 moves back to 4,860: samples 4,861 to 9,999, mean their middle; 4,860 is in force at the edge.
    #expect(seen == [.number(-7_430), .number(-4_860)])
  }

  /// 10^8 changes with MILLWRIGHT_CAMPAIGN=large.
  @Test func no_window_drifts() {
    let isLarge = ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large"
    let changes = isLarge ? 100_000_000 : 1_000_000
    var seen: [ReadingValue] = []
    let window = Window.seconds(1_000)
    var evaluator = evaluator(
      [.average(window), .spread(window), .mean(window), .rate(window, per: .hours(1)), .total(window)]
    ) { seen = $0 }
    for place in 0...changes { _ = evaluator.apply(change(value(place), at: place)) }
    // In force over the window: the samples before the last; in it: the last 1,000.
    let held = (0..<1_000).map { value(changes - 1_000 + $0) }
    let sampled = (1...1_000).map { value(changes - 1_000 + $0) }
    let (average, mean) = (held.reduce(0, +) / 1_000, sampled.reduce(0, +) / 1_000)
    var (variance, slope, times) = (0.0, 0.0, 0.0)
    for place in 0..<1_000 {
      let time = Double(place) - 499.5
      let departure = held[place] - average
      variance += departure * departure / 1_000
      slope += time * (sampled[place] - mean)
      times += time * time
    }
    let perHour = slope / times * 3_600
    let exact: [Double] = [average, variance.squareRoot(), mean, perHour, average / 3.6]
    var worst = 0.0
    for (value, exact) in zip(seen, exact) {
      guard case .number(let number) = value else {
        Issue.record("not known")
        continue
      }
      let error = (number - exact).magnitude / exact.magnitude
      worst = max(worst, error)
      #expect(error <= 1e-9, "\(number) is not \(exact)")
    }
    if isLarge { print("after \(changes) changes the worst relative error is \(worst)") }
  }
}
