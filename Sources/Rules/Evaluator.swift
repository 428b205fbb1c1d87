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
  private let definitions: [TagDefinition]
  let gates: [TagGate]
  private let skews: [Int64]
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
  var skipped: [Int32: String?] = [:]
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
  private var readerStart: [Int32]
  private var readerList: [Int32] = []
  /// Tags that live by another tag's heartbeat, by that tag.
  var pulses: [Int32: [Int32]] = [:]
  /// The tag whose heartbeat a tag lives by.
  var beats: [Int32: Int32] = [:]

  /// Where a condition finds what belongs to it.
  struct Placement {
    var rule: Int32
    /// Its rule, and the limits in force there. Borrowed: `rules` and `limitTables` hold them as long as there is a
    /// placement, and counting references at every change would cost as much as a look at a reading.
    let compiled: Unmanaged<CompiledRule>
    let limits: Unmanaged<LimitTable>
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
    switch input {
    case .change(let change): apply(change)
    case .tick(let source, let time): tick(source, time)
    case .source(let source, let event, let time): link(source, event, time)
    case .fault(let fault):
      if let condition = condition(rule: fault.rule, asset: fault.asset) {
        skipped[condition.index] = fault.cause
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

  private mutating func apply(_ change: borrowing TagChange) {
    let index = Int(change.tag.index)
    guard tags.indices.contains(index) else { return }
    let tag = tags[index]
    var time = change.time.microseconds
    if time > change.arrived.microseconds.saturatingPlus(skews[Int(tag.source)]) {
      time = change.arrived.microseconds
      counts.ahead += 1
    }
    // Beyond any calendar: far enough from the limits that no sum or difference of times overflows.
    time = min(max(time, -Evaluator.endOfTime), Evaluator.endOfTime)
    if firstHeard[Int(tag.asset)] == .max { firstHeard[Int(tag.asset)] = time }
    if time < tag.newest, isLate(index, time) { return }
    tags[index].lateRun = 0

    let start = Int(readerStart[index])
    let end = Int(readerStart[index + 1])
    let history = Int(tag.history)
    guard start < end || history >= 0 || pulses[Int32(index)] != nil else {
      counts.taken += 1
      tags[index].newest = time
      return
    }

    let gate = gates[Int(tag.gate)]
    var number: Double?
    var quality = change.quality
    if gate.isNumber, quality == .good, case .number(let sent) = change.value {
      // Comparisons with NaN are false, so it is bad too.
      if sent >= gate.lowest, sent <= gate.highest { number = sent } else { quality = .bad }
    } else {
      let admitted = definitions[Int(gate.definition)].admit(change.value, quality)
      quality = admitted.quality
      number = admitted.number
      if history >= 0, let text = admitted.text { number = histories[history].place(of: text) }
    }
    if change.retainedWithoutTime { quality = .stale }
    if history >= 0, time == tag.newest, histories[history].repeats(time: time, number: number, quality: quality) {
      counts.duplicate += 1
      return
    }
    counts.taken += 1
    if quality != .good { counts.notGood += 1 }
    let aged = gate.staleAfter != .max && time.saturatingPlus(gate.staleAfter) < change.arrived.microseconds

    // Deadlines the new clocks have passed are taken before the change is applied.
    let now = Instant(microseconds: time)
    var oldest = now
    for place in start..<end {
      let condition = Int(readerList[place])
      // Those that look at others come last; as of when they are asked, and those that look at this one, is still needed.
      if placements[condition].readsOthers {
        oldest = min(oldest, oldestQuestion(of: condition))
        continue
      }
      if placements[condition].isRead { oldest = min(oldest, conditions[condition].next) }
      let horizon = links.horizon(placements[condition].sourceSet, clock: max(conditions[condition].clock, now))
      if conditions[condition].next < horizon { settle(condition, before: horizon) }
      // Not taken: a source is down, or the rule failed. What was then is still needed.
      oldest = min(oldest, conditions[condition].next)
    }
    let previous = tags[index].newest
    tags[index].newest = time
    if history >= 0 {
      var silentFrom = Int64.max
      if !beats.isEmpty, let beat = beats[Int32(index)] {
        let isFirst = histories[history].newest == nil
        silentFrom = mute(Int32(index), from: tags[Int(beat)].newest, to: time) ?? .max
        // Never heard of before, and silent still: it has not been good since the asset's first input (S4).
        if isFirst, silentFrom != .max { silentFrom = min(silentFrom, firstHeard[Int(tag.asset)]) }
      }
      if !anchorsByTag.isEmpty, quality == .good, let number {
        noteAnchors(Int32(index), number, at: time, before: oldest.microseconds)
      }
      histories[history].push(time: time, number: number, quality: quality, aged: aged, silentFrom: silentFrom)
      trim(history, before: oldest.microseconds)
    }
    if !pulses.isEmpty { pulse(Int32(index), from: previous, to: time) }
    for place in start..<end {
      let condition = Int(readerList[place])
      if placements[condition].readsOthers { deferForChange(condition, at: now) } else { advance(condition, to: now) }
    }
  }

  /// Whether a change stamped before the newest of its tag is to be kept out. The sixth in a row that advances is
  /// a clock step, and is taken.
  private mutating func isLate(_ index: Int, _ time: Int64) -> Bool {
    let advances = tags[index].lateRun > 0 && time > tags[index].lateNewest
    tags[index].lateRun = advances ? tags[index].lateRun + 1 : 1
    tags[index].lateNewest = time
    guard tags[index].lateRun > 5 else {
      counts.late += 1
      return true
    }
    clockStep(of: SourceID(Int(tags[index].source)), to: time)
    return false
  }

  /// A heartbeat after a silence: the tags that live by it were stale in between, and are again what they were.
  private mutating func pulse(_ tag: Int32, from previous: Int64, to time: Int64) {
    for dependent in pulses[tag] ?? [] {
      let history = Int(tags[Int(dependent)].history)
      guard history >= 0, let newest = histories[history].newest else { continue }
      let wasSilent = mute(dependent, from: previous, to: time) != nil
      let isGood = newest.quality == .good
      guard newest.quality != .stale, wasSilent || (isGood && newest.badSince != .max) else { continue }
      histories[history].push(
        time: max(time, newest.time), number: isGood ? newest.number : nil, quality: newest.quality,
        aged: newest.aged, isSample: false)
    }
  }

  /// Marks the silence of the heartbeat that a tag lives by, last heard at `beat`, up to `time`; since when it
  /// has been silent, nil when it is not.
  private mutating func mute(_ tag: Int32, from beat: Int64, to time: Int64) -> Int64? {
    guard case .heartbeat(_, let staleAfter) = configuration.model.definition(of: TagID(Int(tag))).life else {
      return nil
    }
    let history = Int(tags[Int(tag)].history)
    let end = beat == .min ? firstHeard[Int(tags[Int(tag)].asset)] : beat.saturatingPlus(staleAfter.microseconds)
    guard end < time else { return nil }
    if history >= 0, let newest = histories[history].newest, newest.quality != .stale, newest.time < time {
      histories[history].push(
        time: max(end + 1, newest.time), number: nil, quality: .stale, aged: false, isSample: false, silentFrom: end)
    }
    return end
  }

  /// More than five late samples in a row that advance among themselves: the source's clock was set back (S3).
  private mutating func clockStep(of source: SourceID, to time: Int64) {
    counts.clockSteps += 1
    let now = Instant(microseconds: time)
    for index in tags.indices where configuration.model.tags[index].source == source {
      guard tags[index].newest > time else { continue }
      tags[index].newest = time
      if tags[index].history >= 0 { histories[Int(tags[index].history)].removeNewer(than: time) }
      for anchor in anchorsByTag[Int32(index)] ?? [] { anchors[Int(anchor)].removeNewer(than: time) }
    }
    for condition in conditions.indices where links.reads(placements[condition].sourceSet, source) {
      guard newest(condition) > now else { continue }
      conditions[condition].clock = now
      waiting[Int32(condition)] = nil
      conditions[condition].waits = false
      abandon(condition, at: now)
      stepBack(condition, to: now)
      if let since = conditions[condition].blindSince, since > now { conditions[condition].blindSince = now }
      guard conditions[condition].faults < Evaluator.strikes else { continue }
      conditions[condition].due = now
      conditions[condition].calendarChanges = .distantPast
      enqueue(condition)
    }
    step.reports.append(
      Report(
        .clockStep, time: now,
        text:
          "the clock of source \(configuration.sources[Int(source.index)].name) was set back; \(now) is taken from here"
      ))
  }

  // MARK: - Looking in

  /// Conditions whose phase or blindness changed since this was last asked, in order.
  package mutating func takeChanged() -> [ConditionID] {
    defer { changed.removeAll(keepingCapacity: true) }
    var taken: [ConditionID] = []
    for condition in changed.sorted() where taken.last != condition {
      conditions[Int(condition.index)].isChanged = false
      taken.append(condition)
    }
    return taken
  }

  /// Whether everything that the source had kept for us has been read.
  package func isUp(_ source: SourceID) -> Bool {
    links.states.indices.contains(Int(source.index)) && links.states[Int(source.index)] == .up
  }

  /// Whether a change of this tag makes the rule ask.
  package func reads(_ condition: ConditionID, _ tag: TagID) -> Bool {
    readerList[Int(readerStart[Int(tag.index)])..<Int(readerStart[Int(tag.index) + 1])].contains(condition.index)
  }

  /// Whether the loss of this source's link is a matter for the rule.
  package func reads(_ condition: ConditionID, _ source: SourceID) -> Bool {
    links.reads(placements[Int(condition.index)].sourceSet, source)
  }

  package func condition(rule: String, asset: String) -> ConditionID? {
    placements.firstIndex {
      rules[Int($0.rule)].rule.name == rule && configuration.model.assets[Int($0.asset)].path == asset
    }.map(ConditionID.init)
  }

  package func rule(of condition: ConditionID) -> Rule { rules[Int(placements[Int(condition.index)].rule)].rule }

  package func asset(of condition: ConditionID) -> Asset {
    configuration.model.assets[Int(placements[Int(condition.index)].asset)]
  }

  package func assetID(of condition: ConditionID) -> AssetID {
    AssetID(Int(placements[Int(condition.index)].asset))
  }

  func limitTable(of condition: ConditionID) -> LimitTable { limitTables[Int(condition.index)] }

  /// The limits in force for this asset.
  package func limits(of condition: ConditionID) -> [Limit] {
    zip(rule(of: condition).limits, limitTables[Int(condition.index)].values).map { limit, value in
      Limit(name: limit.name, value: value)
    }
  }

  package func evidence(of condition: ConditionID, _ readings: [ReadingValue]) -> [Evidence] {
    let rule = rule(of: condition)
    let classIndex = asset(of: condition).classIndex
    return zip(rule.readings, readings).map { reading, value in
      Evidence(name: reading.name, value: value, unit: reading.unit(of: rule, in: configuration.model, classIndex))
    }
  }

  package func record(of condition: ConditionID) -> ConditionRecord {
    let state = conditions[Int(condition.index)]
    let rule = rule(of: condition)
    return ConditionRecord(
      rule: rule.name, asset: asset(of: condition).path,
      phase: state.faults >= Evaluator.strikes ? "quarantined" : state.phase.name,
      since: state.entered == .distantPast ? state.blindSince ?? state.clock : state.entered,
      blindSince: state.blindSince,
      blindReading: state.blindSince == nil ? nil : rule.readings[state.blindReading].name)
  }
}

extension Reading {
  /// The unit of what it amounts to: the tag's, seconds, or none.
  func unit(of rule: Rule, in model: Model, _ classIndex: Int) -> String? {
    var unit: String?
    if subject == .own, let calculation = rule.calculations.first(where: { $0.name == tag }) {
      unit = calculation.unit
    } else if let subject = model.assetClass(of: subject, from: classIndex) {
      unit = model.classes[subject].tags.first { $0.name == tag }?.unit
    }
    return switch form {
    case .latest, .previous, .average, .minimum, .maximum, .mean, .change, .spread, .smoothed, .increase:
      unit
    case .total: unit.map { "\($0)·h" }
    case .rate(_, let per): unit.map { "\($0) per \(per)" }
    case .age, .unchangedFor, .timeIn, .elapsed, .left: "s"
    case .quality, .stale, .count, .crossings, .active, .fired: nil
    }
  }
}

extension Evaluator: TagReader {
  /// Whether anything reads the tag or may change it; of others nothing is known.
  func keeps(_ tag: TagID) -> Bool { tags[Int(tag.index)].history >= 0 }

  package func good(_ tag: TagID, at time: Instant) -> Value? {
    let state = tags[Int(tag.index)]
    guard state.history >= 0, let index = histories[Int(state.history)].index(at: time.microseconds) else { return nil }
    let mark = histories[Int(state.history)].marks[index]
    let definition = configuration.model.definition(of: tag)
    var lastSign = mark.time
    var staleAfter = Int64.max
    switch definition.life {
    case .itself(let span): staleAfter = span.microseconds
    case .device: break
    case .heartbeat(let beat, let span):
      staleAfter = span.microseconds
      let asset = AssetID(Int(state.asset))
      if let beat = configuration.model.tag(beat, of: asset) { lastSign = tags[Int(beat.index)].newest }
    }
    guard mark.badSince == .max, !mark.number.isNaN, time.microseconds <= lastSign.saturatingPlus(staleAfter) else {
      return nil
    }
    switch definition.type {
    case .number, .counter: return .number(mark.number)
    case .boolean: return .boolean(mark.number != 0)
    case .states(let names, _): return .text(names[Int(mark.number)])
    case .text: return .text(histories[Int(state.history)].texts[Int(mark.number)])
    }
  }
}
