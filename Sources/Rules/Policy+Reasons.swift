// Why a decision is held back, and until when (S8).
extension Policy {
  /// Everything that stands in the way of a decision at `time`, in the order in which it is told.
  func reasons(_ condition: ConditionID, at time: Instant, _ evaluator: Evaluator) -> [HeldBackReason] {
    var reasons = ownReasons(condition, at: time, evaluator)
    if let first = firstOut(besides: condition, isFree: reasons.isEmpty, at: time, evaluator) {
      reasons.append(.group(first: first))
    }
    return reasons
  }

  /// All but the group.
  private func ownReasons(_ condition: ConditionID, at time: Instant, _ evaluator: Evaluator) -> [HeldBackReason] {
    var reasons: [HeldBackReason] = []
    if !silences.isEmpty {
      let (rule, asset) = (evaluator.rule(of: condition).name, evaluator.asset(of: condition).path)
      for silence in silences where silence.holds(rule, asset, at: time) { reasons.append(silence.reason) }
    }
    if let gate = dockets[condition]?.gate {
      if !gate.isOpen { reasons.append(.calendar) }
      if gate.isSuppressed { reasons.append(.suppressed) }
      if !gate.isPermitted { reasons.append(.needs) }
    }
    if let atMost = evaluator.rule(of: condition).atMost, let last = lastDecision[condition], time >= last,
      time < last + atMost.once
    {
      reasons.append(.atMost(until: last + atMost.once))
    }
    if let aftermath = aftermaths[condition] {
      if let until = aftermath.settles, time < until { reasons.append(.settling(until: until)) }
      if let until = aftermath.quiet, time < until { reasons.append(.quiet(until: until)) }
    }
    return reasons
  }

  /// The rule of its group that has the decision of this trouble, or is to have it: the one that was pending first of
  /// those that nothing else holds back. Nil when the condition itself may decide, or has: what it repeats is its own.
  /// `isFree`: nothing else holds the condition itself back.
  private func firstOut(
    besides condition: ConditionID, isFree: Bool, at time: Instant, _ evaluator: Evaluator
  ) -> String? {
    guard let docket = dockets[condition], !docket.hasDecided else { return nil }
    let others = groups[condition] ?? []
    if let decided = others.first(where: { dockets[$0]?.hasDecided == true }) {
      return evaluator.rule(of: decided).name
    }
    let free = others.filter { other in
      guard let its = dockets[other], its.held != nil else { return false }
      guard !isFree || (its.since, other) < (docket.since, condition) else { return false }
      return ownReasons(other, at: time, evaluator).isEmpty
    }
    let first = free.min { (dockets[$0]?.since ?? .distantFuture, $0) < (dockets[$1]?.since ?? .distantFuture, $1) }
    return first.map { evaluator.rule(of: $0).name }
  }

  /// Conditions of one asset whose rules are of one group, each with the others.
  static func groups(_ evaluator: Evaluator) -> [ConditionID: [ConditionID]] {
    var members: [String: [ConditionID]] = [:]
    for index in evaluator.conditions.indices {
      let id = ConditionID(index)
      guard let group = evaluator.rule(of: id).group else { continue }
      members["\(evaluator.asset(of: id).path)\n\(group)", default: []].append(id)
    }
    var groups: [ConditionID: [ConditionID]] = [:]
    for key in members.keys.sorted() {
      for member in members[key] ?? [] { groups[member] = members[key]?.filter { $0 != member } }
    }
    return groups
  }

  // MARK: What persons say

  /// Keeps what is silenced, and looks again at what that may set free.
  mutating func obey(_ instruction: Instruction, _ evaluator: inout Evaluator) {
    let touched: (rule: String?, asset: String?)
    switch instruction.act {
    case .shelve(let rule, let asset, let until, _):
      silences.removeAll { $0.rule == rule && $0.asset == asset }
      silences.append(Silence(rule: rule, asset: asset, until: until, person: instruction.person))
      touched = (rule, asset)
    case .unshelve(let rule, let asset):
      silences.removeAll { $0.rule == rule && (asset == nil || $0.asset == asset) }
      touched = (rule, asset)
    case .takeOut(let asset, _):
      silences.removeAll { $0.rule == nil && $0.asset == asset }
      silences.append(Silence(rule: nil, asset: asset, until: nil, person: instruction.person))
      return
    case .putBack(let asset):
      silences.removeAll { $0.rule == nil && $0.asset == asset }
      touched = (nil, asset)
    case .approve, .reject, .retry, .drop, .verdict, .halt, .resume, .reset, .release, .losses, .backtested,
      .takeLetter, .dropLetter, .restored:
      return
    }
    let change = Silence(rule: touched.rule, asset: touched.asset, until: nil, person: instruction.person)
    for condition in dockets.keys.sorted() where dockets[condition]?.held != nil {
      guard change.concerns(evaluator.rule(of: condition).name, evaluator.asset(of: condition).path) else { continue }
      plan(condition, at: evaluator.now(of: condition), &evaluator)
    }
  }
}

extension Silence {
  func concerns(_ rule: String, _ asset: String) -> Bool {
    guard let silenced = self.rule else { return self.asset == asset || asset.hasPrefix((self.asset ?? "") + "/") }
    return silenced == rule && (self.asset == nil || self.asset == asset)
  }

  func holds(_ rule: String, _ asset: String, at time: Instant) -> Bool {
    concerns(rule, asset) && time < until ?? .distantFuture
  }

  var reason: HeldBackReason {
    rule == nil
      ? .outOfService(asset: asset ?? "", by: person) : .shelved(until: until ?? .distantFuture, by: person)
  }

  func encode(into writer: inout ByteWriter) {
    writer.optional(rule) { $0.text($1) }
    writer.optional(asset) { $0.text($1) }
    writer.optional(until) { (writer, time) in time.encode(into: &writer) }
    writer.text(person)
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let rule = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
    let asset = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
    let until = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    self.init(rule: rule, asset: asset, until: until, person: try reader.text())
  }
}
