import Rules
import Testing

/// The work of one input is bounded: long silences, samples from long ago, texts without end, and what is due together.
@Suite struct BoundedWorkTests {
  /// Counts the questions put to a rule, and keeps the ages that it saw.
  private final class Asked {
    var ages: [Double] = []
  }

  /// Looks at how old the newest sample is, at least every so many seconds.
  private static func aging(_ asked: Asked, every: Int64) -> Rule {
    .make(reads: [("age", "V", .age)], every: .span(.seconds(every))) {
      asked.ages.append(try $0("age"))
      return false
    }
  }

  /// One sample, and then only time passes.
  private static func ages(
    every: Int64, silentFor seconds: Double, _ meaning: Meaning = .current
  ) -> [Double] {
    let asked = Asked()
    var plant = TestPlant(aging(asked, every: every))
    plant.apply(.meaning(meaning))
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.tick(seconds)
    return asked.ages
  }

  // MARK: Silences

  /// By hand: with steps of whole seconds from 1 to 1,000 a thousand questions at each step k cover 1,000 / k of it, 7,485
  /// in all. From then on each question has another step, whose next multiple is half a step away on average: 2,000 for
  /// each time that the silence grows by a factor of e, from 10^6 s to 8.2 10^8 s: 13,400.
  @Test func a_silence_of_26_years_costs_some_twenty_thousand_questions() {
    let count = Self.ages(every: 1, silentFor: 26 * 365.25 * 86_400).count
    #expect((20_000...22_000).contains(count), "\(count)")
  }

  /// By hand: a silence of up to 7,000 s asks every 7 s, of up to 14,000 s every 14 s, then every 21 s, on multiples since
  /// the epoch.
  @Test func the_step_is_the_least_multiple_of_every_that_is_not_under_a_thousandth_of_the_silence() {
    let ages = Self.ages(every: 7, silentFor: 20_000)
    let start = TestPlant.start.microseconds / 1_000_000
    for (age, next) in zip(ages, ages.dropFirst()) {
      let step: Int64 = age <= 7_000 ? 7 : age <= 14_000 ? 14 : 21
      let moment = start + Int64(age)
      #expect(start + Int64(next) == (moment / step + 1) * step, "after an age of \(age) s")
    }
    #expect((ages.last ?? 0) > 19_900)
  }

  @Test func a_new_sample_brings_the_short_step_back() {
    let asked = Asked()
    var plant = TestPlant(Self.aging(asked, every: 1))
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.tick(50_000)
    plant.send("V", 20, at: 50_000)
    asked.ages = []
    plant.tick(50_010.5)
    #expect(asked.ages == (1...10).map(Double.init))
  }

  @Test func an_earlier_journal_is_asked_at_every_step_as_it_was() {
    #expect(Self.ages(every: 1, silentFor: 20_000, .evenSteps).count == 20_000)
  }

  /// A window stands still once the newest change has left it, so its step need not grow.
  @Test func a_window_is_asked_at_every_step_for_as_long_as_it_moves() {
    let asked = Asked()
    let rule = Rule.make(reads: [("age", "V", .average(.seconds(20_000)))], every: .span(.seconds(1))) {
      asked.ages.append(try $0("age"))
      return false
    }
    var plant = TestPlant(rule)
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    plant.send("V", 20, at: 0)
    plant.send("V", 30, at: 20_000)
    plant.tick(100_000)
    #expect(asked.ages.count >= 20_000)
  }

  // MARK: Samples from long ago

  private static func averaging() -> TestPlant {
    TestPlant(.make(reads: [("v", "V", .average(.seconds(3_600)))]) { try $0("v") > 10 })
  }

  @Test func a_sample_older_on_arrival_than_its_longest_window_and_a_day_is_past() {
    var plant = Self.averaging()
    plant.send("V", .number(20), at: 0, arrived: 25 * 3_600)
    #expect(plant.decider.evaluator.counts.past == 0, "just as old is not older")
    plant.send("V", .number(20), at: 1, arrived: 25 * 3_600 + 1.000_001)
    #expect(plant.decider.evaluator.counts.past == 1)
  }

  @Test func what_nobody_reads_is_past_after_a_day() {
    var plant = Self.averaging()
    plant.send("W", .number(20), at: 0, arrived: 24 * 3_600)
    plant.send("W", .number(20), at: 0, arrived: 24 * 3_600 + 1)
    #expect(plant.decider.evaluator.counts.past == 1)
  }

  @Test func a_past_sample_changes_nothing_but_its_count() {
    let old = Rule.make("old", reads: [("a", "V", .age)], every: .span(.seconds(1))) { try $0("a") > 5 }
    var plant = TestPlant(.over(heldFor: 60), old)
    plant.link(.connected, at: 0)
    plant.link(.caughtUp, at: 0)
    let years = -26 * 365.25 * 86_400
    plant.send("V", .number(20), at: years, arrived: 0)
    plant.tick(3_600)
    #expect(plant.condition.clock == .distantPast)
    #expect(plant.decisions.isEmpty)
    // Nor is it what a newer one is late to, or a duplicate of.
    plant.send("V", 20, at: 3_600)
    plant.tick(3_700)
    #expect(plant.fired == [3_606, 3_660])
  }

