import Delivery
import Rules
import Testing

struct RetryTests {
  let now = Instant(seconds: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT, as in RFC 9110

  @Test(arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
  func all_three_forms_of_a_date_are_read(text: String) { #expect(httpDate(text) == now) }

  @Test(arguments: ["", "soon", "-5", "1.5", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:00:00 GMT"])
  func what_is_no_time_is_no_wait(text: String) { #expect(retryAfter(text, now: now) == nil) }

  @Test func seconds_and_dates_become_waits() {
    #expect(retryAfter("120", now: now) == .seconds(120))
    #expect(retryAfter("Sun, 06 Nov 1994 08:50:37 GMT", now: now) == .minutes(1))
    #expect(retryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now: now) == .zero)
  }

  @Test(arguments: ["86401", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
  func no_server_postpones_by_more_than_a_day(text: String) {
    #expect(retryAfter(text, now: now) == .hours(24))
  }

  @Test func the_adapters_own_wait_comes_before_the_header() {
    let response = HTTPResponse(status: 429, headers: [("retry-after", "120")], body: [])
    let named = Receipt.tryAgain(after: .seconds(30), why: "busy")
    #expect(named.honouring(response, now: now) == named)
    #expect(
      Receipt.tryAgain(after: nil, why: "busy").honouring(response, now: now)
        == .tryAgain(after: .seconds(120), why: "busy"))
    #expect(Receipt.rejected("no").honouring(response, now: now) == .rejected("no"))
  }

  @Test func each_receipt_leads_to_one_state() {
    let schedule = RetrySchedule(waits: [.seconds(5)], isIdempotent: true)
    let careful = RetrySchedule(waits: [.seconds(5)], isIdempotent: false)
    let later = Course(next: .ready, due: now + .seconds(5))
    for (receipt, protected, unprotected) in [
      (Receipt.accepted(reference: "7"), Course(next: .settled), Course(next: .settled)),
      (.already(reference: "7"), Course(next: .settled), Course(next: .settled)),
      (.rejected("no"), Course(next: .refused), Course(next: .refused)),
      (.tryAgain(after: nil, why: ""), later, later),
      (.unknown(""), later, Course(next: .unknown)),
    ] {
      #expect(schedule.course(after: receipt, attempt: 1, now: now) == protected)
      #expect(careful.course(after: receipt, attempt: 1, now: now) == unprotected)
    }
  }

  @Test func the_longer_wait_counts() {
    let schedule = RetrySchedule(waits: [.seconds(5), .minutes(5)], isIdempotent: true)
    func due(_ after: TimeSpan, attempt: Int) -> Instant? {
      schedule.course(after: .tryAgain(after: after, why: ""), attempt: attempt, now: now).due
    }
    #expect(due(.seconds(60), attempt: 1) == now + .seconds(60))
    #expect(due(.seconds(60), attempt: 2) == now + .minutes(5))
    #expect(due(.seconds(60), attempt: 3) == nil)
  }
}
