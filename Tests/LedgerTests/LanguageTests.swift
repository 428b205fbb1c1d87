import GRDB
import Ledger
import Rules
import Testing

/// What schema 3 keeps: limits of every kind, evidence of many assets, reasons, closings, silences.
@Suite struct LanguageTests {
  let folder = Folder()

  private static let curve = Curve([Curve.Point(0, 0.1), Curve.Point(120, 35)])

  @Test func limits_of_every_kind_and_readings_of_many_assets_are_read_as_they_were_written() throws {
    let ledger = try Ledger(path: folder.ledger)
    var decision = Decision.make()
    decision.limits = [
      Limit(name: "high", value: 0.1), Limit(name: "wait", value: .duration(TimeSpan(microseconds: 1))),
      Limit(name: "phase", value: .state("Heating")), Limit(name: "map", value: .curve(try #require(Self.curve))),
    ]
    decision.evidence = [
      Evidence(name: "standby", value: .absent, unit: "A"),
      Evidence(
        name: "zones",
        value: .group(
          GroupReading(highest: 0.1, lowest: -2, spread: 1.5, mean: 0.3, howMany: 3, worst: "Zone 2 north")),
        unit: "degC"),
    ]
    try ledger.commit(decisions: [decision])
    let stored = try #require(try LedgerReader(path: folder.ledger).decision(matching: "1")?.decision)
    #expect(stored.limits == decision.limits)
    #expect(stored.evidence == decision.evidence)
    #expect(decision.agrees(with: stored))
    decision.limits[1].value = .duration(TimeSpan(microseconds: 2))
    #expect(!decision.agrees(with: stored))
  }

  @Test(arguments: ["UPDATE limits_used SET text = '2'", "UPDATE limits_used SET kind = NULL"])
  func a_limit_that_was_changed_shows(sql: String) throws {
    do {
      let ledger = try Ledger(path: folder.ledger)
      var decision = Decision.make()
      decision.limits = [Limit(name: "wait", value: .duration(TimeSpan(microseconds: 1)))]
      try ledger.commit(decisions: [decision])
    }
    try folder.tamper(sql)
    #expect(try LedgerReader(path: folder.ledger).verify().problem?.kind == "decision")
  }

  @Test(arguments: [
    HeldBackReason.atMost(until: at(9)), .shelved(until: at(9), by: "h.weber"), .suppressed, .needs, .calendar,
    .outOfService(asset: "Riverside/Utilities", by: "h.weber"), .settling(until: at(9)), .group(first: "pump_hot"),
    .quiet(until: at(9)),
  ])
  func every_reason_is_read_as_it_was_written(reason: HeldBackReason) throws {
    let ledger = try Ledger(path: folder.ledger)
    var heldBack = HeldBack.make
    heldBack.reason = reason
    try ledger.commit { $0.heldBack = [heldBack] }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.heldBack().map(\.heldBack.reason) == [reason])
    #expect(try reader.verify().problem == nil)
  }

  /// Number `count` in a row, which fired at `second`.
  private func heldBack(_ count: Int, _ second: Int64, _ reason: HeldBackReason = .needs) -> HeldBack {
    var heldBack = HeldBack.make
    (heldBack.count, heldBack.time, heldBack.reason) = (count, at(second), reason)
    return heldBack
  }

  @Test func what_is_held_back_again_for_its_reason_is_counted_on_the_first() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit { $0.heldBack = [heldBack(1, 5), heldBack(2, 8)] }
    try ledger.commit { $0.heldBack = [heldBack(3, 11)] }
    let reader = try LedgerReader(path: folder.ledger)
    let row = try #require(try reader.heldBack().first)
    #expect(try reader.heldBack().count == 1)
    #expect(row.heldBack.time == at(5))
    #expect(row.heldBack.count == 3)
    #expect(row.last == at(11))
    #expect(try reader.verify().problem == nil, "a count that grows is no change behind the ledger")
  }

