import Rules
import Testing

/// What `check` reckons that windows take, beside what the arrays of an evaluator hold.
@Suite struct MemoryCostTests {
  private static let forms: [[ReadingForm]] = [
    [.latest], [.average(.minutes(10))], [.spread(.minutes(10)), .rate(.minutes(5), per: .hours(1))],
    [.minimum(.minutes(10)), .maximum(.minutes(1))], [.increase(.minutes(10)), .crossings(.number(5), .minutes(10))],
    [.average(.hours(2)), .maximum(.hours(1)), .spread(.minutes(1))],
  ]

  /// An evaluator that has heard one tag so often for so long, and the most that its arrays held meanwhile.
  private func played(_ forms: [ReadingForm], aSecond rate: Int, seconds: Int) -> (Evaluator, most: Int) {
    let rule = Rule.make(reads: forms.enumerated().map { ("r\($0.offset)", "W", $0.element) }) { _ in false }
    var evaluator = Evaluator(TestPlant.configuration([rule]))
    var most = 0
    for place in 0..<(rate * seconds) {
      let time = TestPlant.start + TimeSpan(microseconds: Int64(place) * 1_000_000 / Int64(rate))
      _ = evaluator.apply(.change(TagChange(TestPlant.tag("W"), .number(Double(place % 11)), time: time)))
      if place % 64 == 0 { most = max(most, evaluator.windowBytes) }
    }
    return (evaluator, most)
  }

  @Test(arguments: forms.indices) func windows_hold_no_more_than_is_reckoned(_ place: Int) {
    for (rate, seconds) in [(1, 20_000), (20, 8_000)] {
      let (evaluator, most) = played(Self.forms[place], aSecond: rate, seconds: seconds)
      let reckoned = Int(evaluator.cost(samplesASecond: Double(rate)).windows)
      #expect(most <= reckoned + 4_096, "at \(rate) a second")
      // Long windows are nearly all of it: there it must be close, too.
      if most > 100_000 { #expect(most * 2 >= reckoned, "at \(rate) a second: \(most) of \(reckoned)") }
    }
  }

  @Test func thinning_bounds_what_a_tag_takes_however_often_it_sends() {
    let (evaluator, _) = played([.average(.hours(24))], aSecond: 1, seconds: 1)
    let (slow, fast) = (evaluator.cost(samplesASecond: 1), evaluator.cost(samplesASecond: 500))
    #expect(fast.windows <= slow.windows * 12 / 10)
    #expect(evaluator.cost().windows <= slow.windows * 3, "100,000 changes a second on one tag")
  }
}
