import Ledger
import Rules
import Testing

/// What became of orders, and trouble that comes again while one is open.
@Suite struct OutcomeTests {
  let folder = Folder()
  let ledger: Ledger
  private let order = ActionKey(decision: Decision.make().key, number: 1)

  /// One order, accepted at 11 s as WO-1.
  init() throws {
    ledger = try Ledger(path: folder.ledger)
    try ledger.commit(decisions: [.make()])
    _ = try ledger.due.claim(adapter: "desk", now: at(10))
    try ledger.commit([.command(.attempted(.make()))])
  }

  private func next(_ now: Instant, _ skills: AdapterSkills = .status) throws -> Errand? {
    try ledger.due.next(adapter: "desk", skills: skills, now: now)
  }

  private func say(_ standing: OrderStanding, at time: Instant = at(60)) throws {
    try ledger.commit([
      .command(.followed(OrderStatus(action: order, at: time, standing: standing, cause: "bearing")))
    ])
  }

  private func recur(_ second: Int64) throws -> Errand? {
    try ledger.commit(decisions: [.make(second)])
    return try next(at(second))
  }

  @Test func an_accepted_order_is_followed_by_an_adapter_that_can() throws {
    #expect(try next(at(20)) == nil)
    guard case .follow(_, let followed)? = try next(at(21)) else { return #expect(Bool(false)) }
    #expect(followed.reference == "WO-1" && followed.known == nil && followed.since == at(11))
    #expect(try next(at(21), []) == nil)
  }

  @Test func a_postponed_order_is_not_asked_for_before_its_time() throws {
    try ledger.due.postpone(order, until: at(600))
    #expect(try next(at(599)) == nil)
    #expect(try ledger.due.nextDue(adapter: "desk", skills: .status) == at(600))
    #expect(try next(at(600)) != nil)
  }

  @Test(arguments: OrderStanding.allCases) func only_an_end_ends_the_asking(_ standing: OrderStanding) throws {
    try say(standing)
    #expect((try next(.distantFuture) == nil) == (standing == .done || standing == .cancelled))
  }

  @Test func the_story_has_every_step_and_what_was_found() throws {
    try say(.inProgress)
    let done = OrderStatus(
      action: order, at: at(90), standing: .done, cause: "strainer blocked",
      cost: Money(hundredths: 41_250, currency: "EUR"), started: at(50), done: at(85))
    try ledger.commit([.command(.followed(done))])
    let reader = try LedgerReader(path: folder.ledger)
    let action = try #require(try reader.decision(matching: "1")?.actions.first)
    #expect(action.outcomes.map(\.standing) == [.inProgress, .done])
    #expect(action.outcomes.last == done)
    #expect(
      action.steps
        == ActionSteps(decided: at(0), sent: at(10), accepted: at(11), started: at(50), done: at(85)))
    #expect(try reader.verify().problem == nil)
    try folder.tamper("UPDATE outcomes SET cost = 1 WHERE id = 2")
    let problem = try reader.verify().problem
    #expect(problem?.kind == "outcome" && problem?.id == 2)
  }

  @Test(arguments: [OrderStanding.open, .inProgress]) func a_recurrence_joins_an_open_order(_ standing: OrderStanding)
    throws
  {
    try say(standing)
    guard case .join(let claim, let open)? = try recur(100) else { return #expect(Bool(false)) }
    #expect(claim.decision == .make(100))
    #expect(open.reference == "WO-1" && open.recurrences == 1 && open.known?.standing == standing)
    let merged = Attempt.make(100, answered: .already(reference: "WO-1"), next: .merged)
    try ledger.commit([.command(.attempted(merged))])
    let story = try LedgerReader(path: folder.ledger).decision(matching: "2")?.actions.first
    #expect(story?.row.state == .merged && story?.mergedInto == order)
    guard case .join(_, let second)? = try recur(200) else { return #expect(Bool(false)) }
    #expect(second.recurrences == 2)
  }

  @Test(arguments: [OrderStanding.done, .cancelled, .unknown])
  func a_recurrence_after_the_end_makes_an_order_of_its_own(_ standing: OrderStanding) throws {
    try say(standing)
    guard case .send? = try recur(100) else { return #expect(Bool(false)) }
  }

  /// Trouble that comes again within the seconds before its status is first asked for is the same trouble.
  @Test func an_order_that_was_just_taken_counts_as_open() throws {
    guard case .join(_, let open)? = try recur(15) else { return #expect(Bool(false)) }
    #expect(open.known == nil && open.recurrences == 1)
  }

  @Test func what_may_have_been_sent_is_never_merged() throws {
    try say(.open)
    try ledger.commit(decisions: [.make(100)])
    guard case .join(let claim, _)? = try next(at(100)) else { return #expect(Bool(false)) }
    try ledger.due.keep(.make, for: claim.key)
    let again = Attempt.make(100, answered: .tryAgain(after: nil, why: "busy"), next: .ready, due: at(130))
    try ledger.commit([.command(.attempted(again))])
    guard case .send(let second)? = try next(at(130)) else { return #expect(Bool(false)) }
    #expect(second.request == .make)
  }

  @Test(arguments: ["UPDATE receipts SET reference = 'WO-2'", "UPDATE outcomes SET standing = 'in_progress'"])
  func an_order_that_was_changed_in_the_file_is_not_asked_for(_ change: String) throws {
    try say(.open)
    try folder.tamper(change)
    #expect(throws: LedgerError.self) { try next(at(21)) }
    #expect(throws: LedgerError.self) { try recur(100) }
  }

  @Test func another_action_of_the_rule_is_another_order() throws {
    try say(.open)
    try ledger.commit(decisions: [.make(100, actions: [.make(1, .shadow), .make(2)])])
    guard case .send(let claim)? = try next(at(100)) else { return #expect(Bool(false)) }
    #expect(claim.action.number == 2)
  }

  @Test func while_acting_is_halted_nothing_is_sent_and_orders_are_asked_for() throws {
    try folder.tamper("INSERT INTO halts (at, halted, who, why) VALUES (0, 1, 'ana', 'works')")
    try ledger.commit(decisions: [.make(100)])
    guard case .follow? = try next(at(100)) else { return #expect(Bool(false)) }
    #expect(try next(at(100), []) == nil)
    try folder.tamper("INSERT INTO halts (at, halted, who, why) VALUES (1, 0, 'ana', '')")
    guard case .join? = try next(at(100)) else { return #expect(Bool(false)) }
  }
}
