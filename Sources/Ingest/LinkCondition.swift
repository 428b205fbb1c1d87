import Rules

/// How the link of one source is, at one moment: for lists and logs.
package struct LinkCondition: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case notStarted = "not started"
    /// The broker is being reached or asked.
    case connecting
    /// It took us; what it kept for us is being read.
    case catchingUp = "catching up"
    case up
    /// The last try failed; the next one comes by itself.
    case down
    /// Another client took our session: not tried again.
    case takenOver = "session taken by another client"
    case stopped
  }
  package var state = State.notStarted
  /// Wall clock; when it came into this state.
  package var since: Instant
  /// Messages read whose acknowledgement is not yet written.
  package var unacknowledged = 0
  /// Inputs and dead letters read that the engine has not taken.
  package var untaken = 0
  /// Messages that were delivered again and known again, since the start.
  package var matched = 0
  /// Connections that were made since the start: broker reached and session given.
  package var connections = 0
  /// Why the last connection failed or ended; nil before the first that did.
  package var lastFailure: String?

  init(since: Instant) { self.since = since }
}

/// How long to wait between connections that fail: doubling from `shortest` to `longest`, less up to half of it,
/// so that engines that lost one broker do not all return at once.
package struct BackOff: Sendable {
  package var shortest: Duration
  package var longest: Duration
  package init(shortest: Duration = .seconds(1), longest: Duration = .seconds(30)) {
    self.shortest = shortest
    self.longest = longest
  }

  /// The wait after so many failures in a row, from 0.
  func wait(after failures: Int) -> Duration {
    let most = min(longest, shortest * (1 << min(failures, 16)))
    return most * Double.random(in: 0.5...1)
  }
}
