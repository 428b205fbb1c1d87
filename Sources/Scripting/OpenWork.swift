import Rules

/// What a thread had in hand when an earlier process of the engine ended: a message that it decoded or evaluated, a
/// deadline, or an input that it replayed.
package struct OpenWork: Equatable, Sendable {
  package enum Subject: Equatable, Sendable {
    /// By its hash over the source's name, the topic and the payload.
    case message(UInt64)
    case deadline(rule: String, asset: String, Instant)
    /// By its number in the journal.
    case input(Int64)
  }

  package enum Ending: Equatable, Sendable {
    /// From outside: a power switch, `kill -9`, a watchdog of the system.
    case killed
    /// By a signal that its thread brought about.
    case signal(Int32)
  }

  /// What had used more of the processor is to blame, however the process ended.
  package static let longest = TimeSpan.seconds(2)
  /// At so many ends a message is skipped, and the replay of an input given up.
  package static let strikes = 2

  package var subject: Subject
  package var ending: Ending
  /// Of the processor, as far as the watchdog saw it: up to a fifth of a second less.
  package var used: TimeSpan
  /// The state was being brought back from the journal.
  package var wasRecovering: Bool

  package init(_ subject: Subject, _ ending: Ending, used: TimeSpan = .zero, wasRecovering: Bool = false) {
    self.subject = subject
    self.ending = ending
    self.used = used
    self.wasRecovering = wasRecovering
  }

  /// Whether it is to blame for the end.
  package var isToBlame: Bool { ending != .killed || used > Self.longest }

  /// What is to be journalled of it; nil when it is not to blame or was no deadline.
  package var fault: Fault? {
    guard isToBlame, case .deadline(let rule, let asset, let moment) = subject else { return nil }
    return Fault(
      rule: rule, asset: asset, cause: "the engine ended while it took the deadline of \(moment): \(cause)")
  }

  package var cause: String {
    switch ending {
    case .killed where used > Self.longest: "killed from outside after \(used.seconds) s of the processor"
    case .killed: "killed from outside"
    case .signal(let number): "signal \(number)"
    }
  }
}
