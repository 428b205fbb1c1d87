import Demo
import Rules
import Testing

private let begin = Instant(rfc3339: "2026-03-01T10:00:00Z")!
private func at(_ minutes: Int64, _ seconds: Int64 = 0) -> Instant { begin + .minutes(minutes) + .seconds(seconds) }

private let order = Action(
  number: 1, kind: .workOrder, title: "Check suction strainer and NPSH of P-102", text: "", priority: 2,
  adapter: "desk", standing: .ready)
private let setpoint = Action(
  number: 2, kind: .setpoint, title: "", text: "", setpoint: .init(tag: "SpeedSetpoint", target: 81), adapter: nil,
  standing: .refused("no conduit"))

private func cavitation(asset: String = "P-102", at time: Instant = at(8, 12)) -> Decision {
  Decision(
    key: DecisionKey(rule: "pump_cavitation", asset: "Riverside/Utilities/\(asset)", time: time),
    title: "Pump cavitation", owner: "rotating-equipment", since: time - .minutes(2),
    evidence: [
      Evidence(name: "running", value: .boolean(true), unit: nil),
      Evidence(name: "suction", value: .number(0.3104), unit: "bar g"),
      Evidence(name: "vibration", value: .number(8.2), unit: "mm/s"),
    ],
    limits: [Limit(name: "suction_low", value: 0.4), Limit(name: "vibration_high", value: 7.1)], tier: .act,
    actions: [order, setpoint], assetClass: "CentrifugalPump")
}

private func attempt(_ receipt: Receipt, number: Int = 1, status: Int? = 201, next: ActionState = .settled) -> Attempt {
  Attempt(
    action: ActionKey(decision: cavitation().key, number: 1), number: number, began: at(9), ended: at(9, 12),
    status: status, receipt: receipt, next: next, due: nil)
}

@Suite struct StoryTests {
  let story = Story(speed: 60)

  @Test func a_decision_says_what_was_seen_and_for_how_long() {
    #expect(
      story.decision(cavitation()) == """
        10:08:12  P-102  Pump cavitation         held 2 min: suction 0.31 bar g (limit 0.4), vibration 8.2 mm/s (limit 7.1)
                         -> setpoint SpeedSetpoint to 81: not sent, no conduit
        """)
  }

  @Test func an_order_tells_what_the_desk_made_of_it() {
    func told(_ attempt: Attempt) -> String { String(story.order(order, attempt).dropFirst(17)) }
    let title = #""Check suction strainer and NPSH of P-102" priority 2"#
    #expect(
      told(attempt(.accepted(reference: "WO-1003"))) == "-> work order WO-1003 \(title), accepted by desk in 0.2 s")
    #expect(
      told(attempt(.accepted(reference: "WO-1003"), number: 2))
        == "-> work order WO-1003 \(title), accepted by desk at try 2")
    #expect(
      told(attempt(.tryAgain(after: .seconds(2), why: "status 503"), status: 503, next: .ready))
        == "-> \(title): desk cannot take it now (503), again in 2 s")
    #expect(told(attempt(.rejected("no such asset"))) == "-> \(title): desk will not take it: no such asset")
  }

  @Test func other_lines_are_aligned_with_it() throws {
    let held = HeldBack(
      rule: "pump_cavitation", asset: "Riverside/Utilities/P-102", time: at(30), since: at(28),
      reason: .atMost(until: at(488, 12)), evidence: [])
    #expect(
      story.heldBack(held, title: "Pump cavitation")
        == "10:30:00  P-102  Pump cavitation         held back: decided not long ago, no more before 18:08:12")
    let blind = ConditionRecord(
      rule: "pump_cavitation", asset: "Riverside/Utilities/P-106", phase: "normal", since: begin, blindSince: at(10),
      blindReading: "vibration")
    #expect(
      story.blind(blind, title: "Pump cavitation", at: at(10, 12))
        == "10:10:12  P-106  Pump cavitation         "
        + "blind since 10:10:00: 'vibration' is not good, so it does not judge")
    #expect(
      story.status(at: at(10), changes: 6480, decisions: 1)
        == "10:10:00  -----  6 480 values read, 1 decision")
  }

  @Test func colour_adds_codes_and_no_text() {
    let coloured = Story(colour: true, speed: 60).decision(cavitation())
    #expect(coloured.contains("\u{1B}[1mPump cavitation         \u{1B}[0m"))
    #expect(coloured.replacing(/\u{1B}\[\d+m/, with: "") == story.decision(cavitation()))
  }

  @Test func time_of_day_is_the_sites() {
    #expect(Story(zone: .hours(1)).time(begin) == "11:00:00")
  }

  @Test func the_summary_sets_findings_beside_faults() {
    let faults = Plant(seed: 1, start: begin).faults(until: begin + .minutes(23)).filter { $0.kind != .openHeater }
    let summary = Summary(
      start: begin, end: begin + .minutes(23), messages: 12_345,
      decisions: [cavitation(), cavitation(asset: "P-103", at: at(12))],
      orders: [.init(reference: "WO-1001", title: order.title, priority: 2, tries: 2)], heldBack: [],
      blind: [], faults: faults)
    #expect(
      story.summary(summary) == """
        10:00 to 10:23 in the plant: 12 345 values read, 2 decisions, 1 order.

        Decisions by rule
          2   Pump cavitation                   P-102, P-103

        Work taken by the desk
          WO-1001  priority 2  Check suction strainer and NPSH of P-102  (taken at try 2)

        Held back, and why
          2   setpoint not sent: no conduit

        Faults written into the plant
          10:06  P-102's suction strainer clogs: it cavitates                  caught after 2 min: Pump cavitation
          10:10  P-106's vibration sensor fails and says so (quality bad)      no decision, rightly
          10:14  P-105's bearing runs out of grease                            the demo ended too soon to tell
          10:18  K-202's discharge valve leaks hot gas back                    the demo ended too soon to tell
          10:20  K-201 is silent for 10 minutes: nobody can know               no decision, rightly
          10:22  P-104 runs against a closed discharge valve                   the demo ended too soon to tell

        Decided without a fault
          10:12:00  P-103  Pump cavitation

        1 of 4 faults caught, 3 too late to tell, 1 false alarm.

        """)
  }

  @Test func a_fault_without_a_decision_is_missed() {
    let faults = PlantFault.inHour(0, from: begin).filter { $0.kind == .cloggedStrainer || $0.kind == .spike }
    let late = cavitation(at: faults[0].repaired + .minutes(16))
    let spike = cavitation(asset: "P-101", at: at(27))
    let comparison = Comparison(faults: faults, decisions: [late, spike], blind: [], until: begin + .hours(2))
    #expect(comparison.verdicts.map(\.verdict) == [.missed, .falseAlarm(title: "Pump cavitation")])
    #expect(comparison.withoutFault == [late])
  }
}
