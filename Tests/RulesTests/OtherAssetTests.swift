import Rules
import Testing

/// Readings of an ancestor, of a named other, and of all below.
@Suite struct OtherAssetTests {
  static let flow = Reading(name: "flow", tag: "Q", form: .latest)
  static let on = Reading(name: "on", subject: .ancestor(assetClass: "Line"), tag: "On", form: .latest)
  static let own = Reading(name: "own", tag: "P", form: .latest)
  static let twin = Reading(name: "twin", subject: .reference("standby"), tag: "P", form: .latest)
  static let temps = Reading(name: "temps", subject: .each(assetClass: "Zone"), tag: "Temp", form: .latest)

  static var noFlow: Rule { Rule.on("Pump", [flow, on]) { try $0("on") == 1 && $0("flow") < 1 } }
  static var drift: Rule { Rule.on("Pump", [own, twin], heldFor: 10) { try abs($0("own") - $0("twin")) > 0.5 } }
  static var uneven: Rule {
    .on("Oven", [temps]) { look in
      let temps = try look.group("temps")
      return temps.highest - temps.lowest > 15
    }
  }

  // MARK: Ancestors

  @Test func what_the_line_says_counts_for_the_pump_in_it() {
    var plant = TestPlant(works: Self.noFlow)
    plant.send("L-1", "On", .boolean(false), at: 0)
    plant.send("P-1", "Q", 0, at: 5)
    plant.send("L-1", "On", .boolean(true), at: 7)
    #expect(plant.told == ["P-1@7.0"])
  }

  @Test func a_change_of_the_line_asks_all_pumps_in_it_in_tree_order() {
    var plant = TestPlant(works: Self.noFlow)
    plant.send("P-2", "Q", 0, at: 1)
    plant.send("P-1", "Q", 0, at: 2)
    plant.send("L-1", "On", .boolean(true), at: 7)
    #expect(plant.told == ["P-1@7.0", "P-2@7.0"])
  }

  @Test func a_pump_in_no_line_is_blind_and_names_the_reading() {
    var plant = TestPlant(works: Self.noFlow)
    plant.send("P-9", "Q", 0, at: 3)
    #expect(plant.condition(of: "P-9")?.blindSince == TestPlant.at(3))
    #expect(plant.condition(of: "P-9")?.blindReading == 1)
  }

  @Test func an_optional_reading_of_what_is_not_there_is_absent() {
    var on = Self.on
    on.isOptional = true
    var plant = TestPlant(works: .on("Pump", [Self.flow, on]) { try $0.isAbsent("on") && $0("flow") < 1 })
    plant.send("P-9", "Q", 0, at: 3)
    #expect(plant.told == ["P-9@3.0"])
  }

  // MARK: References

  /// P-2 reads 1 bar more from 20 on: both of the pair see it, and both are asked again at 30.
  @Test func the_drift_of_a_redundant_pair_is_seen_by_both() {
    var plant = TestPlant(works: Self.drift)
    for (pump, time) in [("P-1", 0.0), ("P-2", 0)] { plant.send(pump, "P", 1, at: time) }
    plant.send("P-2", "P", 2, at: 20)
    plant.send("P-1", "P", 1, at: 31)
    #expect(plant.told == ["P-1@30.0", "P-2@30.0"])
    #expect(plant.decisions.map(\.since) == [TestPlant.at(20), TestPlant.at(20)])
    #expect(plant.decisions[0].evidence.map(\.value) == [.number(1), .number(2)])
    #expect(plant.decisions[0].evidence.map(\.unit) == ["bar g", "bar g"])
  }

  @Test func no_deadline_is_taken_while_the_others_source_is_away() {
    var plant = TestPlant(works: Self.drift)
    for source in 0...1 {
      plant.link(.connected, of: source, at: 0)
      plant.link(.caughtUp, of: source, at: 0)
    }
    plant.send("P-1", "P", 1, at: 1)
    plant.send("P-2", "P", 2, at: 20)
    plant.link(.lost, of: 1, at: 25)
    plant.tick(60, of: 0)
    #expect(plant.told == [])
    plant.link(.connected, of: 1, at: 61)
    plant.send("P-2", "P", 2, at: 28)
    plant.link(.caughtUp, of: 1, at: 62)
    #expect(plant.told == [], "the other source has not ticked yet")
    plant.tick(62, of: 1)
    #expect(plant.told == ["P-1@30.0", "P-2@30.0"])
  }

  @Test func a_sample_of_the_other_that_breaks_the_hold_in_time_breaks_it() {
    var plant = TestPlant(works: Self.drift, lateness: 5)
    plant.send("P-1", "P", 1, at: 0)
    plant.send("P-2", "P", 2, at: 20)
    plant.send("P-1", "P", 1, at: 33)
    plant.send("P-2", "P", 1, at: 29)
    plant.send("P-1", "P", 1, at: 60)
    #expect(plant.told == [])
  }

  @Test func an_older_change_of_the_other_is_seen_at_the_clock() {
    var plant = TestPlant(works: .on("Pump", [Self.own, Self.twin]) { try abs($0("own") - $0("twin")) > 0.5 })
    plant.send("P-1", "P", 1, at: 30)
    plant.send("P-2", "P", 2, at: 25)
    #expect(plant.told == ["P-1@30.0", "P-2@30.0"])
  }