  @Test func each_reason_and_each_new_row_of_firings_is_counted_by_itself() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit { $0.heldBack = [heldBack(1, 5), heldBack(1, 6, .calendar), heldBack(2, 7)] }
    try ledger.commit { $0.heldBack = [heldBack(1, 20), heldBack(2, 21), heldBack(3, 22)] }
    let rows = try LedgerReader(path: folder.ledger).heldBack()
    // Newest first.
    #expect(rows.map(\.heldBack.time) == [at(20), at(6), at(5)])
    #expect(rows.map(\.heldBack.count) == [3, 1, 2])
    #expect(rows.map(\.last) == [at(22), nil, at(7)])
  }

  @Test func one_whose_first_is_not_in_the_ledger_is_recorded_itself() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit { $0.heldBack = [heldBack(4, 5)] }
    #expect(try LedgerReader(path: folder.ledger).heldBack().map(\.heldBack.time) == [at(5)])
  }

  @Test func work_on_another_asset_and_the_decision_before_are_kept() throws {
    let ledger = try Ledger(path: folder.ledger)
    var action = Action.make()
    action.on = Action.Place(path: "Riverside/Utilities/P-102", assetClass: "CentrifugalPump", id: "102")
    var second = Decision.make(10, actions: [action])
    second.follows = Decision.make(0).key
    try ledger.commit(decisions: [.make(0)])
    try ledger.commit(decisions: [second])
    let stored = try #require(try LedgerReader(path: folder.ledger).decision(matching: "2")?.decision)
    #expect(stored.follows == Decision.make(0).key)
    #expect(stored.actions == [action])
  }

  // MARK: Closings

  private func closing(_ action: Action? = nil) -> Closing {
    Closing(decision: Decision.make().key, time: at(60), cancels: action == nil, actions: action.map { [$0] } ?? [])
  }

  private var comment: Action {
    var action = Action.make(2)
    (action.closes, action.text) = (1, "it is over")
    return action
  }

  @Test func what_was_not_sent_is_cancelled_when_the_condition_is_over() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(actions: [.make(1), .make(2, .waiting(expires: at(900)))])])
    try ledger.commit { $0.closings = [closing()] }
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.actions().map(\.state) == [.cancelled, .cancelled])
    #expect(try reader.decision(matching: "1")?.closings.map(\.at) == [at(60)])
    #expect(try reader.verify().problem == nil)
  }

  @Test func what_is_over_is_said_on_the_order_once_that_was_made() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(10)))
    try ledger.commit { $0.closings = [closing(comment)] }
    #expect(try ledger.due.next(adapter: "desk", skills: [.comment], now: at(100)) == nil, "it is being sent")
    try ledger.commit([.command(.attempted(.make()))])
    guard case .comment(let said, let order)? = try ledger.due.next(adapter: "desk", skills: [.comment], now: at(100))
    else {
      Issue.record("no comment is due")
      return
    }
    #expect(said.action.text == "it is over")
    #expect(order.action == claim.key)
    #expect(order.reference == "WO-1")
    #expect(Decision.make().agrees(with: said.decision), "what came later is no part of what was decided")
  }

  @Test func an_adapter_that_says_nothing_on_orders_is_not_asked_to() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    _ = try ledger.due.claim(adapter: "desk", now: at(10))
    try ledger.commit([.command(.attempted(.make()))]) { $0.closings = [closing(comment)] }
    #expect(try ledger.due.next(adapter: "desk", skills: [], now: at(100)) == nil)
    #expect(try LedgerReader(path: folder.ledger).actions().map(\.state) == [.settled, .cancelled])
  }

  // MARK: Silences

  private func say(_ acts: Instruction.Act..., to ledger: Ledger) throws {
    try ledger.commit(
      acts.map { .command(.instructed(Instruction(person: "h.weber", at: at(50), act: $0))) })
  }

  @Test func what_is_shelved_or_out_of_service_stands_until_a_person_ends_it() throws {
    let ledger = try Ledger(path: folder.ledger)
    try say(
      .shelve(rule: "r", asset: nil, until: at(900), why: "painting"), .takeOut(asset: "Works/P-1", why: "overhaul"),
      to: ledger)
    let both = [
      Silence(rule: "r", asset: nil, until: at(900), person: "h.weber"),
      Silence(rule: nil, asset: "Works/P-1", until: nil, person: "h.weber"),
    ]
    #expect(try ledger.standing(before: ledger.nextInput).silences == both)
    let before = try ledger.nextInput
    try say(.unshelve(rule: "r", asset: nil), to: ledger)
    #expect(try ledger.standing(before: before).silences == both, "as it was then")
    #expect(try ledger.standing(before: ledger.nextInput).silences == [both[1]])
    #expect(try LedgerReader(path: folder.ledger).silences().map(\.why) == ["overhaul"])
  }

  @Test func what_does_not_stand_cannot_be_ended() throws {
    _ = try Ledger(path: folder.ledger)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.objection(to: .unshelve(rule: "r", asset: nil)) == "rule 'r' is not shelved")
    #expect(try reader.objection(to: .putBack(asset: "Works/P-1")) == "Works/P-1 is not out of service")
    #expect(try reader.objection(to: .reset(rule: "r", asset: "a"))?.contains("is normal on a") == true)
  }
}
