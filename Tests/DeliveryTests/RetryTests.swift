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

  private func schedule(idempotent: Bool = true, lookUp: Bool = false, waits: [TimeSpan] = [.seconds(5)])
    -> RetrySchedule
  {
    RetrySchedule(waits: waits, isIdempotent: idempotent, believable: lookUp ? .seconds(50) : nil)
  }

  private var again: Course { Course(next: .ready, due: now + .seconds(5)) }
  private var lookedUp: Course { Course(next: .unknown, due: now + .seconds(50)) }

  @Test func each_receipt_leads_to_one_state() {
    for (receipt, idempotent, lookUp, neither) in [
      (Receipt.accepted(reference: "7"), Course(next: .settled), Course(next: .settled), Course(next: .settled)),
      (.already(reference: "7"), Course(next: .settled), Course(next: .settled), Course(next: .settled)),
      (.rejected("no"), Course(next: .refused), Course(next: .refused), Course(next: .refused)),
      (.tryAgain(after: nil, why: ""), again, again, again),
      (.unknown(""), again, lookedUp, Course(next: .unknown)),
    ] {
      func course(_ schedule: RetrySchedule) -> Course {
        schedule.course(after: receipt, status: nil, attempt: 1, at: now)
      }
      #expect(course(schedule()) == idempotent)
      #expect(course(schedule(lookUp: true)) == lookUp)
      #expect(course(schedule(idempotent: false, lookUp: true)) == lookUp)
      #expect(course(schedule(idempotent: false)) == neither)
    }
  }

  @Test(arguments: [500, 502, 504])
  func a_failing_server_may_have_made_it_where_no_key_protects(_ status: Int) {
    func course(_ schedule: RetrySchedule) -> Course {
      schedule.course(after: .tryAgain(after: nil, why: ""), status: status, attempt: 1, at: now)
    }
    #expect(course(schedule()) == again)
    #expect(course(schedule(idempotent: false)) == Course(next: .unknown))
    #expect(course(schedule(idempotent: false, lookUp: true)) == lookedUp)
  }

  @Test func a_failure_that_comes_again_and_again_is_looked_up() {
    let schedule = schedule(lookUp: true, waits: [.seconds(5), .seconds(5), .seconds(5), .seconds(5)])
    let courses = (1...4).map {
      schedule.course(after: .tryAgain(after: nil, why: ""), status: 500, attempt: $0, at: now)
    }
    #expect(courses == [again, again, lookedUp, again])
    #expect(schedule.course(after: .tryAgain(after: nil, why: ""), status: 503, attempt: 3, at: now) == again)
  }

  @Test func each_answer_to_a_look_up_leads_to_one_state() {
    let schedule = schedule(lookUp: true)
    func course(_ answer: LookUpAnswer, number: Int = 1, attempt: Int = 1) -> Course {
      schedule.course(after: answer, number: number, attempt: attempt, at: now)
    }
    #expect(course(.found(reference: "7")) == Course(next: .settled))
    #expect(course(.absent) == Course(next: .ready, due: now))
    #expect(course(.absent, attempt: 2) == .dead)
    #expect(course(.absent, attempt: 0) == Course(next: .ready, due: now), "it was never tried here")
    #expect(course(.unknown("")) == Course(next: .unknown, due: now + .seconds(5)))
    #expect(course(.tryAgain(after: .seconds(70), why: "")) == Course(next: .unknown, due: now + .seconds(70)))
    #expect(course(.unknown(""), number: 2) == Course(next: .unknown))
  }

  @Test func a_setpoint_whose_fate_is_not_known_has_no_next_attempt() {
    for schedule in [schedule(), schedule(lookUp: true)] {
      func course(_ receipt: Receipt, _ status: Int?, validFor: TimeSpan = .seconds(60)) -> Course {
        schedule.course(afterSetpoint: receipt, status: status, attempt: 1, validUntil: now + validFor, at: now)
      }
      #expect(course(.unknown(""), nil) == Course(next: .unknown))
      #expect(course(.tryAgain(after: nil, why: ""), 500) == Course(next: .unknown))
      #expect(course(.tryAgain(after: nil, why: ""), 503) == again)
      #expect(course(.tryAgain(after: nil, why: ""), nil, validFor: .seconds(5)) == Course(next: .expired))
    }
  }

  @Test func the_longer_wait_counts() {
    let schedule = schedule(waits: [.seconds(5), .minutes(5)])
    func due(_ after: TimeSpan, attempt: Int) -> Instant? {
      schedule.course(after: .tryAgain(after: after, why: ""), status: nil, attempt: attempt, at: now).due
    }
    #expect(due(.seconds(60), attempt: 1) == now + .seconds(60))
    #expect(due(.seconds(60), attempt: 2) == now + .minutes(5))
    #expect(due(.seconds(60), attempt: 3) == nil)
  }
}
