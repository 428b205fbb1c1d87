// What a decision brings about later: the plant follows its setpoint, its order is completed, no fault is found.
extension Policy {
  /// Why a rule is silent on an asset after a decision of its own.
  struct Aftermath: Sendable, Equatable {
    /// The plant follows a setpoint change until then (`settles_for`).
    var settles: Instant?
    /// The changes that may still be accepted, from when on it settles anew.
    var changes: [ActionKey] = []
    /// A person found no fault.
    var quiet: Instant?
  }

  /// A change that is to be sent settles from now on; one that waits for a person, from when it is accepted.
  mutating func settle(
    _ actions: [Action], of key: DecisionKey, _ condition: ConditionID, at time: Instant, _ evaluator: Evaluator
  ) {
    guard let span = evaluator.rule(of: condition).settlesFor else { return }
    let changes = actions.filter { $0.setpoint?.validUntil != nil }
    guard !changes.isEmpty else { return }
    aftermaths[condition, default: Aftermath()].changes = changes.map { ActionKey(decision: key, number: $0.number) }
    if changes.contains(where: { $0.standing == .ready }) {
      let earlier = aftermaths[condition]?.settles ?? .distantPast
      aftermaths[condition]?.settles = max(earlier, time + span)
    }
  }

  mutating func hear(_ command: Command, _ evaluator: inout Evaluator) {
    switch command {
    case .attempted(let attempt): accepted(attempt, evaluator)
    case .followed(let status): completed(status, &evaluator)
    case .instructed(let instruction):
      guard case .verdict(let key, let verdict, _, _, _) = instruction.act else { return }
      judged(key, verdict, at: instruction.at, evaluator)
    case .lookedUp: return
    }
  }

  private mutating func accepted(_ attempt: Attempt, _ evaluator: Evaluator) {
    switch attempt.receipt {
    case .accepted, .already: break
    case .rejected, .tryAgain, .unknown: return
    }
    let key = attempt.action.decision
    guard !aftermaths.isEmpty, let condition = evaluator.condition(rule: key.rule, asset: key.asset),
      let span = evaluator.rule(of: condition).settlesFor,
      let place = aftermaths[condition]?.changes.firstIndex(of: attempt.action)
    else { return }
    aftermaths[condition]?.changes.remove(at: place)
    let earlier = aftermaths[condition]?.settles ?? .distantPast
    aftermaths[condition]?.settles = max(earlier, attempt.ended + span)
  }

  /// An order that was completed while the condition goes on is decided anew after a time, if it goes on still. One
  /// that was cancelled is somebody's decision.
  private mutating func completed(_ status: OrderStatus, _ evaluator: inout Evaluator) {
    let key = status.action.decision
    guard status.standing == .done, let condition = evaluator.condition(rule: key.rule, asset: key.asset),
      dockets[condition] != nil
    else { return }
    let span = evaluator.rule(of: condition).recheck ?? .hours(24)
    let at = max((status.done ?? status.at) + span, evaluator.now(of: condition))
    dockets[condition]?.recheck = (at, key)
    let looks = dockets[condition]?.looks ?? .distantFuture
    if at < looks { plan(condition, at: at, &evaluator) }
  }

  /// The newest verdict counts.
  private mutating func judged(_ key: DecisionKey, _ verdict: Rules.Verdict, at time: Instant, _ evaluator: Evaluator) {
    guard let span = settings.quietAfterNoFault,
      let condition = evaluator.condition(rule: key.rule, asset: key.asset)
    else { return }
    if verdict == .noFaultFound {
      aftermaths[condition, default: Aftermath()].quiet = time + span
    } else {
      aftermaths[condition]?.quiet = nil
    }
  }
}

extension Policy.Aftermath {
  func encode(into writer: inout ByteWriter) {
    writer.optional(settles) { (writer, time) in time.encode(into: &writer) }
    writer.optional(quiet) { (writer, time) in time.encode(into: &writer) }
    writer.integer(changes.count)
    for change in changes { change.encode(into: &writer) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    settles = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    quiet = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { changes.append(try ActionKey(from: &reader)) }
  }
}
