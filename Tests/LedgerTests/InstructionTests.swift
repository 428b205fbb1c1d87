import Foundation
import Ledger
import Rules
import Testing

/// What persons tell us: what it moves, what it does not, and what is kept of it.
@Suite struct InstructionTests {
  let folder = Folder()

  private func key(_ number: Int = 1) -> ActionKey { ActionKey(decision: Decision.make().key, number: number) }

  private func said(_ act: Instruction.Act, at second: Int64 = 50) -> Instruction {
    Instruction(person: "h.weber", at: at(second), act: act)
  }

  /// A ledger with one decision whose action stands where it is wanted.
  private func ledger(_ state: ActionState, kind: ActionKind = .workOrder) throws -> Ledger {
    let ledger = try Ledger(path: folder.ledger)
    var action = Action.make(1, state == .waiting ? .waiting(expires: at(900)) : .ready)
    action.kind = kind
    if state == .shadow { action.standing = .shadow }
    if state == .refused { action.standing = .refused("no conduit") }
    try ledger.commit(decisions: [.make(actions: [action])])
    switch state {
    case .waiting, .ready, .shadow, .refused: break
    default: try folder.force("UPDATE actions SET state = '\(state.rawValue)', due = NULL")
    }
    return ledger
  }

  private func state() throws -> ActionState? { try LedgerReader(path: folder.ledger).actions().first?.state }

  @Test func an_approved_action_is_ready_at_once_and_its_history_says_who() throws {
    let ledger = try ledger(.waiting)
    try ledger.commit([.command(.instructed(said(.approve(key()))))])
    let reader = try LedgerReader(path: folder.ledger)
    let story = try #require(try reader.decision(matching: "1")?.actions.first)
    #expect(story.row.state == .ready)
    #expect(story.row.due == at(50))
    #expect(story.events.last?.why == "approved by h.weber")
    #expect(try reader.verify().problem == nil)
  }

  @Test func a_rejected_action_is_cancelled_with_who_and_why() throws {
    let ledger = try ledger(.waiting)
    try ledger.commit([.command(.instructed(said(.reject(key(), why: "known, part is on order"))))])
    let events = try LedgerReader(path: folder.ledger).decision(matching: "1")?.actions.first?.events
    #expect(events?.last?.state == .cancelled)
    #expect(events?.last?.why == "rejected by h.weber: known, part is on order")
  }

  /// What each act may be said of; everything else it leaves as it is.
  static let allowed: [(act: String, states: Set<ActionState>)] = [
    ("approve", [.waiting]), ("reject", [.waiting]), ("retry", [.dead, .unknown]),
    ("drop", [.dead, .unknown, .ready, .waiting]),
  ]

  private func act(_ word: String) -> Instruction.Act {
    switch word {
    case "approve": .approve(key())
    case "reject": .reject(key(), why: "")
    case "retry": .retry(key())
    default: .drop(key(), why: "")
    }
  }

  @Test(arguments: allowed.map(\.act), ActionState.allCases)
  func an_act_moves_only_an_action_that_it_may_be_said_of(_ word: String, _ state: ActionState) throws {
    let ledger = try ledger(state)
    let reader = try LedgerReader(path: folder.ledger)
    let applies = Self.allowed.contains { $0.act == word && $0.states.contains(state) }
    let objection = try reader.objection(to: act(word))
    #expect((objection == nil) == applies)
    if let objection { #expect(objection.contains("action 1 is \(state.rawValue); only a")) }
    try ledger.commit([.command(.instructed(said(act(word))))])
    let row = try #require(try reader.row(of: said(act(word))))
    #expect(row.refusal == objection)
    #expect(row.person == "h.weber")
    if !applies { #expect(try self.state() == state) }
  }

  @Test func an_unknown_setpoint_is_never_sent_again_but_can_be_dropped() throws {
    let ledger = try ledger(.unknown, kind: .setpoint)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.objection(to: .retry(key()))?.contains("never sent a second time") == true)
    try ledger.commit([.command(.instructed(said(.retry(key()))))])
    #expect(try state() == .unknown)
    try ledger.commit([.command(.instructed(said(.drop(key(), why: "looked at it"))))])
    #expect(try state() == .cancelled)
  }

  @Test func what_is_said_of_nothing_is_kept_and_harms_no_batch() throws {
    let ledger = try ledger(.ready)
    let other = DecisionKey(rule: "r", asset: "a", time: at(0))
    try ledger.commit([
      .command(.instructed(said(.drop(ActionKey(decision: other, number: 1), why: "")))),
      .command(.instructed(said(.verdict(other, .confirmed, cost: nil, note: "")))),
      .command(.instructed(said(.resume))),
    ])
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.row(of: said(.resume))?.refusal == "nothing is halted")
    #expect(try reader.verify().problem == nil)
    #expect(try state() == .ready)
  }

  @Test func a_halt_stands_until_it_is_resumed_also_over_a_restart() throws {
    do {
      let ledger = try ledger(.ready)
      try ledger.commit([.command(.instructed(said(.halt(why: "valve open"))))])
    }
    let ledger = try Ledger(path: folder.ledger)
    let reader = try LedgerReader(path: folder.ledger)
    let halt = try #require(try reader.halt())
    #expect(halt.who == "h.weber")
    #expect(halt.why == "valve open")
    #expect(halt.since == at(50))
    try ledger.commit([.command(.instructed(said(.resume, at: 60)))])
    #expect(try reader.halt() == nil)
    #expect(try reader.verify().problem == nil)
  }

  @Test func a_verdict_is_kept_with_cost_and_cannot_be_altered_unseen() throws {
    let ledger = try ledger(.ready)
    let money = Money(hundredths: 120_050, currency: "EUR")
    try ledger.commit([
      .command(.instructed(said(.verdict(Decision.make().key, .confirmed, cost: money, note: "seal"))))
    ])
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
    try folder.tamper("UPDATE verdicts SET verdict = 'false_alarm'")
    #expect(try LedgerReader(path: folder.ledger).verify().problem?.kind == "verdict")
  }

  @Test func a_decision_and_an_action_are_found_by_number_and_by_key() throws {
    _ = try ledger(.ready)
    let reader = try LedgerReader(path: folder.ledger)
    #expect(try reader.action(matching: "1")?.key == key())
    #expect(try reader.action(matching: "\(key())")?.id == 1)
    #expect(try reader.action(matching: "2") == nil)
    #expect(try reader.action(matching: "\(Decision.make().key)/2") == nil)
    #expect(try reader.actions(ofDecision: "\(Decision.make().key)")?.actions.count == 1)
    #expect(try reader.actions(ofDecision: "7") == nil)
  }
}

extension Folder {
  /// Puts rows as they may come to be, with the history to match.
  func force(_ sql: String) throws {
    try tamper(sql)
    try tamper("UPDATE action_events SET state = (SELECT state FROM actions WHERE id = action)")
  }
}
