import Rules

/// Where an action stands after an attempt, and when the next is due.
struct Course: Equatable {
  var next: ActionState
  var due: Instant?
  static let dead = Course(next: .dead, due: nil)
}

/// An adapter's fixed schedule: the waits before the second, third, ... attempt.
struct RetrySchedule {
  let waits: [TimeSpan]
  /// The same key sent twice makes one thing: then an attempt without an answer may be repeated.
  let isIdempotent: Bool

  /// `attempt` is the number of the one that ended at `now`.
  func course(after receipt: Receipt, attempt: Int, now: Instant) -> Course {
    switch receipt {
    case .accepted, .already: Course(next: .settled)
    case .rejected: Course(next: .refused)
    case .tryAgain(let wait, _): again(attempt, now, atLeast: wait ?? .zero)
    case .unknown where isIdempotent: again(attempt, now, atLeast: .zero)
    case .unknown: Course(next: .unknown)
    }
  }

  private func again(_ attempt: Int, _ now: Instant, atLeast wait: TimeSpan) -> Course {
    guard waits.indices.contains(attempt - 1) else { return .dead }
    return Course(next: .ready, due: now + max(waits[attempt - 1], wait))
  }
}
