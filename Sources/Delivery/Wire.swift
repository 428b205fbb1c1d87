import Rules

/// One adapter's way to its system: every request goes through here, with what proves who sends it. It lives on its
/// worker's thread.
final class Wire {
  private var settings: AdapterSettings
  private let authorisation: Authorisation
  private let secretsAgain: (@Sendable () -> [String: Secret]?)?
  private let clock: WallClock
  private let client: HTTPClient
  private var credentials: Result<Credentials, DeliveryError>
  /// Of all secrets ever used: an answer may show one that has been changed since.
  private var redactions: [Redaction] = []

  init(
    settings: AdapterSettings, authorisation: Authorisation, secretsAgain: (@Sendable () -> [String: Secret]?)?,
    clock: @escaping WallClock
  ) throws(DeliveryError) {
    self.settings = settings
    self.authorisation = authorisation
    self.secretsAgain = secretsAgain
    self.clock = clock
    client = try HTTPClient(settings: settings)
    credentials = Wire.credentials(authorisation, settings)
    remember()
  }

  /// Sends the request under a key of its own, not a byte of it from `until` on. When it is answered with 401 the
  /// secrets are read again, and where one has been changed it is sent once more: the first was not taken.
  func perform(_ request: HTTPRequest, key: String, until: Instant? = nil) -> HTTPResult {
    if case .failure = credentials { _ = renew() }
    let result = once(request, key, until)
    guard case .response(let response) = result, response.status == 401, renew() else { return result }
    return once(request, key, until)
  }

  private func once(_ request: HTTPRequest, _ key: String, _ until: Instant?) -> HTTPResult {
    let now = clock()
    var limit = settings.totalTimeout
    if let until {
      guard now < until else { return .notSent("it became void at \(until)") }
      limit = min(limit, until - now)
    }
    switch credentials {
    case .failure(let error): return .notSent("\(error)")
    case .success(let credentials):
      return client.perform(request, adding: credentials.headers(key: key, at: now, body: request.body), within: limit)
    }
  }

  /// True when there are other secrets than those in hand.
  private func renew() -> Bool {
    guard let fresh = secretsAgain?(), fresh != settings.secrets else { return false }
    settings.secrets = fresh
    credentials = Wire.credentials(authorisation, settings)
    remember()
    return true
  }

  private static func credentials(_ authorisation: Authorisation, _ settings: AdapterSettings) -> Result<
    Credentials, DeliveryError
  > {
    Result { () throws(DeliveryError) in try Credentials(authorisation, settings: settings) }
  }

  private func remember() {
    redactions.append(Redaction(settings, travelling: (try? credentials.get())?.travelling))
  }

  /// A text from outside: on one line, and without secrets.
  func clean(_ text: String) -> String { onOneLine(redactions.reduce(text) { $1($0) }) }
}