  @Test func a_tag_whose_samples_are_past_is_told_once_until_it_sends_something_else() {
    var plant = Self.averaging()
    let told: (TestPlant) -> [String] = { $0.reports.filter { $0.kind == .past }.map(\.text) }
    for place in 0..<5 { plant.send("V", .number(1), at: -820_000_000 + Double(place), arrived: Double(place)) }
    #expect(told(plant) == ["V is 25 years behind: is the clock of its device set?"])
    #expect(plant.decider.evaluator.tagsBehind.map(\.tag) == [TestPlant.tag("V")])
    plant.send("V", 1, at: 10)
    #expect(plant.decider.evaluator.tagsBehind.isEmpty)
    plant.send("V", .number(1), at: -820_000_000, arrived: 11)
    #expect(told(plant).count == 2)
  }

  @Test func what_is_told_of_past_samples_outlives_a_restart() throws {
    var plant = Self.averaging()
    plant.send("V", .number(1), at: -820_000_000, arrived: 0)
    try plant.restart()
    plant.send("V", .number(1), at: -820_000_000, arrived: 1)
    #expect(plant.reports.count { $0.kind == .past } == 1)
    #expect(plant.decider.evaluator.counts.past == 2)
  }

  @Test func an_earlier_journal_takes_samples_however_old_as_it_did() {
    var plant = TestPlant(.over())
    plant.apply(.meaning(.evenSteps))
    plant.send("V", .number(20), at: -820_000_000, arrived: 0)
    #expect(plant.fired == [-820_000_000])
    plant.apply(.meaning(.growingSteps))
    plant.send("W", .number(20), at: -820_000_000, arrived: 0)
    #expect(plant.decider.evaluator.counts.past == 1)
  }

  // MARK: Texts

  @Test func a_text_longer_than_a_tag_holds_is_a_bad_sample() {
    let rule = Rule.make(reads: [("b", "Batch", .latest)]) { try !$0.text("b").isEmpty }
    var plant = TestPlant(rule)
    plant.send("Batch", .text(String(repeating: "x", count: 4_097)), at: 0)
    #expect(plant.fired.isEmpty && plant.condition.blindSince == TestPlant.at(0))
    plant.send("Batch", .text(String(repeating: "x", count: 4_096)), at: 1)
    #expect(plant.fired == [1] && plant.faults.isEmpty)
  }

  // MARK: What is due together

  private static func rules() -> [Rule] {
    DeterminismTests.rules() + [
      .make("age", reads: [("a", "V", .age)], heldFor: 20, every: .span(.seconds(5))) { try $0("a") > 12 },
      Rule(
        name: "looking", title: "looking", owner: "tests", appliesTo: "Machine",
        readings: [
          Reading(name: "a", tag: "", form: .active(rule: "hold")), Reading(name: "v", tag: "V", form: .latest),
        ], heldFor: .span(.seconds(5))
      ) { _, values, _ in values[0] == .boolean(true) ? .yes : .no },
    ]
  }
  private static func plant() -> Decider { Decider(TestPlant.configuration(rules(), machines: 8, lateness: 2)) }

  /// Ticks in slices, each of so many deadlines, with nothing in between. Gives what a journal would have.
  private static func applied(
    _ inputs: [Input], slice: (inout SplitMix) -> Int, interrupted: Bool = false, seed: UInt64
  ) -> (decider: Decider, journal: [Input], decisions: [Decision]) {
    var decider = plant()
    var random = SplitMix(seed: seed)
    var journal: [Input] = []
    var decisions: [Decision] = []
    func note(_ input: Input, _ turn: Decider.Turn?) {
      journal += (turn?.step.faults ?? []).map(Input.fault)
      journal.append(input)
      decisions += turn?.verdict.decisions ?? []
    }
    for input in inputs {
      guard case .tick(let source, let time) = input else {
        note(input, decider.apply(input))
        continue
      }
      while true {
        var left = slice(&random)
        let done = decider.tick(source, time) {
          left -= 1
          return left > 0
        }
        note(done.input, done.turn)
        // What is left of an interrupted tick is the next one's.
        guard case .partialTick = done.input, !interrupted else { break }
      }
    }
    return (decider, journal, decisions)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func a_tick_in_slices_comes_to_what_the_whole_tick_does(seed: UInt64) {
    let inputs = DeterminismTests.inputs(seed: seed, count: 1_500)
    let whole = Self.applied(inputs, slice: { _ in .max }, seed: seed)
    let sliced = Self.applied(inputs, slice: { Int($0.next() % 4) }, seed: seed)
    #expect(sliced.journal.contains { if case .partialTick = $0 { true } else { false } })
    #expect(whole.journal.allSatisfy { if case .partialTick = $0 { false } else { true } })
    #expect(sliced.decisions.map { "\($0.key)" }.sorted() == whole.decisions.map { "\($0.key)" }.sorted())
    #expect(sliced.decider.encodedState() == whole.decider.encodedState())
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>, [false, true])
  func a_journal_of_slices_replayed_gives_the_same_decisions_and_the_same_state(seed: UInt64, interrupted: Bool) {
    let inputs = DeterminismTests.inputs(seed: seed, count: 1_500)
    let live = Self.applied(inputs, slice: { Int($0.next() % 6) }, interrupted: interrupted, seed: seed)
    var replay = Self.plant()
    var decisions: [Decision] = []
    for input in live.journal { decisions += replay.apply(input)?.verdict.decisions ?? [] }
    #expect(decisions == live.decisions && !decisions.isEmpty)
    #expect(replay.encodedState() == live.decider.encodedState())
  }
}
