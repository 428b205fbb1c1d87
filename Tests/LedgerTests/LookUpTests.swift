import Ledger
import Rules
import Testing

/// What becomes of actions whose attempt had no answer.
@Suite struct LookUpTests {
  let folder = Folder()
  let ledger: Ledger

  /// One action that may or may not have been made, to be looked up at 50 s.
  init() throws {
    ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    _ = try ledger.due.claim(adapter: "desk", now: at(10))
    let attempt = Attempt.make(answered: .unknown("no answer"), next: .unknown, due: at(50))
    try ledger.commit([.command(.attempted(attempt))])
  }

  private func lookUp(now: Instant, _ skills: AdapterSkills = .lookUp) throws -> Int? {
    guard case .lookUp(_, let number)? = try ledger.due.next(adapter: "desk", skills: skills, now: now) else {
      return nil
    }
    return number
  }

  private var state: ActionState? {
    get throws { try LedgerReader(path: folder.ledger).actions().first?.state }
  }

  @Test func it_is_looked_up_when_it_is_due_and_not_before() throws {
    #expect(try lookUp(now: at(49)) == nil)
    #expect(try ledger.due.nextDue(adapter: "desk", skills: .lookUp) == at(50))
    #expect(try lookUp(now: at(50)) == 1)
  }

  @Test func an_adapter_without_look_up_is_given_none() throws {
    #expect(try lookUp(now: at(50), []) == nil)
    #expect(try ledger.due.nextDue(adapter: "desk", skills: []) == nil)
  }

  @Test func a_look_up_in_hand_is_not_given_twice_and_a_start_gives_it_again() throws {
    #expect(try lookUp(now: at(50)) == 1)
    #expect(try lookUp(now: at(900)) == nil)
    #expect(try ledger.lookUpUnknown(adapter: "desk", at: at(70)) == 1)
    #expect(try ledger.lookUpUnknown(adapter: "desk", at: at(990)) == 0)
    #expect(try lookUp(now: at(70)) == 1)
  }

  @Test func what_is_found_is_settled_with_its_receipt() throws {
    _ = try lookUp(now: at(50))
    try ledger.commit([.command(.lookedUp(.make(.found(reference: "WO-1"), next: .settled)))])
    let reader = try LedgerReader(path: folder.ledger)
    let action = try #require(try reader.decision(matching: "1")?.actions.first)
    #expect(action.row.state == .settled)
    #expect(action.receipts.map(\.reference) == ["WO-1"])
    #expect(action.lookUps == [.make(.found(reference: "WO-1"), next: .settled)])
    #expect(action.events.last?.why == "looked up: it is there as WO-1")
    #expect(try reader.verify().problem == nil)
  }

  @Test func what_is_not_there_is_sent_again_under_the_same_key() throws {
    let key = try LedgerReader(path: folder.ledger).actions().first?.wireKey
    _ = try lookUp(now: at(50))
    try ledger.commit([.command(.lookedUp(.make(.absent, next: .ready, due: at(51))))])
    #expect(try ledger.due.claim(adapter: "desk", now: at(50)) == nil)
    let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(51)))
    #expect(claim.wireKey == key && claim.attempt == 2)
  }

  @Test func what_is_found_after_a_person_had_it_sent_again_is_not_sent() throws {
    _ = try lookUp(now: at(50))
    try ledger.makeUnknownReady(adapter: "desk", now: at(50))
    try ledger.commit([.command(.lookedUp(.make(.found(reference: "WO-1"), next: .settled)))])
    #expect(try state == .settled)
  }

  @Test func a_look_up_that_cannot_tell_is_followed_by_another() throws {
    _ = try lookUp(now: at(50))
    try ledger.commit([.command(.lookedUp(.make(.unknown("down"), next: .unknown, due: at(80))))])
    #expect(try lookUp(now: at(79)) == nil)
    #expect(try lookUp(now: at(80)) == 2)
  }

  @Test func the_last_look_up_that_cannot_tell_leaves_it_to_a_person() throws {
    _ = try lookUp(now: at(50))
    try ledger.commit([.command(.lookedUp(.make(.unknown("down"), next: .unknown)))])
    #expect(try lookUp(now: .distantFuture) == nil)
    #expect(try state == .unknown)
  }

  @Test func an_adapter_that_knows_keys_sends_it_again() throws {
    #expect(try ledger.makeUnknownReady(adapter: "erp", now: at(90)) == 0)
    #expect(try ledger.makeUnknownReady(adapter: "desk", now: at(90)) == 1)
    #expect(try ledger.due.claim(adapter: "desk", now: at(90))?.attempt == 2)
  }

  @Test func a_row_that_was_changed_is_not_looked_up() throws {
    try folder.tamper("UPDATE actions SET wire_key = 'another'")
    let queue = ledger.due
    #expect(throws: LedgerError.self) { try queue.next(adapter: "desk", skills: .lookUp, now: at(50)) }
    #expect(
      try queue.next(adapter: "desk", skills: .lookUp, now: at(50)) == nil,
      "it is said once, and does not keep the others")
  }
}

extension LookUp {
  static func make(_ answer: Answer, number: Int = 1, next: ActionState, due: Instant? = nil) -> LookUp {
    LookUp(
      action: ActionKey(decision: Decision.make().key, number: 1), number: number, began: at(50), ended: at(50),
      status: 200, answer: answer, next: next, due: due)
  }
}
