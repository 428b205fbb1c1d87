import Rules

/// Keeps an adapter from using up the tries of its actions on a system that is not there: after five failures in a row
/// nothing is claimed for a while, then one errand is let through to see.
package struct Breaker {
  /// What one exchange says of the system behind an adapter.
  package enum Sign: Equatable {
    case answered
    /// Not reached, no whole answer, or a failure of its own (5xx).
    case failed
    /// It asks to be left alone for so long.
    case busy(TimeSpan)
  }

  /// Failures in a row that open it.
  static let patience = 5
  private static let firstWait = TimeSpan.seconds(10)
  private static let longestWait = TimeSpan.minutes(5)
  /// No answer of a server stops an adapter for longer: one errand is let through, to see.
  private static let longestQuiet = TimeSpan.hours(1)

  private var failures = 0
  /// Nothing is claimed before this.
  private var opens: (from: Instant, until: Instant)?

  package init() {}

  /// How long nothing may be claimed; nil when something may be. A clock set back must not keep it shut.
  package func wait(at now: Instant) -> TimeSpan? {
    guard let opens, now < opens.until, now >= opens.from else { return nil }
    return opens.until - now
  }

  /// True when this sign shut the adapter off, for the log.
  package mutating func note(_ sign: Sign, at now: Instant) -> Bool {
    switch sign {
    case .answered:
      failures = 0
      opens = nil
      return false
    case .busy(let wait):
      failures = 0
      opens = (now, now + min(wait, Breaker.longestQuiet))
      return true
    case .failed:
      failures += 1
      guard failures >= Breaker.patience else { return false }
      var wait = Breaker.firstWait
      for _ in Breaker.patience..<min(failures, Breaker.patience + 10) { wait = min(wait + wait, Breaker.longestWait) }
      opens = (now, now + wait)
      return failures == Breaker.patience
    }
  }
}

extension Breaker.Sign {
  package init(_ result: HTTPResult, now: Instant) {
    switch result {
    case .notSent, .maybeSent: self = .failed
    case .response(let response):
      let wait = response.headers.first { $0.name == "retry-after" }.flatMap { retryAfter($0.value, now: now) }
      if response.status == 429 || response.status == 503, let wait, wait > .zero {
        self = .busy(wait)
      } else {
        self = response.status >= 500 ? .failed : .answered
      }
    }
  }
}
