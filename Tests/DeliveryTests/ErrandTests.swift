import Delivery
import Rules
import Testing

/// What a dispatcher asks and says besides sending: look-ups, statuses, comments, and secrets that were changed.
struct ErrandTests {
  private func order(recurrences: Int = 0, known: OrderStanding? = .open, since: Instant = noon) -> OpenOrder {
    let key = ActionKey(decision: Decision.make().key, number: 1)
    return OpenOrder(
      action: key, wireKey: "k1", reference: "WO-7", recurrences: recurrences,
      known: known.map { OrderStatus(action: key, at: noon - .hours(1), standing: $0) }, since: since)
  }

  private func run(
    _ errand: Errand, on server: DeskServer, total: TimeSpan = .seconds(20), awaiting reports: Int = 1,
    _ code: @escaping @Sendable () -> DeskCode = { DeskCode([.lookUp, .status, .comment]) }
  ) -> (MemoryQueue, Desk) {
    let queue = MemoryQueue([errand])
    let desk = Desk(.make(server.url, total: total), queue, code: code)
    queue.awaitReports(reports)
    desk.dispatcher.stop()
    return (queue, desk)
  }

  // MARK: Look-ups

  @Test func an_order_without_an_answer_is_looked_up_and_found() {
    let server = DeskServer(.close, .reply(200, body: "WO-7"))
    let desk = Desk(.make(server.url), MemoryQueue(.make())) { DeskCode(isIdempotent: false, .lookUp) }
    desk.queue.awaitReports()
    #expect(desk.queue.attempts.map(\.next) == [.unknown])
    #expect(desk.queue.attempts[0].due == noon + .seconds(50), "the time limit, and what the system needs to show it")
    desk.advance(.seconds(49))
    desk.advance(.seconds(1))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(server.requests.map(\.line) == ["POST /orders HTTP/1.1", "GET /orders?key=k1 HTTP/1.1"])
    #expect(desk.queue.lookUps.map(\.answer) == [.found(reference: "WO-7")])
    #expect(desk.queue.lookUps.map(\.next) == [.settled])
    #expect(desk.queue.lookUps[0].began == noon + .seconds(50))
  }

  @Test func only_a_look_up_that_says_no_leads_to_the_same_bytes_again() {
    let server = DeskServer(.close, .reply(500), .reply(404), .reply(200, body: "WO-7"))
    let desk = Desk(.make(server.url), MemoryQueue(.make())) { DeskCode(isIdempotent: false, .lookUp) }
    desk.queue.awaitReports()
    desk.advance(.seconds(50))
    desk.queue.awaitReports()
    desk.advance(.seconds(5))
    desk.queue.awaitReports(2)
    desk.dispatcher.stop()
    #expect(desk.queue.lookUps.map(\.answer) == [.unknown("status 500"), .absent])
    #expect(desk.queue.attempts.map(\.next) == [.unknown, .settled])
    let posts = server.requests.filter { $0.line.hasPrefix("POST") }
    #expect(posts.count == 2 && posts[0].body == posts[1].body)
  }

  private func look(
    _ claim: Claim, _ server: DeskServer, isIdempotent: Bool = false, _ skills: AdapterSkills,
    after span: TimeSpan = .seconds(50)
  ) -> LookUp? {
    let queue = MemoryQueue([Errand]())
    let desk = Desk(.make(server.url), queue) { DeskCode(isIdempotent: isIdempotent, skills) }
    desk.advance(span)
    queue.add(.lookUp(claim, number: 1))
    desk.dispatcher.wake()
    queue.awaitReports()
    desk.dispatcher.stop()
    return queue.lookUps.first
  }

