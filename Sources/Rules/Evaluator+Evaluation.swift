// Asking a rule at one moment, and what its answer makes of the condition (S5 to S7, S11).
extension Evaluator {
  /// Asks the rule as of `moment`. `taking`: the moment is a deadline, so a hold or release that ends there ends.
  /// False when the rule failed: the condition is then to be restored.
  mutating func evaluate(_ condition: Int, at moment: Instant, taking: Bool = false) -> Bool {
    guard conditions[condition].faults < Evaluator.strikes else {
      conditions[condition].next = .distantFuture
      return true
    }
    if !skipped.isEmpty, skipped[Int32(condition)] != nil {
      fault(condition, at: moment, cause: "")
      return false
    }
    let placement = placements[condition]
    let rule = rules[Int(placement.rule)]
    // At one instant a hold or release ends before a tolerance does (S6).
    let ends = taking && transition(of: condition) == moment
    let (deadline, moves) = look(placement, rule, at: moment.microseconds, ends)

    var answer = ask(.when, rule, placement)
    var clears = false
    if answer == .no, conditions[condition].phase.isActive {
      clears = true
      if rule.hasClearsWhen {
        answer = ask(.clearsWhen, rule, placement)
        clears = answer == .yes
        if clears { answer = .no }
      }
    } else if answer == .no {
      clears = true
    }
    if case .fault(let cause) = answer {
      fault(condition, at: moment, cause: cause)
      return false
    }
    if rule.remembers { remember(placement, rule) }
    see(condition, answer, at: moment)
    move(condition, rule, whenIsTrue: answer == .yes && !clears, clears: clears && answer == .no, at: moment, taking)

    var next = min(Instant(microseconds: deadline), conditions[condition].wake)
    if let transition = transition(of: condition) { next = min(next, transition) }
    if moves, rule.every != .max { next = min(next, moment.next(multipleOf: TimeSpan(microseconds: rule.every))) }
    if let since = conditions[condition].blindSince, !conditions[condition].blindTold {
      next = min(next, since + configuration.policy.blindAfter)
    }
    conditions[condition].next = next
    return true
  }

  private func ask(_ question: Question, _ rule: CompiledRule, _ placement: Placement) -> Answer {
    scratch.withUnsafeBufferPointer { readings in
      limitValues.withUnsafeBufferPointer { limits in
        rule.rule.ask(
          question, UnsafeBufferPointer(rebasing: readings[..<rule.readings.count]),
          UnsafeBufferPointer(
            rebasing: limits[Int(placement.firstLimit)..<(Int(placement.firstLimit) + rule.limitCount)]))
      }
    }
  }

  // MARK: What the answer makes of the condition

  private mutating func see(_ condition: Int, _ answer: Answer, at moment: Instant) {
    guard case .blind(let reading) = answer else {
      if conditions[condition].blindSince != nil {
        conditions[condition].blindSince = nil
        conditions[condition].blindTold = false
        touch(condition)
      }
      return
    }
    if conditions[condition].blindSince == nil {
      conditions[condition].blindSince = moment
      touch(condition)
    }
    conditions[condition].blindReading = reading
    if let since = conditions[condition].blindSince, !conditions[condition].blindTold,
      moment >= since + configuration.policy.blindAfter
    {
      conditions[condition].blindTold = true
      let record = record(of: ConditionID(condition))
      step.reports.append(
        Report(
          .blindTooLong, time: moment, rule: record.rule, asset: record.asset,
          text: "blind since \(since): reading '\(record.blindReading ?? "")' is not good"))
    }
  }

  private mutating func move(
    _ condition: Int, _ rule: CompiledRule, whenIsTrue: Bool, clears: Bool, at moment: Instant, _ taking: Bool
  ) {
    switch conditions[condition].phase {
    case .normal:
      guard whenIsTrue else { return }
      if rule.heldFor == .zero {
        fire(condition, rule, since: moment, at: moment)
      } else {
        enter(.pending(since: moment), condition, at: moment)
      }
    case .pending(let since):
      if !whenIsTrue {
        enter(.normal, condition, at: moment)
      } else if taking, moment >= since + rule.heldFor {
        fire(condition, rule, since: since, at: moment)
      }
    case .active(let since):
      guard clears else { return }
      if rule.releasedFor == .zero {
        clear(condition, at: moment)
      } else {
        enter(.clearing(since: moment, active: since), condition, at: moment)
      }
    case .clearing(let since, let active):
      if !clears {
        enter(.active(since: active), condition, at: moment)
      } else if taking, moment >= since + rule.releasedFor {
        clear(condition, at: moment)
      }
    }
  }

  /// A hold or release that cannot go on: back to what it was before (S3, S5).
  mutating func abandon(_ condition: Int, at moment: Instant) {
    switch conditions[condition].phase {
    case .normal, .active: break
    case .pending: enter(.normal, condition, at: moment)
    case .clearing(_, let active): enter(.active(since: active), condition, at: moment)
    }
  }

  private mutating func fire(_ condition: Int, _ rule: CompiledRule, since: Instant, at moment: Instant) {
    enter(.active(since: moment), condition, at: moment)
    step.events.append(
      Step.Event(
        condition: ConditionID(condition), time: moment,
        kind: .fired(since: since, readings: Array(scratch[..<rule.readings.count]))))
    noteActivation(condition, at: moment)
  }

  private mutating func clear(_ condition: Int, at moment: Instant) {
    // What was held back lapses, and with it the moment at which it would have been decided.
    conditions[condition].wake = .distantFuture
    enter(.normal, condition, at: moment)
    step.events.append(Step.Event(condition: ConditionID(condition), time: moment, kind: .cleared))
  }

