import Rules
import Testing

/// `on_clear`: what is done when a condition clears.
@Suite struct ClosingTests {
  private let order = ActionTemplate.workOrder(title: "See {asset}", priority: 2, text: nil)
  private let slower = ActionTemplate.setpoint(tag: "W", to: .step(-5))

  /// V goes over 10 at 5 s. W of M1 was 31.
  private func plant(_ onClear: OnClear..., actions: [ActionTemplate], tier: Tier = .act) -> TestPlant {
    var rule = Rule.over(actions: actions)
    rule.onClear = onClear
    var plant = ActionTests.plant(rule, tier: tier)
    plant.send("V", 20, at: 5)
    return plant
  }

  @Test func a_comment_is_said_on_the_order_with_the_readings_of_the_end() {
    var plant = plant(.comment("{asset} is back at {v}"), actions: [order])
    plant.send("V", 4, at: 90)
    #expect(plant.closings.map(\.decision) == [plant.decisions[0].key])
    #expect(plant.closings.map(\.time) == [TestPlant.at(90)])
    #expect(plant.closings.map(\.cancels) == [false])
    let said = plant.closings.flatMap(\.actions)
    #expect(said.map(\.text) == ["M1 is back at 4"])
    #expect(said.map(\.number) == [2])
    #expect(said.map(\.closes) == [1])
    #expect(said.map(\.standing) == [.ready])
  }

  @Test func in_shadow_there_is_no_order_to_speak_on() {
    var plant = plant(.comment("over"), actions: [order], tier: .shadow)
    plant.send("V", 4, at: 90)
    #expect(plant.closings.isEmpty)
  }

  @Test func a_setpoint_goes_back_to_what_it_was_before() {
    var plant = plant(.restore, actions: [order, slower])
    #expect(plant.decisions[0].actions[1].setpoint?.target == 26)
    plant.send("W", 26, at: 20)
    plant.send("V", 4, at: 90)
    let back = plant.closings.flatMap(\.actions)
    #expect(back.map(\.number) == [3])
    #expect(back.map(\.closes) == [2])
    #expect(back.map(\.setpoint) == [Action.Setpoint(tag: "W", target: 31, validUntil: TestPlant.at(150))])
    #expect(back.map(\.standing) == [.ready])
  }

  @Test func what_a_person_has_set_since_is_theirs() {
    var plant = plant(.restore, actions: [slower])
    plant.send("W", 26, at: 20)
    plant.send("W", 50, at: 30)
    plant.send("V", 4, at: 90)
    #expect(
      plant.closings.flatMap(\.actions).map(\.standing)
        == [.refused("W is 50 and no longer the 26 it was set to: it is somebody else's")])
  }

  @Test func what_never_departed_is_not_put_back() {
    var plant = plant(.restore, actions: [slower], tier: .advise)
    plant.send("V", 4, at: 90)
    #expect(plant.closings.isEmpty)
  }

  @Test func the_envelope_is_asked_again() {
    var plant = plant(.restore, actions: [slower])
    plant.send("W", 26, at: 20)
    plant.send("Running", .boolean(false), at: 30)
    plant.send("V", 4, at: 90)
    #expect(plant.closings.flatMap(\.actions).map(\.standing) == [.refused("permissive Running is off")])
  }

  @Test func cancelling_ends_the_waiting_for_a_person_and_says_so_on_an_order_that_was_made() {
    var plant = plant(.cancel, actions: [order], tier: .advise)
    plant.send("V", 4, at: 90)
    #expect(plant.closings.map(\.cancels) == [true])
    #expect(plant.closings.flatMap(\.actions).map(\.text) == ["rule at M1 is over since 2026-03-01T00:01:30Z."])
    plant.send("V", 4, at: 100_000)
    #expect(plant.expired.isEmpty)
  }

  @Test func what_was_decided_is_remembered_over_a_snapshot() throws {
    var plant = plant(.restore, .comment("over"), actions: [order, slower])
    plant.send("W", 26, at: 20)
    var other = plant
    other.decider = Decider(plant.decider.evaluator.configuration)
    var reader = ByteReader(plant.decider.encodedState())
    try other.decider.restore(from: &reader)
    plant.send("V", 4, at: 90)
    other.send("V", 4, at: 90)
    #expect(plant.closings.count == 1)
    #expect(other.closings == plant.closings)
  }

  @Test func a_second_activation_is_closed_on_its_own() {
    var plant = plant(.comment("over"), actions: [order])
    plant.send("V", 4, at: 90)
    plant.send("V", 20, at: 100)
    plant.send("V", 4, at: 190)
    #expect(plant.closings.map(\.decision.time) == [TestPlant.at(5), TestPlant.at(100)])
  }
}
