/// One transaction: inputs, what they caused, and what could not be read. Pure data; the ledger writes all of it
/// or nothing.
package struct Batch: Sendable {
  /// Number of the first input in the journal; the others follow without gaps.
  package var firstInput: Int64
  /// What its inputs mean: it is replayed under the same meaning.
  package var meaning = Meaning.current
  package var inputs: [Input] = []
  package var decisions: [Decision] = []
  package var heldBack: [HeldBack] = []
  package var closings: [Closing] = []
  /// Actions whose standing changed by data time alone: waiting ones that expired.
  package var expired: [ActionKey] = []
  package var conditions: [ConditionRecord] = []
  package var reports: [Report] = []
  package var deadLetters: [DeadLetter] = []
  /// The messages all this came from, in order of arrival.
  package var marks: [MessageMark] = []
  /// Parts of a snapshot that was taken earlier.
  package var pieces: [SnapshotPiece] = []

  package init(firstInput: Int64) { self.firstInput = firstInput }

  package var isEmpty: Bool { inputs.isEmpty && deadLetters.isEmpty && marks.isEmpty }
}

/// What tells one message of a broker's session from another: enough to know it again when it is delivered twice.
package struct MessageMark: Sendable, Hashable {
  package var source: SourceID
  /// MQTT's packet identifier; 0 for a source's own note on its session, which is no message.
  package var packet: UInt16
  /// Over the source's name, the topic and the payload.
  package var hash: UInt64
  package init(source: SourceID, packet: UInt16, hash: UInt64) {
    self.source = source
    self.packet = packet
    self.hash = hash
  }
}

/// A condition after it changed phase, as `conditions list` shows it.
package struct ConditionRecord: Sendable, Equatable {
  package var rule: String
  package var asset: String
  /// normal, pending, active, clearing, or quarantined
  package var phase: String
  package var since: Instant
  /// Since when, and by which reading, the rule is blind; nil when it sees.
  package var blindSince: Instant?
  package var blindReading: String?
  package init(
    rule: String, asset: String, phase: String, since: Instant, blindSince: Instant?, blindReading: String?
  ) {
    self.rule = rule
    self.asset = asset
    self.phase = phase
    self.since = since
    self.blindSince = blindSince
    self.blindReading = blindReading
  }
}

/// Something an owner or integrator should know that is no decision.
package struct Report: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case chattering, fault, quarantined
    case blindTooLong = "blind_too_long"
    case clockStep = "clock_step"
    /// A sample is older than all that reads its tag.
    case past
    case linkLost = "link_lost"
    case possibleGap = "possible_gap"
    case divergence
    case clockDistrusted = "clock_distrusted"
    /// A person reset it, and it is not over.
    case staysActive = "stays_active"
    /// The process ended in a message more than once.
    case messageSkipped = "message_skipped"
  }
  package var kind: Kind
  /// Data time.
  package var time: Instant
  package var rule: String?
  package var asset: String?
  package var text: String
  package init(_ kind: Kind, time: Instant, rule: String? = nil, asset: String? = nil, text: String) {
    self.kind = kind
    self.time = time
    self.rule = rule
    self.asset = asset
    self.text = text
  }
}

/// A message no value could be read from, or one that is skipped. Kept with its reason and acknowledged; of those that
/// could not be read only so many of a source and reason, and the others are counted.
package struct DeadLetter: Sendable, Equatable {
  /// The source's name in the site file.
  package var source: String
  package var topic: String
  /// One of a small set of words, so that it can be counted: `not JSON`, `no time`, `unknown topic`.
  package var reason: String
  /// What exactly, for people: `no number at byte 17`.
  package var detail: String
  /// At most the first 1,024 bytes of the message; of a skipped one the whole.
  package var payload: [UInt8]
  /// Wall clock.
  package var arrived: Instant
  /// What it takes to give it to the engine again; nil when it could not be read.
  package var skipped: Skipped?

  package struct Skipped: Sendable, Equatable {
    /// Over the source's name, the topic and the payload.
    package var hash: UInt64
    /// Whether the broker had kept it for those who come later.
    package var retained: Bool
    package init(hash: UInt64, retained: Bool) {
      self.hash = hash
      self.retained = retained
    }
  }

  package init(
    source: String, topic: String, reason: String, detail: String, payload: [UInt8], arrived: Instant,
    skipped: Skipped? = nil
  ) {
    self.source = source
    self.topic = topic
    self.reason = reason
    self.detail = detail
    self.payload = payload
    self.arrived = arrived
    self.skipped = skipped
  }
}
