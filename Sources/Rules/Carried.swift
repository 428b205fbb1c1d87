/// What one rule knew about one asset, apart from any configuration: found again by names where the places in lists
/// have become others. It is how a condition passes from one configuration to the next, and how one whose rule was
/// taken away sleeps until it comes back.
struct Carried: Sendable {
  /// Name of the rule, as of a `Rule`, and the asset's path.
  var rule: String
  var asset: String
  var textHash: Digest
  var logicHash: Digest
  var condition: Condition
  /// In the order of the rule's readings: of use to the same logic only.
  var readings: [Evaluator.ReadingState]
  /// Moments that wait behind a deadline that is due.
  var moments: [Instant]
  var activations: [Instant]
  var policy: Policy.Carried
  /// Data time at which its rule or asset was taken away; nil while it is there.
  var asleepSince: Instant?

  /// A removed rule's conditions are forgotten after this, by data time.
  static let longestSleep = TimeSpan.hours(30 * 24)

  func mayWake(at now: Instant) -> Bool { asleepSince.map { now < $0 + Carried.longestSleep } ?? true }

  /// A hold or release that nobody watched, or that other logic began, is none: back to what it was before it.
  mutating func abandonHolds() {
    moments = []
    condition.waits = false
    switch condition.phase {
    case .normal, .active: return
    case .pending: condition.phase = .normal
    case .clearing(_, let active): condition.phase = .active(since: active)
    }
    condition.entered = condition.clock
  }
}

// MARK: - As bytes

extension Carried {
  func encode(into writer: inout ByteWriter) {
    for name in [rule, asset, textHash.hex, logicHash.hex] { writer.text(name) }
    condition.encode(into: &writer)
    writer.integer(readings.count)
    for reading in readings { reading.encode(into: &writer) }
    for times in [moments, activations] { writer.moments(times) }
    policy.encode(into: &writer)
    writer.optional(asleepSince) { (writer, time) in time.encode(into: &writer) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    rule = try reader.text()
    asset = try reader.text()
    textHash = Digest(hex: try reader.text())
    logicHash = Digest(hex: try reader.text())
    condition = try Condition(from: &reader)
    readings = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) {
      readings.append(try Evaluator.ReadingState(from: &reader))
    }
    moments = try reader.moments()
    activations = try reader.moments()
    policy = try Policy.Carried(from: &reader)
    asleepSince = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
  }
}

extension Evaluator.ReadingState {
  func encode(into writer: inout ByteWriter) {
    lastGood.encode(into: &writer)
    writer.integer(unknownSince)
  }
  init(from reader: inout ByteReader) throws(Unreadable) {
    lastGood = try ReadingValue(from: &reader)
    unknownSince = try reader.integer()
  }
}

extension ByteWriter {
  mutating func moments(_ times: [Instant]) {
    integer(times.count)
    for time in times { time.encode(into: &self) }
  }
}

extension ByteReader {
  mutating func moments() throws(Unreadable) -> [Instant] {
    var times: [Instant] = []
    for _ in 0..<(try integer(in: 0...Int64(Int32.max))) { times.append(try Instant(from: &self)) }
    return times
  }
}
