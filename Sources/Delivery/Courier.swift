import Rules

/// Runs one errand, from the adapter's code over the wire to what it means. It throws nothing: whatever goes wrong is
/// part of what it reports, and the next errand goes on.
struct Courier {
  let settings: AdapterSettings
  let queue: any ActionQueue
  let site: String
  let code: any AdapterCode
  let clock: WallClock
  let wire: Wire
  let schedule: RetrySchedule

  /// What an errand came to.
  struct Outcome {
    /// For the engine.
    var commands: [Command] = []
    /// When an order's status is asked for next.
    var nextFollow: (action: ActionKey, at: Instant)?
    /// What the exchange says of the system; nil without one.
    var sign: Breaker.Sign?
    /// For the log; nil when there is nothing new.
    var line: String?
  }

  init(
    settings: AdapterSettings, queue: any ActionQueue, site: String, code: any AdapterCode,
    secretsAgain: (@Sendable () -> [String: Secret]?)?, clock: @escaping WallClock
  ) throws {
    self.settings = settings
    self.queue = queue
    self.site = site
    self.code = code
    self.clock = clock
    wire = try Wire(
      settings: settings, authorisation: code.authorisation, secretsAgain: secretsAgain, clock: clock)
    schedule = RetrySchedule(
      waits: settings.retries, isIdempotent: code.isIdempotent,
      believable: code.skills.contains(.lookUp) ? settings.totalTimeout + code.visibleAfter : nil)
  }

  func run(_ errand: Errand) -> Outcome {
    switch errand {
    case .send(let claim): send(claim)
    case .join(let claim, let order): join(claim, order)
    case .comment(let claim, let order): comment(claim, on: order)
    case .lookUp(let claim, let number): lookUp(claim, number)
    case .follow(let claim, let order): follow(claim, order)
    }
  }

  // MARK: - Sending

  /// What an attempt came to.
  struct Ending {
    var receipt: Receipt
    var status: Int?
    var sign: Breaker.Sign?
    /// The adapter's code is broken: no schedule mends that.
    var isFault = false
    /// Where it leads, when the schedule has no say in it.
    var course: Course?
  }

  func send(_ claim: Claim) -> Outcome {
    let began = clock()
    return outcome(of: claim, began, attempt(claim))
  }

  private func attempt(_ claim: Claim) -> Ending {
    let until = claim.action.setpoint?.validUntil
    if let until, until <= clock() {
      return Ending(
        receipt: .rejected("nothing was sent: it became void at \(until)"), course: Course(next: .expired))
    }
    let request: HTTPRequest
    do {
      request = try claim.request ?? made(for: claim)
    } catch {
      return Ending(receipt: .rejected("making the request failed: \(error)"), isFault: true, course: .dead)
    }
    do {
      if claim.request == nil { try queue.keep(request, for: claim.key) }
    } catch {
      return Ending(receipt: .tryAgain(after: nil, why: "nothing was sent: \(error)"))
    }
    let result = wire.perform(request, key: claim.wireKey, until: until)
    let sign = Breaker.Sign(result, now: clock())
    switch result {
    case .notSent(let why): return Ending(receipt: .tryAgain(after: nil, why: "nothing was sent: \(why)"), sign: sign)
    case .maybeSent(let why): return Ending(receipt: .unknown(why), sign: sign)
    case .response(let response):
      var ending = meaning(of: response)
      ending.sign = sign
      return ending
    }
  }

  /// A request that could never be sent is the adapter's fault, and must not be kept.
  private func made(for claim: Claim) throws -> HTTPRequest {
    try sendable(code.request(claim.tree(adapter: settings.name, site: site), settings: settings.settings))
  }

  func sendable(_ request: HTTPRequest) throws -> HTTPRequest {
    _ = try HeaderLines(of: request, adding: [])
    try Destination.check(path: request.path)
    return request
  }

  private func meaning(of response: HTTPResponse) -> Ending {
    do {
      let receipt = try code.answer(response).honouring(response, now: clock())
      return Ending(receipt: receipt, status: response.status)
    } catch {
      // It was sent and answered, and the answer's meaning is lost: a look-up or a person can tell.
      let why = "answered with status \(response.status), but reading the answer failed: \(error)"
      return Ending(receipt: .unknown(why), status: response.status, isFault: true)
    }
  }

  /// What an attempt that began then and ends now leads to.
  func outcome(of claim: Claim, _ began: Instant, _ ending: Ending) -> Outcome {
    let ended = clock()
    let receipt = cleaned(ending.receipt, key: claim.wireKey)
    let course = ending.course ?? course(of: claim, ending, receipt, ended)
    let attempt = Attempt(
      action: claim.key, number: claim.attempt, began: began, ended: ended, status: ending.status, receipt: receipt,
      next: course.next, due: course.due)
    return Outcome(commands: [.attempted(attempt)], sign: ending.sign, line: attempt.line)
  }

  private func course(of claim: Claim, _ ending: Ending, _ receipt: Receipt, _ now: Instant) -> Course {
    if let setpoint = claim.action.setpoint {
      return schedule.course(
        afterSetpoint: receipt, status: ending.status, attempt: claim.attempt, validUntil: setpoint.validUntil, at: now)
    }
    if ending.isFault, schedule.believable == nil { return .dead }
    return schedule.course(after: receipt, status: ending.status, attempt: claim.attempt, at: now)
  }

  /// With texts on one line and without secrets; a system that gave no reference of its own knows it by our key.
  private func cleaned(_ receipt: Receipt, key: String) -> Receipt {
    switch receipt {
    case .accepted(let text): .accepted(reference: reference(text, or: key))
    case .already(let text): .already(reference: reference(text, or: key))
    case .rejected(let why): .rejected(wire.clean(why))
    case .tryAgain(let after, let why): .tryAgain(after: after, why: wire.clean(why))
    case .unknown(let why): .unknown(wire.clean(why))
    }
  }

  func reference(_ text: String, or key: String) -> String {
    text.allSatisfy(\.isWhitespace) ? key : wire.clean(text)
  }
}

extension Attempt {
  /// `pump_cavitation/…@…/1, attempt 2, status 503: not now (…); ready at 2026-03-01T10:05:00Z`
  fileprivate var line: String {
    let said =
      switch receipt {
      case .accepted(let reference): "accepted as \(reference)"
      case .already(let reference): "there already as \(reference)"
      case .rejected(let why): "rejected (\(why))"
      case .tryAgain(_, let why): "not now (\(why))"
      case .unknown(let why): "unknown (\(why))"
      }
    return "\(action), attempt \(number)" + (status.map { ", status \($0)" } ?? "") + ": \(said); \(next.rawValue)"
      + (due.map { " at \($0)" } ?? "")
  }
}
