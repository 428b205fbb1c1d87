import Rules
import Testing

/// What a decision does: on which assets, by a list or by a function.
@Suite struct ActionTests {
  /// M1 with M2 and M3 below it; M1 names M2 its standby. W may be changed by 10 at once, between 20 and 60, while
  /// Running is on.
  static func plant(
    _ rules: Rule..., tier: Tier = .act, names standby: Int? = 1, conduits: Bool = true
  ) -> TestPlant {
    var configuration = TestPlant.configuration(rules, tier: tier)
    let assets = [
      Asset(
        name: "M1", path: "Works/M1", classIndex: 0, references: standby.map { ["standby": AssetID($0)] } ?? [:]),
      Asset(name: "M2", path: "Works/M1/M2", classIndex: 0, parent: 0, ids: ["desk": "D-2"]),
      Asset(name: "M3", path: "Works/M1/M3", classIndex: 0, parent: 0),
    ]
    configuration.model = Model(classes: TestPlant.classes, assets: assets) { _, _ in SourceID(0) }
    configuration.policy.routes.append(.init(kind: .setpoint, assetClass: nil, adapter: "desk"))
    if conduits {
      configuration.policy.conduits = [
        Conduit(
          name: "w", adapter: "desk", end: .assetClass("Machine"), tag: "W", range: 20...60, largestStep: 10,
          permissive: "Running")
      ]
    }
    var plant = TestPlant(.over())
    plant.decider = Decider(configuration)
    for machine in 1...3 {
      plant.send("W", 30 + Double(machine), at: 0, machine: machine)
      plant.send("Running", .boolean(true), at: 0, machine: machine)
    }
    return plant
  }

  private func actions(_ plant: TestPlant) -> [Action] { plant.decisions.flatMap(\.actions) }

  @Test func an_action_on_each_is_one_for_every_asset_of_the_class_below() {
    var plant = Self.plant(
      .over(actions: [.workOrder(title: "See {asset}", priority: 2, text: nil, on: .each(assetClass: "Machine"))]))
    plant.send("V", 20, at: 5)
    #expect(actions(plant).map(\.number) == [1, 2])
    #expect(actions(plant).map(\.title) == ["See M2", "See M3"])
    #expect(actions(plant).map(\.on?.path) == ["Works/M1/M2", "Works/M1/M3"])
    #expect(actions(plant).map(\.on?.id) == ["D-2", nil])
  }

  @Test func a_relative_setpoint_on_another_asset_starts_from_that_ones_value() {
    var plant = Self.plant(.over(actions: [.setpoint(tag: "W", to: .step(-5), on: .reference("standby"))]))
    plant.send("V", 20, at: 5)
    // W of M2 is 32.
    #expect(actions(plant).first?.setpoint?.target == 27)
    #expect(actions(plant).first?.on?.path == "Works/M1/M2")
    #expect(actions(plant).first?.standing == .ready)
  }

  @Test func the_envelope_is_of_the_asset_that_is_changed() {
    var plant = Self.plant(.over(actions: [.setpoint(tag: "W", to: .step(-5), on: .reference("standby"))]))
    plant.send("Running", .boolean(false), at: 1, machine: 2)
    plant.send("V", 20, at: 5)
    #expect(actions(plant).map(\.standing) == [.refused("permissive Running is off")])
  }

  @Test func a_relative_setpoint_on_another_asset_without_a_conduit_says_its_target_too() {
    var plant = Self.plant(
      .over(actions: [.setpoint(tag: "W", to: .step(-5), on: .reference("standby"))]), conduits: false)
    plant.send("V", 20, at: 5)
    #expect(actions(plant).map(\.standing) == [.refused("no conduit")])
    #expect(actions(plant).first?.setpoint?.target == 27)
  }

  @Test(arguments: [
    (Subject.ancestor(assetClass: "Line"), "there is no Line above M1"), (.reference("standby"), "M1 names no standby"),
    (.each(assetClass: "Zone"), "there is no Zone below M1"),
  ])
  func a_subject_that_the_model_does_not_have_is_a_refused_action(on: Subject, why: String) {
    var plant = Self.plant(
      .over(actions: [.workOrder(title: "See {asset}", priority: 2, text: nil, on: on)]), names: nil)
    plant.send("V", 20, at: 5)
    #expect(actions(plant).map(\.standing) == [.refused(why)])
  }

  // MARK: By a function

  /// Makes one order with the value it saw; above 50 it looks at what is not good, above 70 it fails.
  private static func making(_ couldDo: [ActionKind] = [.workOrder]) -> Rule {
    var rule = Rule.over()
    rule.couldDo = couldDo
    rule.makeActions = { readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      if value > 70 { return .fault("rules/rule.lua:9: no such field") }
      if value > 50 { return .blind(reading: 0) }
      return .actions([.workOrder(title: "\(Int(value)) at {asset}", priority: value > 30 ? 1 : 3, text: nil)])
    }
    return rule
  }

  @Test(arguments: [(20.0, "20 at M1", 3), (40, "40 at M1", 1)])
  func a_function_makes_the_actions_from_the_readings_that_are_the_evidence(v: Double, title: String, priority: Int) {
    var plant = TestPlant(Self.making())
    plant.send("V", v, at: 5)
    #expect(actions(plant).map(\.title) == [title])
    #expect(actions(plant).map(\.priority) == [priority])
    #expect(plant.decisions[0].tier == .act)
  }

  /// W of M1 is 31; no rule reads it, and none says before it fires that it may change it.
  @Test func a_tag_that_nobody_keeps_is_not_said_to_be_bad() {
    var rule = Rule.over()
    rule.couldDo = [.setpoint]
    rule.makeActions = { _, _ in .actions([.setpoint(tag: "W", to: .step(1))]) }
    var plant = Self.plant(rule, conduits: false)
    plant.send("V", 20, at: 5)
    #expect(actions(plant).map(\.standing) == [.refused("no conduit")])
  }

  @Test(arguments: [(60.0, "actions: reading 'v' is not good"), (80, "rules/rule.lua:9: no such field")])
  func a_function_that_fails_is_reported_and_the_decision_is_taken_all_the_same(v: Double, cause: String) {
    var plant = TestPlant(Self.making())
    plant.send("V", v, at: 5)
    #expect(plant.fired == [5])
    #expect(actions(plant).map(\.standing) == [.refused("its function failed: \(cause)")])
    #expect(plant.reports.map(\.kind) == [.fault])
    #expect(plant.reports.map(\.text) == [cause])
    #expect(plant.condition.faults == 0)
  }
}
