import Rules

/// The engine was asked to end while it brought its state back.
package struct Stopped: Error {}

/// What the engine knows between batches: all of it follows from the journal.
struct Memory {
  var decider: Decider
  /// Tags whose binding is in the journal since the configuration was.
  private var bound: Set<TagID> = []
  /// The newest moment that the journal knows of: arrivals, ticks, links.
  private(set) var newest = Instant.distantPast
  let configuration: Configuration
  /// Whether the journal does not say yet that this configuration decides.
  private var isNew = false
  /// Whether another configuration is to take over that has much to hear first: until it has, this one goes on.
  private(set) var hasSuccessor = false
  /// The last input of the backup that was restored; nil once the sources' sessions are lost since then.
  private var restored: Instant?
  /// Inputs that a start itself is: links that are not up yet.
  private(set) var opening: [Input] = []
  /// What recovery found and somebody should know.
  private(set) var reports: [Report] = []
  let slowestLateness: TimeSpan

  fileprivate init(_ configuration: Configuration, _ standing: Standing) {
    self.configuration = configuration
    decider = Decider(configuration, standing: standing)
    slowestLateness = configuration.sources.map(\.lateness).max() ?? .zero
  }

  /// Brings the state back, as the configuration left it that the journal ends with, and has the one that is to decide
  /// now take over. Where the earlier one is no longer to be had everything begins anew, and that is said.
  static func recover(
    _ catalogue: any Catalogue, from journal: any Journal, noting hand: (any HandNote)? = nil, isStopping: () -> Bool
  ) throws -> Memory {
    hand?.setRecovering(true)
    defer { hand?.setRecovering(false) }
    guard let last = try journal.lastConfiguration() else { return try begin(catalogue, journal) }
    let earlier: Configuration
    do {
      earlier = try catalogue.configuration(last.hash)
    } catch {
      var memory = try begin(catalogue, journal)
      memory.reports.append(
        Report(
          .possibleGap, time: memory.newest,
          text: "what decided before cannot be brought back (\(error)): conditions, holds and windows begin anew; what "
            + "was decided stands"))
      return memory
    }
    var memory = try recover(earlier, since: last.number, from: journal, hand, isStopping)
    if let next = try catalogue.successor(to: memory.decider) {
      var hearing = Hearing(next, after: memory, journal, catalogue)
      // After a restore nothing is decided by rules that the plant no longer has.
      if try hearing?.left(journal) ?? 0 > Hearing.atOnce, next.differsInRulesAlone(from: earlier),
        memory.restored == nil
      {
        memory.hasSuccessor = true
      } else {
        try hearing?.goOn(journal, catalogue, isStopping)
        memory = memory.succeeded(by: next, hearing)
      }
    }
    // A start is the return of every link: until they are back nothing is decided by time alone.
    if memory.newest > .distantPast {
      memory.opening = memory.configuration.sources.indices.map { .source(SourceID($0), .lost, memory.newest) }
    }
    // What the sources sent since the backup is not in the journal, whatever their brokers say of the session.
    if let since = memory.restored {
      memory.opening = memory.configuration.sources.indices.flatMap { index in
        [LinkEvent.lost, .newSession].map { .source(SourceID(index), $0, since) }
      }
    }
    return memory
  }

  /// With nothing from before but what was decided.
  private static func begin(_ catalogue: any Catalogue, _ journal: any Journal) throws -> Memory {
    guard let configuration = try catalogue.successor(to: nil) else {
      preconditionFailure("a catalogue has a configuration where none decides yet")
    }
    var memory = Memory(configuration, try journal.standing(before: try journal.nextInput))
    memory.isNew = true
    return memory
  }

  /// The same memory under another configuration, with what that has heard of before.
  func succeeded(by next: Configuration, _ hearing: Hearing?) -> Memory {
    var memory = Memory(next, Standing())
    memory.decider.adopt(decider, at: newest, heard: hearing?.listener)
    memory.newest = newest
    memory.restored = restored
    memory.reports = reports
    if let trouble = hearing?.trouble { memory.reports.append(Report(.possibleGap, time: newest, text: trouble)) }
    memory.isNew = true
    return memory
  }

