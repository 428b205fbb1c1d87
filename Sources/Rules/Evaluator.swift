/// Runs the rules against inputs. Synchronous, no clock, no I/O: the same inputs give the same steps, in any
/// process and any batching (S10). A value that its owner mutates on one thread.
package struct Evaluator {
  /// Faults after which a rule is no longer called on an asset.
  package static let strikes = 3
  /// The same, of calls in which the process ended.
  package static let deathStrikes = 2
  /// Source times beyond this many microseconds from the epoch (73,000 years) are taken as this.
  static let endOfTime = Int64.max / 4

  package let configuration: Configuration
  package internal(set) var conditions: [Condition] = []
  package internal(set) var counts = IntakeCounts()

  // What is fixed by the configuration, flat: the hot path walks no model.
  private(set) var rules: [CompiledRule]
  let definitions: [TagDefinition]
  let gates: [TagGate]
  let skews: [Int64]
  var placements: [Placement] = []
  /// The limits in force, by condition; assets with the same ones share a table.
  var limitTables: [LimitTable] = []

  // State.
  var tags: [TagState]
  var histories: [History] = []
  var readingStates: [ReadingState] = []
  /// Where each reading looks, by reading.
  var sights: [Sight] = []
  /// Where windows begin that hang on a tag, by place and by tag; the periods, and the run of each that was last asked
  /// for.
  var anchors: [Anchor] = []
  var anchorsByTag: [Int32: [Int32]] = [:]
  var periods: [Period] = []
  var runs: [Run] = []
  /// What windows with such an edge look at, by history.
  var pinned: [Int32: [LeftEdge]] = [:]
  package let work = Work()
  /// The members of readings of many assets.
  var groups: [[Sight]] = []
  /// What the calculations of a condition's rule read and write, by condition; only where there are any.
  var calculations: [Int32: [PlacedCalculation]] = [:]
  /// When a condition that others look at is active, as the history of a tag; and who looks, by condition.
  var activities: [Int32: Int32] = [:]
  var dependents: [Int32: [Int32]] = [:]
  /// The conditions that one looks at, by condition.
  var references: [Int32: [Int32]] = [:]
  /// What conditions wrote in the input in hand: activity and calculations.
  var written = Written()
  /// Conditions that look at others, to be turned to when those have seen the input in hand.
  var deferred: [Deferred] = []
  var firstHeard: [Int64]
  var links: Links
  /// Moments that wait behind a due deadline, by condition.
  var waiting: [Int32: Moments] = [:]
  /// The last activations of conditions that activated recently (S7).
  var activations: [Int32: [Instant]] = [:]
  /// Conditions whose rule is not called for the input in hand: the cause journalled for them, until it is counted (S11).
  var skipped: [Int32: FaultCause?] = [:]
  /// The same of its function `actions`: for the input in hand, and for the one that follows.
  var skippedActions: [Int32: FaultCause] = [:]
  var nextSkippedActions: [Int32: FaultCause] = [:]
  /// Rules that are called on no asset any more, and why (S11).
  package internal(set) var quarantined: [String: String] = [:]
  /// What histories say of conditions that are quarantined: whether they are active is not known.
  var unknownActivities: Set<Int32> = []
  /// Whether a call that uses up its time ends what its rule does, on all assets: of use where nobody acts on it.
  package var endsOvertime = false
  /// Conditions as they were before the input in hand took deadlines of theirs.
  var settled: [Int32: Before] = [:]
  /// Deadlines by set of sources; empty until there are ticks.
  var queues: [DeadlineQueue] = []
  /// Conditions whose phase or blindness changed since they were last taken.
  var changed: [ConditionID] = []
  var scratch: [ReadingValue]
  /// Since when each reading in `scratch` has not been known; `.max` when it is.
  var scratchSince: [Int64]
  var step = Step()
  /// What `needs`, `suppressed_when` and the calendars said to the question in hand.
  var asked = Gate()
  /// Who looks over the evaluator's shoulder; nil in production.
  package var trace: Trace?

  // Who reads a tag: conditions readerStart[tag] ..< readerStart[tag + 1] of readerList.
  private(set) var readerStart: [Int32]
  private(set) var readerList: [Int32] = []
  /// Tags that live by another tag's heartbeat, by that tag.
  var pulses: [Int32: [Int32]] = [:]
  /// The tag whose heartbeat a tag lives by.
  var beats: [Int32: Int32] = [:]

  /// Where a condition finds what belongs to it.
  struct Placement: Sendable {
    var rule: Int32
    var asset: Int32
    var firstTag: Int32
    var firstReading: Int32
    var sourceSet: Int32
    /// Whether its rule looks at other rules, and whether another looks at it.
    var readsOthers = false
    var isRead = false
  }

  /// What a reading was when it was last known, to stand in while the rule tolerates (S5).
  struct ReadingState: Sendable {
    var lastGood: ReadingValue = .notGood
    /// Since when it has not been known; `.max` while it is.
    var unknownSince: Int64 = .max
  }

  package init(_ configuration: Configuration) {
    self.configuration = configuration
    let model = configuration.model
    definitions = model.classes.flatMap(\.tags)
    gates = definitions.enumerated().map { TagGate($1, at: $0) }
    skews = configuration.sources.map(\.skew.microseconds)
    var firstGate: [Int] = []
    for assetClass in model.classes.indices {
      firstGate.append(assetClass == 0 ? 0 : firstGate[assetClass - 1] + model.classes[assetClass - 1].tags.count)
    }
    tags = model.tags.map { tag in
      TagState(
        asset: tag.asset.index, source: tag.source.index,
        gate: Int32(firstGate[model.assets[Int(tag.asset.index)].classIndex] + tag.place))
    }
    firstHeard = Array(repeating: .max, count: model.assets.count)
    links = Links(configuration.sources)
    readerStart = []

    var compiled: [CompiledRule] = []
    var byClass: [Int: [Int]] = [:]
    for rule in inOrder(configuration.rules) {
      guard let place = model.classes.firstIndex(where: { $0.name == rule.appliesTo }) else { continue }
      byClass[place, default: []].append(compiled.count)
      compiled.append(CompiledRule(rule, in: model, place, hours: RuleHours(rule, configuration)))
    }
    rules = compiled
    let counts = compiled.flatMap { [$0.readings.count] + $0.calculations.map(\.readings.count) }
    scratch = Array(repeating: .notGood, count: counts.max() ?? 0)
    scratchSince = Array(repeating: .max, count: scratch.count)

    var readers: [Reader] = []
    for (asset, placed) in model.assets.enumerated() {
      let first = conditions.count
      var tagsRead: [[Int32]] = []
      for rule in byClass[placed.classIndex] ?? [] { place(rule, on: asset, after: first, &tagsRead, &readers) }
    }
    // What the envelope judges setpoints by must be known whether or not a rule reads it.
    let slowest = configuration.sources.map(\.lateness.microseconds).max() ?? 0
    for tag in Conduits(configuration.policy.conduits).tags(in: model) {
      histories[Int(history(of: tag.index))].keep(window: 0, lateness: slowest)
    }
    readerStart = Array(repeating: 0, count: model.tags.count + 1)
    readers.sort { ($0.tag, $0.condition) < ($1.tag, $1.condition) }
    for (index, reader) in readers.enumerated() {
      if index > 0, readers[index - 1] == reader { continue }
      readerList.append(reader.condition)
      readerStart[Int(reader.tag) + 1] += 1
    }
    for index in model.tags.indices { readerStart[index + 1] += readerStart[index] }
  }

  /// The rule as it is for an asset's limits: one whose holds last as a limit says is compiled for each length.
  mutating func variant(of place: Int, with limits: LimitTable) -> Int {
    let rule = rules[place]
    guard !rule.lasts(asWith: limits) else { return place }
    if let known = rules.firstIndex(where: { $0.rule.name == rule.rule.name && $0.lasts(asWith: limits) }) {
      return known
    }
    rules.append(rule.lasting(asWith: limits))
    return rules.count - 1
  }

  /// From here on changes are kept, and no rule is asked.
  mutating func askNobody() {
    readerStart = Array(repeating: 0, count: readerStart.count)
    readerList = []
  }

  // MARK: - Inputs

  /// Takes one input; nil when it led to nothing worth telling.
  package mutating func apply(_ input: Input) -> Step? {
    if case .fault = input {} else { beginInput() }
    switch input {
    case .change(let change): apply(change)
    case .tick(let source, let time): tick(source, time)
    case .source(let source, let event, let time): link(source, event, time)
    case .fault(let fault):
      if let condition = condition(rule: fault.rule, asset: fault.asset) {
        let cause = FaultCause(fault.cause, kind: fault.kind)
        if fault.kind == .overtimeOfActions {
          nextSkippedActions[condition.index] = cause
        } else {
          skipped[condition.index] = cause
        }
      }
      return nil
    case .death(let fault): died(fault)
    case .command(.instructed(let instruction)):
      if case .reset(let rule, let asset) = instruction.act { reset(rule: rule, asset: asset) }
    case .bind, .config, .command: break
    }
    if !deferred.isEmpty || !written.isEmpty { turnToOthers() }
    if !skipped.isEmpty { skipped.removeAll() }
    if !settled.isEmpty { settled.removeAll() }
    return step.isEmpty ? nil : takeStep()
  }

  /// What happened since the last time, in the order of S10.
  private mutating func takeStep() -> Step {
    var taken = Step()
    swap(&taken, &step)
    taken.order()
    return taken
  }

  /// The end of a file: deadlines are taken up to each clock, also when equal (S1).
  package mutating func finish() -> Step? {
    var horizons = conditions.indices.map { condition in
      let lateness = links.lateness(placements[condition].sourceSet)
      return Instant(microseconds: newest(condition).microseconds.saturatingMinus(lateness).saturatingPlus(1))
    }
    // Whoever is looked at comes as far as who looks.
    for condition in conditions.indices.reversed() where placements[condition].readsOthers {
      for reference in references[Int32(condition)] ?? [] {
        horizons[Int(reference)] = max(horizons[Int(reference)], horizons[condition])
      }
    }
    for condition in conditions.indices {
      // In order, so those it looks at are settled.
      if placements[condition].readsOthers {
        turn(condition, change: nil, horizon: horizons[condition])
      } else if conditions[condition].clock != .distantPast {
        settle(condition, before: horizons[condition])
      }
    }
    deferred.removeAll()
    if !written.isEmpty { trimWritten() }
    settled.removeAll()
    skipped.removeAll()
    return step.isEmpty ? nil : takeStep()
  }
}
