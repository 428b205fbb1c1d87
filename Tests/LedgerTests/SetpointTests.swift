import Ledger
import Rules
import Testing

/// Setpoint requests: permitted, in time, and never twice.
@Suite struct SetpointTests {
  let folder = Folder()
  let ledger: Ledger

  /// One setpoint request, void at 60 s.
  init() throws {
    ledger = try Ledger(path: folder.ledger)
    var action = Action.make()
    action.kind = .setpoint
    action.setpoint = Action.Setpoint(tag: "SpeedSetpoint", target: 1_305, validUntil: at(60))
    try ledger.commit(decisions: [.make(actions: [action])])
  }

  private func claim(now: Instant, refusal: String? = nil) throws -> Claim? {
    let queue = ledger.actionQueue(report: { _ in }, permit: { _, _, _ in refusal })
    return try queue.claim(adapter: "desk", now: now)
  }

  private var last: ActionEvent? {
    get throws { try LedgerReader(path: folder.ledger).decision(matching: "1")?.actions.first?.events.last }
  }

  private func leaveUnknown() throws {
    _ = try claim(now: at(10))
    try ledger.commit([.command(.attempted(.make(answered: .unknown("no answer"), next: .unknown)))])
  }

  @Test func in_time_and_permitted_it_is_claimed_as_it_was_decided() throws {
    let setpoint = try claim(now: at(59))?.action.setpoint
    #expect(setpoint == Action.Setpoint(tag: "SpeedSetpoint", target: 1_305, validUntil: at(60)))
  }

  @Test func from_its_last_moment_on_it_is_expired() throws {
    #expect(try claim(now: at(60)) == nil)
    #expect(try last?.state == .expired)
  }

  @Test func what_is_not_permitted_is_refused_with_the_reason() throws {
    #expect(try claim(now: at(10), refusal: "the pump is in manual") == nil)
    #expect(try last?.state == .refused)
    #expect(try last?.why == "the pump is in manual")
  }

  @Test func without_anything_that_permits_it_is_refused() throws {
    #expect(try ledger.due.claim(adapter: "desk", now: at(10)) == nil)
    #expect(try last?.state == .refused)
  }

  @Test func a_later_validity_put_into_the_file_is_not_believed() throws {
    try folder.tamper("UPDATE actions SET valid_until = valid_until + 86400000000")
    #expect(throws: LedgerError.self) { try claim(now: at(61)) }
  }

  @Test func one_whose_fate_is_not_known_is_never_sent_again() throws {
    try leaveUnknown()
    #expect(try ledger.makeUnknownReady(adapter: "desk", now: at(20)) == 0)
    #expect(try ledger.lookUpUnknown(adapter: "desk", at: at(20)) == 0)
    try ledger.commit([.command(.lookedUp(.make(.absent, next: .ready, due: at(20))))])
    #expect(try last?.state == .unknown)
    #expect(try claim(now: at(30)) == nil)
  }
}
