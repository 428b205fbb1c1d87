// A new configuration takes over what an earlier one knew (S9): tags, links and conditions, found by their names.
extension Evaluator {
  /// Takes over all that is not of a condition. `heard` is what a listener of the same configuration kept.
  mutating func adoptTags(of old: Evaluator, _ heard: Evaluator?) {
    precondition(
      heard.map { $0.histories.count == histories.count && $0.anchors.count == anchors.count } ?? true,
      "a listener heard for another configuration")
    counts = old.counts
    let before = Dictionary(
      old.configuration.sources.enumerated().map { ($1.name, SourceID($0)) }, uniquingKeysWith: { first, _ in first })
    links.adopt(old.links, from: configuration.sources.map { before[$0.name] })
    let model = configuration.model
    let earlier = Dictionary(
      old.configuration.model.assets.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    for (index, asset) in model.assets.enumerated() {
      guard let place = earlier[asset.path] else { continue }
      firstHeard[index] = old.firstHeard[place]
      for (offset, definition) in model.classes[asset.classIndex].tags.enumerated() {
        guard let tag = old.configuration.model.tag(definition.name, of: AssetID(place)) else { continue }
        adopt(Int(asset.firstTag) + offset, definition, Int(tag.index), of: old, heard)
      }
    }
  }

  private mutating func adopt(
    _ tag: Int, _ definition: TagDefinition, _ before: Int, of old: Evaluator, _ heard: Evaluator?
  ) {
    let state = old.tags[before]
    tags[tag].newest = state.newest
    tags[tag].lateNewest = state.lateNewest
    tags[tag].lateRun = state.lateRun
    // Numbers in another unit, or codes of other states, are not the same history.
    guard tags[tag].history >= 0, definition.means(asMuchAs: old.configuration.model.definition(of: TagID(before)))
    else { return }
    let history = Int(tags[tag].history)
    let known = state.history >= 0 ? old.histories[Int(state.history)] : nil
    // What was heard ends with the same sample, or it is not the same.
    let further = heard.flatMap { heard -> History? in
      let other = heard.histories[history]
      guard lacking(history, of: old, Int(state.history)) != nil, other.newest?.sampledAt == state.newest,
        known?.yields(to: other, for: histories[history]) ?? true
      else { return nil }
      return other
    }
    if let adopted = further ?? known { histories[history].adopt(adopted) }
    for place in anchorsByTag[Int32(tag)] ?? [] {
      let value = anchors[Int(place)].value
      let same = old.anchorsByTag[Int32(before)]?.first { old.anchors[Int($0)].value == value }
      let heard = further == nil ? nil : heard.map { $0.anchors[Int(place)].moments }
      anchors[Int(place)].restore(
        same.map { old.anchors[Int($0)].moments } ?? heard ?? changes(Int32(tag), to: value))
    }
  }

  /// When a tag changed, or became a value, as far as its history is kept: for a window that nobody read before.
  private func changes(_ tag: Int32, to value: Value?) -> [Int64] {
    let history = histories[Int(tags[Int(tag)].history)]
    var moments: [Int64] = []
    for mark in history.marks[history.first...] where !mark.number.isNaN && moments.last != mark.changedAt {
      if value.map({ stands(tag, mark.number, $0) }) ?? true { moments.append(mark.changedAt) }
    }
    return moments
  }

  /// What there is to carry of one condition; policy adds its own.
  func carried(_ condition: Int) -> (
    condition: Condition, readings: [ReadingState], moments: [Instant], activations: [Instant]
  ) {
    let first = Int(placements[condition].firstReading)
    let count = rules[Int(placements[condition].rule)].readings.count
    return (
      conditions[condition], Array(readingStates[first..<(first + count)]),
      waiting[Int32(condition)].map { Array($0.left) } ?? [], activations[Int32(condition)] ?? []
    )
  }

  /// Puts a condition where it was: the same logic with the same limits goes on as if nothing had been.
  mutating func adopt(_ carried: Carried, _ condition: Int) {
    conditions[condition] = carried.condition
    conditions[condition].queued = .distantFuture
    if rules[Int(placements[condition].rule)].hours != nil {
      // The calendars may be others now.
      conditions[condition].calendarChanges = .distantPast
      conditions[condition].due = min(conditions[condition].due, conditions[condition].clock)
    }
    conditions[condition].isChanged = false
    conditions[condition].waits = !carried.moments.isEmpty
    if !carried.moments.isEmpty { waiting[Int32(condition)] = Moments(carried.moments) }
    if !carried.activations.isEmpty { activations[Int32(condition)] = carried.activations }
    let first = Int(placements[condition].firstReading)
    if carried.readings.count == rules[Int(placements[condition].rule)].readings.count {
      for (offset, state) in carried.readings.enumerated() { readingStates[first + offset] = state }
    }
    let state = conditions[condition]
    guard state.phase != .normal || state.blindSince != nil || state.faults > 0 || state.entered != .distantPast else {
      return
    }
    conditions[condition].isChanged = true
    changed.append(ConditionID(condition))
  }

  /// What a condition wrote for itself and for others to read goes on where the logic does; whether it is active, others
  /// see in any case.
  mutating func adoptWritings(_ condition: Int, of old: Evaluator, _ before: Int, sameLogic: Bool) {
    if sameLogic, let mine = calculations[Int32(condition)], let theirs = old.calculations[Int32(before)] {
      for (mine, theirs) in zip(mine, theirs) {
        histories[Int(mine.history)].adopt(old.histories[Int(theirs.history)])
      }
    }
    guard let mine = activities[Int32(condition)] else { return }
    if let theirs = old.activities[Int32(before)] { histories[Int(mine)].adopt(old.histories[Int(theirs)]) }
    showActivity(condition)
  }

  /// Whoever looks at a condition that was active before finds it so.
  mutating func showActivity(_ condition: Int) {
    guard let mine = activities[Int32(condition)] else { return }
    let isActive = conditions[condition].phase.isActive
    let newest = histories[Int(mine)].newest
    guard (newest?.number == 1) != isActive else { return }
    histories[Int(mine)].push(
      time: max(newest?.time ?? .min, conditions[condition].entered.microseconds), number: isActive ? 1 : 0,
      quality: .good, aged: false)
  }

  /// Has the rule asked anew as of the newest moment that data time has reached for it: a source that reports by
  /// exception may say nothing for a long time.
  mutating func askAgain(_ condition: Int) {
    guard conditions[condition].faults < Evaluator.strikes else { return }
    var newest = conditions[condition].clock
    let placement = placements[condition]
    if !links.sets[Int(placement.sourceSet)].isEmpty { newest = max(newest, links.lowestTick(placement.sourceSet)) }
    let first = Int(placement.firstReading)
    for sight in sights[first..<(first + rules[Int(placement.rule)].readings.count)] {
      for seen in sight.group < 0 ? [sight] : groups[Int(sight.group)] where seen.history >= 0 {
        if let heard = histories[Int(seen.history)].newest { newest = max(newest, Instant(microseconds: heard.time)) }
      }
    }
    guard newest != .distantPast else { return }
    conditions[condition].clock = newest
    conditions[condition].due = min(conditions[condition].due, newest)
  }

  /// Whether what surrounds a rule on an asset is as it was: its limits in force, and the tags of its class.
  func agrees(_ condition: Int, with old: Evaluator, _ before: Int) -> Bool {
    let (mine, theirs) = (asset(of: ConditionID(condition)), old.asset(of: ConditionID(before)))
    func references(_ asset: Asset, _ model: Model) -> [String: String] {
      asset.references.mapValues { model.assets[Int($0.index)].path }
    }
    return limitTables[condition].values == old.limitTables[before].values
      && configuration.model.classes[mine.classIndex] == old.configuration.model.classes[theirs.classIndex]
      && references(mine, configuration.model) == references(theirs, old.configuration.model)
      && configuration.policy.blindAfter == old.configuration.policy.blindAfter
  }
}

extension Links {
  /// `before` is where each source stood in the earlier configuration; nil for a new one.
  mutating func adopt(_ old: Links, from before: [SourceID?]) {
    for (index, place) in before.enumerated() {
      guard let place = place.map({ Int($0.index) }) else { continue }
      restore(SourceID(index), old.states[place], tick: old.ticks[place], lostAt: old.lostAt[place])
    }
  }
}
