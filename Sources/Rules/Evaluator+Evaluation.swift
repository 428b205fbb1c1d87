// Asking a rule at one moment, and what its answer makes of the condition (S5 to S7, S11).
extension Evaluator {
  /// Asks the rule as of `moment`. `taking`: the moment is a deadline, so a hold or release that ends there ends.
  /// `passing`: data has passed the moment, so nothing more is to come at it. False when the rule failed: the condition
  /// is then to be restored. `byHand`: a person resets it.
  mutating func evaluate(
    _ condition: Int, _ rule: CompiledRule, at moment: Instant, taking: Bool = false, passing: Bool = false,
    byHand: Bool = false
  ) -> Bool {
    guard conditions[condition].faults < Evaluator.strikes else {
      conditions[condition].due = .distantFuture
      conditions[condition].wake = .distantFuture
      return true
    }
    if !skipped.isEmpty, skipped[Int32(condition)] != nil {
      fault(condition, at: moment, cause: "")
      return false
    }
    let placement = placements[condition]
    // At one instant a hold or release ends before a tolerance does (S6).
    let ends = taking && rule.transition(of: conditions[condition].phase) == moment
    rule.askedFor?.pointee = UInt32(bitPattern: placement.asset)
    var (deadline, moves) = (Int64.max, false)
    if !rule.calculations.isEmpty {
      guard let calculated = calculate(condition, rule, at: moment) else { return false }
      (deadline, moves) = calculated
    }
    look(placement, rule, condition, at: moment.microseconds, ends, &deadline, &moves)

    var answer = Evaluator.ask(.when, rule, scratch, limitTables[condition])
    let whenAnswer = answer
    var clearsAnswer: Answer?
    var clears = false
    if answer == .no, conditions[condition].phase.isActive {
      clears = true
      if rule.hasClearsWhen {
        answer = Evaluator.ask(.clearsWhen, rule, scratch, limitTables[condition])
        clearsAnswer = answer
        clears = answer == .yes
        if clears { answer = .no }
      }
    } else if answer == .no {
      clears = true
    }
    if case .fault(let cause) = answer {
      fault(condition, at: moment, cause: cause)
      if trace != nil { show(condition, at: moment, when: whenAnswer, clears: clearsAnswer) }
      return false
    }
    if !rule.isGated, !taking, conditions[condition].stays(at: answer) {
      // Nearly always nothing of it moves, and it is not copied for that.
      if rule.remembers { remember(placement, rule) }
    } else if !follow(answer, condition, rule, at: moment, clears, ends, taking, passing, byHand) {
      if trace != nil { show(condition, at: moment, when: whenAnswer, clears: clearsAnswer) }
      return false
    }
    conditions[condition].due = nextQuestion(condition, rule, after: moment, deadline, moves)
    if trace != nil { show(condition, at: moment, when: whenAnswer, clears: clearsAnswer) }
    return true
  }

  /// What the answer makes of the condition. False when `needs` or `suppressed_when` failed.
  private mutating func follow(
    _ answer: Answer, _ condition: Int, _ rule: CompiledRule, at moment: Instant, _ clears: Bool, _ ends: Bool,
    _ taking: Bool, _ passing: Bool, _ byHand: Bool
  ) -> Bool {
    // Changed as a whole and put back once.
    var state = conditions[condition]
    let whenIsTrue = answer == .yes && !clears
    if rule.isGated {
      if followCalendar(&state, condition, rule, before: moment) { enter(.normal, &state, condition, at: moment) }
      // Only where a decision may hang on it.
      if state.phase.isActive || (whenIsTrue && (ends || rule.heldFor == .zero)) {
        let (gate, cause) = askGate(condition, rule, isOpen: state.isOpen)
        if let cause {
          fault(condition, at: moment, cause: cause)
          return false
        }
        asked = gate
      }
    }
    if rule.remembers { remember(placements[condition], rule) }
    see(&state, condition, answer, at: moment)
    move(
      &state, condition, rule, whenIsTrue: whenIsTrue, clears: clears && answer == .no, at: moment, taking, byHand)
    if state.isUnsettled { endDoubt(&state, condition, rule, answer, at: moment) }
    if rule.isGated {
      tellGate(&state, condition, at: moment)
      if taking || passing { turnCalendar(&state, condition, rule, whenIsTrue: whenIsTrue, at: moment) }
    }
    conditions[condition] = state
    return true
  }

