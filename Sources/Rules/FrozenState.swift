/// All that decides, as it was between two inputs: a reference to it, so taking it costs nothing, and encoding it
/// can be another thread's work while the evaluator goes on with a copy of what it changes.
package struct FrozenState: Sendable {
  let tags: [TagState]
  private(set) var histories: [History]
  let anchors: [Anchor]
  let firstHeard: [Int64]
  let links: Links
  let conditions: [Condition]
  let readingStates: [Evaluator.ReadingState]
  let waiting: [Int32: Moments]
  let activations: [Int32: [Instant]]
  let counts: IntakeCounts
  let behind: [Int32: Int64]
  let policy: Policy
  let sleeping: [Carried]

  /// The state as bytes: two evaluators with the same bytes give the same steps from there on. It lets go of each history
  /// that was encoded, since the evaluator has a copy of its own by then: what is held twice becomes less and less.
  /// `written` is called now and then to take away what was written.
  package mutating func encode(into writer: inout ByteWriter, written: (inout ByteWriter) -> Void = { _ in }) {
    writer.integer(tags.count)
    writer.integer(tags.count { $0.newest != .min })
    for (index, tag) in tags.enumerated() where tag.newest != .min {
      writer.integer(index)
      writer.integer(tag.newest)
      writer.integer(tag.lateNewest)
      writer.byte(tag.lateRun)
    }
    writer.integer(histories.count)
    for index in histories.indices {
      histories[index].encode(into: &writer)
      histories[index] = History(staleAfter: .max)
      written(&writer)
    }
    writer.integer(anchors.count)
    for anchor in anchors {
      writer.integer(anchor.moments.count)
      for moment in anchor.moments { writer.integer(moment) }
    }
    for heard in firstHeard { writer.integer(heard) }
    links.encode(into: &writer)
    writer.integer(conditions.count)
    for condition in conditions {
      condition.encode(into: &writer)
      written(&writer)
    }
    writer.integer(readingStates.count)
    for state in readingStates {
      state.encode(into: &writer)
      written(&writer)
    }
    for table in [waiting.mapValues { Array($0.left) }, activations] {
      writer.integer(table.count)
      for key in table.keys.sorted() {
        writer.integer(Int(key))
        writer.integer(table[key]?.count ?? 0)
        for moment in table[key] ?? [] { moment.encode(into: &writer) }
      }
    }
    let numbers = [
      counts.taken, counts.late, counts.duplicate, counts.ahead, counts.notGood, counts.clockSteps, counts.past,
    ]
    for count in numbers { writer.integer(count) }
    writer.integer(behind.count)
    for tag in behind.keys.sorted() {
      writer.integer(Int(tag))
      writer.integer(behind[tag] ?? 0)
    }
    policy.encodeState(into: &writer)
    writer.integer(sleeping.count)
    for carried in sleeping { carried.encode(into: &writer) }
    RuleFaults.encode(conditions, into: &writer)
    RuleFaults.encode(sleeping.map(\.condition), into: &writer)
    writer.optional(policy.restoration) { (writer, restoration) in restoration.encode(into: &writer) }
  }
}

extension Evaluator {
  func frozen(with policy: Policy, _ sleeping: [Carried]) -> FrozenState {
    FrozenState(
      tags: tags, histories: histories, anchors: anchors, firstHeard: firstHeard, links: links, conditions: conditions,
      readingStates: readingStates, waiting: waiting, activations: activations, counts: counts, behind: behind,
      policy: policy,
      sleeping: sleeping)
  }

  /// Takes over what `FrozenState.encode` wrote of an evaluator of the same configuration, but for its policy.
  mutating func restore(from reader: inout ByteReader, layout: Int) throws(Unreadable) {
    try reader.expect(tags.count)
    for _ in 0..<(try reader.integer(in: 0...Int64(tags.count))) {
      let index = try reader.integer(in: 0...Int64(tags.count - 1))
      tags[index].newest = try reader.integer()
      tags[index].lateNewest = try reader.integer()
      tags[index].lateRun = try reader.byte()
    }
    try reader.expect(histories.count)
    for index in histories.indices { try histories[index].restore(from: &reader) }
    try reader.expect(anchors.count)
    for index in anchors.indices {
      anchors[index].restore(try reader.integers(try reader.integer(in: 0...Int64(Int32.max))))
    }
    for index in firstHeard.indices { firstHeard[index] = try reader.integer() }
    try links.restore(from: &reader)
    try reader.expect(conditions.count)
    for index in conditions.indices { conditions[index] = try Condition(from: &reader) }
    try reader.expect(readingStates.count)
    for index in readingStates.indices {
      readingStates[index] = try ReadingState(from: &reader)
    }
    waiting = try reader.moments(conditions.count).mapValues(Moments.init)
    for condition in waiting.keys { conditions[Int(condition)].waits = true }
    activations = try reader.moments(conditions.count)
    counts = IntakeCounts(from: try reader.integers(layout < 4 ? 6 : 7))
    behind = [:]
    if layout >= 4 {
      for _ in 0..<(try reader.integer(in: 0...Int64(tags.count))) {
        behind[Int32(try reader.integer(in: 0...Int64(tags.count - 1)))] = try reader.integer()
      }
    }
    if links.haveSpoken { startQueueing() }
  }
}

extension ByteReader {
  /// A count that the configuration gives as well: another one is the state of another configuration.
  mutating func expect(_ count: Int) throws(Unreadable) { _ = try integer(in: Int64(count)...Int64(count)) }

  mutating func integers(_ count: Int) throws(Unreadable) -> [Int64] {
    var found: [Int64] = []
    for _ in 0..<count { found.append(try integer()) }
    return found
  }

  /// Moments by condition.
  fileprivate mutating func moments(_ conditions: Int) throws(Unreadable) -> [Int32: [Instant]] {
    var table: [Int32: [Instant]] = [:]
    for _ in 0..<(try integer(in: 0...Int64(conditions))) {
      let key = try integer(in: 0...Int64(conditions - 1))
      var moments: [Instant] = []
      for _ in 0..<(try integer(in: 0...Int64(Int32.max))) { moments.append(try Instant(from: &self)) }
      table[Int32(key)] = moments
    }
    return table
  }
}

extension IntakeCounts {
  fileprivate init(from counts: [Int64]) {
    (taken, late, duplicate, ahead, notGood, clockSteps) =
      (counts[0], counts[1], counts[2], counts[3], counts[4], counts[5])
    past = counts.count > 6 ? counts[6] : 0
  }
}
