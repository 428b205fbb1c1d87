import Delivery
import Rules
import Testing

struct BreakerTests {
  private func breaker(failures: Int, from time: Instant = noon) -> Breaker {
    var breaker = Breaker()
    for _ in 0..<failures { _ = breaker.note(.failed, at: time) }
    return breaker
  }

  @Test func four_failures_in_a_row_shut_nothing_and_the_fifth_does() {
    #expect(breaker(failures: 4).wait(at: noon) == nil)
    #expect(breaker(failures: 5).wait(at: noon) == .seconds(10))
  }

  @Test func an_answer_between_begins_the_count_anew() {
    var breaker = breaker(failures: 4)
    _ = breaker.note(.answered, at: noon)
    _ = breaker.note(.failed, at: noon)
    #expect(breaker.wait(at: noon) == nil)
  }

  @Test func after_its_wait_one_errand_is_let_through_and_its_failure_shuts_it_for_longer() {
    var breaker = breaker(failures: 5)
    #expect(breaker.wait(at: noon + .seconds(10)) == nil)
    _ = breaker.note(.failed, at: noon + .seconds(10))
    #expect(breaker.wait(at: noon + .seconds(10)) == .seconds(20))
    _ = breaker.note(.answered, at: noon + .seconds(30))
    #expect(breaker.wait(at: noon + .seconds(30)) == nil)
  }

  @Test func it_is_never_shut_for_more_than_five_minutes() {
    #expect(breaker(failures: 1_000).wait(at: noon) == .minutes(5))
  }

  @Test func a_clock_set_back_does_not_keep_it_shut() {
    #expect(breaker(failures: 5).wait(at: noon - .hours(1)) == nil)
  }

  @Test func it_tells_only_the_first_time_that_it_shuts() {
    var breaker = Breaker()
    #expect((0..<7).map { _ in breaker.note(.failed, at: noon) } == [false, false, false, false, true, false, false])
  }

  @Test(
    arguments: [
      (200, [], Breaker.Sign.answered), (404, [], .answered), (429, [], .answered), (500, [], .failed),
      (429, [("retry-after", "120")], .busy(.seconds(120))), (503, [("retry-after", "120")], .busy(.seconds(120))),
      (502, [("retry-after", "120")], .failed),
    ] as [(Int, [(name: String, value: String)], Breaker.Sign)])
  func each_status_is_a_sign(_ status: Int, _ headers: [(name: String, value: String)], _ sign: Breaker.Sign) {
    let response = HTTPResponse(status: status, headers: headers, body: [])
    #expect(Breaker.Sign(.response(response), now: noon) == sign)
  }

  @Test func a_system_that_is_not_there_costs_five_actions_one_try_each() {
    let claims = (0..<8).map { Claim.make(.make(repeated: $0), wireKey: "k\($0)") }
    let queue = MemoryQueue(claims)
    let desk = Desk(.make("http://127.0.0.1:\(DeskServer.deadPort())"), queue)
    queue.awaitReports(5)
    desk.dispatcher.wake()
    desk.dispatcher.stop()
    #expect(queue.attempts.count == 5)
    #expect(desk.log.last?.contains("nothing is sent for 10 s: it failed 5 times in a row") == true)
  }

  @Test func a_busy_system_is_left_alone_by_the_whole_adapter() {
    let server = DeskServer(.reply(429, headers: ["Retry-After: 120"]), .reply(200))
    let queue = MemoryQueue([Claim.make(wireKey: "a"), .make(.make(repeated: 1), wireKey: "b")])
    let desk = Desk(.make(server.url), queue)
    queue.awaitReports()
    desk.advance(.seconds(119))
    desk.advance(.seconds(1))
    queue.awaitReports(2)
    desk.dispatcher.stop()
    #expect(queue.attempts.map(\.began) == [noon, noon + .seconds(120), noon + .seconds(120)])
  }

  @Test func an_adapter_that_hangs_keeps_no_other() {
    let hanging = MemoryQueue(.make())
    let settings = AdapterSettings.make(DeskServer(.silence).url, total: .seconds(5))
    let slow = Desk(settings, hanging)
    let quick = Desk(.make(DeskServer(.reply(200)).url), MemoryQueue(.make()))
    quick.queue.awaitReports()
    quick.dispatcher.stop()
    #expect(quick.queue.attempts.map(\.next) == [.settled])
    #expect(hanging.attempts.isEmpty)
    slow.dispatcher.stop()
  }
}