  /// The earliest moment after `moment` at which the rule is to be asked if nothing comes: `deadline` is when a reading
  /// changes by silence, and `moves` that one changes by time alone.
  @inline(__always)
  private func nextQuestion(
    _ condition: Int, _ rule: CompiledRule, after moment: Instant, _ deadline: Int64, _ moves: Bool
  ) -> Instant {
    var next = Instant(microseconds: deadline)
    if rule.hours != nil { next = min(next, conditions[condition].calendarChanges) }
    if let transition = rule.transition(of: conditions[condition].phase) { next = min(next, transition) }
    if moves, rule.every != .max { next = min(next, moment.next(multipleOf: step(of: condition, rule, at: moment))) }
    if let since = conditions[condition].blindSince, !conditions[condition].blindTold {
      next = min(next, since + configuration.policy.blindAfter)
    }
    return next
  }

  /// How far apart questions are while only time passes: `every`; where a reading moves for as long as its tag is silent,
  /// the least multiple of it that is not under a thousandth of the silence. So a silence of years costs some twenty
  /// thousand questions. It follows from the silence alone, so that live and replay ask at the same moments.
  private func step(of condition: Int, _ rule: CompiledRule, at moment: Instant) -> TimeSpan {
    let every = TimeSpan(microseconds: rule.every)
    guard rule.movesWithoutEnd, meaning >= .growingSteps, let newest = newestSample(of: condition, at: moment) else {
      return every
    }
    let silence = max(0, moment.microseconds.saturatingMinus(newest))
    let thousand = rule.every.saturatingTimes(1_000)
    guard silence > thousand else { return every }
    return TimeSpan(microseconds: (silence / thousand + (silence % thousand == 0 ? 0 : 1)).saturatingTimes(rule.every))
  }

  /// The time of the newest sample, at or before a moment, of the tags that a condition reads; nil before the first.
  private func newestSample(of condition: Int, at moment: Instant) -> Int64? {
    let rule = rules[Int(placements[condition].rule)]
    let first = Int(placements[condition].firstReading)
    var newest: Int64?
    func look(_ readings: [CompiledReading], _ sights: ArraySlice<Sight>) {
      for (reading, sight) in zip(readings, sights) where reading.place >= 0 {
        for seen in sight.group < 0 ? [sight] : groups[Int(sight.group)] where seen.history >= 0 {
          let history = Int(seen.history)
          guard let index = histories[history].index(at: moment.microseconds) else { continue }
          newest = max(newest ?? .min, histories[history].marks[index].sampledAt)
        }
      }
    }
    look(rule.readings, sights[first..<(first + rule.readings.count)])
    for (calculation, placed) in zip(rule.calculations, calculations[Int32(condition)] ?? []) {
      look(calculation.readings, placed.sights[...])
    }
    return newest
  }

  /// Takes what it needs and not `self`: a closure that captures an evaluator copies it.
  @inline(__always)
  static func ask(
    _ question: Question, _ rule: CompiledRule, _ scratch: [ReadingValue], _ limits: LimitTable
  ) -> Answer {
    scratch.withUnsafeBufferPointer { readings in
      rule.ask(question, UnsafeBufferPointer(start: readings.baseAddress, count: rule.readings.count), limits)
    }
  }

  // MARK: What the answer makes of the condition

  private mutating func see(_ state: inout Condition, _ condition: Int, _ answer: Answer, at moment: Instant) {
    guard case .blind(let reading) = answer else {
      if state.blindSince != nil {
        state.blindSince = nil
        state.blindTold = false
        touch(&state, condition)
      }
      return
    }
    if state.blindSince == nil {
      state.blindSince = moment
      touch(&state, condition)
    }
    state.blindReading = reading
    if let since = state.blindSince, !state.blindTold, moment >= since + configuration.policy.blindAfter {
      state.blindTold = true
      let rule = rule(of: ConditionID(condition))
      step.reports.append(
        Report(
          .blindTooLong, time: moment, rule: rule.name, asset: asset(of: ConditionID(condition)).path,
          text: "blind since \(since): reading '\(rule.readings[reading].name)' is not good"))
    }
  }

  private mutating func move(
    _ state: inout Condition, _ condition: Int, _ rule: CompiledRule, whenIsTrue: Bool, clears: Bool,
    at moment: Instant, _ taking: Bool, _ byHand: Bool
  ) {
    switch state.phase {
    case .normal:
      guard whenIsTrue, state.isOpen else { return }
      begin(&state, condition, rule, at: moment)
    case .pending(let since):
      if !whenIsTrue {
        enter(.normal, &state, condition, at: moment)
      } else if taking, moment >= since + rule.heldFor {
        fire(&state, condition, rule, since: since, at: moment)
      }
    case .active(let since):
      guard clears, byHand || !rule.rule.clearsByHand else { return }
      if rule.releasedFor == .zero || byHand {
        clear(&state, condition, at: moment)
      } else {
        enter(.clearing(since: moment, active: since), &state, condition, at: moment)
      }
    case .clearing(let since, let active):
      if !clears {
        enter(.active(since: active), &state, condition, at: moment)
      } else if taking, moment >= since + rule.releasedFor {
        clear(&state, condition, at: moment)
      }
    }
  }

