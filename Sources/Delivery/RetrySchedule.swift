import Rules

/// Where an action stands after an errand, and when the next is due.
package struct Course: Equatable {
  package var next: ActionState
  package var due: Instant?
  package static let dead = Course(next: .dead)
  package init(next: ActionState, due: Instant? = nil) {
    self.next = next
    self.due = due
  }
}

/// An adapter's fixed schedule, and what its attempts and look-ups lead to.
package struct RetrySchedule {
  /// Before the second, third, ... attempt; and before the second, third, ... look-up.
  package let waits: [TimeSpan]
  /// The same key sent twice makes one thing: then an attempt without an answer may be repeated.
  package let isIdempotent: Bool
  /// How long after an attempt without an answer a look-up can be believed: the request's time limit and the time the
  /// other system needs to show what it made. Nil when it cannot be asked.
  package let believable: TimeSpan?
  package init(waits: [TimeSpan], isIdempotent: Bool, believable: TimeSpan?) {
    self.waits = waits
    self.isIdempotent = isIdempotent
    self.believable = believable
  }

  /// What is tried again although the server failed is looked up at every third attempt, where it can be: a server
  /// that knows keys may answer each of them with the failure it remembers.
  private static let doubtEvery = 3

  /// `attempt` is the number of the one that ended at `now` with an answer of this HTTP status (nil: without one).
  package func course(after receipt: Receipt, status: Int?, attempt: Int, at now: Instant) -> Course {
    switch receipt {
    case .accepted, .already: return Course(next: .settled)
    case .rejected: return Course(next: .refused)
    case .unknown: return doubt(attempt, now)
    case .tryAgain(let wait, _):
      if mayHaveWorked(status) {
        // It took the request and failed: without a key it may have made the thing.
        if !isIdempotent { return doubt(attempt, now) }
        if believable != nil, attempt % RetrySchedule.doubtEvery == 0 { return doubt(attempt, now) }
      }
      return again(attempt, now, atLeast: wait ?? .zero)
    }
  }

  /// The same for a setpoint: an attempt whose fate is not known is never followed by another, and none is made once
  /// it is void.
  package func course(
    afterSetpoint receipt: Receipt, status: Int?, attempt: Int, validUntil: Instant?, at now: Instant
  ) -> Course {
    switch receipt {
    case .accepted, .already: return Course(next: .settled)
    case .rejected: return Course(next: .refused)
    case .unknown: return Course(next: .unknown)
    case .tryAgain where mayHaveWorked(status): return Course(next: .unknown)
    case .tryAgain(let wait, _):
      let course = again(attempt, now, atLeast: wait ?? .zero)
      guard let validUntil, let due = course.due, due >= validUntil else { return course }
      return Course(next: .expired)
    }
  }

  /// `number` is that of the look-up, `attempt` that of the last attempt before it.
  package func course(after answer: LookUpAnswer, number: Int, attempt: Int, at now: Instant) -> Course {
    switch answer {
    case .found: return Course(next: .settled)
    // One that was never tried here, as after a restore, has all its attempts left.
    case .absent: return attempt == 0 || waits.indices.contains(attempt - 1) ? Course(next: .ready, due: now) : .dead
    case .unknown: return nextLookUp(number, now, atLeast: .zero)
    case .tryAgain(let wait, _): return nextLookUp(number, now, atLeast: wait ?? .zero)
    }
  }

  /// A person decides when the last look-up could not tell.
  private func nextLookUp(_ number: Int, _ now: Instant, atLeast wait: TimeSpan) -> Course {
    guard waits.indices.contains(number - 1) else { return Course(next: .unknown) }
    return Course(next: .unknown, due: now + max(waits[number - 1], wait))
  }

  private func again(_ attempt: Int, _ now: Instant, atLeast wait: TimeSpan) -> Course {
    guard waits.indices.contains(attempt - 1) else { return .dead }
    return Course(next: .ready, due: now + max(waits[attempt - 1], wait))
  }

  /// A look-up costs little and says more than another try, so it comes first also where the key protects.
  private func doubt(_ attempt: Int, _ now: Instant) -> Course {
    if let believable { return Course(next: .unknown, due: now + believable) }
    return isIdempotent ? again(attempt, now, atLeast: .zero) : Course(next: .unknown)
  }

  /// 503 says that it did not begin; any other failure of the server says nothing.
  private func mayHaveWorked(_ status: Int?) -> Bool { status.map { $0 >= 500 && $0 != 503 } ?? false }
}
