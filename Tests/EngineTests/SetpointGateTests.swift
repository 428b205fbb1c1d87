import Engine
import Rules
import Testing

/// The second check, as the dispatcher asks it.
@Suite struct SetpointGateTests {
  private static let start = Instant(seconds: 1_772_366_400)
  private static let conduit = Conduit(
    name: "v", adapter: "desk", end: .asset(path: "M"), tag: "Speed", range: 20...60, largestStep: 10,
    permissive: "Remote")

  private static func configuration(_ conduits: [Conduit]) -> Configuration {
    let machine = AssetClass(
      name: "Machine",
      tags: [
        TagDefinition(name: "Speed", type: .number, unit: "%"), TagDefinition(name: "Remote", type: .boolean),
        TagDefinition(name: "Trigger", type: .boolean),
      ])
    let rule = Rule(
      name: "r", title: "r", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "trigger", tag: "Trigger", form: .latest)], every: .never,
      actions: [.setpoint(tag: "Speed", to: .value(45))]
    ) { _, readings, _ in readings[0] == .boolean(true) ? .yes : .no }
    return Configuration(
      hash: .zero,
      model: Model(classes: [machine], assets: [Asset(name: "M", path: "M", classIndex: 0)]) { _, _ in SourceID(0) },
      rules: [rule],
      policy: PolicySettings(
        tiers: [.init(rule: nil, assetClass: nil, kind: .setpoint, tier: .act)],
        routes: [.init(kind: .setpoint, assetClass: nil, adapter: "desk")], conduits: conduits),
      sources: [SourceSettings(name: "plant", lateness: .zero, skew: .seconds(5))])
  }

  private let decider: Decider
  private let decision: Decision

  /// A decided change of Speed from 40 to 45, valid for a minute.
  init() throws {
    let start = Self.start
    var decider = Decider(Self.configuration([Self.conduit]))
    var inputs: [Input] = [.source(SourceID(0), .connected, start), .source(SourceID(0), .caughtUp, start)]
    for (tag, value) in [Value.number(40), .boolean(true), .boolean(true)].enumerated() {
      inputs.append(.change(TagChange(TagID(tag), value, time: start)))
    }
    let decisions = inputs.flatMap { decider.apply($0)?.verdict.decisions ?? [] }
    self.decider = decider
    decision = try #require(decisions.first)
  }

  private func permit(
    _ gate: SetpointGate, after seconds: Int64 = 1, trusted: Bool = true, _ action: Action? = nil
  ) -> String? {
    gate.publish(decider, clockIsTrusted: trusted, at: Self.start)
    return gate.permit(decision, action ?? decision.actions[0], Self.start + .seconds(seconds))
  }

  @Test func what_fits_its_conduit_passes_until_its_time_is_over() {
    let gate = SetpointGate([Self.conduit])
    #expect(decision.actions[0].standing == .ready)
    #expect(permit(gate, after: 59) == nil)
    #expect(permit(gate, after: 60) == "too late: it was valid until 2026-03-01T12:01:00Z")
  }

  @Test func nothing_passes_before_the_engine_has_published_what_it_knows() {
    let gate = SetpointGate([Self.conduit])
    #expect(gate.permit(decision, decision.actions[0], Self.start) != nil)
  }

  @Test func a_clock_that_is_not_believed_lets_nothing_through() {
    #expect(permit(SetpointGate([Self.conduit]), trusted: false)?.contains("not believed") == true)
  }

  @Test func the_conduit_of_now_counts() {
    #expect(permit(SetpointGate([])) == "no conduit")
    var elsewhere = Self.conduit
    elsewhere.adapter = "plc"
    #expect(permit(SetpointGate([elsewhere]))?.hasPrefix("conduit v leads through plc") == true)
    var narrower = Self.conduit
    narrower.range = 20...44
    #expect(permit(SetpointGate([narrower])) == "target 45 is outside 20 to 44")
  }

  @Test func a_request_without_a_time_limit_does_not_pass() {
    var action = decision.actions[0]
    action.setpoint?.validUntil = nil
    #expect(permit(SetpointGate([Self.conduit]), action) == "it has no time limit")
  }

  @Test func anything_but_a_setpoint_passes() {
    var action = decision.actions[0]
    action.kind = .workOrder
    action.setpoint = nil
    #expect(permit(SetpointGate([]), trusted: false, action) == nil)
  }
}
