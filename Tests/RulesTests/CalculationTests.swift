import Rules
import Testing

/// `calculates`: tags made of tags.
@Suite struct CalculationTests {
  static let p = Reading(name: "p", tag: "P", form: .latest)
  static let q = Reading(name: "q", tag: "Q", form: .latest)
  static var ratio: Calculation { Calculation.make("ratio", [p, q], unit: "1") { try $0("p") / $0("q") } }
  static func of(_ tag: String = "ratio", _ form: ReadingForm = .latest, as name: String = "r") -> Reading {
    Reading(name: name, tag: tag, form: form)
  }
  static func asking(_ form: ReadingForm, _ calculations: Calculation..., when: @escaping (Look) throws -> Bool) -> Rule
  {
    .on("Pump", [of("ratio", form)], calculating: calculations, when: when)
  }

  /// 4/2 = 2 from 0 to 30, then 4/1 = 4: (2 · 30 + 4 · 30) / 60 = 3.
  @Test func an_average_of_a_calculation_is_weighted_by_time() {
    var plant = TestPlant(works: Self.asking(.average(.seconds(60)), Self.ratio) { try $0("r") > 2.9 })
    plant.send("P-1", "P", 4, at: 0)
    plant.send("P-1", "Q", 2, at: 0)
    plant.send("P-1", "Q", 1, at: 30)
    plant.send("P-1", "P", 4, at: 60)
    #expect(plant.told == ["P-1@60.0"])
    #expect(plant.decisions.first?.evidence == [Evidence(name: "r", value: .number(3), unit: "1")])
  }

  /// Nothing from 40 to 52: 12 of 60 s are left out, 48 are four fifths, (2 · 40 + 6 · 8) / 48 = 128 / 48.
  @Test func what_says_nothing_for_a_while_is_left_out_of_windows() {
    let ratio = Calculation.make("ratio", [Self.p, Self.q]) { look in
      try look("q") < 1 ? nil : try look("p")
    }
    var plant = TestPlant(works: Self.asking(.average(.seconds(60)), ratio) { try $0("r") > 2.5 })
    for (tag, number, time) in [("P", 2.0, 0.0), ("Q", 5, 0), ("Q", 0, 40), ("P", 6, 45), ("Q", 5, 52), ("Q", 5, 60)] {
      plant.send("P-1", tag, number, at: time)
    }
    #expect(plant.told == ["P-1@60.0"])
    #expect(plant.decisions.first?.evidence.first?.value == .number(128.0 / 48))
  }

  @Test func a_calculation_that_says_nothing_blinds_who_looks_at_it_now() {
    let ratio = Calculation.make("ratio", [Self.q]) { try $0("q") < 1 ? nil : 1 }
    var plant = TestPlant(works: Self.asking(.latest, ratio) { try $0("r") > 0 })
    plant.send("P-1", "Q", 0, at: 7)
    #expect(plant.condition(of: "P-1")?.blindSince == TestPlant.at(7))
    plant.send("P-1", "Q", 2, at: 9)
    #expect(plant.told == ["P-1@9.0"])
  }

  @Test(arguments: [Quality.bad, .stale]) func it_takes_the_quality_of_what_blinds_it(quality: Quality) {
    var plant = TestPlant(works: Self.asking(.quality, Self.ratio) { try $0.text("r") == "\(quality)" })
    plant.send("P-1", "P", 1, at: 1)
    plant.send("P-1", "Q", 1, at: 1)
    plant.send("P-1", "P", 1, at: 5, quality: quality)
    #expect(plant.told == (quality == .stale ? ["P-1@1.0", "P-1@5.0"] : ["P-1@5.0"]))
  }

  /// Silent since 0, stale after 60 s: bad from then on although nothing arrives of it.
  @Test func the_silence_of_what_it_reads_is_its_own() {
    let alive = Reading(name: "a", tag: "Alive", form: .latest)
    let ratio = Calculation.make("ratio", [alive]) { try $0("a") }
    var plant = TestPlant(works: .on("Pump", [Self.of(), Self.q], calculating: [ratio]) { try $0("r") > 5 })
    plant.send("P-1", "Alive", 1, at: 0)
    plant.send("P-1", "Q", 1, at: 100)
    #expect(plant.condition(of: "P-1")?.blindSince == TestPlant.at(60) + TimeSpan(microseconds: 1))
  }

  @Test func a_number_beyond_all_numbers_is_not_good() {
    var plant = TestPlant(works: Self.asking(.latest, Self.ratio) { try $0("r") > 0 })
    plant.send("P-1", "P", 1, at: 0)
    plant.send("P-1", "Q", 0, at: 3)
    #expect(plant.told == [])
    #expect(plant.condition(of: "P-1")?.blindSince != nil)
  }