  /// The standby's beat comes at 0, 8 and 30; silent for longer than 10 s, so not good after 18.
  @Test func the_other_lives_by_its_own_heartbeat() {
    let beaten = Reading(name: "a", subject: .reference("standby"), tag: "Beaten", form: .latest)
    var plant = TestPlant(works: .on("Pump", [beaten, Self.flow]) { try $0("a") > 5 })
    plant.send("P-2", "Beaten", 3, at: 0)
    for time in [0.0, 8] { plant.send("P-2", "Beat", time, at: time) }
    plant.send("P-1", "Q", 1, at: 20)
    #expect(plant.condition(of: "P-1")?.blindSince == TestPlant.at(18) + TimeSpan(microseconds: 1))
    plant.send("P-2", "Beat", 30, at: 30)
    #expect(plant.condition(of: "P-1")?.blindSince == nil)
  }

  @Test func an_other_never_heard_of_is_not_good() {
    var plant = TestPlant(works: Self.drift)
    plant.send("P-1", "P", 1, at: 4)
    #expect(plant.condition(of: "P-1")?.blindSince == TestPlant.at(4))
  }

  // MARK: Groups

  static func oven(_ temps: [Double?]) -> TestPlant {
    var plant = TestPlant(works: uneven)
    for (place, temp) in temps.enumerated() {
      plant.send("Z-\(place + 1)", "Temp", temp ?? 0, at: Double(place), quality: temp == nil ? .bad : .good)
    }
    return plant
  }

  /// 800, 810, 820 and 805: the mean is 808.75; 820 lies 11.25 from it, 800 only 8.75. The squares of the distances sum
  /// to 76.5625 + 1.5625 + 126.5625 + 14.0625 = 218.75, a quarter of which is 54.6875.
  @Test func an_oven_with_one_thermocouple_bad_is_judged_by_the_other_four() {
    let plant = Self.oven([800, 810, nil, 820, 805])
    #expect(plant.told == ["O-1@3.0"])
    var last = Self.oven([800, 810, nil, 801, 805])
    last.send("Z-4", "Temp", 820, at: 9)
    #expect(
      last.decisions[0].evidence[0].value
        == .group(
          GroupReading(
            highest: 820, lowest: 800, spread: (54.6875).squareRoot(), mean: 808.75, howMany: 4, worst: "Z-4")))
    #expect(last.decisions[0].evidence[0].unit == "degC")
  }

  @Test func an_even_oven_is_left_in_peace() { #expect(Self.oven([800, 810, 805, 811, 815]).told == []) }

  @Test func of_two_equally_far_from_the_mean_the_first_in_the_tree_is_worst() {
    #expect(
      Self.oven([800, 820]).decisions[0].evidence[0].value
        == .group(
          GroupReading(highest: 820, lowest: 800, spread: 10, mean: 810, howMany: 2, worst: "Z-1")))
  }

  @Test func with_none_known_it_is_not_good_since_the_last_was_lost() {
    var plant = Self.oven([800, 801, 802, 803, 804])
    #expect(plant.condition(of: "O-1")?.blindSince == nil)
    for zone in 1...5 { plant.send("Z-\(zone)", "Temp", 0, at: 10 + Double(zone), quality: .bad) }
    #expect(plant.condition(of: "O-1")?.blindSince == TestPlant.at(15))
  }

  /// The last is lost at 15 and tolerated to 20; the hold that began at 12 ends at 18.
  @Test func a_group_that_is_lost_stands_as_long_as_it_is_tolerated() {
    let rule = Rule.on("Oven", [Self.temps], heldFor: 6, tolerates: 5) { try $0.group("temps").highest > 900 }
    var plant = TestPlant(works: rule)
    plant.send("Z-1", "Temp", 901, at: 12)
    plant.send("Z-1", "Temp", 0, at: 15, quality: .bad)
    plant.send("Z-2", "Temp", 0, at: 40, quality: .bad)
    #expect(plant.told == ["O-1@18.0"])
    #expect(plant.condition(of: "O-1")?.blindSince == TestPlant.at(20))
  }

  /// From 0 to 10 zone 1 holds 100 and zone 2 first 100, then 300 for the second half: 100 and 200.
  @Test func windows_are_taken_of_each_member_first() {
    let average = Reading(
      name: "temps", subject: .each(assetClass: "Zone"), tag: "Temp", form: .average(.seconds(10)))
    var plant = TestPlant(works: .on("Oven", [average]) { try $0.group("temps").mean > 149 })
    for (zone, temp, time) in [("Z-1", 100.0, 0.0), ("Z-2", 100, 0), ("Z-2", 300, 5), ("Z-1", 100, 10)] {
      plant.send(zone, "Temp", temp, at: time)
    }
    #expect(plant.told == ["O-1@10.0"])
  }

  @Test func true_counts_as_one() {
    let hot = Reading(name: "hot", subject: .each(assetClass: "Zone"), tag: "Hot", form: .latest)
    var plant = TestPlant(works: .on("Oven", [hot]) { try $0.group("hot").mean > 0.6 })
    for (zone, isHot) in [("Z-1", true), ("Z-2", false), ("Z-3", true)] {
      plant.send(zone, "Hot", .boolean(isHot), at: 1)
    }
    // One of one fires, one of two clears, two of three fires again.
    #expect(plant.told == ["O-1@1.0", "O-1@1.0"])
    #expect(plant.cleared == [1])
  }
}
