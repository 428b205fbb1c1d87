import Rules

/// One evaluator's share of a replay: it decides its parts of the plant, writes down what happens and looks at the
/// quality of what it is given. Lives on one thread, as its rules do.
struct Shard {
  private var decider: Decider
  private let ruleOf: [Int]
  private let conditionOf: [Pair: Int]
  private let releases: [TimeSpan]
  private var activations: [Int]
  private var trails: TrailBook?
  /// Whether something is measured in the samples of a tag.
  private let isMeasured: [Bool]

  private(set) var rows: [BacktestRow] = []
  private(set) var tags: [TagQuality]
  private(set) var samples: [TagID: SampleLog] = [:]
  private(set) var reports: [Report] = []
  private(set) var changes = 0
  var ended: [String: String] { decider.evaluator.quarantined }
  private var late: Int64 = 0

  private struct Pair: Hashable {
    var rule: String
    var asset: String
  }

  init(_ configuration: Configuration, wantsTrails: Bool) {
    decider = Decider(configuration)
    decider.endRulesOvertime()
    let evaluator = decider.evaluator
    let names = configuration.rules.map(\.name).sorted()
    var ruleOf: [Int] = []
    var conditionOf: [Pair: Int] = [:]
    var releases: [TimeSpan] = []
    for index in evaluator.conditions.indices {
      let rule = evaluator.rule(of: ConditionID(index))
      ruleOf.append(names.firstIndex(of: rule.name) ?? 0)
      conditionOf[Pair(rule: rule.name, asset: evaluator.asset(of: ConditionID(index)).path)] = index
      releases.append(rule.releasedFor.span(in: evaluator.limits(of: ConditionID(index))))
    }
    self.ruleOf = ruleOf
    self.conditionOf = conditionOf
    self.releases = releases
    activations = Array(repeating: 0, count: ruleOf.count)
    tags = configuration.model.tags.indices.map { TagQuality(configuration.model.definition(of: TagID($0))) }
    trails = wantsTrails ? TrailBook(evaluator) : nil
    let model = configuration.model
    var isMeasured = Array(repeating: false, count: model.tags.count)
    for rule in configuration.rules {
      guard case .shortfall(let shortfall)? = rule.value?.avoids else { continue }
      for index in model.tags.indices {
        let asset = model.assets[Int(model.tags[index].asset.index)]
        guard model.classes[asset.classIndex].name == rule.appliesTo else { continue }
        let name = model.definition(of: TagID(index)).name
        if name == shortfall.power || name == shortfall.against { isMeasured[index] = true }
      }
    }
    self.isMeasured = isMeasured
  }

  mutating func take(_ inputs: [Input]) {
    for input in inputs {
      if case .change(let change) = input, tags.indices.contains(Int(change.tag.index)) {
        note(decider.apply(input))
        let late = decider.late
        tags[Int(change.tag.index)].take(change, isLate: late != self.late)
        if trails != nil, late == self.late { follow(change) }
        if isMeasured[Int(change.tag.index)] {
          samples[change.tag, default: SampleLog()].take(
            change, decider.evaluator.configuration.model.definition(of: change.tag))
        }
        self.late = late
        changes += 1
      } else {
        note(decider.apply(input))
      }
    }
  }

  mutating func finish() {
    note(decider.finish())
    for index in tags.indices { tags[index].finish() }
    for done in trails?.finish() ?? [] { rows[done.row].trails[done.trail].values = done.values }
  }

  // MARK: What a turn of the evaluator means for the table

  @inline(__always)
  private mutating func note(_ turn: Decider.Turn?) {
    if let turn { write(turn) }
  }

