import Foundation
import Ledger
import Rules
import Testing

@Suite struct ActionTests {
  let folder = Folder()

  @Test func a_claim_gives_the_whole_decision_and_marks_it_sending() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(0)))
    #expect(claim.decision == .make())
    #expect(claim.action == .make())
    #expect(claim.attempt == 1)
    #expect(claim.wireKey.utf8.count == 32)
    #expect(claim.wireKey.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    #expect(try LedgerReader(path: folder.ledger).actions(state: .sending).count == 1)
    #expect(try ledger.due.claim(adapter: "desk", now: at(0)) == nil)
    #expect(try ledger.due.nextDue(adapter: "desk") == nil)
  }

  @Test func only_ready_actions_of_the_adapter_are_claimed() throws {
    let ledger = try Ledger(path: folder.ledger)
    let actions: [Action] = [
      .make(1, .shadow), .make(2, .refused("no conduit")), .make(3, .waiting(expires: at(9))),
      .make(4, adapter: "erp"), .make(5, adapter: nil),
    ]
    try ledger.commit(decisions: [.make(actions: actions)])
    #expect(try ledger.due.claim(adapter: "desk", now: at(0)) == nil)
    #expect(try ledger.due.claim(adapter: "erp", now: at(0))?.action == actions[3])
    #expect(try LedgerReader(path: folder.ledger).decision(matching: "1")?.decision.actions == actions)
  }

  @Test(arguments: [ActionState.unknown, .ready, .settled, .dead])
  func a_later_action_of_the_decision_waits_while_an_earlier_one_may_have_been_made(_ next: ActionState) throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(actions: [.make(1), .make(2)])])
    #expect(try ledger.due.claim(adapter: "desk", now: at(0))?.action.number == 1)
    #expect(try ledger.due.claim(adapter: "desk", now: at(0)) == nil)
    try ledger.commit([.command(.attempted(.make(answered: .unknown("no answer"), next: next, due: at(500))))])
    let claim = try ledger.due.claim(adapter: "desk", now: at(20))
    #expect(claim?.action.number == (next == .settled || next == .dead ? 2 : nil))
  }

  @Test(arguments: [(Int64(29), "P-102"), (30, "P-101")])
  func a_retry_that_is_due_comes_before_what_was_never_tried(_ now: Int64, _ pump: String) throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    _ = try ledger.due.claim(adapter: "desk", now: at(0))
    let again = Attempt.make(answered: .tryAgain(after: .seconds(30), why: "busy"), next: .ready, due: at(30))
    try ledger.commit([.command(.attempted(again))], decisions: [.make(of: "P-102")])
    #expect(try ledger.due.nextDue(adapter: "desk") == at(30))
    #expect(try ledger.due.claim(adapter: "desk", now: at(now))?.decision == .make(of: pump))
  }

  @Test(arguments: [ActionState.ready, .unknown, .settled, .dead, .refused])
  func the_next_order_of_an_incident_waits_for_the_one_before(_ next: ActionState) throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(0), .make(1), .make(2, of: "P-102")])
    #expect(try ledger.due.claim(adapter: "desk", now: at(5))?.decision == .make(0))
    #expect(try ledger.due.claim(adapter: "desk", now: at(5))?.decision == .make(2, of: "P-102"))
    #expect(try ledger.due.claim(adapter: "desk", now: at(5)) == nil)
    try ledger.commit([.command(.attempted(.make(answered: .unknown("no answer"), next: next, due: at(500))))])
    let second = try ledger.due.claim(adapter: "desk", now: at(20))
    #expect(second?.decision == ([.settled, .dead, .refused].contains(next) ? .make(1) : nil))
  }

  @Test func a_kept_request_is_never_replaced_and_comes_with_the_next_claim() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(0)))
    let request = HTTPRequest(method: "POST", path: "/orders", headers: [("A", "1"), ("A", "2")], body: [0, 255])
    try ledger.due.keep(request, for: claim.key)
    try ledger.due.keep(HTTPRequest(method: "PUT", path: "/", headers: [], body: []), for: claim.key)
    try ledger.commit([
      .command(.attempted(.make(answered: .tryAgain(after: nil, why: "busy"), next: .ready, due: at(30))))
    ])
    let second = try #require(try ledger.due.claim(adapter: "desk", now: at(30)))
    #expect(second.request == request)
    #expect(second.wireKey == claim.wireKey)
  }

  @Test func what_was_being_sent_when_the_writer_ended_is_unknown_and_can_be_made_ready() throws {
    do {
      let ledger = try Ledger(path: folder.ledger)
      try ledger.commit(decisions: [.make()])
      let claim = try #require(try ledger.due.claim(adapter: "desk", now: at(0)))
      try ledger.due.keep(.make, for: claim.key)
    }
    let ledger = try Ledger(path: folder.ledger)
    let unknown = try ledger.unknownActions()
    #expect(unknown.map(\.reason) == ["the engine ended while this was being sent"])
    #expect(try ledger.due.claim(adapter: "desk", now: at(90)) == nil)
    #expect(try ledger.makeUnknownReady(adapter: "erp", now: at(90)) == 0)
    #expect(try ledger.makeUnknownReady(adapter: "desk", now: at(90)) == 1)
    #expect(try ledger.due.claim(adapter: "desk", now: at(90))?.attempt == 2)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
  }

  @Test func what_was_claimed_and_has_no_request_yet_was_never_sent() throws {
    do {
      let ledger = try Ledger(path: folder.ledger)
      try ledger.commit(decisions: [.make()])
      _ = try ledger.due.claim(adapter: "desk", now: at(0))
    }
    let ledger = try Ledger(path: folder.ledger)
    #expect(try ledger.unknownActions().isEmpty)
    #expect(try ledger.due.claim(adapter: "desk", now: .distantFuture)?.attempt == 2)
  }

  @Test func an_attempt_settles_its_action_and_its_receipt_is_in_the_story() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    _ = try ledger.due.claim(adapter: "desk", now: at(10))
    try ledger.commit([.tick(SourceID(0), at(11)), .command(.attempted(.make()))])
    let reader = try LedgerReader(path: folder.ledger)
    let story = try #require(try reader.decision(matching: Decision.make().key.description))
    #expect(story.decision == .make())
    #expect(story.input == 1)
    let action = try #require(story.actions.first)
    #expect(action.events.map(\.state) == [.ready, .sending, .settled])
    #expect(action.attempts == [.make()])
    #expect(action.receipts.map(\.reference) == ["WO-1"])
    #expect(try reader.decisions().map(\.actions) == [[.settled]])
  }

  @Test func a_waiting_action_expires_once() throws {
    let ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make(actions: [.make(1, .waiting(expires: at(9)))])])
    let key = ActionKey(decision: Decision.make().key, number: 1)
    for _ in 1...2 { try ledger.commit { $0.expired = [key] } }
    let events = try LedgerReader(path: folder.ledger).decision(matching: "1")?.actions.first?.events
    #expect(events?.map(\.at) == [at(0), at(9)])
    #expect(events?.last?.state == .expired)
  }

  @Test func an_attempt_at_an_action_that_is_not_there_is_refused() throws {
    let ledger = try Ledger(path: folder.ledger)
    #expect(throws: LedgerError.unknownAction(path: folder.ledger, key: Attempt.make().action)) {
      try ledger.commit([.command(.attempted(.make()))])
    }
  }

  @Test func two_ledgers_give_the_same_action_different_keys() throws {
    let other = Folder()
    let keys = try [folder, other].map { folder in
      let ledger = try Ledger(path: folder.ledger)
      try ledger.commit(decisions: [.make()])
      return try ledger.due.claim(adapter: "desk", now: at(0))?.wireKey
    }
    #expect(keys[0] != keys[1])
  }
}
