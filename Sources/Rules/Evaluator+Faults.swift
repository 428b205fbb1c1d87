// A rule that fails (S11): what faults and ends of the process come to, on the asset and for the whole rule.
extension Evaluator {
  /// Assets on which the instructions, the memory or the time of a rule were used up within a day, or on which the process
  /// ended in it: so many quarantine the rule on all assets. Both are counted from what is journalled, so replay comes to
  /// the same.
  package static let exhaustedAssets = 3
  package static let deadlyAssets = 2

  /// Counts the first failure of this input; what follows in the same input is not called.
  mutating func fault(_ condition: Int, at moment: Instant, cause: FaultCause) {
    if let known = skipped[Int32(condition)] {
      guard let known else { return }
      skipped[Int32(condition)] = .some(nil)
      count(condition, at: moment, cause: known)
    } else {
      skipped[Int32(condition)] = .some(nil)
      count(condition, at: moment, cause: cause)
    }
  }

  private mutating func count(_ condition: Int, at moment: Instant, cause: FaultCause) {
    let record = record(of: ConditionID(condition))
    conditions[condition].faults += 1
    if cause.kind.isOfTheRule { conditions[condition].exhausted = max(conditions[condition].exhausted, moment) }
    touch(condition)
    step.faults.append(Fault(rule: record.rule, asset: record.asset, cause: cause.text, kind: cause.kind))
    step.reports.append(Report(.fault, time: moment, rule: record.rule, asset: record.asset, text: cause.text))
    if conditions[condition].faults == Evaluator.strikes {
      noteUnknown(condition, at: moment)
      step.reports.append(
        Report(
          .quarantined, time: moment, rule: record.rule, asset: record.asset,
          text: "\(Evaluator.strikes) faults: not called on this asset again until its text changes"))
    }
    guard cause.kind.isOfTheRule else { return }
    if endsOvertime, cause.kind == .overtime {
      return quarantine(record.rule, at: moment, why: cause.text, says: "\(cause.text): not evaluated from here")
    }
    let day = TimeSpan.hours(24)
    let assets = conditions(of: record.rule) { $0.exhausted > moment - day && $0.exhausted < moment + day }
    guard assets >= Evaluator.exhaustedAssets else { return }
    quarantine(
      record.rule, at: moment, why: "used up its instructions, memory or time on \(assets) assets within a day")
  }

  /// The process ended inside a call for this pair, in the run before this one.
  mutating func died(_ fault: Fault) {
    guard let id = condition(rule: fault.rule, asset: fault.asset) else { return }
    let condition = Int(id.index)
    guard conditions[condition].faults < Evaluator.strikes else { return }
    conditions[condition].deaths += 1
    touch(condition)
    let moment = conditions[condition].clock
    step.reports.append(Report(.fault, time: moment, rule: fault.rule, asset: fault.asset, text: fault.cause))
    let assets = conditions(of: fault.rule) { $0.deaths > 0 }
    if assets >= Evaluator.deadlyAssets {
      return quarantine(fault.rule, at: moment, why: "the engine ended in it on \(assets) assets")
    }
    guard conditions[condition].deaths >= Evaluator.deathStrikes else { return }
    conditions[condition].faults = Evaluator.strikes
    noteUnknown(condition, at: moment)
    step.reports.append(
      Report(
        .quarantined, time: moment, rule: fault.rule, asset: fault.asset,
        text:
          "the engine ended \(Evaluator.deathStrikes) times in it: not called on this asset again until its text changes"
      ))
  }

  private func conditions(of rule: String, where isCounted: (Condition) -> Bool) -> Int {
    conditions.indices.count { index in
      isCounted(conditions[index]) && rules[Int(placements[index].rule)].rule.name == rule
    }
  }

  // MARK: The whole rule

