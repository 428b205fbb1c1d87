import Rules
import Testing

/// What a decision brings about later: `recheck`, `settles_for`, and the quiet after no fault was found.
@Suite struct AftermathTests {
  private let order = ActionTemplate.workOrder(title: "See {asset}", priority: 2, text: nil)

  private func report(_ standing: OrderStanding, of decision: Decision, at seconds: Double) -> Input {
    .command(
      .followed(
        OrderStatus(
          action: ActionKey(decision: decision.key, number: 1), at: TestPlant.at(seconds), standing: standing)))
  }

  @Test func an_order_completed_while_the_condition_goes_on_is_decided_anew_and_names_the_old() {
    var plant = TestPlant(Rule.over(actions: [order]).with { $0.recheck = .seconds(100) })
    plant.send("V", 20, at: 5)
    plant.apply(report(.done, of: plant.decisions[0], at: 50))
    plant.play("V", 20, from: 60, through: 300)
    #expect(plant.fired == [5, 150])
    #expect(plant.decisions[1].follows == plant.decisions[0].key)
    #expect(plant.decisions[1].since == TestPlant.at(5))
  }

  @Test func without_a_span_of_its_own_that_is_after_a_day() {
    var plant = TestPlant(.over(actions: [order]))
    plant.send("V", 20, at: 0)
    plant.apply(report(.done, of: plant.decisions[0], at: 0))
    plant.send("V", 20, at: 86_399)
    #expect(plant.fired == [0])
    plant.send("V", 20, at: 86_401)
    #expect(plant.fired == [0, 86_400])
  }

  @Test(arguments: [OrderStanding.cancelled, .open, .inProgress, .unknown])
  func an_order_that_was_not_completed_is_not(standing: OrderStanding) {
    var plant = TestPlant(Rule.over(actions: [order]).with { $0.recheck = .seconds(100) })
    plant.send("V", 20, at: 5)
    plant.apply(report(standing, of: plant.decisions[0], at: 50))
    plant.play("V", 20, from: 60, through: 300)
    #expect(plant.fired == [5])
  }

  @Test func nor_is_one_whose_condition_cleared_meanwhile() {
    var plant = TestPlant(Rule.over(actions: [order]).with { $0.recheck = .seconds(100) })
    plant.send("V", 20, at: 5)
    plant.apply(report(.done, of: plant.decisions[0], at: 50))
    plant.send("V", 4, at: 60)
    plant.play("V", 4, from: 70, through: 300)
    #expect(plant.fired == [5])
  }

  @Test func a_recheck_to_come_survives_a_restart() throws {
    var plant = TestPlant(Rule.over(actions: [order]).with { $0.recheck = .seconds(100) })
    plant.send("V", 20, at: 5)
    plant.apply(report(.done, of: plant.decisions[0], at: 50))
    try plant.restart()
    plant.play("V", 20, from: 60, through: 300)
    #expect(plant.decisions.last?.follows == plant.decisions[0].key)
  }

  // MARK: settles_for

  private func changing(tier: Tier = .act) -> TestPlant {
    ActionTests.plant(
      Rule.over(actions: [.setpoint(tag: "W", to: .step(-5))]).with { $0.settlesFor = .seconds(100) }, tier: tier)
  }

  @Test func while_the_plant_follows_a_setpoint_change_a_firing_is_held_back() {
    var plant = changing()
    plant.send("V", 20, at: 5)
    plant.send("V", 4, at: 20)
    plant.send("V", 20, at: 30)
    #expect(plant.heldBack.map(\.reason) == [.settling(until: TestPlant.at(105))])
    plant.play("V", 20, from: 40, through: 200)
    #expect(plant.fired == [5, 105])
    #expect(plant.decisions[1].deferredFrom == TestPlant.at(30))
  }

  @Test func it_settles_anew_from_when_the_change_was_accepted() {
    var plant = changing()
    plant.send("V", 20, at: 5)
    plant.apply(
      .command(
        .attempted(
          Attempt(
            action: ActionKey(decision: plant.decisions[0].key, number: 1), number: 1, began: TestPlant.at(40),
            ended: TestPlant.at(50), status: 200, receipt: .accepted(reference: "x"), next: .settled, due: nil))))
    plant.send("V", 4, at: 60)
    plant.send("V", 20, at: 140)
    #expect(plant.heldBack.map(\.reason) == [.settling(until: TestPlant.at(150))])
  }

  @Test func in_shadow_nothing_settles() {
    var plant = changing(tier: .shadow)
    plant.send("V", 20, at: 5)
    plant.send("V", 4, at: 20)
    plant.send("V", 20, at: 30)
    #expect(plant.fired == [5, 30])
  }

  // MARK: No fault found

  @Test(arguments: [(Verdict.noFaultFound, [5.0, 110]), (.confirmed, [5, 30])])
  func a_rule_is_quiet_after_no_fault_was_found(verdict: Verdict, fired: [Double]) {
    var configuration = TestPlant.configuration([.over(actions: [order])])
    configuration.policy.quietAfterNoFault = .seconds(100)
    var plant = TestPlant(.over())
    plant.decider = Decider(configuration)
    plant.send("V", 20, at: 5)
    plant.instruct(.verdict(plant.decisions[0].key, verdict, cost: nil, note: ""), at: 10)
    plant.send("V", 4, at: 20)
    plant.send("V", 20, at: 30)
    plant.play("V", 20, from: 40, through: 200)
    #expect(plant.fired == fired)
  }
}