  @Test func what_is_in_doubt_is_looked_up_by_key_and_then_by_open_order() {
    let server = DeskServer(.reply(404), .reply(200, body: "WO-7"))
    let found = look(.inDoubt(known: [KnownOrder(key: "k0", reference: "WO-1")]), server, [.lookUp, .lookUpOpen])
    #expect(found?.answer == .found(reference: "WO-7") && found?.next == .merged)
    #expect(
      server.requests.map(\.line) == [
        "GET /orders?key=k1 HTTP/1.1",
        "GET /open?asset=Riverside/Utilities/P-101&since=2026-03-01T11:17:00Z&but=k0 HTTP/1.1",
      ], "and since five minutes before the backup's last input")
    let own = look(.inDoubt(), DeskServer(.reply(200, body: "WO-3")), [.lookUp, .lookUpOpen])
    #expect(own?.answer == .found(reference: "WO-3") && own?.next == .settled, "under our own key it is ours")
    let absent = look(.inDoubt(), DeskServer(.reply(404)), [.lookUp, .lookUpOpen])
    #expect(absent?.answer == .absent && absent?.next == .ready)
    let down = look(.inDoubt(), DeskServer(.reply(404), .reply(500)), [.lookUp, .lookUpOpen])
    #expect(down?.next == .unknown && down?.due == noon + .seconds(55))
  }

  @Test func what_is_in_doubt_waits_for_a_person_where_no_open_order_can_be_looked_up() {
    let byKey = look(.inDoubt(), DeskServer(.reply(404)), .lookUp)
    #expect(byKey?.answer == .absent && byKey?.next == .unknown && byKey?.due == nil)
    for isIdempotent in [true, false] {
      let server = DeskServer(.reply(200))
      let unasked = look(.inDoubt(), server, isIdempotent: isIdempotent, [])
      #expect(unasked?.next == .unknown && unasked?.due == nil && server.requests.isEmpty)
    }
  }

  @Test func what_was_to_be_sent_when_the_backup_was_taken_is_looked_up_by_its_key_alone() {
    var claim = Claim.make(attempt: 0)
    claim.doubt = Doubt(since: noon - .minutes(38), until: noon)
    #expect(look(claim, DeskServer(.reply(404)), [.lookUp, .lookUpOpen])?.next == .ready)
    #expect(look(claim, DeskServer(.reply(404)), isIdempotent: true, [])?.next == .ready, "the key is known there")
    #expect(look(claim, DeskServer(.reply(404)), [])?.next == .unknown)
  }

  @Test func no_look_up_is_believed_before_what_was_sent_last_can_be_seen() {
    let server = DeskServer(.reply(404))
    let early = look(.inDoubt(), server, [.lookUp, .lookUpOpen], after: .seconds(49))
    #expect(early?.next == .unknown && early?.due == noon + .seconds(50) && server.requests.isEmpty)
  }

  @Test func no_question_carries_the_key_of_what_it_asks_about() {
    let server = DeskServer(.reply(404))
    _ = run(.lookUp(.make(), number: 3), on: server)
    #expect(server.requests[0].header("Idempotency-Key") == "\"k1-look-up-3\"")
  }

  @Test func a_look_up_that_the_adapter_cannot_read_is_for_a_person() {
    let (queue, _) = run(.lookUp(.make(), number: 1), on: DeskServer(.reply(299)))
    #expect(queue.lookUps.map(\.next) == [.unknown])
    #expect(queue.lookUps[0].due == nil)
  }

  // MARK: Statuses

  @Test func a_changed_status_is_reported() {
    let (queue, _) = run(.follow(.make(), order()), on: DeskServer(.reply(200, body: "done")), awaiting: 2)
    #expect(queue.statuses.map(\.standing) == [.done])
    #expect(queue.postponed == [noon + .minutes(5)])
  }

  @Test(arguments: [(TimeSpan.zero, TimeSpan.minutes(5)), (.hours(2), .minutes(12)), (.hours(200), .hours(1))])
  func one_that_did_not_change_is_asked_for_less_and_less_often(_ quiet: TimeSpan, _ wait: TimeSpan) {
    let (queue, desk) = run(
      .follow(.make(), order(since: noon - quiet)), on: DeskServer(.reply(200, body: "open")))
    #expect(queue.reports.isEmpty && desk.log.isEmpty)
    #expect(queue.postponed == [noon + wait])
  }

  @Test(arguments: [DeskServer.Answer.reply(503), .close, .reply(299)])
  func no_answer_is_no_news(_ answer: DeskServer.Answer) {
    let (queue, _) = run(.follow(.make(), order()), on: DeskServer(answer))
    #expect(queue.reports.isEmpty && queue.postponed.count == 1)
  }

  // MARK: Recurrences

  @Test(arguments: [1, 10, 100]) func the_first_tenth_and_hundredth_recurrence_is_said_on_the_order(_ count: Int) {
    let server = DeskServer(.reply(200, body: "open"), .reply(201))
    let (queue, _) = run(.join(.make(wireKey: "k2"), order(recurrences: count)), on: server)
    #expect(server.requests.map(\.line) == ["GET /orders/WO-7 HTTP/1.1", "POST /orders/WO-7/comments HTTP/1.1"])
    #expect(server.requests[1].header("Idempotency-Key") == "\"k2-comment\"")
    #expect(queue.attempts.map(\.next) == [.merged])
    #expect(queue.attempts[0].receipt == .already(reference: "WO-7"))
    #expect(queue.kept.isEmpty, "a comment is no order, and must never be sent as one")
  }

  @Test func the_others_are_counted() {
    let server = DeskServer(.reply(200, body: "in_progress"))
    let (queue, _) = run(.join(.make(), order(recurrences: 2)), on: server, awaiting: 2)
    #expect(server.requests.count == 1)
    #expect(queue.attempts.map(\.next) == [.merged])
    #expect(queue.statuses.map(\.standing) == [.inProgress])
  }

  @Test(arguments: ["done", "cancelled", "on hold"]) func an_order_closed_meanwhile_takes_no_recurrence(_ word: String)
  {
    let server = DeskServer(.reply(200, body: word), .reply(201, body: "WO-8"))
    let (queue, _) = run(.join(.make(wireKey: "k2"), order(recurrences: 1)), on: server, awaiting: 2)
    #expect(server.requests.map(\.line) == ["GET /orders/WO-7 HTTP/1.1", "POST /orders HTTP/1.1"])
    #expect(queue.attempts.map(\.receipt) == [.accepted(reference: "WO-8")])
    #expect(queue.statuses.count == 1)
  }

  @Test func while_nobody_can_say_whether_it_is_open_the_recurrence_waits() {
    let (queue, _) = run(.join(.make(), order(recurrences: 1)), on: DeskServer(.reply(503)))
    #expect(queue.attempts.map(\.next) == [.ready])
    #expect(queue.attempts[0].due == noon + .seconds(5))
  }

  @Test(arguments: [DeskServer.Answer.close, .reply(400), .reply(299)])
  func a_comment_that_may_be_missing_changes_nothing(_ answer: DeskServer.Answer) {
    let server = DeskServer(.reply(200, body: "open"), answer)
    let (queue, _) = run(.join(.make(), order(recurrences: 1)), on: server)
    #expect(queue.attempts.map(\.next) == [.merged])
  }

  // MARK: Setpoints

  private func setpoint(validFor: TimeSpan) -> Claim {
    var action = Action.make()
    action.kind = .setpoint
    action.setpoint = Action.Setpoint(tag: "Speed", target: 1_305, validUntil: noon + validFor)
    return .make(.make(action: action))
  }

  @Test func a_setpoint_request_that_is_void_is_not_sent() {
    let server = DeskServer(.reply(200))
    let (queue, _) = run(.send(setpoint(validFor: .zero)), on: server)
    #expect(queue.attempts.map(\.next) == [.expired])
    #expect(server.requests.isEmpty)
  }

  @Test(arguments: [DeskServer.Answer.close, .reply(500)])
  func a_setpoint_request_without_a_clear_answer_is_unknown_also_where_a_key_protects(_ answer: DeskServer.Answer) {
    let (queue, _) = run(.send(setpoint(validFor: .seconds(60))), on: DeskServer(answer))
    #expect(queue.attempts.map(\.next) == [.unknown])
    #expect(queue.attempts[0].due == nil)
  }

  @Test func its_validity_ends_a_request_that_hangs() {
    // The adapter's own limit is an hour: only the validity can end this.
    let validity = TimeSpan(microseconds: 200_000)
    let (queue, _) = run(.send(setpoint(validFor: validity)), on: DeskServer(.silence), total: .hours(1))
    #expect(queue.attempts.map(\.next) == [.unknown])
  }

  // MARK: Secrets

  private func desk(_ server: DeskServer, again: [String: Secret]?) -> MemoryQueue {
    let queue = MemoryQueue(.make())
    var settings = AdapterSettings.make(server.url)
    settings.secrets = ["token": Secret("old-token")]
    let dispatcher = Dispatcher(
      settings: settings, queue: queue, site: "Riverside Works",
      code: {
        let code = DeskCode()
        code.authorisation = .bearer(secret: "token")
        return code
      }, secretsAgain: { again }, clock: { noon }, log: { _ in })
    dispatcher.start()
    queue.awaitReports()
    dispatcher.stop()
    return queue
  }

  @Test func a_secret_that_was_changed_is_read_again_when_the_old_one_is_not_believed() {
    let server = DeskServer(.reply(401), .reply(201, body: "WO-7"))
    let queue = desk(server, again: ["token": Secret("new-token")])
    #expect(server.requests.map { $0.header("Authorization") } == ["Bearer old-token", "Bearer new-token"])
    #expect(queue.attempts.map(\.receipt) == [.accepted(reference: "WO-7")])
  }

  @Test func the_same_secret_is_not_tried_twice() {
    let server = DeskServer(.reply(401))
    let queue = desk(server, again: ["token": Secret("old-token")])
    #expect(server.requests.count == 1)
    #expect(queue.attempts.map(\.next) == [.refused])
  }
}
