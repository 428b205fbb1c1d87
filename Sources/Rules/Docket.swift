/// What policy keeps of one condition while it is active.
struct Docket: Sendable {
  /// When it fired, and since when `when` was true then.
  var fired: Instant
  var since: Instant
  var gate: Gate
  /// The newest readings that policy was told.
  var readings: [ReadingValue]
  /// Whether this activation has led to a decision.
  var hasDecided = false
  /// When `repeats_every` asks for the next decision.
  var repeats: Instant?
  /// When its order having been completed asks for the next decision (`recheck`), and whose order that was.
  var recheck: (at: Instant, of: DecisionKey)?
  /// A decision that waits for its reasons to end.
  var held: Held?
  /// When policy wants to look at it again, and when it last did.
  var looks: Instant?
  var looked = Instant.distantPast

  struct Held: Sendable {
    /// The moment of the firing, or of the repetition.
    var time: Instant
    /// The reasons that were recorded, in the order in which they were met.
    var told: [HeldBackReason] = []
    /// Nothing but another of its group stands in its way.
    var waitsForGroup = false
    /// The decision whose order was completed.
    var follows: DecisionKey?
  }
}

/// Firings held back for one reason in a row, without a decision in between: the first is recorded, the others counted.
struct HeldSeries: Sendable {
  var reason: HeldBackReason
  var count: Int
}

extension Docket {
  /// When the next decision is asked for while the condition goes on.
  var asks: Instant? { [repeats, recheck?.at].compactMap { $0 }.min() }

  func encode(into writer: inout ByteWriter) {
    fired.encode(into: &writer)
    since.encode(into: &writer)
    gate.encode(into: &writer)
    writer.integer(readings.count)
    for reading in readings { reading.encode(into: &writer) }
    writer.flag(hasDecided)
    writer.optional(repeats) { (writer, time) in time.encode(into: &writer) }
    writer.optional(held) { (writer, held) in
      held.time.encode(into: &writer)
      writer.integer(held.told.count)
      for reason in held.told { reason.encode(into: &writer) }
      writer.flag(held.waitsForGroup)
      writer.optional(held.follows) { (writer, key) in key.encode(into: &writer) }
    }
    writer.optional(looks) { (writer, time) in time.encode(into: &writer) }
    writer.optional(recheck) { (writer, recheck) in
      recheck.at.encode(into: &writer)
      recheck.of.encode(into: &writer)
    }
    looked.encode(into: &writer)
  }

  init(from reader: inout ByteReader, readings count: Int) throws(Unreadable) {
    fired = try Instant(from: &reader)
    since = try Instant(from: &reader)
    gate = try Gate(from: &reader)
    readings = []
    for _ in 0..<(try reader.integer(in: 0...Int64(count))) { readings.append(try ReadingValue(from: &reader)) }
    guard readings.count == count else { throw Unreadable(at: reader.offset) }
    hasDecided = try reader.flag()
    repeats = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    held = try reader.optional { (reader) throws(Unreadable) in
      var held = Held(time: try Instant(from: &reader))
      for _ in 0..<(try reader.integer(in: 0...64)) { held.told.append(try HeldBackReason(from: &reader)) }
      held.waitsForGroup = try reader.flag()
      held.follows = try reader.optional { (reader) throws(Unreadable) in try DecisionKey(from: &reader) }
      return held
    }
    looks = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    recheck = try reader.optional { (reader) throws(Unreadable) in
      (try Instant(from: &reader), try DecisionKey(from: &reader))
    }
    looked = try Instant(from: &reader)
  }
}

extension HeldSeries {
  func encode(into writer: inout ByteWriter) {
    reason.encode(into: &writer)
    writer.integer(count)
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    reason = try HeldBackReason(from: &reader)
    count = try reader.integer(in: 0...Int64(Int32.max))
  }
}
