import Rules
import Testing

/// S4: what is not good.
@Suite struct QualityTests {
  @Test(arguments: [
    Value.number(.nan), .number(.infinity), .number(-.infinity), .null, .text("20"), .boolean(true), .number(1001),
  ])
  func what_is_no_credible_number_is_a_bad_sample_at_its_time(value: Value) {
    var plant = TestPlant(.over())
    plant.send("V", 1, at: 0)
    plant.send("V", value, at: 1)
    #expect(plant.condition.blindSince == TestPlant.at(1))
    #expect(plant.fired == [])
  }

  @Test(arguments: [Quality.bad, .stale, .uncertain])
  func the_sources_own_quality_is_taken_over(quality: Quality) {
    var plant = TestPlant(.over())
    plant.send("V", 20, at: 0, quality: quality)
    #expect(plant.fired == [])
    #expect(plant.condition.blindSince != nil)
  }

  @Test func uncertain_is_good_where_the_class_says_so() {
    var plant = TestPlant(.over(tag: "Unsure"))
    plant.send("Unsure", 20, at: 0, quality: .uncertain)
    #expect(plant.fired == [0])
  }

  @Test(arguments: [
    (Value.number(1), true), (.number(0), false), (.text("ON"), true), (.text("off"), false), (.boolean(true), true),
  ])
  func a_boolean_tag_converts_what_sources_send(value: Value, expected: Bool) {
    var plant = TestPlant(.make(reads: [("on", "Running", .latest)]) { try $0("on") == 1 })
    plant.send("Running", value, at: 0)
    #expect(plant.fired == (expected ? [0] : []))
    #expect(plant.condition.blindSince == nil)
  }

  @Test(arguments: [Value.number(2), .text("maybe"), .null])
  func a_boolean_tag_takes_nothing_else(value: Value) {
    var plant = TestPlant(.make(reads: [("on", "Running", .latest)]) { try $0("on") == 1 })
    plant.send("Running", value, at: 0)
    #expect(plant.condition.blindSince != nil)
  }

  @Test func states_come_by_code_and_by_name_and_an_unknown_one_is_bad() {
    var plant = TestPlant(.make(reads: [("s", "State", .latest)]) { try $0.text("s") == "Heating" })
    plant.send("State", 1, at: 0)
    plant.send("State", 0, at: 1)
    plant.send("State", .text("Heating"), at: 2)
    #expect(plant.fired == [0, 2])
    plant.send("State", 7, at: 3)
    #expect(plant.condition.blindSince == TestPlant.at(3))
  }

  @Test func a_tag_that_shows_life_itself_is_stale_when_silent_for_longer() {
    var plant = TestPlant(.over(heldFor: 300, tag: "Alive"))
    plant.send("Alive", 20, at: 0)
    plant.send("Alive", 20, at: 60)
    #expect(plant.phase == "pending")
    plant.send("Alive", 20, at: 120.5)
    #expect(plant.phase == "pending")
    #expect(plant.condition.phase == .pending(since: TestPlant.at(120.5)), "the silence restarted the hold")
  }

  @Test func report_by_exception_is_good_however_long_it_is_silent() {
    var plant = TestPlant(.over(heldFor: 300))
    plant.send("V", 20, at: 0)
    plant.send("V", 21, at: 86_400)
    #expect(plant.fired == [300])
  }

  @Test func a_tag_lives_by_its_heartbeat() {
    var plant = TestPlant(.over(heldFor: 30, tag: "Beaten"))
    plant.send("Beat", 1, at: 0)
    plant.send("Beaten", 20, at: 0)
    for beat in 1...4 { plant.send("Beat", Double(beat), at: Double(beat) * 9) }
    #expect(plant.fired == [30])
  }

  @Test func a_heartbeat_that_stops_makes_its_tags_stale() {
    var plant = TestPlant(.over(heldFor: 30, tag: "Beaten"))
    plant.send("Beat", 1, at: 0)
    plant.send("Beaten", 20, at: 0)
    plant.send("Beat", 2, at: 25)
    plant.send("Beat", 3, at: 33)
    #expect(plant.fired == [])
    #expect(plant.condition.phase == .pending(since: TestPlant.at(25)))
  }

  @Test func a_tag_never_heard_of_is_stale_from_the_assets_first_input_on() {
    var plant = TestPlant(
      .make(reads: [("v", "V", .latest), ("w", "W", .latest)]) { try $0("v") > 10 && $0("w") > 10 })
    plant.send("V", 20, at: 5)
    #expect(plant.condition.blindSince == TestPlant.at(5))
  }

  @Test func a_sample_too_old_when_it_arrives_goes_to_the_windows_and_does_not_make_the_tag_good() {
    var latest = TestPlant(.over(tag: "Alive"))
    latest.send("Alive", .number(20), at: 0, arrived: 61)
    #expect(latest.fired == [])
    var window = TestPlant(.make(reads: [("v", "Alive", .maximum(.seconds(30)))]) { try $0("v") > 10 })
    window.send("Alive", .number(20), at: 0, arrived: 61)
    window.send("Alive", .number(20), at: 30, arrived: 91)
    #expect(window.fired == [30])
  }
}
