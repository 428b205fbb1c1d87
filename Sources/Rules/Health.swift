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
    /// By the steady clock: when something of it was last taken, its link's word included.
    package var heard: Instant?
    /// Silent for longer while it is up is a trouble: the longest time after which one of its tags that show life
    /// themselves is stale; where none does, the site's `blind_after`.
    package var silentAfter = TimeSpan.hours(24)
    /// What has waited longer to be evaluated is a trouble.
    package var waitsAtMost = TimeSpan.seconds(1)
    /// The longest that something waited between arrival and evaluation since this was last posted, and before that.
    package var waited = TimeSpan.zero
    package var waitedBefore = TimeSpan.zero
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

  /// An asset with tags whose newest samples are past (S4): how many, and the time of the oldest of those samples.
  package struct Behind: Sendable, Equatable {
    package var asset: String
    package var tags: Int
    package var time: Instant
    package init(asset: String, tags: Int, time: Instant) {
      self.asset = asset
      self.tags = tags
      self.time = time
    }
  }

  package struct SlowCommit: Sendable, Equatable {
    package var took: TimeSpan
    /// By the steady clock.
    package var ended: Instant
    package init(took: TimeSpan, ended: Instant) {
      self.took = took
      self.ended = ended
    }
  }

  /// A commit that took longer is a trouble,
  package static let longestCommit = TimeSpan.seconds(1)
  /// until so long no other did.
  package static let slowFor = TimeSpan.seconds(10)

  /// When this was true, and by the steady clock.
  package var at: Instant
  package var steady = Instant(microseconds: 0)
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
  /// Assets with tags whose newest samples are past, in the order of their tags.
  package var behind: [Behind] = []
  /// The newest commit that took too long.
  package var slowCommit: SlowCommit?

  package init(at: Instant, sources: [Source]) {
    self.at = at
    self.sources = sources
    inputs = 0
    counts = IntakeCounts()
    failedCommits = 0
  }

  /// What is wrong; empty when all is well.
  package var troubles: [Trouble] {
    var troubles = quarantined.sorted { $0.key < $1.key }.map { rule, why in
      Trouble(
        .quarantined, of: rule,
        "rule '\(rule)' is quarantined on all assets: \(why); it is called again when its text changes")
    }
    if let clockDoubt {
      troubles.append(Trouble(.clock, "\(clockDoubt): time alone decides nothing until it is right"))
    }
    for source in sources { troubles += source.troubles(at: steady, wall: at) }
    if failedCommits > 0 {
      troubles.append(
        Trouble(.ledger, "the ledger cannot be written, \(failedCommits) times in a row: \(lastFailure ?? "no reason")")
      )
    }
    if let slowCommit, steady - slowCommit.ended < Health.slowFor {
      troubles.append(.slowCommit("the newest slow one took \(slowCommit.took)"))
    }
    for place in behind.prefix(3) {
      troubles.append(
        Trouble(
          .past, of: place.asset,
          "\(place.tags) tag\(place.tags == 1 ? "" : "s") of \(place.asset) \(place.tags == 1 ? "is" : "are") "
            + "\((at - place.time).inWords) behind: is the clock of the device set?"))
    }
    if behind.count > 3 { troubles.append(Trouble(.past, "and so are tags of \(behind.count - 3) assets more")) }
    return troubles
  }
}

extension Health.Source {
  fileprivate func troubles(at steady: Instant, wall: Instant) -> [Trouble] {
    guard link == .up else {
      return [Trouble(.link, of: name, "source \(name) is \(link == .down ? "down" : "catching up")", since: since)]
    }
    var troubles: [Trouble] = []
    if let heard, steady - heard > silentAfter {
      troubles.append(
        Trouble(
          .silent, of: name, "source \(name) is up and nothing has come for more than \(silentAfter)",
          since: wall - (steady - heard)))
    }
    let longest = max(waited, waitedBefore)
    if longest > waitsAtMost {
      troubles.append(
        Trouble(
          .queue, of: name,
          "what source \(name) brings waits \(longest) before it is evaluated, at most \(waitsAtMost) is right"))
    }
    return troubles
  }
}

extension Trouble {
  /// Commits take more than a second.
  package static func slowCommit(_ what: String) -> Trouble {
    Trouble(.slowCommit, "commits take longer than \(Health.longestCommit): \(what)")
  }
}
