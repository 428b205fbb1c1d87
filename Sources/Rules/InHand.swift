/// Where a thread leaves word of what it has in hand, so that a start after an end of the process knows in what it
/// ended. Used by one thread.
package protocol HandNote: AnyObject {
  /// From here on this is in hand, until `end`.
  func begin(_ work: WorkInHand)
  func end()
  /// Whether what is called from here on is called to bring the state back.
  func setRecovering(_ recovering: Bool)
}

/// What a thread can have in hand.
package enum WorkInHand: Equatable, Sendable {
  /// A source's message, by its hash over the source's name, the topic and the payload.
  case message(UInt64)
  /// An input of the journal that is replayed, by its number.
  case input(Int64)
  /// Time passes: one deadline after the other is taken, and each rule's `DeadlineNote` says which.
  case deadlines
}

/// Where the evaluator leaves word of the deadline of a rule that it takes: three stores, no call. It lives as long as
/// the rule's `ask`.
package struct DeadlineNote {
  /// The rule's number in the note.
  let number: UInt32
  let rule: UnsafeMutablePointer<UInt32>
  let asset: UnsafeMutablePointer<UInt32>
  /// Microseconds since 1970.
  let moment: UnsafeMutablePointer<Int64>

  package init(
    number: UInt32, rule: UnsafeMutablePointer<UInt32>, asset: UnsafeMutablePointer<UInt32>,
    moment: UnsafeMutablePointer<Int64>
  ) {
    self.number = number
    self.rule = rule
    self.asset = asset
    self.moment = moment
  }

  @inline(__always)
  package func take(asset: Int32, at moment: Instant) {
    rule.pointee = number
    self.asset.pointee = UInt32(bitPattern: asset)
    self.moment.pointee = moment.microseconds
  }
}

/// A message that is not evaluated, because the process ended in it more than once. Its text is a dead letter.
package struct SkippedMessage: Equatable, Sendable {
  package var source: SourceID
  package var topic: String
  package var hash: UInt64
  /// Wall clock.
  package var arrived: Instant
  package init(source: SourceID, topic: String, hash: UInt64, arrived: Instant) {
    self.source = source
    self.topic = topic
    self.hash = hash
    self.arrived = arrived
  }

  package func report(_ configuration: Configuration) -> Report {
    let index = Int(source.index)
    let name = configuration.sources.indices.contains(index) ? configuration.sources[index].name : "\(index)"
    return Report(
      .messageSkipped, time: arrived,
      text:
        "a message of source \(name) on \(topic) is not evaluated: the engine ended twice in it; it is kept whole among "
        + "the dead letters")
  }
}
