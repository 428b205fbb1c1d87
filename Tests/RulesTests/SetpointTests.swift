import Rules
import Testing

/// Setpoints at their decision: the first check of the envelope.
@Suite struct SetpointTests {
  private static let conduit = Conduit(
    name: "v", adapter: "desk", end: .assetClass("Machine"), tag: "W", range: 20...60, largestStep: 10,
    permissive: "Running")

  /// A machine whose rule on V asks for a change of W, which is 40, while Running is on.
  private func plant(
    _ to: SetpointTarget..., tag: String = "W", tier: Tier = .act, conduits: [Conduit] = [conduit],
    adapter: String? = "desk"
  ) -> TestPlant {
    var configuration = TestPlant.configuration(
      [.over(actions: to.map { .setpoint(tag: tag, to: $0) })], tier: tier)
    configuration.policy.conduits = conduits
    if let adapter {
      configuration.policy.routes.append(.init(kind: .setpoint, assetClass: nil, adapter: adapter))
    }
    var plant = TestPlant(.over())
    plant.decider = Decider(configuration)
    plant.send("W", 40, at: 0)
    plant.send("Running", .boolean(true), at: 0)
    return plant
  }

  private func standings(_ plant: TestPlant) -> [ActionStanding] { plant.decisions.flatMap(\.actions).map(\.standing) }

  @Test func a_setpoint_within_its_conduit_is_ready_with_its_target_and_its_time_fixed() {
    var plant = plant(.fraction(-0.1))
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.ready])
    #expect(
      plant.decisions[0].actions[0].setpoint
        == Action.Setpoint(tag: "W", target: 36, validUntil: TestPlant.at(65)))
    #expect(plant.decisions[0].actions[0].adapter == "desk")
  }

  @Test(arguments: [
    (SetpointTarget.value(61), "target 61 is outside 20 to 60"), (.value(19.5), "target 19.5 is outside 20 to 60"),
    (.value(.nan), "the target is no finite number"), (.step(10.5), "from 40 to 50.5 is a larger step than 10"),
    (.fraction(-0.26), "from 40 to 29.6 is a larger step than 10"),
  ])
  func a_target_beyond_its_conduit_is_refused_with_the_reason(to: SetpointTarget, why: String) {
    var plant = plant(to)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.refused(why)])
    #expect(plant.decisions[0].actions[0].setpoint?.validUntil == nil)
  }

  @Test(arguments: [SetpointTarget.step(10), .step(-10), .value(50), .value(30)])
  func a_step_of_the_largest_size_is_allowed(to: SetpointTarget) {
    var plant = plant(to)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.ready])
  }

  @Test func a_permissive_that_is_off_or_not_good_is_no_permission() {
    var off = plant(.step(1))
    off.send("Running", .boolean(false), at: 1)
    off.send("V", 20, at: 5)
    #expect(standings(off) == [.refused("permissive Running is off")])
    var bad = plant(.step(1))
    bad.send("Running", .boolean(true), at: 1, quality: .bad)
    bad.send("V", 20, at: 5)
    #expect(standings(bad) == [.refused("permissive Running is not good")])
  }

  @Test func a_present_value_that_is_not_good_refuses_an_absolute_target_too() {
    var plant = plant(.value(40))
    plant.send("W", 40, at: 1, quality: .bad)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.refused("the present value of W is not good")])
  }

  @Test func there_is_one_open_change_of_a_tag_until_its_time_is_over() {
    var plant = plant(.step(1), .step(2))
    for time in [5.0, 30, 65] {
      plant.send("V", 20, at: time)
      plant.send("V", 1, at: time + 1)
    }
    let open = ActionStanding.refused("another change of W is open until 2026-03-01T00:01:05Z")
    let again = ActionStanding.refused("another change of W is open until 2026-03-01T00:02:05Z")
    #expect(standings(plant) == [.ready, open, open, open, .ready, again])
  }

  @Test func a_change_decided_under_an_earlier_configuration_is_still_open() {
    var plant = plant(.step(1))
    var standing = Standing()
    standing.setpoints = [("Works/M1", "W", TestPlant.at(70)), ("Works/M9", "W", TestPlant.at(70))]
    plant.decider = Decider(plant.decider.evaluator.configuration, standing: standing)
    plant.send("W", 40, at: 1)
    plant.send("Running", .boolean(true), at: 1)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.refused("another change of W is open until 2026-03-01T00:01:10Z")])
  }

  @Test func an_approval_may_take_no_longer_than_the_request_is_valid() {
    var plant = plant(.step(1), tier: .advise)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.waiting(expires: TestPlant.at(65))])
    plant.send("V", 20, at: 66)
    #expect(plant.expired == [ActionKey(decision: plant.decisions[0].key, number: 1)])
  }

  @Test func in_shadow_the_envelope_says_what_it_would_say_and_nothing_is_open() {
    var plant = plant(.step(1), .step(20), .step(2), tier: .shadow)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.shadow, .refused("from 40 to 60 is a larger step than 10"), .shadow])
  }

  @Test func an_assets_own_conduit_goes_before_that_of_its_class() {
    var own = Self.conduit
    own.end = .asset(path: "Works/M1")
    own.range = 20...40
    var plant = plant(.step(1), conduits: [Self.conduit, own])
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.refused("target 41 is outside 20 to 40")])
  }

  @Test(arguments: [nil, "plc"])
  func a_conduit_through_another_adapter_is_none(adapter: String?) {
    var plant = plant(.step(1), adapter: adapter)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.refused("conduit v leads through desk, and the site does not send this there")])
  }

  @Test func a_setpoint_of_what_is_no_number_is_refused() {
    var conduit = Self.conduit
    conduit.tag = "State"
    var plant = plant(.value(30), tag: "State", conduits: [conduit])
    plant.send("State", .text("Heating"), at: 1)
    plant.send("V", 20, at: 5)
    #expect(standings(plant) == [.refused("State is no number")])
  }

  @Test func a_value_counts_as_present_while_its_link_is_up_and_its_sign_of_life_is_fresh() {
    var conduit = Self.conduit
    conduit.tag = "Beaten"
    var plant = plant(.value(30), tag: "Beaten", conduits: [conduit])
    let beaten = TestPlant.tag("Beaten")
    plant.send("Beat", 1, at: 10)
    plant.send("Beaten", 25, at: 10)
    #expect(plant.decider.evaluator.current(beaten) == nil, "the source never said that it has caught up")
    plant.link(.connected, at: 11)
    #expect(plant.decider.evaluator.current(beaten) == nil)
    plant.link(.caughtUp, at: 11)
    #expect(plant.decider.evaluator.current(beaten) == CurrentValue(.number(25), goodUntil: TestPlant.at(20)))
    plant.send("Beat", 2, at: 15)
    #expect(plant.decider.evaluator.current(beaten)?.goodUntil == TestPlant.at(25))
    #expect(plant.decider.evaluator.current(beaten)?.value(at: TestPlant.at(26)) == nil)
    plant.link(.lost, at: 16)
    #expect(plant.decider.evaluator.current(beaten) == nil)
  }
}
