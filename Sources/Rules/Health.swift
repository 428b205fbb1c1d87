/// How a running engine is: what a person who must rely on it wants to know first. Times are of the wall clock
/// unless they say otherwise.
package struct Health: Sendable, Equatable {
  package struct Source: Sendable, Equatable {
    package enum Link: String, Sendable, CaseIterable {
      case down
      /// Connected, and what the broker kept for us is still being read.
      case catchingUp = "catching_up"
      case up
    }
    package var name: String
    package var link: Link
    /// Since when the link is what it is; nil before its first word.
    package var since: Instant?
    /// Newest source time and arrival of its changes; nil before the first of this run.
    package var newestData: Instant?
    package var newestArrival: Instant?
    package init(name: String, link: Link = .down) {
      self.name = name
      self.link = link
    }
    /// How far data time lies behind the moment it arrived.
    package var lag: TimeSpan? {
      guard let newestData, let newestArrival else { return nil }
      return newestArrival - newestData
    }
  }

  /// When this was true.
  package var at: Instant
  /// Why the wall clock is not believed, so that time alone decides nothing; nil while it is.
  package var clockDoubt: String?
  /// Rules that are called on no asset any more, and why.
  package var quarantined: [String: String] = [:]
  package var sources: [Source]
  /// Length of the journal.
  package var inputs: Int64
  package var counts: IntakeCounts
  package var lastCommit: Instant?
  /// Commits that failed in a row, and why the last one did.
  package var failedCommits: Int
  package var lastFailure: String?
  package var lastSnapshot: Instant?

  package init(at: Instant, sources: [Source]) {
    self.at = at
    self.sources = sources
    inputs = 0
    counts = IntakeCounts()
    failedCommits = 0
  }

  /// What is wrong, in words for people; empty when all is well.
  package var troubles: [String] {
    var troubles = quarantined.sorted { $0.key < $1.key }.map { rule, why in
      "rule '\(rule)' is quarantined on all assets: \(why); it is called again when its text changes"
    }
    if let clockDoubt { troubles.append("\(clockDoubt): time alone decides nothing until it is right") }
    for source in sources where source.link != .up {
      let since = source.since.map { " since \($0)" } ?? ""
      troubles.append("source \(source.name) is \(source.link == .down ? "down" : "catching up")\(since)")
    }
    if failedCommits > 0 {
      troubles.append("the ledger cannot be written, \(failedCommits) times in a row: \(lastFailure ?? "no reason")")
    }
    return troubles
  }
}
