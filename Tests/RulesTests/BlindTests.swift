import Rules
import Testing

/// S5: a rule is blind when it looks at what is not good or not known.
@Suite struct BlindTests {
  private let either = [("v", "V", ReadingForm.latest), ("w", "W", .latest)]

  @Test func a_reading_that_was_not_looked_at_does_not_blind() {
    var plant = TestPlant(.make(reads: either) { try $0("v") > 10 && $0("w") > 10 })
    plant.send("W", 1, at: 0, quality: .bad)
    plant.send("V", 1, at: 1)
    #expect(plant.condition.blindSince == nil)
    plant.send("V", 20, at: 2)
    #expect(plant.condition.blindSince == TestPlant.at(2))
  }

  @Test func the_last_good_value_stands_while_the_rule_tolerates() {
    var plant = TestPlant(.over(heldFor: 60, tolerates: 10))
    plant.send("V", 20, at: 0)
    plant.send("V", 0, at: 30, quality: .bad)
    plant.send("V", 20, at: 39)
    plant.send("V", 20, at: 61)
    #expect(plant.fired == [60])
  }

  @Test func beyond_tolerance_a_hold_is_abandoned() {
    var plant = TestPlant(.over(heldFor: 60, tolerates: 10))
    plant.send("V", 20, at: 0)
    plant.send("V", 0, at: 30, quality: .bad)
    plant.send("V", 20, at: 41)
    plant.send("V", 20, at: 90)
    #expect(plant.fired == [])
    #expect(plant.condition.phase == .pending(since: TestPlant.at(41)))
  }

  @Test func tolerance_is_a_tenth_of_the_hold_by_default() {
    var plant = TestPlant(.over(heldFor: 100, tolerates: nil))
    plant.send("V", 20, at: 0)
    plant.send("V", 0, at: 50, quality: .bad)
    plant.send("V", 0, at: 59.9, quality: .bad)
    #expect(plant.phase == "pending")
    plant.send("V", 0, at: 60, quality: .bad)
    #expect(plant.phase == "normal")
  }

  @Test func active_stays_while_blind() {
    var plant = TestPlant(.over())
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10, quality: .bad)
    #expect(plant.phase == "active")
    #expect(plant.cleared == [])
  }

  @Test func a_release_is_abandoned_when_blind() {
    var plant = TestPlant(.over(releasedFor: 60))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 10)
    plant.send("V", 1, at: 20, quality: .bad)
    plant.send("V", 1, at: 30)
    plant.send("V", 1, at: 80)
    #expect(plant.cleared == [])
    plant.send("V", 1, at: 91)
    #expect(plant.cleared == [90])
  }

  @Test func quality_age_and_stale_are_always_known() {
    var plant = TestPlant(
      .make(reads: [("q", "V", .quality), ("s", "V", .stale(after: .hours(3))), ("a", "V", .age)]) {
        try $0.text("q") == "bad" && $0("s") == 0 && $0("a") == 0
      })
    plant.send("V", 1, at: 10, quality: .bad)
    #expect(plant.fired == [10])
  }

  @Test func blind_for_longer_than_the_site_allows_is_told_once() {
    var plant = TestPlant(.over())
    plant.send("V", 1, at: 0, quality: .bad)
    plant.send("V", 2, at: 86_401, quality: .bad)
    plant.send("V", 3, at: 2 * 86_400, quality: .bad)
    #expect(plant.reports.map(\.kind) == [.blindTooLong])
  }
}
