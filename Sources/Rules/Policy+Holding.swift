// A firing becomes a decision at once, or when the last of its reasons has ended and the condition is still active.
extension Policy {
  mutating func fired(
    _ event: Step.Event, since: Instant, _ readings: [ReadingValue], _ gate: Gate, _ evaluator: inout Evaluator,
    _ verdict: inout Verdict
  ) {
    let rule = evaluator.rule(of: event.condition)
    dockets[event.condition] = Docket(
      fired: event.time, since: since, gate: gate, readings: readings,
      repeats: rule.repeatsEvery.map { event.time + $0 }, held: Docket.Held(time: event.time))
    judge(event.condition, at: event.time, &evaluator, &verdict)
  }

  /// The readings and the gate as of `time`.
  mutating func looked(
    _ condition: ConditionID, at time: Instant, _ readings: [ReadingValue], _ gate: Gate,
    _ evaluator: inout Evaluator, _ verdict: inout Verdict
  ) {
    guard dockets[condition] != nil else { return }
    dockets[condition]?.readings = readings
    dockets[condition]?.gate = gate
    look(condition, at: time, &evaluator, &verdict)
  }

  mutating func cleared(_ condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator) {
    guard let docket = dockets.removeValue(forKey: condition) else { return }
    // It had the group's decision, or was to have it.
    if docket.hasDecided || docket.held != nil { freeGroup(of: condition, at: time, &evaluator) }
  }

  /// Moments of a condition that data has passed within the input in hand, before the evaluator knew of them.
  mutating func catchUp(
    _ condition: ConditionID, before time: Instant, _ evaluator: inout Evaluator, _ verdict: inout Verdict
  ) {
    while let moment = dockets[condition]?.looks, moment < time, evaluator.hasPassed(moment, condition) {
      look(condition, at: moment, &evaluator, &verdict)
    }
  }

  private mutating func look(
    _ condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator, _ verdict: inout Verdict
  ) {
    if let looks = dockets[condition]?.looks, looks <= time { dockets[condition]?.looks = nil }
    if let moment = dockets[condition]?.repeats, moment <= time,
      let span = evaluator.rule(of: condition).repeatsEvery
    {
      var next = moment
      while next <= time { next = next + span }
      dockets[condition]?.repeats = next
      // One that waits already is enough.
      if dockets[condition]?.held == nil { dockets[condition]?.held = Docket.Held(time: moment) }
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
  private mutating func judge(
    _ condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator, _ verdict: inout Verdict
  ) {
    guard let docket = dockets[condition] else { return }
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
        if !waitsForGroup { freeGroup(of: condition, at: time, &evaluator) }
      }
      let ends = reasons.compactMap(\.until).max()
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

  /// Looks again, at a time, at those of its group that wait for nothing else.
  private mutating func freeGroup(of condition: ConditionID, at time: Instant, _ evaluator: inout Evaluator) {
    for other in groups[condition] ?? [] where dockets[other]?.held?.waitsForGroup == true {
      let clock = evaluator.conditions[Int(other.index)].clock
      plan(other, at: max(time, clock), &evaluator)
    }
  }

  /// Looks at it again then; never for nil.
  mutating func plan(_ condition: ConditionID, at time: Instant?, _ evaluator: inout Evaluator) {
    dockets[condition]?.looks = time
    // What data has passed already is caught up with here.
    let isToCome = time.map { !evaluator.hasPassed($0, condition) } ?? false
    evaluator.wake(condition, at: isToCome ? time ?? .distantFuture : .distantFuture)
  }
}
