// Asking a rule at one moment, and what its answer makes of the condition (S5 to S7, S11).
extension Evaluator {
  /// Asks the rule as of `moment`. `taking`: the moment is a deadline, so a hold or release that ends there ends.
  /// False when the rule failed: the condition is then to be restored.
  /// `byHand`: a person resets it.
  mutating func evaluate(_ condition: Int, at moment: Instant, taking: Bool = false, byHand: Bool = false) -> Bool {
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
    let rule = rules[Int(placement.rule)]
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
          if trace != nil { show(condition, at: moment, when: whenAnswer, clears: clearsAnswer) }
          return false
        }
        asked = gate
      }
    }
    if rule.remembers { remember(placement, rule) }
    see(&state, condition, answer, at: moment)
    move(
      &state, condition, rule, whenIsTrue: whenIsTrue, clears: clears && answer == .no, at: moment, taking, byHand)
    if rule.isGated { pass(&state, condition, rule, whenIsTrue: whenIsTrue, at: moment) }

    var next = Instant(microseconds: deadline)
    if rule.hours != nil { next = min(next, state.calendarChanges) }
    if let transition = rule.transition(of: state.phase) { next = min(next, transition) }
    if moves, rule.every != .max { next = min(next, moment.next(multipleOf: TimeSpan(microseconds: rule.every))) }
    if let since = state.blindSince, !state.blindTold { next = min(next, since + configuration.policy.blindAfter) }
    state.due = next
    conditions[condition] = state
    if trace != nil { show(condition, at: moment, when: whenAnswer, clears: clearsAnswer) }
    return true
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

  /// What comes last at an instant (S6): the calendar opens or closes. And policy is told when the gate of an active
  /// condition has changed.
  private mutating func pass(
    _ state: inout Condition, _ condition: Int, _ rule: CompiledRule, whenIsTrue: Bool, at moment: Instant
  ) {
    if state.phase.isActive, state.gate != asked {
      state.gate = asked
      looked(condition, state.gate, at: moment)
    }
    guard let hours = rule.hours, state.calendarChanges == moment else { return }
    if turn(&state, hours) { enter(.normal, &state, condition, at: moment) }
    asked.isOpen = state.isOpen
    if state.phase.isActive {
      state.gate = asked
      looked(condition, state.gate, at: moment)
    } else if state.phase == .normal, state.isOpen, whenIsTrue {
      begin(&state, condition, rule, at: moment)
    }
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

  /// Counts the first failure of this input; what follows in the same input is not called.
  mutating func fault(_ condition: Int, at moment: Instant, cause: String) {
    if let known = skipped[Int32(condition)] {
      guard let known else { return }
      skipped[Int32(condition)] = .some(nil)
      count(condition, at: moment, cause: known)
    } else {
      skipped[Int32(condition)] = .some(nil)
      count(condition, at: moment, cause: cause)
    }
  }

  /// The process ended inside a call for this pair, in the run before this one.
  mutating func died(_ fault: Fault) {
    guard let id = condition(rule: fault.rule, asset: fault.asset) else { return }
    let condition = Int(id.index)
    guard conditions[condition].faults < Evaluator.strikes else { return }
    conditions[condition].deaths += 1
    let isLast = conditions[condition].deaths >= Evaluator.deathStrikes
    var state = conditions[condition]
    touch(&state, condition)
    conditions[condition] = state
    let moment = conditions[condition].clock
    step.reports.append(Report(.fault, time: moment, rule: fault.rule, asset: fault.asset, text: fault.cause))
    guard isLast else { return }
    conditions[condition].faults = Evaluator.strikes
    step.reports.append(
      Report(
        .quarantined, time: moment, rule: fault.rule, asset: fault.asset,
        text:
          "the engine ended \(Evaluator.deathStrikes) times in it: not called on this asset again until its text changes"
      ))
  }

  private mutating func count(_ condition: Int, at moment: Instant, cause: String) {
    var state = conditions[condition]
    state.faults += 1
    touch(&state, condition)
    conditions[condition] = state
    let record = record(of: ConditionID(condition))
    step.faults.append(Fault(rule: record.rule, asset: record.asset, cause: cause))
    step.reports.append(Report(.fault, time: moment, rule: record.rule, asset: record.asset, text: cause))
    if conditions[condition].faults == Evaluator.strikes {
      step.reports.append(
        Report(
          .quarantined, time: moment, rule: record.rule, asset: record.asset,
          text: "\(Evaluator.strikes) faults: not called on this asset again until its text changes"))
    }
  }

  // MARK: Readings

  /// Fills `scratch` with the readings as of `time`, and moves the deadline to the earliest moment at which one changes
  /// by silence; `moves` when one changes by time alone.
  mutating func look(
    _ placement: Placement, _ rule: CompiledRule, _ condition: Int, at time: Int64, _ ends: Bool,
    _ deadline: inout Int64, _ moves: inout Bool
  ) {
    for index in rule.readings.indices {
      if lookAtLatest(rule, index, placement, at: time, &deadline) { continue }
      let place = Int(placement.firstReading) + index
      var reading = read(
        rule.readings[index], rule.stateNames[index], sights[place], condition, tolerates: rule.tolerates, at: time,
        ends: ends, &deadline, &moves)
      scratchSince[index] = reading.since
      if reading.since != .max, rule.remembers, rule.readings[index].needsMemory {
        let state = readingStates[place]
        let until = min(state.unknownSince, reading.since).saturatingPlus(rule.tolerates)
        if time < until || (ends && time == until), state.lastGood != .notGood {
          reading.value = state.lastGood
          deadline = min(deadline, until)
        }
      }
      scratch[index] = reading.value
    }
  }

  /// The one case that is nearly all of them, without the ceremony: a number in force now, good and not silent.
  @inline(__always)
  private mutating func lookAtLatest(
    _ rule: CompiledRule, _ index: Int, _ placement: Placement, at time: Int64, _ deadline: inout Int64
  ) -> Bool {
    let reading = rule.readings[index]
    guard reading.isPlain else { return false }
    let history = Int(sights[Int(placement.firstReading) + index].history)
    let newest = histories[history].marks.count - 1
    guard newest >= histories[history].first else { return false }
    let since = histories[history].marks[newest].time
    guard since <= time, histories[history].marks[newest].badSince == .max else { return false }
    if reading.staleAfter != .max {
      let silentFrom = since.saturatingPlus(reading.staleAfter)
      guard time <= silentFrom else { return false }
      deadline = min(deadline, silentFrom.saturatingPlus(1))
    }
    scratch[index] = .number(histories[history].marks[newest].number)
    scratchSince[index] = .max
    return true
  }

  /// Keeps what is known, and since when what is not. Only after the rule answered, so that a fault leaves no trace.
  private mutating func remember(_ placement: Placement, _ rule: CompiledRule) {
    for index in rule.readings.indices {
      let place = Int(placement.firstReading) + index
      if scratchSince[index] == .max {
        readingStates[place].lastGood = scratch[index]
        readingStates[place].unknownSince = .max
      } else if readingStates[place].unknownSince == .max {
        readingStates[place].unknownSince = scratchSince[index]
      }
    }
  }

  /// One reading as of `time`; `since` says since when it is not good, `.max` when it is. `tolerates` is how long the
  /// last good value of a tag stands.
  @inline(__always)
  func read(
    _ reading: CompiledRule.CompiledReading, _ states: [String], _ sight: Sight, _ condition: Int, tolerates: Int64,
    at time: Int64, ends: Bool, _ deadline: inout Int64, _ moves: inout Bool
  ) -> (value: ReadingValue, since: Int64) {
    if sight.group >= 0 { return readGroup(reading, states, sight, condition, at: time, &deadline, &moves) }
    return readOne(
      reading, states, sight, condition, tolerates: tolerates, at: time, ends: ends, &deadline, &moves)
  }

  @inline(__always)
  func readOne(
    _ reading: CompiledRule.CompiledReading, _ states: [String], _ sight: Sight, _ condition: Int, tolerates: Int64,
    at time: Int64, ends: Bool, _ deadline: inout Int64, _ moves: inout Bool
  ) -> (value: ReadingValue, since: Int64) {
    let heard = min(firstHeard[Int(sight.asset)], time)
    // The tree has no such asset, or the asset names none.
    guard sight.history >= 0 else { return (.notGood, heard) }
    let historyIndex = Int(sight.history)
    guard let index = histories[historyIndex].index(at: time) else {
      switch reading.form {
      case .quality: return (.text("stale"), .max)
      case .age: return (.number(.infinity), .max)
      case .stale: return (.boolean(true), .max)
      case .active: return (.boolean(false), .max)
      case .fired: return (.number(0), .max)
      default: return (.notGood, heard)
      }
    }
    let mark = histories[historyIndex].marks[index]

    // Silence.
    var since = mark.badSince
    let silentFrom = silentFrom(mark, reading, sight, at: time)
    if silentFrom != .max {
      if time > silentFrom {
        since = min(since, silentFrom)
      } else {
        deadline = min(deadline, silentFrom.saturatingPlus(1))
        // A silence that has ended since, when the question is of an earlier moment.
        if sight.beat >= 0, tags[Int(sight.beat)].newest > time,
          let silence = histories[historyIndex].silence(after: index)
        {
          deadline = min(deadline, silence)
        }
      }
    }
    // The newest moment at which what a window sees changed.
    let edge = time > silentFrom ? max(silentFrom, mark.time) : mark.time
    if reading.window > 0, edge.saturatingPlus(reading.window) > time { moves = true }

    func known(_ number: Double?) -> (value: ReadingValue, since: Int64) {
      number.map { (.number($0), .max) } ?? (.notGood, time)
    }
    switch reading.form {
    case .latest:
      if mark.number.isNaN { return (.notGood, min(since, time)) }
      if since != .max, !stands(since, tolerates, time, ends, &deadline) { return (.notGood, since) }
      return (typed(mark.number, reading.kind, states, historyIndex), since)
    case .previous:
      if mark.previous.isNaN { return (.notGood, min(since, time)) }
      if since != .max, !stands(since, tolerates, time, ends, &deadline) { return (.notGood, since) }
      return (typed(mark.previous, reading.kind, states, historyIndex), since)
    case .quality:
      if time > silentFrom || mark.aged { return (.text("stale"), .max) }
      return (.text("\(mark.quality)"), .max)
    case .age:
      moves = true
      return (.number(Double(time - mark.sampledAt) / 1e6), .max)
    case .stale(let after):
      let end = mark.sampledAt.saturatingPlus(after.microseconds)
      if time > end || time > silentFrom || mark.quality == .stale || mark.aged { return (.boolean(true), .max) }
      deadline = min(deadline, end.saturatingPlus(1))
      return (.boolean(false), .max)
    case .unchangedFor:
      guard since == .max else { return (.notGood, since) }
      moves = true
      return (.number(Double(time - mark.changedAt) / 1e6), .max)
    case .average:
      return known(histories[historyIndex].average(over: reading.window, endingAt: time, alive: silentFrom))
    case .mean: return known(histories[historyIndex].mean(over: reading.window, endingAt: time, alive: silentFrom))
    case .minimum:
      return known(histories[historyIndex].extreme(<, over: reading.window, endingAt: time, alive: silentFrom))
    case .maximum:
      return known(histories[historyIndex].extreme(>, over: reading.window, endingAt: time, alive: silentFrom))
    case .count: return known(histories[historyIndex].changes(over: reading.window, endingAt: time, alive: silentFrom))
    case .change:
      guard since == .max else { return (.notGood, since) }
      guard let old = histories[historyIndex].good(atOrBefore: time - reading.window) else { return (.notGood, time) }
      return (.number(mark.number - old), .max)
    case .active: return (.boolean(mark.number == 1), .max)
    case .fired:
      let count = histories[historyIndex].activations(over: reading.window, endingAt: time)
      if count > 0 { moves = true }
      return (.number(Double(count)), .max)
    case .spread, .total, .smoothed, .rate, .increase, .crossings, .timeIn, .elapsed, .left:
      preconditionFailure("no rule with this reading is loaded yet")
    }
  }

  /// From when on a tag is silent for too long, as far as is known; `.max` when its silence says nothing.
  @inline(__always)
  func silentFrom(
    _ mark: History.Mark, _ reading: CompiledRule.CompiledReading, _ sight: Sight, at time: Int64
  ) -> Int64 {
    guard reading.staleAfter != .max else { return .max }
    let lastSign = sight.beat < 0 ? mark.time : tags[Int(sight.beat)].newest
    return lastSign == .min
      ? min(firstHeard[Int(sight.asset)], time) : lastSign.saturatingPlus(reading.staleAfter)
  }

  /// Whether the last good value of a tag that is not good since then still stands.
  private func stands(_ since: Int64, _ tolerates: Int64, _ time: Int64, _ ends: Bool, _ deadline: inout Int64) -> Bool
  {
    let until = since.saturatingPlus(tolerates)
    guard time < until || (ends && time == until && tolerates > 0) else { return false }
    deadline = min(deadline, until)
    return true
  }

  @inline(__always)
  private func typed(
    _ number: Double, _ kind: CompiledRule.CompiledReading.Kind, _ states: [String], _ history: Int
  ) -> ReadingValue {
    switch kind {
    case .number: .number(number)
    case .boolean: .boolean(number != 0)
    case .states: .text(states[Int(number)])
    case .text: .text(histories[history].texts[Int(number)])
    }
  }
}
