/// Between which moments an action may have been made by an engine whose ledger is lost: the last input of the backup
/// that was restored, and its restore.
package struct Doubt: Sendable, Hashable {
  package var since: Instant
  package var until: Instant
  package init(since: Instant, until: Instant) {
    self.since = since
    self.until = until
  }
  private static let parts = ["it may have been made between ", " and "]

  /// For people, and for the record: `it may have been made between ... and ...`
  package var words: String { "\(Doubt.parts[0])\(since)\(Doubt.parts[1])\(until)" }

  /// Nil for other words.
  package init?(words: String) {
    guard words.hasPrefix(Doubt.parts[0]) else { return nil }
    let moments = words.dropFirst(Doubt.parts[0].count).split(separator: Doubt.parts[1])
    guard moments.count == 2, let since = Instant(rfc3339: String(moments[0])),
      let until = Instant(rfc3339: String(moments[1]))
    else { return nil }
    self.init(since: since, until: until)
  }
}

/// What a restore leaves in doubt. The decisions between the backup and the restore are in other systems and not in the
/// ledger, and the same trouble fires now at another time, under another key. Until every source has caught up and a
/// condition has been normal once, its actions may have been made.
struct Restoration: Sendable, Equatable {
  let doubt: Doubt
  /// Sources that have not caught up since.
  private(set) var behind: Set<SourceID>
  /// Conditions that have not been normal since.
  private(set) var unsettled: Set<ConditionID>
  /// Those that were normal in the input in hand, and when last.
  private var normal: [ConditionID: Instant] = [:]

  init(_ doubt: Doubt, behind: Set<SourceID>, unsettled: Set<ConditionID>) {
    self.doubt = doubt
    self.behind = behind
    self.unsettled = unsettled
  }

  /// Nothing is in doubt any more.
  var isOver: Bool { behind.isEmpty && unsettled.isEmpty }

  /// The doubt in which a decision is taken of a condition that became true at `since`.
  func doubt(about condition: ConditionID, since: Instant) -> Doubt? {
    if !behind.isEmpty { return doubt }
    guard unsettled.contains(condition) else { return nil }
    // At the same instant the order of both is not known: then it is in doubt.
    if let last = normal[condition], last < since { return nil }
    return doubt
  }

  mutating func note(_ settled: [Step.Settled]) {
    for one in settled where unsettled.contains(one.condition) { normal[one.condition] = one.time }
  }

  /// The input in hand has been judged.
  mutating func end(_ input: Input) {
    if !normal.isEmpty {
      unsettled.subtract(normal.keys)
      normal = [:]
    }
    if case .source(let source, .caughtUp, _) = input { behind.remove(source) }
  }

  mutating func doubt(_ condition: ConditionID) { unsettled.insert(condition) }
}

extension Policy {
  /// A backup was restored: from here on every condition is in doubt. What an earlier restore left in doubt still is.
  mutating func restored(since: Instant, at time: Instant, _ evaluator: inout Evaluator) {
    doubtAll(Doubt(since: min(since, restoration?.doubt.since ?? since), until: time), evaluator)
    evaluator.markUnsettled(restoration?.unsettled ?? [])
  }

  mutating func doubtAll(_ doubt: Doubt, _ evaluator: Evaluator) {
    restoration = Restoration(
      doubt, behind: Set(evaluator.configuration.sources.indices.map { SourceID($0) }),
      unsettled: Set(evaluator.conditions.indices.map(ConditionID.init)))
  }

  /// Takes over a restore's doubt but for that about conditions, which `Decider` finds by their names.
  mutating func adoptRestoration(of old: Policy, _ before: [SourceSettings], _ now: [SourceSettings]) {
    guard let restoration = old.restoration else { return }
    let behind = Set(restoration.behind.map { before[Int($0.index)].name })
    self.restoration = Restoration(
      restoration.doubt, behind: Set(now.indices.filter { behind.contains(now[$0].name) }.map { SourceID($0) }),
      unsettled: [])
  }
}

extension Restoration {
  func encode(into writer: inout ByteWriter) {
    doubt.since.encode(into: &writer)
    doubt.until.encode(into: &writer)
    writer.integer(behind.count)
    for source in behind.sorted() { writer.integer(Int(source.index)) }
    writer.integer(unsettled.count)
    for condition in unsettled.sorted() { writer.integer(Int(condition.index)) }
  }

  init(from reader: inout ByteReader, _ evaluator: Evaluator) throws(Unreadable) {
    let since = try Instant(from: &reader)
    let until = try Instant(from: &reader)
    let (sources, conditions) = (Int64(evaluator.configuration.sources.count), Int64(evaluator.conditions.count))
    var behind: Set<SourceID> = []
    for _ in 0..<(try reader.integer(in: 0...sources)) {
      behind.insert(SourceID(try reader.integer(in: 0...max(0, sources - 1))))
    }
    var unsettled: Set<ConditionID> = []
    for _ in 0..<(try reader.integer(in: 0...conditions)) {
      unsettled.insert(ConditionID(try reader.integer(in: 0...max(0, conditions - 1))))
    }
    self.init(Doubt(since: since, until: until), behind: behind, unsettled: unsettled)
  }
}

// MARK: - What the evaluator knows of it

extension Evaluator {
  /// These conditions, and no others, are to say when they are normal.
  mutating func markUnsettled(_ unsettled: Set<ConditionID>) {
    for index in conditions.indices { conditions[index].isUnsettled = unsettled.contains(ConditionID(index)) }
  }

  /// A condition that has not been normal since a restore may be so now. Not inlined: hardly ever called, and its code
  /// would be in the way of every question.
  @inline(never)
  mutating func endDoubt(
    _ state: inout Condition, _ condition: Int, _ rule: CompiledRule, _ answer: Answer, at moment: Instant
  ) {
    guard state.phase == .normal, answer == .no, hasHeardAgain(condition, rule) else { return }
    state.isUnsettled = false
    step.settled.append(Step.Settled(condition: ConditionID(condition), time: moment))
  }

  /// Whether a condition is judged by what was heard since the session was lost alone. An optional reading may be
  /// missing for ever, so none is waited for.
  func hasHeardAgain(_ condition: Int, _ rule: CompiledRule) -> Bool {
    let first = Int(placements[condition].firstReading)
    for index in rule.readings.indices where !rule.readings[index].isOptional {
      guard hasHeardAgain(sights[first + index]) else { return false }
    }
    for calculation in calculations[Int32(condition)] ?? [] {
      guard calculation.sights.allSatisfy(hasHeardAgain) else { return false }
    }
    return (references[Int32(condition)] ?? []).allSatisfy { !conditions[Int($0)].isUnsettled }
  }

  private func hasHeardAgain(_ sight: Sight) -> Bool {
    (sight.group < 0 ? [sight] : groups[Int(sight.group)]).allSatisfy { seen in
      seen.history < 0 || histories[Int(seen.history)].newest?.quality != .stale
    }
  }
}
