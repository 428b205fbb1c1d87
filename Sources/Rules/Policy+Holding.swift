// A firing becomes a decision at once, or when the last of its reasons has ended and the condition is still active.
extension Policy {
  /// Brings the docket up to date; what comes of it is judged when that is done for all to which something happened.
  mutating func note(_ event: Step.Event, _ evaluator: inout Evaluator) {
    switch event.kind {
    case .fired(let since, let readings, let gate):
      dockets[event.condition] = Docket(
        fired: event.time, since: since, gate: gate, readings: readings,
        repeats: evaluator.rule(of: event.condition).repeatsEvery.map { event.time + $0 },
        held: Docket.Held(time: event.time))
    case .looked(let readings, let gate):
      guard let docket = dockets[event.condition] else { return }
      dockets[event.condition]?.readings = readings
      dockets[event.condition]?.gate = gate
      // At one instant a repetition comes before the calendar (S6).
      if docket.held == nil, docket.repeats == event.time {
        dockets[event.condition]?.gate.isOpen = docket.gate.isOpen
      }
    case .cleared: cleared(event.condition, at: event.time, &evaluator)
    }
  }

  /// The gate as of `time`.
  mutating func looked(
    _ condition: ConditionID, at time: Instant, _ gate: Gate, _ evaluator: inout Evaluator, _ verdict: inout Verdict
  ) {
    if let docket = dockets[condition], docket.gate != gate {
      look(condition, at: time, &evaluator, &verdict)
      dockets[condition]?.gate = gate
    }
    let isWhole = evaluator.conditions[Int(condition.index)].wake != time
    look(condition, at: time, isWhole: isWhole, &evaluator, &verdict)
  }

  private mutating func cleared(_ condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator) {
    guard let docket = dockets.removeValue(forKey: condition) else { return }
    // It had the group's decision, or was to have it.
    guard docket.hasDecided || docket.held != nil else { return }
    freeGroup(of: condition, at: time, &evaluator) { held in
      held.told.contains { if case .group = $0 { true } else { false } }
    }
  }

  /// Moments that data has passed within the input in hand, before the evaluator knew of them: those of all conditions
  /// in order, because one may wait for another of its group.
  mutating func catchUp(before time: Instant, _ evaluator: inout Evaluator, _ verdict: inout Verdict) {
    while let first = behind.first, first.time < time {
      behind.removeFirst()
      let condition = ConditionID(Int(first.condition))
      // It may be planned for another moment since.
      if dockets[condition]?.looks == first.time { look(condition, at: first.time, &evaluator, &verdict) }
    }
  }

  /// What it waits for may have been passed although the evaluator could not be asked then: a source was down.
  mutating func fallBehind(_ condition: ConditionID, _ evaluator: Evaluator) {
    guard let moment = dockets[condition]?.looks, evaluator.hasPassed(moment, condition) else { return }
    behind.insert(moment, condition.index)
  }

  /// `isWhole`: no sample is to come at that instant; for a repetition they all come first (S6).
  private mutating func look(
    _ condition: ConditionID, at time: Instant, isWhole: Bool = true, _ evaluator: inout Evaluator,
    _ verdict: inout Verdict
  ) {
    if let looks = dockets[condition]?.looks, looks <= time { dockets[condition]?.looks = nil }
    if let moment = dockets[condition]?.repeats, moment < time || (isWhole && moment == time),
      let span = evaluator.rule(of: condition).repeatsEvery
    {
      var next = moment
      while next <= time { next = next + span }
      dockets[condition]?.repeats = next
      // One that waits already, or waited until then, is enough.
      if dockets[condition]?.held == nil, lastDecision[condition] != moment {
        dockets[condition]?.held = Docket.Held(time: moment)
      }
    }
    if let recheck = dockets[condition]?.recheck, recheck.at <= time {
      dockets[condition]?.recheck = nil
      if dockets[condition]?.held == nil {
        dockets[condition]?.held = Docket.Held(time: recheck.at, follows: recheck.of)
      }
    }
    judge(condition, at: time, &evaluator, &verdict)
  }

  /// Decides, if a decision is due and nothing stands in its way; else records what does.
  mutating func judge(
    _ condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator, _ verdict: inout Verdict
  ) {
    guard let docket = dockets[condition] else { return }
    dockets[condition]?.looked = max(docket.looked, time)
    if let held = docket.held {
      let reasons = reasons(condition, at: time, evaluator)
      if reasons.isEmpty {
        dockets[condition]?.held = nil
        dockets[condition]?.hasDecided = true
        series[condition] = nil
        decide(
          condition, at: time, since: docket.since, deferredFrom: held.told.isEmpty ? nil : held.time,
          follows: held.follows, evaluator.evidence(of: condition, docket.readings), evaluator, &verdict)
      } else {
        hold(condition, held, reasons, at: time, evaluator, &verdict)
        let waitsForGroup = if case .group = reasons[0] { true } else { false }
        dockets[condition]?.held?.waitsForGroup = waitsForGroup
        // It may have been to be the first out, and is not now.
        if !waitsForGroup { freeGroup(of: condition, at: time, &evaluator) { $0.waitsForGroup } }
      }
      // At each end it may be for another reason that it waits.
      let ends = reasons.compactMap(\.until).min()
      plan(condition, at: [ends, dockets[condition]?.asks].compactMap { $0 }.min(), &evaluator)
    } else {
      plan(condition, at: docket.asks, &evaluator)
    }
  }

  /// Records the first of the reasons, unless it was.
  private mutating func hold(
    _ condition: ConditionID, _ held: Docket.Held, _ reasons: [HeldBackReason], at time: Instant,
    _ evaluator: Evaluator, _ verdict: inout Verdict
  ) {
    guard let docket = dockets[condition], held.told.allSatisfy({ !reasons.contains($0) }), held.told.count < 64 else {
      return
    }
    let reason = reasons[0]
    dockets[condition]?.held?.told.append(reason)
    var row = HeldBack(
      rule: evaluator.rule(of: condition).name, asset: evaluator.asset(of: condition).path, time: time,
      since: docket.since, reason: reason, evidence: evaluator.evidence(of: condition, docket.readings))
    if let last = series[condition], last.reason == reason { row.count = last.count + 1 }
    series[condition] = HeldSeries(reason: reason, count: row.count)
    verdict.heldBack.append(row)
  }

  /// Looks again, at a time, at those of its group that waited for it; but no earlier than it has looked already.
  private mutating func freeGroup(
    of condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator, where waits: (Docket.Held) -> Bool
  ) {
    for other in groups[condition] ?? [] {
      guard let docket = dockets[other], let held = docket.held, waits(held) else { continue }
      plan(other, at: max(time, docket.looked), &evaluator)
    }
  }

  /// Looks at it again then; never for nil.
  mutating func plan(_ condition: ConditionID, at time: Instant?, _ evaluator: inout Evaluator) {
    dockets[condition]?.looks = time
    guard let time else { return evaluator.wake(condition, at: .distantFuture) }
    let isPassed = evaluator.hasPassed(time, condition)
    if isPassed { behind.insert(time, condition.index) }
    evaluator.wake(condition, at: isPassed ? .distantFuture : time)
  }
}
