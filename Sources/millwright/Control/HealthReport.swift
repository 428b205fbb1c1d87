import Ingest
import Ledger
import Rules

/// How a running engine is, as it says so over the control socket and in its log. Times are RFC 3339.
struct HealthReport: Codable, Sendable, Equatable {
  struct Source: Codable, Sendable, Equatable {
    var name: String
    /// down, catching_up, up
    var link: String
    var since: String?
    /// Newest time of its data, in this run.
    var newestData: String?
    /// How far data time lay behind the wall clock when it arrived.
    var lagSeconds: Double?
    /// Messages that are read and not yet acknowledged.
    var backlog: Int?
    /// In this run: connections made, and messages that came again and were known.
    var connections: Int?
    var redelivered: Int?
    /// Why the link ended or could not be made the last time.
    var lastFailure: String?
  }
  struct Counts: Codable, Sendable, Equatable {
    var taken: Int64
    var late: Int64
    var duplicate: Int64
    var ahead: Int64
    var notGood: Int64
    var clockSteps: Int64
    /// Nil from an engine that does not know of them.
    var past: Int64?
  }

  /// Something wrong, with what does not change as long as it stands: kind and subject.
  struct Standing: Codable, Sendable, Equatable {
    var kind: String
    /// A source, a file; empty where there can be only one.
    var subject: String
    var text: String
    var since: String?
  }

  var at: String
  var pid: Int32
  /// What is wrong, in words for people that say since when; empty when all is well.
  var troubles: [String]
  /// The same in parts; nil in the report of an older engine.
  var standing: [Standing]?
  var sources: [Source]
  /// Why the wall clock is not believed; nil while it is.
  var clockDoubt: String?
  /// Since the engine began.
  var counts: Counts
  /// Length of the journal.
  var inputs: Int64
  var ledgerBytes: Int64
  /// When the last verification of the whole ledger ended.
  var verified: String?
  /// When the oldest action that is neither made nor ended was decided.
  var oldestUnsent: String?
  /// By whom, since when and why nothing is sent.
  var halted: String?
  var lastCommit: String?
  var lastSnapshot: String?
}

extension HealthReport {
  /// Unsent for longer is a trouble.
  private static let tooLong = TimeSpan.minutes(10)
  private static let lettersNamed = 5

  /// `others` are the troubles that are known beside the ledger; `note` gives all of them back with since when.
  init(
    _ health: Health, pid: Int32, links: [String: LinkCondition], ledger: LedgerReader, troubles others: [Trouble],
    note: ([Trouble]) -> [Trouble]
  ) throws {
    at = "\(health.at)"
    self.pid = pid
    sources = health.sources.map { source in
      let link = links[source.name]
      return Source(
        name: source.name, link: source.link.rawValue, since: source.since.map { "\($0)" },
        newestData: source.newestData.map { "\($0)" }, lagSeconds: source.lag.map(\.seconds),
        backlog: link?.unacknowledged, connections: link?.connections, redelivered: link?.matched,
        lastFailure: link?.lastFailure)
    }
    clockDoubt = health.clockDoubt
    counts = Counts(
      taken: health.counts.taken, late: health.counts.late, duplicate: health.counts.duplicate,
      ahead: health.counts.ahead, notGood: health.counts.notGood, clockSteps: health.counts.clockSteps,
      past: health.counts.past)
    inputs = health.inputs
    ledgerBytes = ledger.bytes
    lastCommit = health.lastCommit.map { "\($0)" }
    lastSnapshot = health.lastSnapshot.map { "\($0)" }
    var all = others.map { trouble in
      var trouble = trouble
      let isDown = health.sources.contains { $0.name == trouble.key.subject && $0.link == .down }
      if trouble.key.kind == .link, isDown, let why = links[trouble.key.subject]?.lastFailure {
        trouble.text += ": \(why)"
      }
      return trouble
    }
    if let halt = try ledger.halt() {
      halted = halt.words
      all.append(Trouble(.halt, "halted: nothing is sent (\(halt.words))", since: halt.since))
    }
    let letters = try ledger.waitingLetters()
    all += letters.prefix(Self.lettersNamed).map(\.trouble)
    if letters.count > Self.lettersNamed {
      all.append(Trouble(.skipped, "\(letters.count - Self.lettersNamed) more messages are skipped"))
    }
    let oldest = try ledger.oldestUnsent()
    oldestUnsent = oldest.map { "\($0)" }
    if let oldest, oldest + Self.tooLong < health.at, halted == nil {
      all.append(
        Trouble(.unsent, "an action decided at \(oldest) is still not made; see 'millwright actions list'"))
    }
    let noted = note(all)
    troubles = noted.map(\.words)
    standing = noted.map {
      Standing(kind: $0.key.kind.rawValue, subject: $0.key.subject, text: $0.text, since: $0.since.map { "\($0)" })
    }
  }
}

extension DeadLetterRow {
  fileprivate var trouble: Trouble {
    Trouble(
      .skipped, of: "\(id)",
      "source \(letter.source): the message of \(letter.arrived) on \(letter.topic) is skipped, because the engine ended "
        + "twice in it: 'millwright sources dead-letters take \(id)' gives it to the engine again, 'drop \(id)' leaves "
        + "it out")
  }
}

extension HaltRow {
  var words: String { "by \(who) since \(since)\(why.isEmpty ? "" : ": \(why)")" }
}

/// `12.3 MB`.
func size(_ bytes: Int64) -> String {
  var (amount, units) = (Double(bytes), ["bytes", "kB", "MB", "GB", "TB"][...])
  while amount >= 1000, units.count > 1 {
    amount /= 1000
    units.removeFirst()
  }
  return "\(plain(amount)) \(units.first ?? "")"
}
