import Rules
import Testing

/// S8 and tiers: what becomes of a firing.
@Suite struct PolicyTests {
  private let order = ActionTemplate.workOrder(title: "See {asset}: {v} over {high}", priority: 2, text: nil)

  @Test func a_second_firing_within_at_most_is_held_back_with_its_reason() {
    var plant = TestPlant(.over(atMost: 3600))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 60)
    plant.send("V", 20, at: 120)
    #expect(plant.fired == [0])
    #expect(plant.heldBack.map(\.reason) == [.atMost(until: TestPlant.at(3600))])
  }

  @Test func a_held_back_decision_is_taken_when_the_reason_ends_once_and_marked_deferred() {
    var plant = TestPlant(.over(atMost: 3600))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 60)
    plant.send("V", 20, at: 120)
    plant.play("V", 20, from: 130, through: 9000)
    #expect(plant.fired == [0, 3600])
    #expect(plant.decisions[1].deferredFrom == TestPlant.at(120))
    #expect(plant.decisions[1].since == TestPlant.at(120))
  }

  @Test func a_held_back_decision_lapses_when_the_condition_clears_first() {
    var plant = TestPlant(.over(atMost: 3600))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 60)
    plant.send("V", 20, at: 120)
    plant.send("V", 1, at: 180)
    plant.play("V", 1, from: 190, through: 9000)
    #expect(plant.fired == [0])
  }

  @Test func the_reason_may_end_in_a_gap_of_the_data() {
    var plant = TestPlant(.over(atMost: 3600))
    plant.send("V", 20, at: 0)
    plant.send("V", 1, at: 60)
    plant.send("V", 20, at: 120)
    plant.send("V", 20, at: 90_000)
    #expect(plant.fired == [0, 3600])
  }

  @Test func at_most_counts_decisions_that_were_not_held_back() {
    var plant = TestPlant(.over(atMost: 100))
    for time in [0.0, 90, 180] {
      plant.send("V", 20, at: time)
      plant.send("V", 1, at: time + 5)
    }
    #expect(plant.fired == [0, 180])
  }

  @Test(arguments: [
    (Tier.shadow, ActionStanding.shadow), (.act, .ready), (.advise, .waiting(expires: TestPlant.at(8 * 3600))),
  ])
  func the_tier_says_how_far_an_action_goes(tier: Tier, standing: ActionStanding) {
    var plant = TestPlant(.over(actions: [order]), tier: tier)
    plant.send("V", 20, at: 0)
    #expect(plant.decisions[0].actions.map(\.standing) == [standing])
    #expect(plant.decisions[0].tier == tier)
  }

  @Test func an_unanswered_action_expires_by_data_time() {
    var plant = TestPlant(.over(actions: [order]), tier: .advise)
    plant.send("V", 20, at: 0)
    plant.send("V", 20, at: 8 * 3600)
    #expect(plant.expired == [])
    plant.send("V", 20, at: 8 * 3600 + 1)
    #expect(plant.expired == [ActionKey(decision: plant.decisions[0].key, number: 1)])
  }

  @Test(arguments: ["approve", "reject", "drop"])
  func what_a_person_has_answered_does_not_expire_any_more(_ word: String) {
    var plant = TestPlant(.over(actions: [order]), tier: .advise)
    plant.send("V", 20, at: 0)
    let key = ActionKey(decision: plant.decisions[0].key, number: 1)
    let act: Instruction.Act =
      switch word {
      case "approve": .approve(key)
      case "reject": .reject(key, why: "")
      default: .drop(key, why: "")
      }
    plant.apply(.command(.instructed(Instruction(person: "h.weber", at: TestPlant.at(60), act: act))))
    plant.send("V", 20, at: 8 * 3600 + 1)
    #expect(plant.expired == [])
  }

  @Test func what_a_person_says_of_one_action_leaves_the_others_waiting() {
    var plant = TestPlant(.over(actions: [order, order]), tier: .advise)
    plant.send("V", 20, at: 0)
    let keys = (1...2).map { ActionKey(decision: plant.decisions[0].key, number: $0) }
    plant.apply(.command(.instructed(Instruction(person: "a", at: TestPlant.at(60), act: .approve(keys[0])))))
    plant.apply(.command(.instructed(Instruction(person: "a", at: TestPlant.at(60), act: .halt(why: "")))))
    plant.send("V", 20, at: 8 * 3600 + 1)
    #expect(plant.expired == [keys[1]])
  }

  @Test func a_setpoint_is_refused_for_want_of_a_conduit_with_its_target_fixed() {
    var plant = TestPlant(.over(actions: [.setpoint(tag: "V", to: .fraction(-0.1))]))
    plant.send("V", 20, at: 0)
    let action = plant.decisions[0].actions[0]
    #expect(action.standing == .refused("no conduit"))
    #expect(action.setpoint == Action.Setpoint(tag: "V", target: 18))
  }

  @Test func a_relative_setpoint_of_a_tag_that_is_not_good_is_refused_for_that() {
    var plant = TestPlant(.over(actions: [.setpoint(tag: "W", to: .step(1))]))
    plant.send("V", 20, at: 0)
    #expect(plant.decisions[0].actions[0].standing == .refused("W is not good, so it cannot be changed relatively"))
  }

  @Test func texts_are_filled_with_asset_readings_and_limits_of_that_asset() {
    let rule = Rule.make(limits: [Limit(name: "high", value: 10)], actions: [order]) { try $0("v") > $0.limits[0] }
    var plant = TestPlant(rule)
    plant.decider = Decider(TestPlant.configuration([rule], limits: ["rule": ["high": 15.5]]))
    plant.send("V", 12, at: 0)
    #expect(plant.fired == [], "the override counts")
    plant.send("V", 20.25, at: 1)
    #expect(plant.decisions[0].actions[0].title == "See M1: 20.25 over 15.5")
  }

  @Test func a_decision_repeated_at_the_same_time_after_a_clock_step_has_a_key_of_its_own() {
    var plant = TestPlant(.over())
    plant.send("V", 20, at: 500)
    plant.send("V", 1, at: 600)
    for step in 1...6 { plant.send("V", 1, at: 400 + Double(step)) }
    plant.send("V", 20, at: 500)
    #expect(plant.fired == [500, 500])
    #expect(plant.decisions.map(\.key.repeated) == [0, 1])
  }
}
