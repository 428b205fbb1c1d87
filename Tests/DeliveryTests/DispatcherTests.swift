import Delivery
import Rules
import Synchronization
import Testing

struct DispatcherTests {
  @Test func an_order_arrives_signed_and_its_receipt_comes_back() throws {
    let server = DeskServer(.reply(201, body: "WO-7"))
    let desk = Desk(.make(server.url), MemoryQueue(.make(wireKey: "led1-9-1")))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    let request = try #require(server.requests.first)
    #expect(request.line == "POST /orders HTTP/1.1")
    #expect(request.header("Content-Type") == "application/cloudevents+json")
    #expect(request.header("Idempotency-Key") == "\"led1-9-1\"")
    #expect(request.header("webhook-id") == "led1-9-1")
    try WebhookSignature(secret: Secret(signingKey)).verify(request.headers, body: request.body, now: noon)
    let attempt = try #require(desk.queue.attempts.first)
    #expect(attempt.receipt == .accepted(reference: "WO-7"))
    #expect(attempt.next == .settled && attempt.due == nil && attempt.status == 201 && attempt.number == 1)
    #expect(attempt.began == noon && attempt.ended == noon)
  }

  @Test func a_second_attempt_sends_the_same_bytes_with_a_new_time() throws {
    let server = DeskServer(.reply(500), .reply(200, body: "WO-7"))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    desk.queue.awaitReports()
    desk.advance(.seconds(5))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    let requests = server.requests
    try #require(requests.count == 2)
    #expect(requests[0].body == requests[1].body)
    #expect(requests[0].header("webhook-id") == requests[1].header("webhook-id"))
    #expect(requests.map { $0.header("webhook-timestamp") } == ["1772366400", "1772366405"])
    try WebhookSignature(secret: Secret(signingKey)).verify(
      requests[1].headers, body: requests[1].body, now: noon + .seconds(5))
  }

  @Test func retry_after_is_honoured_when_it_is_longer_than_the_schedule() {
    let server = DeskServer(.reply(429, headers: ["Retry-After: 120"]))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts[0].due == noon + .seconds(120))
    #expect(desk.queue.attempts[0].next == .ready)
  }

  @Test func nothing_is_sent_before_it_is_due() {
    let server = DeskServer(.reply(503), .reply(200))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    desk.queue.awaitReports()
    desk.advance(.seconds(4))
    desk.advance(.seconds(1))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.began) == [noon, noon + .seconds(5)])
  }

  @Test func when_the_schedule_is_used_up_it_is_dead() {
    let server = DeskServer(.reply(503))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    for wait in [TimeSpan.zero, .seconds(5), .minutes(5)] {
      desk.advance(wait)
      desk.queue.awaitReports()
    }
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.ready, .ready, .dead])
    #expect(desk.queue.attempts.map(\.number) == [1, 2, 3])
    #expect(desk.queue.attempts.last?.due == nil)
  }

  @Test func an_order_refused_by_the_other_side_is_not_tried_again() {
    for status in [302, 400, 403, 404, 410] {
      let desk = Desk(.make(DeskServer(.reply(status)).url), MemoryQueue(.make()))
      desk.queue.awaitReports()
      desk.dispatcher.stop()
      #expect(desk.queue.attempts.map(\.next) == [.refused])
    }
  }

  @Test func no_answer_is_tried_again_where_the_key_protects() throws {
    let server = DeskServer(.close, .reply(200, body: "WO-7"))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    desk.queue.awaitReports()
    desk.advance(.seconds(5))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.ready, .settled])
    #expect(server.requests.map(\.body).count == 2 && server.requests[0].body == server.requests[1].body)
  }

  @Test(arguments: [DeskServer.Answer.close, .silence, .garbage])
  func no_answer_is_unknown_where_nothing_protects(answer: DeskServer.Answer) {
    let settings = AdapterSettings.make(DeskServer(answer).url, total: TimeSpan(microseconds: 300_000))
    let desk = Desk(settings, MemoryQueue(.make())) { DeskCode(isIdempotent: false) }
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.unknown])
    #expect(desk.queue.attempts[0].status == nil && desk.queue.attempts[0].due == nil)
  }

  @Test func nobody_listening_is_tried_again_whatever_protects() {
    let desk = Desk(.make("http://127.0.0.1:\(DeskServer.deadPort())"), MemoryQueue(.make())) {
      DeskCode(isIdempotent: false)
    }
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.ready])
    #expect(desk.queue.attempts[0].due == noon + .seconds(5))
  }

  @Test func a_broken_adapter_ends_one_action_and_the_next_goes_on() {
    let server = DeskServer(.reply(200))
    let first = Claim.make(wireKey: "bad")
    let second = Claim.make(.make(repeated: 1), wireKey: "good")
    let desk = Desk(.make(server.url), MemoryQueue(first, second)) {
      let code = DeskCode()
      code.failsOn = "bad"
      return code
    }
    desk.queue.awaitReports(2)
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.dead, .settled])
    #expect(desk.queue.attempts[0].receipt == .rejected("making the request failed: adapter.lua:7: no"))
    #expect(server.requests.count == 1)
  }

  @Test func an_answer_the_adapter_cannot_read_is_for_a_person() {
    let server = DeskServer(.reply(299))
    let desk = Desk(.make(server.url), MemoryQueue(.make()))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.dead])
    #expect(desk.queue.attempts[0].status == 299)
  }

  @Test func an_adapter_that_does_not_load_claims_nothing_until_it_does() {
    let server = DeskServer(.reply(200))
    let tries = Shared(0)
    let desk = Desk(.make(server.url), MemoryQueue(.make())) {
      guard
        tries.value.withLock({ count in
          count += 1
          return count > 2
        })
      else { throw DeskCode.Broken() }
      return DeskCode()
    }
    desk.dispatcher.wake()
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.map(\.next) == [.settled])
    #expect(desk.log.filter { $0.contains("cannot deliver: adapter.lua:7: no") }.count == 1)
  }

  @Test func a_system_without_references_knows_it_by_our_key() {
    let desk = Desk(.make(DeskServer(.reply(202)).url), MemoryQueue(.make(wireKey: "led1-9-1")))
    desk.queue.awaitReports()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts[0].receipt == .accepted(reference: "led1-9-1"))
  }

  @Test func stop_finishes_the_request_in_hand_and_takes_no_other() {
    let server = DeskServer(.reply(200))
    let queue = MemoryQueue(.make(wireKey: "a"), .make(.make(repeated: 1), wireKey: "b"), due: noon + .seconds(1))
    let desk = Desk(.make(server.url), queue)
    server.whenRead.withLock { $0 = { desk.dispatcher.finish() } }
    desk.advance(.seconds(1))
    queue.awaitReports()
    desk.dispatcher.stop()
    #expect(queue.attempts.map(\.next) == [.settled])
    #expect(server.requests.count == 1)
  }

  @Test func a_dispatcher_with_nothing_to_do_stops() {
    let desk = Desk(.make("http://127.0.0.1:9"), MemoryQueue())
    desk.dispatcher.stop()
    desk.dispatcher.stop()
    #expect(desk.queue.attempts.isEmpty)
  }
}