  private mutating func write(_ turn: Decider.Turn) {
    reports += turn.step.reports
    var fired: [(condition: Int, time: Instant)] = []
    var new: [(condition: Int, row: BacktestRow)] = []
    for event in turn.step.events {
      let condition = Int(event.condition.index)
      switch event.kind {
      case .fired: fired.append((condition, event.time))
      case .cleared:
        new.append((condition, row(condition, .clear, event.time, since: event.time - releases[condition])))
      case .looked: break
      }
    }
    for decision in turn.verdict.decisions {
      guard let condition = conditionOf[Pair(rule: decision.key.rule, asset: decision.key.asset)] else { continue }
      var row = row(condition, .fire, decision.key.time, since: decision.since)
      row.evidence = decision.evidence
      row.value = decision.value
      row.deferredFrom = decision.deferredFrom
      new.append((condition, row))
    }
    for held in turn.verdict.heldBack {
      guard let condition = conditionOf[Pair(rule: held.rule, asset: held.asset)] else { continue }
      var row = row(condition, .held, held.time, since: held.since)
      row.evidence = held.evidence
      row.reason = held.reason
      new.append((condition, row))
    }
    // An activation counts from its own moment on: what cleared before it in the same turn is of the one before.
    for index in new.indices {
      let (condition, row) = new[index]
      let before = fired.count { $0.condition == condition && $0.time <= row.time }
      new[index].row.sequence = activations[condition] + before
    }
    for (condition, _) in fired { activations[condition] += 1 }
    for (condition, row) in new.sorted(by: { ($0.row.time, $0.row.event.order) < ($1.row.time, $1.row.event.order) }) {
      rows.append(row)
      if row.event != .clear { rows[rows.count - 1].trails = trails?.open(condition, row: rows.count - 1) ?? [] }
    }
  }

  private func row(_ condition: Int, _ event: BacktestRow.Event, _ time: Instant, since: Instant) -> BacktestRow {
    BacktestRow(
      rule: ruleOf[condition], asset: decider.evaluator.assetID(of: ConditionID(condition)), sequence: 0, event: event,
      time: time, since: since)
  }

  private mutating func follow(_ change: TagChange) {
    for done in trails?.take(change) ?? [] { rows[done.row].trails[done.trail].values = done.values }
  }
}

extension BacktestRow.Event {
  /// At one moment: what is held back, what is decided, what clears.
  var order: Int {
    switch self {
    case .held: 0
    case .fire: 1
    case .clear: 2
    }
  }
}

/// The trails of all conditions: which numbers they read, and which decisions are being followed.
struct TrailBook: Sendable {
  private var keepers: [TrailKeeper] = []
  /// Keepers by tag, and by condition.
  private var ofTag: [Int: [Int]] = [:]
  private var ofCondition: [Int: [Int]] = [:]
  /// Trails of one rule on one asset; later decisions look like the first ones.
  private var opened: [Int: Int] = [:]
  private static let most = 20

  init(_ evaluator: Evaluator) {
    let model = evaluator.configuration.model
    for condition in evaluator.conditions.indices {
      let rule = evaluator.rule(of: ConditionID(condition))
      let asset = evaluator.assetID(of: ConditionID(condition))
      let held = rule.heldFor.span(in: evaluator.limits(of: ConditionID(condition)))
      for reading in rule.readings where reading.subject == .own {
        guard let tag = model.tag(reading.tag, of: asset), model.definition(of: tag).type.isMeasured else { continue }
        let span = max(held, reading.form.window?.length ?? .zero, .minutes(10))
        ofTag[Int(tag.index), default: []].append(keepers.count)
        ofCondition[condition, default: []].append(keepers.count)
        keepers.append(TrailKeeper(name: reading.name, span: span))
      }
    }
  }

  mutating func take(_ change: TagChange) -> [(row: Int, trail: Int, values: [Double?], mark: Int)] {
    guard change.quality == .good, case .number(let number) = change.value, number.isFinite,
      let places = ofTag[Int(change.tag.index)]
    else { return [] }
    return places.flatMap { keepers[$0].take(number, at: change.time.microseconds) }
  }

  mutating func open(_ condition: Int, row: Int) -> [Trail] {
    guard opened[condition, default: 0] < Self.most else { return [] }
    opened[condition, default: 0] += 1
    return (ofCondition[condition] ?? []).enumerated().map { number, place in
      let started = keepers[place].follow(row: row, trail: number)
      return Trail(
        name: keepers[place].name, values: started, mark: max(0, started.count - 1),
        stretch: TimeSpan(microseconds: keepers[place].stretch))
    }
  }

  mutating func finish() -> [(row: Int, trail: Int, values: [Double?], mark: Int)] {
    keepers.indices.flatMap { keepers[$0].finish() }
  }
}

extension TagType {
  /// A number whose course says something.
  fileprivate var isMeasured: Bool { self == .number || self == .counter }
}
