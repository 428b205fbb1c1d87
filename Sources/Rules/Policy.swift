/// The second pure stage: what becomes of a firing. Decides, or holds back with the reason; takes a held-back
/// decision when the reason ends and the condition is still active (S8).
package struct Policy: Sendable {
  /// What an input led to beyond the conditions themselves.
  package struct Verdict: Sendable, Equatable {
    package var decisions: [Decision] = []
    package var heldBack: [HeldBack] = []
    /// Decisions whose condition has cleared, where something is done about that.
    package var closings: [Closing] = []
    /// Actions that waited too long for a person.
    package var expired: [ActionKey] = []
    /// A decision stands although the function that says its actions failed.
    package var reports: [Report] = []
    /// The same, where replay could not come to it.
    package var faults: [Fault] = []
    package var isEmpty: Bool {
      decisions.isEmpty && heldBack.isEmpty && closings.isEmpty && expired.isEmpty && reports.isEmpty
    }

    mutating func add(_ other: Verdict) {
      decisions += other.decisions
      heldBack += other.heldBack
      closings += other.closings
      expired += other.expired
      reports += other.reports
      faults += other.faults
    }
  }

  let settings: PolicySettings
  let conduits: Conduits
  /// When each condition last led to a decision; only conditions that did.
  var lastDecision: [ConditionID: Instant] = [:]
  /// Conditions that are active.
  var dockets: [ConditionID: Docket] = [:]
  var series: [ConditionID: HeldSeries] = [:]
  /// What persons have shelved or taken out of service, oldest first.
  var silences: [Silence] = []
  /// Conditions to be looked at as of moments that data has passed already, in the input in hand.
  var behind = DeadlineQueue()
  /// The others of a condition's group on its asset.
  private(set) var groups: [ConditionID: [ConditionID]] = [:]
  /// Fire times of the last decisions, to number those a clock step repeats.
  var fireTimes: [ConditionID: [Instant]] = [:]
  /// Waiting actions by expiry, earliest first.
  var approvals: [(expires: Instant, key: ActionKey)] = []
  var openSetpoints = OpenSetpoints()
  /// What must be known of a decision when its condition clears; only of rules that then do something.
  var acted: [ConditionID: [Acted]] = [:]
  /// What keeps a rule silent after a decision of its own.
  var aftermaths: [ConditionID: Aftermath] = [:]
  /// What a restore has left in doubt; nil when nothing is.
  var restoration: Restoration?

  package init(_ settings: PolicySettings) {
    self.settings = settings
    conduits = Conduits(settings.conduits)
  }

  /// Takes over what was decided under earlier configurations. Decisions of rules and assets that are no more are
  /// nobody's.
  mutating func take(_ standing: Standing, _ evaluator: Evaluator) {
    var ids: [DecisionKey: ConditionID] = [:]
    for index in evaluator.conditions.indices {
      let id = ConditionID(index)
      ids[DecisionKey(rule: evaluator.rule(of: id).name, asset: evaluator.asset(of: id).path, time: .distantPast)] = id
    }
    for key in standing.decisions {
      guard let condition = ids[DecisionKey(rule: key.rule, asset: key.asset, time: .distantPast)] else { continue }
      lastDecision[condition] = max(lastDecision[condition] ?? .distantPast, key.time)
      fireTimes[condition] = ((fireTimes[condition] ?? []) + [key.time]).suffix(64)
    }
    approvals = standing.waiting.map { ($0.expires, $0.key) }.sorted { $0.0 < $1.0 }
    openSetpoints.take(standing.setpoints, evaluator.configuration.model)
    silences = standing.silences
    groups = Policy.groups(evaluator)
    if let doubt = standing.doubt { doubtAll(doubt, evaluator) }
  }

  /// Decisions that the ledger has stand, whether or not this policy came to them.
  mutating func stand(by decisions: [DecisionKey], _ evaluator: Evaluator) {
    for key in decisions {
      guard let condition = evaluator.condition(rule: key.rule, asset: key.asset) else { continue }
      lastDecision[condition] = max(lastDecision[condition] ?? .distantPast, key.time)
      let times = fireTimes[condition] ?? []
      if times.count(where: { $0 == key.time }) <= key.repeated {
        fireTimes[condition] = (times + [key.time]).suffix(64)
      }
    }
  }

  /// Whether an input that changed no condition may change the policy's state: a person's instruction, time that ends what
  /// waits for one, a source that has caught up after a restore.
  @inline(__always)
  func isConcerned(by input: Input) -> Bool {
    if !approvals.isEmpty { return true }
    return switch input {
    case .command: true
    case .source: restoration != nil
    default: false
    }
  }

  /// Judges a step. `evaluator` is asked about conditions and tags, and is told when to wake us.
  package mutating func apply(_ input: Input, _ step: Step, _ evaluator: inout Evaluator) -> Verdict {
    var verdict = Verdict()
    if behind.first != nil { behind = DeadlineQueue() }
    if case .command(let command) = input { hear(command, &evaluator) }
    if case .command(.instructed(let instruction)) = input {
      forget(instruction.act)
      obey(instruction, &evaluator)
      if case .restored(let since, _) = instruction.act { restored(since: since, at: instruction.at, &evaluator) }
    }
    restoration?.note(step.settled)
    for together in rounds(step.events) {
      for event in together { fallBehind(event.condition, evaluator) }
      catchUp(before: together[0].time, &evaluator, &verdict)
      for event in together { note(event, &evaluator) }
      for event in together {
        switch event.kind {
        case .fired: judge(event.condition, at: event.time, &evaluator, &verdict)
        case .looked(_, let gate): looked(event.condition, at: event.time, gate, &evaluator, &verdict)
        case .cleared: close(event, evaluator, &verdict)
        }
      }
    }
    for event in step.events { fallBehind(event.condition, evaluator) }
    catchUp(before: .distantFuture, &evaluator, &verdict)
    expire(input, &verdict)
    restoration?.end(input)
    if restoration?.isOver == true { restoration = nil }
    return verdict
  }

  /// What happens to several conditions at one moment is taken together, so that who is the first out of a group does
  /// not hang on the order of names. What happens to one condition goes one after the other, and a calendar turns last
  /// of all that happens at an instant (S6).
  private func rounds(_ events: [Step.Event]) -> [[Step.Event]] {
    if groups.isEmpty || events.count < 2 { return events.map { [$0] } }
    var rounds: [[Step.Event]] = []
    var rest = events[...]
    while let moment = rest.first?.time {
      var before: [[Step.Event]] = []
      var after: [[Step.Event]] = []
      func add(_ event: Step.Event, to turns: inout [[Step.Event]], _ turn: Int) {
        if turn == turns.count { turns.append([event]) } else { turns[turn].append(event) }
      }
      var (condition, hasTurned, turn) = (ConditionID?.none, false, 0)
      let together = rest.prefix { $0.time == moment }
      for event in together {
        if event.condition != condition { (condition, hasTurned, turn) = (event.condition, false, 0) }
        if event.isTurn, !hasTurned { (hasTurned, turn) = (true, 0) }
        if hasTurned { add(event, to: &after, turn) } else { add(event, to: &before, turn) }
        turn += 1
      }
      rounds += before + after
      rest = rest.dropFirst(together.count)
    }
    return rounds
  }

  mutating func decide(
    _ condition: ConditionID, at time: Instant, since: Instant, deferredFrom: Instant?, follows: DecisionKey? = nil,
    _ evidence: [Evidence], _ evaluator: Evaluator, _ verdict: inout Verdict
  ) {
    let rule = evaluator.rule(of: condition)
    let asset = evaluator.asset(of: condition)
    let assetClass = evaluator.configuration.model.classes[asset.classIndex].name
    var times = fireTimes[condition] ?? []
    let repeated = times.count { $0 == time }
    times.append(time)
    fireTimes[condition] = times.suffix(64)
    lastDecision[condition] = time

    let key = DecisionKey(rule: rule.name, asset: asset.path, time: time, repeated: repeated)
    let limits = evaluator.limits(of: condition)
    var (actions, tier) = actions(of: condition, at: time, evidence, limits, evaluator, &verdict)
    if let doubt = restoration?.doubt(about: condition, since: since) {
      for index in actions.indices { actions[index].doubt = actions[index].standing.canBeDoubted ? doubt : nil }
    }
    note(actions, of: key, condition, at: time, evaluator)
    settle(actions, of: key, condition, at: time, evaluator)
    for action in actions { wait(for: action, of: key) }
    verdict.decisions.append(
      Decision(
        key: key, title: rule.title, owner: rule.owner, since: since, deferredFrom: deferredFrom, follows: follows,
        evidence: evidence,
        limits: limits, checkFirst: rule.checkFirst, consequence: rule.consequence, textHash: rule.textHash,
        logicHash: rule.logicHash,
        tier: tier, actions: actions, assetIDs: asset.ids.keys.sorted().map { ($0, asset.ids[$0] ?? "") },
        assetClass: assetClass,
        value: rule.value?.valuation(
          at: evaluator.configuration.prices, asset: asset.path, assetClass: assetClass, actions: actions.map(\.kind))))
  }

  package func encodeState(into writer: inout ByteWriter) {
    writer.integer(lastDecision.count)
    for condition in lastDecision.keys.sorted() {
      writer.integer(Int(condition.index))
      writer.integer(lastDecision[condition]?.microseconds ?? 0)
      writer.integer(fireTimes[condition]?.count ?? 0)
      for time in fireTimes[condition] ?? [] { writer.integer(time.microseconds) }
    }
    writer.integer(dockets.count)
    for condition in dockets.keys.sorted() {
      writer.integer(Int(condition.index))
      dockets[condition]?.encode(into: &writer)
    }
    writer.integer(series.count)
    for condition in series.keys.sorted() {
      writer.integer(Int(condition.index))
      series[condition]?.encode(into: &writer)
    }
    writer.integer(silences.count)
    for silence in silences { silence.encode(into: &writer) }
    writer.integer(approvals.count)
    for approval in approvals {
      writer.integer(approval.expires.microseconds)
      approval.key.decision.encode(into: &writer)
      writer.integer(approval.key.number)
    }
    openSetpoints.encode(into: &writer)
    writer.integer(acted.count)
    for condition in acted.keys.sorted() {
      writer.integer(Int(condition.index))
      writer.integer(acted[condition]?.count ?? 0)
      for decision in acted[condition] ?? [] { decision.encode(into: &writer) }
    }
    writer.integer(aftermaths.count)
    for condition in aftermaths.keys.sorted() {
      writer.integer(Int(condition.index))
      aftermaths[condition]?.encode(into: &writer)
    }
  }

  mutating func restore(from reader: inout ByteReader, _ evaluator: Evaluator) throws(Unreadable) {
    let count = Int64(evaluator.conditions.count)
    lastDecision = [:]
    fireTimes = [:]
    dockets = [:]
    series = [:]
    silences = []
    approvals = []
    for _ in 0..<(try reader.integer(in: 0...count)) {
      let condition = ConditionID(try reader.integer(in: 0...(count - 1)))
      lastDecision[condition] = try Instant(from: &reader)
      var times: [Instant] = []
      for _ in 0..<(try reader.integer(in: 0...64)) { times.append(try Instant(from: &reader)) }
      fireTimes[condition] = times
    }
    for _ in 0..<(try reader.integer(in: 0...count)) {
      let condition = ConditionID(try reader.integer(in: 0...(count - 1)))
      dockets[condition] = try Docket(from: &reader, readings: evaluator.rule(of: condition).readings.count)
    }
    for _ in 0..<(try reader.integer(in: 0...count)) {
      let condition = ConditionID(try reader.integer(in: 0...(count - 1)))
      series[condition] = try HeldSeries(from: &reader)
    }
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { silences.append(try Silence(from: &reader)) }
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) {
      let expires = try Instant(from: &reader)
      approvals.append((expires, try ActionKey(from: &reader)))
    }
    openSetpoints = try OpenSetpoints(from: &reader, tags: evaluator.configuration.model.tags.count)
    acted = [:]
    for _ in 0..<(try reader.integer(in: 0...count)) {
      let condition = ConditionID(try reader.integer(in: 0...(count - 1)))
      var decisions: [Acted] = []
      for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) {
        decisions.append(try Acted(from: &reader, evaluator.configuration.model))
      }
      acted[condition] = decisions
    }
    aftermaths = [:]
    for _ in 0..<(try reader.integer(in: 0...count)) {
      let condition = ConditionID(try reader.integer(in: 0...(count - 1)))
      aftermaths[condition] = try Aftermath(from: &reader)
    }
  }

  /// A person has spoken: the action waits for nobody any more, and time does not end it.
  private mutating func forget(_ act: Instruction.Act) {
    switch act {
    case .approve(let key), .reject(let key, _), .drop(let key, _): approvals.removeAll { $0.key == key }
    case .retry, .verdict, .halt, .resume, .shelve, .unshelve, .takeOut, .putBack, .reset, .release, .losses,
      .backtested, .takeLetter, .dropLetter, .restored:
      return
    }
  }

  /// Data time is the input's; waiting actions it has passed are over.
  private mutating func expire(_ input: Input, _ verdict: inout Verdict) {
    guard let first = approvals.first else { return }
    let now: Instant
    switch input {
    case .change(let change): now = min(change.time, change.arrived)
    case .tick(_, let time), .partialTick(_, let time, _): now = time
    default: return
    }
    guard first.expires < now else { return }
    let count = approvals.prefix { $0.expires < now }.count
    verdict.expired += approvals.prefix(count).map(\.key)
    approvals.removeFirst(count)
  }
}