  /// The state with which a configuration begins, to be written with the input that says so; nil when the journal says
  /// so already.
  mutating func takeOpeningSnapshot(before next: Int64, at now: Instant) -> [SnapshotPiece]? {
    guard isNew else { return nil }
    isNew = false
    var frozen = frozen
    return frozen.takePieces(before: next, of: configuration.hash, at: now)
  }

  /// Told to the journal, or at least to be told with what comes next.
  mutating func takeReports() -> [Report] {
    defer { reports = [] }
    return reports
  }

  mutating func takeOpening() -> [Input] {
    defer { opening = [] }
    return opening
  }

  /// The newest snapshot that can be read, and the journal from there on. Nothing is emitted: what was decided stands,
  /// and a decision that this replay comes to and the ledger has not, or the other way round, is reported.
  private static func recover(
    _ configuration: Configuration, since config: Int64, from journal: any Journal, _ hand: (any HandNote)?,
    _ isStopping: () -> Bool
  ) throws -> Memory {
    var (memory, begin) = try restored(configuration, from: journal, since: config)
    var computed: [Decision] = []
    try journal.replay(from: begin) { number, input in
      if number % 1_000 == 0, isStopping() { throw Stopped() }
      hand?.begin(.input(number))
      if let turn = memory.apply(input) { computed += turn.verdict.decisions }
      hand?.end()
    }
    // What comes now is decided as today's meaning says, whatever the journal ended with.
    _ = memory.apply(.meaning(.current))
    try memory.compare(computed, with: journal, from: begin)
    return memory
  }

  /// The state to begin the replay with, and the first input to replay.
  private static func restored(
    _ configuration: Configuration, from journal: any Journal, since config: Int64
  ) throws -> (Memory, Int64) {
    var limit = Int64.max
    while let snapshot = try journal.snapshot(of: configuration.hash, before: limit), snapshot.next > config {
      var memory = Memory(configuration, Standing())
      do {
        try memory.restore(snapshot)
        return (memory, snapshot.next)
      } catch {
        // Another one may do; without any, the journal alone does.
        memory.reports.append(.unreadableSnapshot(snapshot))
        limit = snapshot.next
      }
    }
    var memory = Memory(configuration, try journal.standing(before: config))
    let oldest = try journal.firstInput
    if oldest > config {
      memory.reports.append(
        Report(
          .possibleGap, time: memory.newest,
          text: "no snapshot of this version is left and the journal begins with input \(oldest): conditions, holds "
            + "and windows from before it begin anew"))
    } else if config > 1 {
      memory.reports.append(
        Report(
          .possibleGap, time: memory.newest,
          text: "no snapshot of this version is left: conditions, holds and windows from before input \(config), with "
            + "which this configuration began, begin anew"))
    }
    return (memory, max(config, oldest))
  }

  /// Stored decisions stand. What replay makes of the same inputs must be the same: if it is not, the program, its
  /// libraries or the file are not what they were.
  private mutating func compare(_ computed: [Decision], with journal: any Journal, from begin: Int64) throws {
    var unmatched: [DecisionKey: Decision] = [:]
    for decision in computed { unmatched[decision.key] = decision }
    var missing: [DecisionKey] = []
    try journal.decisions(from: begin) { stored in
      let found = unmatched.removeValue(forKey: stored.key)
      if let found, found.agrees(with: stored) { return }
      missing.append(stored.key)
      reports.append(
        .divergence(
          found == nil
            ? "decision \(stored.key) is in the ledger and replay does not come to it"
            : "decision \(stored.key) is come to with other content than the ledger has", stored))
    }
    for decision in computed where unmatched[decision.key] != nil {
      reports.append(
        .divergence("replay comes to decision \(decision.key), which the ledger does not have: not taken", decision))
    }
    if !missing.isEmpty { decider.stand(by: missing) }
  }

  mutating func apply(_ input: Input) -> Decider.Turn? {
    switch input {
    case .bind(let tag, _, _, _): bound.insert(tag)
    case .change(let change): newest = max(newest, change.arrived)
    case .tick(_, let time), .partialTick(_, let time, _): newest = max(newest, time)
    case .source(_, _, let time):
      newest = max(newest, time)
      restored = nil
    case .command(.instructed(let instruction)):
      if case .restored(let since, _) = instruction.act { restored = since }
    case .config, .command, .fault, .death, .meaning, .skipped: break
    }
    return decider.apply(input)
  }