  mutating func reached(_ condition: Int, at moment: Instant) {
    let count = rules[Int(placements[condition].rule)].readings.count
    step.events.append(
      Step.Event(
        condition: ConditionID(condition), time: moment, kind: .reached(readings: Array(scratch[..<count]))))
  }

  private mutating func enter(_ phase: Condition.Phase, _ condition: Int, at moment: Instant) {
    conditions[condition].phase = phase
    conditions[condition].entered = moment
    touch(condition)
  }

  private mutating func touch(_ condition: Int) {
    if step.touched.last != ConditionID(condition) { step.touched.append(ConditionID(condition)) }
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
  private mutating func fault(_ condition: Int, at moment: Instant, cause: String) {
    if let known = skipped[Int32(condition)] {
      guard let known else { return }
      skipped[Int32(condition)] = .some(nil)
      count(condition, at: moment, cause: known)
    } else {
      skipped[Int32(condition)] = .some(nil)
      count(condition, at: moment, cause: cause)
    }
  }

  private mutating func count(_ condition: Int, at moment: Instant, cause: String) {
    conditions[condition].faults += 1
    touch(condition)
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

  /// Fills `scratch` with the readings as of `time`; gives the earliest moment at which one changes by silence,
  /// and whether one changes by time alone.
  private mutating func look(
    _ placement: Placement, _ rule: CompiledRule, at time: Int64, _ ends: Bool
  ) -> (deadline: Int64, moves: Bool) {
    var deadline = Int64.max
    var moves = false
    for index in rule.readings.indices {
      var reading = read(rule, index, placement, at: time, ends, &deadline, &moves)
      scratchSince[index] = reading.since
      if reading.since != .max, rule.remembers, rule.readings[index].form.needsMemory {
        let state = readingStates[Int(placement.firstReading) + index]
        let until = min(state.unknownSince, reading.since).saturatingPlus(rule.tolerates)
        if time < until || (ends && time == until), state.lastGood != .notGood {
          reading.value = state.lastGood
          deadline = min(deadline, until)
        }
      }
      scratch[index] = reading.value
    }
    return (deadline, moves)
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

  /// One reading as of `time`; `since` says since when it is not good, `.max` when it is.
  @inline(__always)
  private func read(
    _ rule: CompiledRule, _ place: Int, _ placement: Placement, at time: Int64, _ ends: Bool,
    _ deadline: inout Int64, _ moves: inout Bool
  ) -> (value: ReadingValue, since: Int64) {
    let reading = rule.readings[place]
    let tag = Int(placement.firstTag + reading.place)
    let heard = min(firstHeard[Int(placement.asset)], time)
    let historyIndex = Int(tags[tag].history)
    guard let index = histories[historyIndex].index(at: time) else {
      switch reading.form {
      case .quality: return (.text("stale"), .max)
      case .age: return (.number(.infinity), .max)
      case .stale: return (.boolean(true), .max)
      default: return (.notGood, heard)
      }
    }
    let mark = histories[historyIndex].marks[index]

    // Silence.
    var since = mark.badSince
    var silentFrom = Int64.max
    if reading.staleAfter != .max {
      let lastSign = reading.heartbeat < 0 ? mark.time : tags[Int(placement.firstTag + reading.heartbeat)].newest
      silentFrom = lastSign == .min ? heard : lastSign.saturatingPlus(reading.staleAfter)
      if time > silentFrom {
        since = min(since, silentFrom)
      } else {
        deadline = min(deadline, silentFrom.saturatingPlus(1))
        // A silence that has ended since, when the question is of an earlier moment.
        if reading.heartbeat >= 0, lastSign > time, let silence = histories[historyIndex].silence(after: index) {
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
      if since != .max, !tolerates(rule, since, time, ends, &deadline) { return (.notGood, since) }
      return (typed(mark.number, rule, place, historyIndex), since)
    case .previous:
      if mark.previous.isNaN { return (.notGood, min(since, time)) }
      if since != .max, !tolerates(rule, since, time, ends, &deadline) { return (.notGood, since) }
      return (typed(mark.previous, rule, place, historyIndex), since)
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
    case .average: return known(histories[historyIndex].average(over: reading.window, endingAt: time, alive: silentFrom))
    case .mean: return known(histories[historyIndex].mean(over: reading.window, endingAt: time, alive: silentFrom))
    case .minimum: return known(histories[historyIndex].extreme(<, over: reading.window, endingAt: time, alive: silentFrom))
    case .maximum: return known(histories[historyIndex].extreme(>, over: reading.window, endingAt: time, alive: silentFrom))
    case .count: return known(histories[historyIndex].changes(over: reading.window, endingAt: time, alive: silentFrom))
    case .change:
      guard since == .max else { return (.notGood, since) }
      guard let old = histories[historyIndex].good(atOrBefore: time - reading.window) else { return (.notGood, time) }
      return (.number(mark.number - old), .max)
    }
  }

  /// Whether the last good value of a tag that is not good since then still stands.
  private func tolerates(_ rule: CompiledRule, _ since: Int64, _ time: Int64, _ ends: Bool, _ deadline: inout Int64) -> Bool {
    let until = since.saturatingPlus(rule.tolerates)
    guard time < until || (ends && time == until && rule.tolerates > 0) else { return false }
    deadline = min(deadline, until)
    return true
  }

  @inline(__always)
  private func typed(_ number: Double, _ rule: CompiledRule, _ place: Int, _ history: Int) -> ReadingValue {
    switch rule.readings[place].kind {
    case .number: .number(number)
    case .boolean: .boolean(number != 0)
    case .states: .text(rule.stateNames[place][Int(number)])
    case .text: .text(histories[history].texts[Int(number)])
    }
  }
}
