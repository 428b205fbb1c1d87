// What may hold a decision back besides the condition itself: calendars, `needs`, `suppressed_when`; and a person's
// reset (S6, S8).
extension Evaluator {
  /// Openings and closings before `moment`. A hold that runs at a closing is abandoned.
  func followCalendar(_ state: inout Condition, _ condition: Int, _ rule: CompiledRule, before moment: Instant) -> Bool
  {
    guard let hours = rule.hours else { return false }
    var isAbandoned = false
    if state.calendarChanges == .distantPast {
      // At one instant the calendar comes last (S6): what it was just before is what counts there.
      let before = hours.state(at: moment - TimeSpan(microseconds: 1))
      (state.isOpen, state.calendarChanges) = (before.isOpen, before.changesAt)
      if case .pending = state.phase { isAbandoned = !state.isOpen }
    }
    while state.calendarChanges < moment {
      isAbandoned = turn(&state, hours) || isAbandoned
    }
    return isAbandoned
  }

  /// The calendar opens or closes; true when that abandons a hold.
  func turn(_ state: inout Condition, _ hours: RuleHours) -> Bool {
    let now = hours.state(at: state.calendarChanges)
    (state.isOpen, state.calendarChanges) = (now.isOpen, now.changesAt)
    if case .pending = state.phase { return !state.isOpen }
    return false
  }

  /// Asks `needs` and `suppressed_when`; the cause when one of them failed.
  func askGate(_ condition: Int, _ rule: CompiledRule, isOpen: Bool) -> (gate: Gate, fault: FaultCause?) {
    var gate = Gate(isOpen: isOpen)
    if rule.rule.hasSuppressedWhen {
      switch Evaluator.ask(.suppressedWhen, rule, scratch, limitTables[condition]) {
      case .yes: gate.isSuppressed = true
      // Not knowing whether something is meant to be silent is no reason for silence.
      case .no, .blind: break
      case .fault(let cause): return (gate, cause)
      }
    }
    if rule.rule.hasNeeds {
      switch Evaluator.ask(.needs, rule, scratch, limitTables[condition]) {
      case .yes: break
      case .no, .blind: gate.isPermitted = false
      case .fault(let cause): return (gate, cause)
      }
    }
    return (gate, nil)
  }

  /// Policy's moment: it is told the readings and the gate as of then. The condition is not judged, so that what policy
  /// wants to know never changes what a rule does. False when the rule failed.
  mutating func look(_ condition: Int, at moment: Instant) -> Bool {
    conditions[condition].wake = .distantFuture
    guard conditions[condition].phase.isActive else { return true }
    let placement = placements[condition]
    let rule = rules[Int(placement.rule)]
    if !skipped.isEmpty, skipped[Int32(condition)] != nil {
      fault(condition, at: moment, cause: "")
      return false
    }
    var (deadline, moves) = (Int64.max, false)
    look(placement, rule, condition, at: moment.microseconds, false, &deadline, &moves)
    rule.askedFor?.pointee = UInt32(bitPattern: placement.asset)
    let (gate, fault) = askGate(condition, rule, isOpen: conditions[condition].isOpen)
    if let fault {
      self.fault(condition, at: moment, cause: fault)
      return false
    }
    conditions[condition].gate = gate
    looked(condition, gate, at: moment)
    return true
  }

  /// Whether data has come as far as policy wants to know the readings.
  var isToLook: Bool {
    conditions.indices.contains { index in
      conditions[index].wake <= newest(index)
        - TimeSpan(microseconds: links.lateness(placements[index].sourceSet))
    }
  }

  mutating func looked(_ condition: Int, _ gate: Gate, at moment: Instant) {
    let count = rules[Int(placements[condition].rule)].readings.count
    step.events.append(
      Step.Event(
        condition: ConditionID(condition), time: moment,
        kind: .looked(readings: Array(scratch[..<count]), gate: gate)))
  }

  /// How far data time has come for a condition: what a person does now, they do then.
  package func now(of condition: ConditionID) -> Instant {
    let index = Int(condition.index)
    let clock = newest(index)
    return max(clock, links.horizon(placements[index].sourceSet, clock: clock))
  }

  /// A person says that an active condition is over. Whether it is, is asked of the rule.
  mutating func reset(rule name: String, asset: String) {
    guard let id = condition(rule: name, asset: asset) else { return }
    let index = Int(id.index)
    let rule = rules[Int(placements[index].rule)]
    let moment = now(of: id)
    func stays(_ why: String) {
      step.reports.append(Report(.staysActive, time: moment, rule: name, asset: asset, text: why))
    }
    guard conditions[index].phase.isActive else { return }
    guard rule.rule.clearsByHand else { return stays("it clears by itself; there is nothing to reset") }
    guard conditions[index].faults < Evaluator.strikes else {
      return stays("the rule is quarantined here, so it cannot be asked whether 'when' is still true")
    }
    snapshot(index)
    conditions[index].clock = moment
    // It is asked as of later than all that waits for those it looks at.
    if conditions[index].waits {
      waiting[Int32(index)] = nil
      conditions[index].waits = false
    }
    guard evaluate(index, rule, at: moment, byHand: true) else { return restore(index) }
    enqueue(index)
    guard conditions[index].phase.isActive else { return }
    stays(
      conditions[index].blindSince == nil
        ? "reset, and 'when' is still true"
        : "reset, and whether 'when' is still true cannot be told: reading "
          + "'\(rule.rule.readings[conditions[index].blindReading].name)' is not good")
  }
}
