import Ledger
import Rules
import Testing

/// Actions that were decided in the doubt of a restore.
@Suite struct DoubtTests {
  let folder = Folder()
  let ledger: Ledger
  private let doubt = Doubt(since: at(-38 * 60), until: at(-60))

  init() throws { ledger = try Ledger(path: folder.ledger) }

  private func decided(_ standing: ActionStanding = .ready, kind: ActionKind = .workOrder) -> Decision {
    var action = Action.make(1, standing)
    action.kind = kind
    action.doubt = doubt
    return .make(actions: [action])
  }

  private var row: ActionRow {
    get throws { try #require(try LedgerReader(path: folder.ledger).actions().first) }
  }

  private func errand(_ skills: AdapterSkills) throws -> Errand? {
    try ledger.due.next(adapter: "desk", skills: skills, now: .distantFuture)
  }

  @Test(arguments: [ActionStanding.ready, .waiting(expires: at(900))])
  func it_is_read_as_it_was_decided(_ standing: ActionStanding) throws {
    let decision = decided(standing)
    try ledger.commit(decisions: [decision])
    var stored: [Decision] = []
    try ledger.decisions(from: 1) { stored.append($0) }
    #expect(stored == [decision])
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func it_is_unknown_says_between_when_it_may_have_been_made_and_is_not_sent() throws {
    try ledger.commit(decisions: [decided()])
    #expect(try row.state == .unknown)
    #expect(try row.reason == "it may have been made between \(doubt.since) and \(doubt.until)")
    #expect(try ledger.due.claim(adapter: "desk", now: .distantFuture) == nil)
    #expect(try ledger.makeUnknownReady(adapter: "desk", now: at(0)) == 0, "another key may have made it")
    #expect(try LedgerReader(path: folder.ledger).awaitingLookUp() == [1])
  }

  @Test func its_look_up_knows_the_doubt_and_what_the_ledger_has_made_on_the_asset() throws {
    var earlier = Decision.make(-7_200)
    earlier.key.rule = "another"
    try ledger.commit(decisions: [earlier])
    _ = try ledger.due.claim(adapter: "desk", now: at(10))
    var attempt = Attempt.make(-7_200)
    attempt.action.decision.rule = "another"
    try ledger.commit([.command(.attempted(attempt))])
    try ledger.commit(decisions: [decided()])
    guard case .lookUp(let claim, 1)? = try errand(.lookUp) else {
      Issue.record("it is looked up")
      return
    }
    #expect(claim.doubt == doubt && claim.isInDoubt)
    #expect(claim.known.map(\.reference) == ["WO-1"] && claim.known.allSatisfy { $0.key.count == 32 })
  }

  @Test func the_order_that_is_found_is_followed_and_a_recurrence_joins_it() throws {
    try ledger.commit(decisions: [decided()])
    _ = try errand([.lookUp, .lookUpOpen])
    try ledger.commit([.command(.lookedUp(.make(.found(reference: "WO-7"), next: .merged)))])
    #expect(try row.state == .merged)
    #expect(try row.reason == "looked up: its trouble has the open order WO-7")
    guard case .follow(_, let order)? = try errand([.lookUp, .status]) else {
      Issue.record("it is followed")
      return
    }
    #expect(order.reference == "WO-7")
    try ledger.commit(decisions: [.make(600)])
    guard case .join(_, let joined)? = try errand([.lookUp, .status]) else {
      Issue.record("the recurrence joins it")
      return
    }
    #expect(joined.reference == "WO-7" && joined.recurrences == 1)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func what_is_not_there_is_sent_and_then_in_doubt_no_more() throws {
    try ledger.commit(decisions: [decided()])
    _ = try errand([.lookUp, .lookUpOpen])
    try ledger.commit([.command(.lookedUp(.make(.absent, next: .ready, due: at(51))))])
    let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(51)))
    #expect(claim.attempt == 1 && !claim.isInDoubt)
  }

  @Test func one_that_a_person_approves_is_looked_up_first() throws {
    let decision = decided(.waiting(expires: at(900)))
    try ledger.commit(decisions: [decision])
    #expect(try row.state == .waiting)
    let key = ActionKey(decision: decision.key, number: 1)
    try ledger.commit([.command(.instructed(Instruction(person: "ada", at: at(20), act: .approve(key))))])
    #expect(try row.state == .unknown && row.due == at(20))
  }

  @Test func a_setpoint_is_never_looked_up_and_never_sent() throws {
    try ledger.commit(decisions: [decided(kind: .setpoint)])
    #expect(try row.state == .unknown && row.due == nil)
    #expect(try errand([.lookUp, .lookUpOpen]) == nil)
  }

  @Test func words_that_were_changed_are_no_doubt() throws {
    try ledger.commit(decisions: [decided()])
    try folder.tamper("UPDATE action_events SET why = 'decided' WHERE seq = 1")
    #expect(throws: LedgerError.self) { try ledger.decisions(from: 1) { _ in } }
  }
}