  private mutating func begin(_ state: inout Condition, _ condition: Int, _ rule: CompiledRule, at moment: Instant) {
    if rule.heldFor == .zero {
      fire(&state, condition, rule, since: moment, at: moment)
    } else {
      enter(.pending(since: moment), &state, condition, at: moment)
    }
  }

  /// Policy is told when the gate of an active condition has changed.
  private mutating func tellGate(_ state: inout Condition, _ condition: Int, at moment: Instant) {
    guard state.phase.isActive, state.gate != asked else { return }
    state.gate = asked
    looked(condition, state.gate, at: moment)
  }

  /// What comes last at an instant, after all its samples (S6): the calendar opens or closes.
  private mutating func turnCalendar(
    _ state: inout Condition, _ condition: Int, _ rule: CompiledRule, whenIsTrue: Bool, at moment: Instant
  ) {
    guard let hours = rule.hours, state.calendarChanges == moment else { return }
    let first = step.events.count
    if turn(&state, hours) { enter(.normal, &state, condition, at: moment) }
    asked.isOpen = state.isOpen
    if state.phase.isActive {
      state.gate = asked
      looked(condition, state.gate, at: moment)
    } else if state.phase == .normal, state.isOpen, whenIsTrue {
      begin(&state, condition, rule, at: moment)
    }
    for place in first..<step.events.count { step.events[place].isTurn = true }
  }

  /// A hold or release that cannot go on: back to what it was before (S3, S5).
  mutating func abandon(_ condition: Int, at moment: Instant) {
    var state = conditions[condition]
    switch state.phase {
    case .normal, .active: return
    case .pending: enter(.normal, &state, condition, at: moment)
    case .clearing(_, let active): enter(.active(since: active), &state, condition, at: moment)
    }
    conditions[condition] = state
  }

  private mutating func fire(
    _ state: inout Condition, _ condition: Int, _ rule: CompiledRule, since: Instant, at moment: Instant
  ) {
    enter(.active(since: moment), &state, condition, at: moment)
    state.gate = rule.isGated ? asked : Gate()
    step.events.append(
      Step.Event(
        condition: ConditionID(condition), time: moment,
        kind: .fired(since: since, readings: Array(scratch[..<rule.readings.count]), gate: state.gate)))
    noteActivation(condition, at: moment)
  }

  private mutating func clear(_ state: inout Condition, _ condition: Int, at moment: Instant) {
    // What was held back lapses, and with it the moment at which it would have been decided.
    state.wake = .distantFuture
    enter(.normal, &state, condition, at: moment)
    let rule = rules[Int(placements[condition].rule)]
    let readings = rule.rule.onClear.isEmpty ? [] : Array(scratch[..<rule.readings.count])
    step.events.append(
      Step.Event(condition: ConditionID(condition), time: moment, kind: .cleared, readings: readings))
  }

  mutating func enter(
    _ phase: Condition.Phase, _ state: inout Condition, _ condition: Int, at moment: Instant
  ) {
    if placements[condition].isRead, phase.isActive != state.phase.isActive {
      noteActivity(condition, isActive: phase.isActive, at: moment)
    }
    state.phase = phase
    state.entered = moment
    touch(&state, condition)
  }

  mutating func touch(_ condition: Int) {
    guard !conditions[condition].isChanged else { return }
    conditions[condition].isChanged = true
    changed.append(ConditionID(condition))
  }

  private mutating func touch(_ state: inout Condition, _ condition: Int) {
    guard !state.isChanged else { return }
    state.isChanged = true
    changed.append(ConditionID(condition))
  }

  /// Three activations in a minute or ten in an hour are chattering; told once until it has calmed down (S7).
  private mutating func noteActivation(_ condition: Int, at moment: Instant) {
    var recent = activations[Int32(condition)] ?? []
    recent.removeAll { $0 <= moment - .hours(1) || $0 > moment }
    let wasChattering = Evaluator.isChattering(recent)
    recent.append(moment)
    if recent.count > 10 { recent.removeFirst(recent.count - 10) }
    activations[Int32(condition)] = recent
    if !wasChattering, Evaluator.isChattering(recent) {
      let record = record(of: ConditionID(condition))
      step.reports.append(
        Report(
          .chattering, time: moment, rule: record.rule, asset: record.asset,
          text: "fired \(recent.count) times since \(recent[0]): consider held_for, released_for or clears_when"))
    }
  }

  private static func isChattering(_ activations: [Instant]) -> Bool {
    guard let newest = activations.last else { return false }
    return activations.count >= 10 || activations.count { $0 > newest - .minutes(1) } >= 3
  }
}
