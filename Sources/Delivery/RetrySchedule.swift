import Rules

/// Where an action stands after an attempt, and when the next is due.
package struct Course: Equatable {
  package var next: ActionState
  package var due: Instant?
  package static let dead = Course(next: .dead)
  package init(next: ActionState, due: Instant? = nil) {
    self.next = next
    self.due = due
  }
}

/// An adapter's fixed schedule: the waits before the second, third, ... attempt.
package struct RetrySchedule {
  package let waits: [TimeSpan]
  /// The same key sent twice makes one thing: then an attempt without an answer may be repeated.
  package let isIdempotent: Bool
  package init(waits: [TimeSpan], isIdempotent: Bool) {
    self.waits = waits
    self.isIdempotent = isIdempotent
  }

  /// `attempt` is the number of the one that ended at `now`.
  package func course(after receipt: Receipt, attempt: Int, now: Instant) -> Course {
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
