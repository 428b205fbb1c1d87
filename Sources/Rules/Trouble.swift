/// Something wrong with a running engine that a person should know. As long as it stands it has the same key, however
/// its text changes meanwhile.
package struct Trouble: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// The wall clock is not believed.
    case clock
    /// A source is not up.
    case link
    /// A source is up and nothing comes.
    case silent
    /// A rule is called on no asset any more.
    case quarantined
    /// The newest samples of an asset's tags are past.
    case past
    /// A message is not evaluated, because the process ended in it twice.
    case skipped
    /// What a source brought waits longer than the source's lateness before it is evaluated.
    case queue
    /// The ledger cannot be written.
    case ledger
    /// Something in the ledger is not what was written.
    case damage
    /// The ledger cannot be verified.
    case unverified
    /// A commit takes more than a second.
    case slowCommit = "slow_commit"
    /// A turn of the engine does not end.
    case turn
    /// The process takes more memory than it should.
    case memory
    /// A file is wrong, or a new version of a rule waits for a person.
    case notTakenOver = "not_taken_over"
    /// Nothing is sent because a person said so.
    case halt
    /// An action waits too long.
    case unsent
  }
  package struct Key: Hashable, Sendable {
    package var kind: Kind
    /// What it is about where several can have it: a source, a file. Empty otherwise.
    package var subject: String
  }

  package var key: Key
  /// In words for people, without since when.
  package var text: String
  /// By the wall clock; nil where only the first look at it can say (`TroubleBook`).
  package var since: Instant?

  package init(_ kind: Kind, of subject: String = "", _ text: String, since: Instant? = nil) {
    key = Key(kind: kind, subject: subject)
    self.text = text
    self.since = since
  }

  /// With since when.
  package var words: String { since.map { "\(text) (since \($0))" } ?? text }
}

/// Since when each trouble has stood, and which have ended: told once each.
package struct TroubleBook: Sendable {
  package struct Ended: Sendable, Equatable {
    package var trouble: Trouble
    package var at: Instant
  }
  /// So many ends are kept for who tells them.
  package static let mostEnded = 1_000

  private var standing: [Trouble] = []
  private var ended: [Ended] = []

  package init() {}

  /// The troubles of this moment, each with since when: the first word on that stands. Those that stood before and are
  /// not among them have ended.
  package mutating func note(_ troubles: [Trouble], at now: Instant) -> [Trouble] {
    let before = Dictionary(standing.map { ($0.key, $0) }) { first, _ in first }
    standing = troubles.map { trouble in
      var trouble = trouble
      trouble.since = before[trouble.key]?.since ?? trouble.since ?? now
      return trouble
    }
    let keys = Set(standing.map(\.key))
    let gone = before.values.filter { !keys.contains($0.key) }
      .sorted { ($0.since ?? now, $0.text) < ($1.since ?? now, $1.text) }
    ended = Array((ended + gone.map { Ended(trouble: $0, at: now) }).suffix(Self.mostEnded))
    return standing
  }

  /// Those that have ended since the last time this was asked.
  package mutating func takeEnded() -> [Ended] {
    defer { ended = [] }
    return ended
  }
}