  /// A tick as far as there is time for it; the input to journal for it, and what it led to.
  mutating func tick(
    _ source: SourceID, _ time: Instant, while hasTime: () -> Bool
  ) -> (input: Input, turn: Decider.Turn?) {
    let done = decider.tick(source, time, while: hasTime)
    if case .partialTick(_, let reached, _) = done.input {
      newest = max(newest, reached)
    } else {
      newest = max(newest, time)
    }
    return done
  }

  /// The binding to journal before the first change of a tag; nil when it is there already.
  func binding(for tag: TagID) -> Input? {
    guard !bound.contains(tag), configuration.model.tags.indices.contains(Int(tag.index)) else { return nil }
    let entry = configuration.model.tags[Int(tag.index)]
    let asset = configuration.model.assets[Int(entry.asset.index)]
    let assetClass = configuration.model.classes[asset.classIndex]
    return .bind(tag, asset: asset.path, tag: assetClass.tags[entry.place].name, assetClass: assetClass.name)
  }

  /// The wall clock less the lateness of each source that is up.
  func ticks(at now: Instant) -> [(source: SourceID, time: Instant)] {
    configuration.sources.indices.filter { decider.evaluator.isUp(SourceID($0)) }.map {
      (SourceID($0), now - configuration.sources[$0].lateness)
    }
  }
}

// MARK: - Snapshots

/// A reference to the whole memory between two batches; another thread can make bytes of it.
struct FrozenMemory: Sendable {
  private(set) var state: FrozenState
  let bound: Set<TagID>
  let newest: Instant

  /// The pieces of a snapshot, made one after the other, so that its bytes are there once. Nothing is left of the memory.
  mutating func takePieces(before next: Int64, of configuration: Digest, at now: Instant) -> [SnapshotPiece] {
    var pieces: [SnapshotPiece] = []
    func add(_ bytes: [UInt8]) {
      pieces.append(
        SnapshotPiece(
          next: next, configuration: configuration, taken: now, place: pieces.count, bytes: bytes, isLast: false))
    }
    var writer = ByteWriter()
    writer.integer(bound.count)
    for tag in bound.sorted() { writer.integer(Int(tag.index)) }
    newest.encode(into: &writer)
    state.encode(into: &writer) { while let bytes = $0.take(SnapshotPiece.size) { add(bytes) } }
    while let bytes = writer.take(SnapshotPiece.size) { add(bytes) }
    if !writer.bytes.isEmpty || pieces.isEmpty { add(writer.bytes) }
    pieces[pieces.count - 1].isLast = true
    return pieces
  }
}

/// What the engine kept in a snapshot, for whoever looks back beside it.
package enum Recollection {
  /// The decider as it was before input `snapshot.next`; `configuration` must be the one of the snapshot. Throws where
  /// the bytes cannot be read by this version.
  package static func decider(_ configuration: Configuration, from snapshot: Snapshot) throws(Unreadable) -> Decider {
    var memory = Memory(configuration, Standing())
    try memory.restore(snapshot)
    return memory.decider
  }
}

extension Memory {
  var frozen: FrozenMemory { FrozenMemory(state: decider.frozen(), bound: bound, newest: newest) }

  fileprivate mutating func restore(_ snapshot: Snapshot) throws(Unreadable) {
    var reader = ByteReader(snapshot.bytes)
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) {
      bound.insert(TagID(try reader.integer(in: 0...Int64(Int32.max))))
    }
    newest = try Instant(from: &reader)
    try decider.restore(from: &reader, layout: snapshot.layout)
    guard reader.atEnd else { throw Unreadable(at: reader.offset) }
  }
}

extension Report {
  fileprivate static func divergence(_ text: String, _ decision: Decision) -> Report {
    Report(.divergence, time: decision.key.time, rule: decision.key.rule, asset: decision.key.asset, text: text)
  }
  fileprivate static func unreadableSnapshot(_ snapshot: Snapshot) -> Report {
    Report(
      .divergence, time: snapshot.taken,
      text: "the snapshot before input \(snapshot.next) cannot be read; an older one or the journal is taken")
  }
}