  /// 2 and 3 make 6 and 12, in whatever order they are written.
  @Test func a_calculation_may_read_another() {
    let product = Calculation.make("product", [Self.p, Self.q]) { try $0("p") * $0("q") }
    let ratio = Calculation.make("ratio", [Self.of("product", .latest, as: "x")]) { try $0("x") * 2 }
    for calculations in [[product, ratio], [ratio, product]] {
      var plant = TestPlant(works: .on("Pump", [Self.of()], calculating: calculations) { try $0("r") == 12 })
      plant.send("P-1", "P", 2, at: 0)
      plant.send("P-1", "Q", 3, at: 1)
      #expect(plant.told == ["P-1@1.0"])
    }
  }

  @Test func a_ring_of_calculations_is_found() {
    let a = Calculation.make("a", [Self.of("b")]) { try $0("r") }
    let b = Calculation.make("b", [Self.of("a")]) { try $0("r") }
    #expect(Rule.on("Pump", [Self.p], calculating: [a, b]) { _ in true }.cycleOfCalculations == ["a", "b", "a"])
    #expect(Rule.on("Pump", [Self.p], calculating: [Self.ratio]) { _ in true }.cycleOfCalculations == nil)
  }

  /// 1 at 0, again 1 at 10, 4 at 20: the mean of three samples is 2. The window of 25 s is known for 20 s of it.
  @Test func the_same_value_again_is_a_sample_when_what_it_reads_was_sampled() {
    let ratio = Calculation.make("ratio", [Self.p]) { try $0("p") }
    var plant = TestPlant(works: Self.asking(.mean(.seconds(25)), ratio) { try $0("r") == 2 })
    for (number, time) in [(1.0, 0.0), (1, 10), (4, 20)] { plant.send("P-1", "P", number, at: time) }
    #expect(plant.told == ["P-1@20.0"])
  }

  @Test func other_tags_of_the_rule_do_not_sample_it() {
    let ratio = Calculation.make("ratio", [Self.p]) { try $0("p") }
    var plant = TestPlant(
      works: .on("Pump", [Self.of("ratio", .age), Self.q], calculating: [ratio]) { try $0("r") == 15 && $0("q") > 0 })
    plant.send("P-1", "P", 1, at: 5)
    for time in [10.0, 20] { plant.send("P-1", "Q", 1, at: time) }
    #expect(plant.told == ["P-1@20.0"])
  }

  @Test func it_may_be_made_of_other_assets_and_of_many() {
    let temps = Reading(name: "t", subject: .each(assetClass: "Zone"), tag: "Temp", form: .latest)
    let target = Reading(name: "target", tag: "Target", form: .latest)
    let off = Calculation.make("off", [temps, target]) { try $0.group("t").mean - $0("target") }
    var plant = TestPlant(works: .on("Oven", [Self.of("off")], calculating: [off]) { try $0("r") == -15 })
    plant.send("O-1", "Target", 800, at: 0)
    plant.send("Z-1", "Temp", 780, at: 1)
    plant.send("Z-2", "Temp", 790, at: 2)
    #expect(plant.told == ["O-1@2.0"])
  }

  @Test func an_older_change_is_calculated_at_the_clock() {
    var plant = TestPlant(works: Self.asking(.age, Self.ratio) { try $0("r") == 0 })
    plant.send("P-1", "P", 4, at: 30)
    plant.send("P-1", "Q", 2, at: 20)
    #expect(plant.told == ["P-1@30.0"])
  }

  @Test func its_failure_is_the_rules_and_leaves_no_trace() {
    let sum = Calculation.make("sum", [Self.p]) { try $0("p") }
    let ratio = Calculation.make("ratio", [Self.p]) { look in
      if try look("p") > 90 { throw Broken(cause: "rules/rule.lua:3: too much") }
      return try look("p")
    }
    let rule = Rule.on("Pump", [Self.of(), Self.of("sum", .count(.seconds(60)), as: "n")], calculating: [sum, ratio]) {
      try $0("r") > 10 && $0("n") > 1
    }
    var plant = TestPlant(works: rule)
    for (number, time) in [(1.0, 0.0), (2, 50), (99, 55)] { plant.send("P-1", "P", number, at: time) }
    #expect(plant.faults == [Fault(rule: "rule", asset: "Works/L-1/P-1", cause: "rules/rule.lua:3: too much")])
    var replayed = Decider(TestWorks.configuration([rule]))
    for input in plant.journal[..<2] { _ = replayed.apply(input) }
    for fault in plant.faults { _ = replayed.apply(.fault(fault)) }
    _ = replayed.apply(plant.journal[2])
    #expect(replayed.encodedState() == plant.decider.encodedState())
  }

  @Test func a_restart_in_the_middle_of_a_window_changes_nothing() throws {
    var plant = TestPlant(works: Self.asking(.average(.seconds(60)), Self.ratio) { try $0("r") > 2.9 })
    for (tag, number, time) in [("P", 4.0, 0.0), ("Q", 2, 0), ("Q", 1, 30), ("P", 4, 60)] {
      plant.send("P-1", tag, number, at: time)
      try plant.restart()
    }
    #expect(plant.told == ["P-1@60.0"])
  }
}