/// Fills `{asset}`, `{reading name}` and `{limit name}` into texts.
struct Filling {
  let asset: String
  let evidence: [Evidence]
  let limits: [Limit]

  func fill(_ template: String) -> String {
    var text = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      text += rest[..<open]
      let name = rest[rest.index(after: open)..<close]
      text += word(String(name)) ?? String(rest[open...close])
      rest = rest[rest.index(after: close)...]
    }
    return text + rest
  }

  private func word(_ name: String) -> String? {
    if name == "asset" { return asset }
    // Without the unit: the author's sentence has it already, often as another word.
    if let found = evidence.first(where: { $0.name == name }) { return found.value.plain }
    return limits.first { $0.name == name }.map(\.value.plain)
  }
}

extension ReadingValue {
  /// For people: at most four significant digits after the leading ones, `not good` when it is not.
  package var plain: String {
    switch self {
    case .notGood: "not good"
    case .boolean(let flag): flag ? "yes" : "no"
    case .number(let number): Rules.plain(number)
    case .text(let text): text
    case .absent: "not known"
    case .group(let group):
      "\(Rules.plain(group.lowest)) to \(Rules.plain(group.highest)), mean \(Rules.plain(group.mean)) of \(group.howMany)"
    }
  }
}

extension LimitValue {
  /// For people, without a unit.
  package var plain: String {
    switch self {
    case .number(let number): Rules.plain(number)
    case .duration(let span): "\(span)"
    case .state(let name): name
    case .curve(let curve):
      "{ " + curve.points.map { "{\(Rules.plain($0.x)), \(Rules.plain($0.y))}" }.joined(separator: ", ") + " }"
    }
  }
}

/// A number for people: whole when it is, else four significant digits, without trailing zeros.
package func plain(_ number: Double) -> String {
  guard number.isFinite else { return number.isNaN ? "not a number" : number > 0 ? "endless" : "-endless" }
  guard number.magnitude < 1e15 else { return "\(number)" }
  if number == number.rounded() || number.magnitude >= 1000 { return "\(Int64(number.rounded()))" }
  var scale = 1.0
  while number.magnitude * scale < 1000, scale < 1e12 { scale *= 10 }
  let rounded = (number * scale).rounded() / scale
  return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
}