  /// From here on the rule is called on no asset; what its conditions are and what they ordered stays.
  private mutating func quarantine(_ rule: String, at moment: Instant, why: String, says: String? = nil) {
    guard quarantined.updateValue(why, forKey: rule) == nil else { return }
    for condition in conditions.indices where rules[Int(placements[condition].rule)].rule.name == rule {
      quarantineWhole(condition)
      // Since when, where nothing has been heard yet.
      conditions[condition].exhausted = max(conditions[condition].exhausted, moment)
      noteUnknown(condition, at: moment)
      touch(condition)
    }
    step.reports.append(
      Report(
        .quarantined, time: moment, rule: rule,
        text: says ?? "\(why): not called on any asset again until its text changes"))
  }

  private mutating func quarantineWhole(_ condition: Int) {
    conditions[condition].isWhole = true
    conditions[condition].faults = max(conditions[condition].faults, Evaluator.strikes)
    conditions[condition].due = .distantFuture
    conditions[condition].wake = .distantFuture
    conditions[condition].waits = false
    waiting[Int32(condition)] = nil
  }

  /// For those who look at it, whether it is active is not known any more; they are asked once more.
  private mutating func noteUnknown(_ condition: Int, at moment: Instant) {
    guard let history = activities[Int32(condition)] else { return }
    guard unknownActivities.insert(history).inserted else { return }
    for dependent in dependents[Int32(condition)] ?? [] {
      let time = max(moment, conditions[Int(dependent)].clock)
      if time != .distantPast { `defer`(Int(dependent), change: time) }
    }
  }

  /// What follows from the conditions, after they were brought back or taken over. A rule that is quarantined as a whole
  /// is so on assets that are new.
  mutating func findQuarantined() {
    for condition in conditions.indices where conditions[condition].isWhole {
      let rule = rules[Int(placements[condition].rule)].rule.name
      if quarantined[rule] == nil { quarantined[rule] = "used up what a call may use, or ended the engine" }
    }
    for condition in conditions.indices {
      if !quarantined.isEmpty, quarantined[rules[Int(placements[condition].rule)].rule.name] != nil {
        quarantineWhole(condition)
      }
      if conditions[condition].faults >= Evaluator.strikes, let history = activities[Int32(condition)] {
        unknownActivities.insert(history)
      }
    }
  }

  mutating func restoreRuleFaults(from reader: inout ByteReader) throws(Unreadable) {
    var restored = conditions
    try RuleFaults.decode(restored.count, from: &reader) { place, exhausted, isWhole in
      restored[place].exhausted = exhausted
      restored[place].isWhole = isWhole
    }
    conditions = restored
    findQuarantined()
  }

  /// Takes the causes that the journal has for the functions `actions` of the input in hand.
  mutating func beginInput() {
    guard !skippedActions.isEmpty || !nextSkippedActions.isEmpty else { return }
    skippedActions = nextSkippedActions
    nextSkippedActions = [:]
  }
}

extension Condition {
  /// Takes over how often the rule failed, where all else becomes what it was.
  mutating func keepFaults(of other: Condition) {
    (faults, deaths, exhausted, isWhole) = (other.faults, other.deaths, other.exhausted, other.isWhole)
  }

  /// The rule's text is another one: nothing is held against it.
  mutating func forgiveFaults() {
    (faults, deaths, exhausted, isWhole) = (0, 0, .distantPast, false)
  }

  fileprivate var hasStanding: Bool { exhausted != .distantPast || isWhole }
}

// MARK: - As bytes

/// What counts for whole rules, of the few conditions that have any of it.
enum RuleFaults {
  static func encode(_ conditions: [Condition], into writer: inout ByteWriter) {
    let places = conditions.indices.filter { conditions[$0].hasStanding }
    writer.integer(places.count)
    for place in places {
      writer.integer(place)
      conditions[place].exhausted.encode(into: &writer)
      writer.flag(conditions[place].isWhole)
    }
  }

  /// `put` is given the place of each.
  static func decode(
    _ count: Int, from reader: inout ByteReader, put: (Int, _ exhausted: Instant, _ isWhole: Bool) -> Void
  ) throws(Unreadable) {
    guard count > 0 else { return try reader.expect(0) }
    for _ in 0..<(try reader.integer(in: 0...Int64(count))) {
      let place = try reader.integer(in: 0...Int64(count - 1))
      put(place, try Instant(from: &reader), try reader.flag())
    }
  }
}
