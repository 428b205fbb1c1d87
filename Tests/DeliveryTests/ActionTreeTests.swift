import Delivery
import Rules
import Testing

struct ActionTreeTests {
  func tree(_ claim: Claim = .make(wireKey: "led1-9-1"), adapter: String = "desk") -> Tree {
    claim.tree(adapter: adapter, site: "Riverside Works")
  }

  @Test func the_order_names_its_decision_and_asset() {
    #expect(tree()["key"] == .text("led1-9-1"))
    #expect(tree()["kind"] == .text("work_order"))
    #expect(tree()["priority"] == .number(2))
    #expect(tree()["source"] == .text("/millwright/Riverside%20Works"))
    #expect(tree()["decision"]?["time"] == .text("2026-03-01T12:00:00Z"))
    #expect(tree()["decision"]?["since"] == .text("2026-03-01T11:58:00Z"))
    #expect(tree()["asset"]?["name"] == .text("P-101"))
  }

  @Test func the_assets_id_is_the_one_of_this_system() {
    #expect(tree(adapter: "sap")["asset"]?["id"] == .text("77"))
    #expect(tree(adapter: "other")["asset"]?["id"] == nil)
  }

  @Test func what_has_no_value_is_left_out() {
    #expect(tree()["setpoint"] == nil)
    #expect(tree()["decision"]?["deferred_from"] == nil)
    guard case .list(let readings)? = tree()["readings"] else { return #expect(Bool(false), "no readings") }
    #expect(readings.map { $0["name"] } == [.text("running"), .text("suction"), .text("flow"), .text("age")])
    #expect(readings.map { $0["value"] } == [.boolean(true), .number(0.31), nil, nil])
  }

  @Test func the_text_says_what_happened_when_and_what_to_check_first() {
    #expect(
      tree()["text"]
        == .text(
          """
          Slow it down first.

          Pump cavitation at Riverside/Utilities/P-101 (CentrifugalPump), Riverside Works.
          True since 2026-03-01T11:58:00Z, and held for 2 min; decided at 2026-03-01T12:00:00Z.
          Readings then: running yes, suction 0.31 bar g, flow not good, age not known.
          Limits: suction_low 0.4.
          Check first:
          1. suction valve open
          2. strainer differential pressure
          Consequence: economic. Rule: pump_cavitation. Owner: rotating-equipment.
          """))
  }

  @Test func a_setpoint_request_says_until_when_it_may_be_carried_out() {
    var action = Action.make()
    action.kind = .setpoint
    action.priority = nil
    action.setpoint = Action.Setpoint(tag: "SpeedSetpoint", target: 81, validUntil: noon + .minutes(1))
    let tree = tree(.make(.make(action: action)))
    #expect(
      tree["setpoint"]
        == .record([
          .init("tag", .text("SpeedSetpoint")), .init("target", .number(81)),
          .init("valid_until", .text("2026-03-01T12:01:00Z")),
        ]))
    guard case .text(let text)? = tree["text"] else { return #expect(Bool(false), "no text") }
    #expect(text.contains("\nSet SpeedSetpoint to 81, before 2026-03-01T12:01:00Z or not at all.\n"))
  }

  @Test func a_deferred_decision_says_so() {
    var decision = Decision.make()
    decision.deferredFrom = noon - .minutes(1)
    guard case .text(let text)? = tree(.make(decision))["text"] else { return #expect(Bool(false), "no text") }
    #expect(text.contains("held for 1 min; decided at 2026-03-01T12:00:00Z. It fired at 2026-03-01T11:59:00Z"))
  }
}
