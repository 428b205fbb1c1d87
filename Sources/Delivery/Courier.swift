import Rules

/// Makes one attempt at one claimed action, from the adapter's code over the wire to what it means. It throws
/// nothing: whatever goes wrong is part of the attempt, and the next action goes on.
struct Courier {
  private let settings: AdapterSettings
  private let queue: any ActionQueue
  private let site: String
  private let code: any AdapterCode
  private let clock: WallClock
  private let client: HTTPClient
  private let schedule: RetrySchedule

  init(
    settings: AdapterSettings, queue: any ActionQueue, site: String, code: any AdapterCode, clock: @escaping WallClock
  )
    throws
  {
    self.settings = settings
    self.queue = queue
    self.site = site
    self.code = code
    self.clock = clock
    client = try HTTPClient(settings: settings)
    schedule = RetrySchedule(waits: settings.retries, isIdempotent: code.isIdempotent)
  }

  /// The attempt, and a line about it for the log.
  func deliver(_ claim: Claim) -> (attempt: Attempt, line: String) {
    let began = clock()
    let ending = attempt(claim, at: began)
    let ended = clock()
    let receipt = ending.receipt.cleaned(Redaction(settings, travelling: ending.travelling), key: claim.wireKey)
    let course =
      ending.isFault ? .dead : schedule.course(after: receipt, attempt: claim.attempt, now: ended)
    let attempt = Attempt(
      action: claim.key, number: claim.attempt, began: began, ended: ended, status: ending.status, receipt: receipt,
      next: course.next, due: course.due)
    return (attempt, attempt.line)
  }

  /// What one attempt came to.
  private struct Ending {
    var receipt: Receipt
    var status: Int?
    /// The adapter's code is broken: no schedule mends that.
    var isFault = false
    var travelling: String?
  }

  private func attempt(_ claim: Claim, at began: Instant) -> Ending {
    let request: HTTPRequest
    do {
      request = try claim.request ?? made(for: claim)
    } catch {
      return Ending(receipt: .rejected("making the request failed: \(error)"), isFault: true)
    }
    let credentials: Credentials
    do {
      if claim.request == nil { try queue.keep(request, for: claim.key) }
      credentials = try Credentials(code.authorisation, settings: settings)
    } catch {
      return Ending(receipt: .tryAgain(after: nil, why: "nothing was sent: \(error)"))
    }
    let headers = credentials.headers(key: claim.wireKey, at: began, body: request.body)
    switch client.perform(request, adding: headers) {
    case .notSent(let why):
      return Ending(receipt: .tryAgain(after: nil, why: "nothing was sent: \(why)"), travelling: credentials.travelling)
    case .maybeSent(let why):
      return Ending(receipt: .unknown(why), travelling: credentials.travelling)
    case .response(let response):
      var ending = meaning(of: response)
      ending.travelling = credentials.travelling
      return ending
    }
  }

  /// A request that could never be sent is the adapter's fault, and must not be kept.
  private func made(for claim: Claim) throws -> HTTPRequest {
    let request = try code.request(claim.tree(adapter: settings.name, site: site), settings: settings.settings)
    _ = try HeaderLines(of: request, adding: [])
    try Destination.check(path: request.path)
    return request
  }

  private func meaning(of response: HTTPResponse) -> Ending {
    do {
      let receipt = try code.answer(response).honouring(response, now: clock())
      return Ending(receipt: receipt, status: response.status)
    } catch {
      // It was sent and answered, and the answer's meaning is lost: only a person can tell.
      let why = "answered with status \(response.status), but reading the answer failed: \(error)"
      return Ending(receipt: .unknown(why), status: response.status, isFault: true)
    }
  }
}

extension Receipt {
  /// With texts on one line and without secrets; a system that gave no reference of its own knows it by our key.
  fileprivate func cleaned(_ redaction: Redaction, key: String) -> Receipt {
    func clean(_ text: String) -> String { onOneLine(redaction(text)) }
    func reference(_ text: String) -> String { text.allSatisfy(\.isWhitespace) ? key : clean(text) }
    return switch self {
    case .accepted(let text): .accepted(reference: reference(text))
    case .already(let text): .already(reference: reference(text))
    case .rejected(let why): .rejected(clean(why))
    case .tryAgain(let after, let why): .tryAgain(after: after, why: clean(why))
    case .unknown(let why): .unknown(clean(why))
    }
  }
}

extension Attempt {
  /// `pump_cavitation/…@…/1, attempt 2, status 503: try again (…); ready at 2026-03-01T10:05:00Z`
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
