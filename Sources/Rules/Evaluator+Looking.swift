// What others may see of it: conditions by name, their limits and evidence, and the values of tags.
extension Evaluator {
  /// Conditions whose phase or blindness changed since this was last asked, in order.
  package mutating func takeChanged() -> [ConditionID] {
    defer { changed.removeAll(keepingCapacity: true) }
    var taken: [ConditionID] = []
    for condition in changed.sorted() where taken.last != condition {
      conditions[Int(condition.index)].isChanged = false
      taken.append(condition)
    }
    return taken
  }

  /// Whether everything that the source had kept for us has been read.
  package func isUp(_ source: SourceID) -> Bool {
    links.states.indices.contains(Int(source.index)) && links.states[Int(source.index)] == .up
  }

  /// Whether a change of this tag makes the rule ask.
  package func reads(_ condition: ConditionID, _ tag: TagID) -> Bool {
    readerList[Int(readerStart[Int(tag.index)])..<Int(readerStart[Int(tag.index) + 1])].contains(condition.index)
  }

  /// Whether the loss of this source's link is a matter for the rule.
  package func reads(_ condition: ConditionID, _ source: SourceID) -> Bool {
    links.reads(placements[Int(condition.index)].sourceSet, source)
  }

  package func condition(rule: String, asset: String) -> ConditionID? {
    placements.firstIndex {
      rules[Int($0.rule)].rule.name == rule && configuration.model.assets[Int($0.asset)].path == asset
    }.map(ConditionID.init)
  }

  package func rule(of condition: ConditionID) -> Rule { rules[Int(placements[Int(condition.index)].rule)].rule }

  package func asset(of condition: ConditionID) -> Asset {
    configuration.model.assets[Int(placements[Int(condition.index)].asset)]
  }

  package func assetID(of condition: ConditionID) -> AssetID {
    AssetID(Int(placements[Int(condition.index)].asset))
  }

  func limitTable(of condition: ConditionID) -> LimitTable { limitTables[Int(condition.index)] }

  /// The limits in force for this asset.
  package func limits(of condition: ConditionID) -> [Limit] {
    zip(rule(of: condition).limits, limitTables[Int(condition.index)].values).map { limit, value in
      Limit(name: limit.name, value: value)
    }
  }

  package func evidence(of condition: ConditionID, _ readings: [ReadingValue]) -> [Evidence] {
    let rule = rule(of: condition)
    let classIndex = asset(of: condition).classIndex
    return zip(rule.readings, readings).map { reading, value in
      Evidence(name: reading.name, value: value, unit: reading.unit(of: rule, in: configuration.model, classIndex))
    }
  }

  package func record(of condition: ConditionID) -> ConditionRecord {
    let state = conditions[Int(condition.index)]
    let rule = rule(of: condition)
    return ConditionRecord(
      rule: rule.name, asset: asset(of: condition).path,
      phase: state.faults >= Evaluator.strikes ? "quarantined" : state.phase.name,
      since: state.entered == .distantPast ? state.blindSince ?? max(state.clock, state.exhausted) : state.entered,
      blindSince: state.blindSince,
      blindReading: state.blindSince == nil ? nil : rule.readings[state.blindReading].name)
  }
}

extension Reading {
  /// The unit of what it amounts to: the tag's, seconds, or none.
  func unit(of rule: Rule, in model: Model, _ classIndex: Int) -> String? {
    var unit: String?
    if subject == .own, let calculation = rule.calculations.first(where: { $0.name == tag }) {
      unit = calculation.unit
    } else if let subject = model.assetClass(of: subject, from: classIndex) {
      unit = model.classes[subject].tags.first { $0.name == tag }?.unit
    }
    return switch form {
    case .latest, .previous, .average, .minimum, .maximum, .mean, .change, .spread, .smoothed, .increase:
      unit
    case .total: unit.map { "\($0)·h" }
    case .rate(_, let per): unit.map { "\($0) per \(per)" }
    case .age, .unchangedFor, .timeIn, .elapsed, .left: "s"
    case .quality, .stale, .count, .crossings, .active, .fired: nil
    }
  }
}

extension Evaluator: TagReader {
  /// Whether anything reads the tag or may change it; of others nothing is known.
  func keeps(_ tag: TagID) -> Bool { tags[Int(tag.index)].history >= 0 }

  package func good(_ tag: TagID, at time: Instant) -> Value? {
    let state = tags[Int(tag.index)]
    guard state.history >= 0, let index = histories[Int(state.history)].index(at: time.microseconds) else { return nil }
    let mark = histories[Int(state.history)].marks[index]
    let definition = configuration.model.definition(of: tag)
    var lastSign = mark.time
    var staleAfter = Int64.max
    switch definition.life {
    case .itself(let span): staleAfter = span.microseconds
    case .device: break
    case .heartbeat(let beat, let span):
      staleAfter = span.microseconds
      let asset = AssetID(Int(state.asset))
      if let beat = configuration.model.tag(beat, of: asset) { lastSign = tags[Int(beat.index)].newest }
    }
    guard mark.badSince == .max, !mark.number.isNaN, time.microseconds <= lastSign.saturatingPlus(staleAfter) else {
      return nil
    }
    switch definition.type {
    case .number, .counter: return .number(mark.number)
    case .boolean: return .boolean(mark.number != 0)
    case .states(let names, _): return .text(names[Int(mark.number)])
    case .text: return .text(histories[Int(state.history)].texts[Int(mark.number)])
    }
  }
}
