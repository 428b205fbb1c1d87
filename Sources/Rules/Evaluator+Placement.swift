// Setting rules on assets: each reading of each condition is given the tag, the tags or the condition it looks at.

/// Where a reading of one condition looks. Plain bits.
struct Sight: Sendable {
  /// Place of the history it reads: of a tag, of a calculation, or of when another condition is active. -1 where there
  /// is none: the tree has no such asset, or it is a group.
  var history: Int32 = -1
  /// The tag whose silence counts; -1 when it is the tag itself.
  var beat: Int32 = -1
  /// Whose tag it is.
  var asset: Int32
  /// What is kept along that history for the reading alone, by its place among the history's tracks; -1 for nothing.
  var track: Int32 = -1
  /// The anchor or period with which its window begins; -1 for another.
  var edge: Int32 = -1
  /// Place of its members among the evaluator's groups; -1 when it is none.
  var group: Int32 = -1
}

/// A calculation of a rule on one asset.
struct PlacedCalculation: Sendable {
  /// Place of its own history.
  var history: Int32
  /// Where its readings look, in their order.
  var sights: [Sight]
}

extension Evaluator {
  /// A condition that is to see the changes of a tag.
  typealias Reader = (tag: Int32, condition: Int32)

  /// A tag that a reading looks at on one asset.
  private struct Target {
    var tag: Int32
    var beat: Int32
    var asset: Int32
  }

  /// Sets a rule on an asset. Conditions from `first` on are of the same asset, with the tags they read; those it looks
  /// at are among them.
  mutating func place(
    _ place: Int, on asset: Int, after first: Int, _ tagsRead: inout [[Int32]], _ readers: inout [Reader]
  ) {
    let model = configuration.model
    let limits = rules[place].limits(overridden: model.assets[asset].limits[rules[place].rule.plainName] ?? [:])
    let ruleIndex = variant(of: place, with: limits)
    let compiled = rules[ruleIndex]
    let condition = Int32(conditions.count)
    let targets = targets(of: compiled.rule.readings, compiled.readings, from: asset)
    let calculationTargets = compiled.calculations.map {
      self.targets(of: $0.calculation.readings, $0.readings, from: asset)
    }
    let others = compiled.rule.otherRules.compactMap { name in
      placements.indices[first...].first { rules[Int(placements[$0].rule)].rule.name == name }.map(Int32.init)
    }

    var tagsSeen: [Int32] = []
    for target in (targets + calculationTargets.joined()).joined() {
      tagsSeen.append(target.tag)
      guard target.beat >= 0, target.beat != target.tag else { continue }
      if !(pulses[target.beat] ?? []).contains(target.tag) { pulses[target.beat, default: []].append(target.tag) }
      beats[target.tag] = target.beat
      tagsSeen.append(target.beat)
    }
    tagsSeen += anchorTags(of: compiled, from: asset)
    // What another condition is, is known as far as what that one reads: time passes for both by the same changes.
    for other in others { tagsSeen += tagsRead[Int(other) - first] }
    tagsRead.append(tagsSeen)
    readers += tagsSeen.map { ($0, condition) }
    let sourceSet = links.set(of: tagsSeen.map { model.tags[Int($0)].source })
    let lateness = links.lateness(sourceSet)

    placements.append(
      Placement(
        rule: Int32(ruleIndex), asset: Int32(asset), firstTag: model.assets[asset].firstTag,
        firstReading: Int32(readingStates.count), sourceSet: sourceSet, readsOthers: !others.isEmpty))
    conditions.append(Condition())
    readingStates += Array(repeating: ReadingState(), count: compiled.readings.count)
    limitTables.append(limits)
    for other in others {
      placements[Int(other)].isRead = true
      dependents[other, default: []].append(condition)
      references[condition, default: []].append(other)
    }
    for (name, on) in compiled.changedTags {
      for changed in model.assets(of: on, from: AssetID(asset)) {
        guard let tag = model.tag(name, of: changed) else { continue }
        histories[Int(history(of: tag.index))].keep(window: 0, lateness: lateness)
      }
    }

    var placed: [PlacedCalculation] = []
    for (calculation, targets) in zip(compiled.calculations, calculationTargets) {
      var sights: [Sight] = []
      for (index, reading) in calculation.readings.enumerated() {
        let source = calculation.calculation.readings[index]
        sights.append(sight(source, reading, targets[index], asset, placed, others, lateness, compiled.rule, limits))
      }
      histories.append(History(staleAfter: .max))
      placed.append(PlacedCalculation(history: Int32(histories.count - 1), sights: sights))
    }
    for (index, reading) in compiled.readings.enumerated() {
      let source = compiled.rule.readings[index]
      sights.append(sight(source, reading, targets[index], asset, placed, others, lateness, compiled.rule, limits))
    }
    if !placed.isEmpty { calculations[condition] = placed }
  }

  /// The tags that each reading looks at; none for calculations and other rules, nor where the tree has no such asset.
  private func targets(
    of readings: [Reading], _ compiled: [CompiledReading], from asset: Int
  ) -> [[Target]] {
    zip(readings, compiled).map { reading, compiled in
      guard compiled.place >= 0 else { return [] }
      return configuration.model.assets(of: reading.subject, from: AssetID(asset)).map { seen in
        let first = configuration.model.assets[Int(seen.index)].firstTag
        return Target(
          tag: first + compiled.place, beat: compiled.heartbeat < 0 ? -1 : first + compiled.heartbeat,
          asset: seen.index)
      }
    }
  }

  /// The tags with whose changes windows of a rule begin.
  private func anchorTags(of compiled: CompiledRule, from asset: Int) -> [Int32] {
    let readings = compiled.rule.readings + compiled.calculations.flatMap(\.calculation.readings)
    return readings.flatMap { reading -> [Int32] in
      guard case .since(let name, _)? = reading.form.window else { return [] }
      return seen(by: reading, from: asset).map { anchorTag(name, of: $0) }
    }
  }

  /// The assets whose tags a reading looks at; a reading of another rule looks from its own.
  private func seen(by reading: Reading, from asset: Int) -> [AssetID] {
    configuration.model.assets(of: reading.tag.isEmpty ? .own : reading.subject, from: AssetID(asset))
  }

  /// Loading refuses a window since a tag that the asset does not have.
  private func anchorTag(_ name: String, of asset: AssetID) -> Int32 {
    guard let tag = configuration.model.tag(name, of: asset) else {
      preconditionFailure("a window begins with \(name), which asset \(asset.index) does not have")
    }
    return tag.index
  }

  private mutating func sight(
    _ reading: Reading, _ compiled: CompiledReading, _ targets: [Target], _ asset: Int, _ placed: [PlacedCalculation],
    _ others: [Int32], _ lateness: Int64, _ rule: Rule, _ limits: LimitTable
  ) -> Sight {
    var sights: [Sight] = []
    for target in targets {
      sights.append(Sight(history: history(of: target.tag), beat: target.beat, asset: target.asset))
    }
    if compiled.calculation >= 0 {
      sights = [Sight(history: placed[Int(compiled.calculation)].history, asset: Int32(asset))]
    } else if let name = reading.form.otherRule,
      let other = others.first(where: { rules[Int(placements[Int($0)].rule)].rule.name == name })
    {
      sights = [Sight(history: activity(of: other), asset: Int32(asset))]
    } else if reading.tag.isEmpty, compiled.edge == .period {
      sights = [Sight(asset: Int32(asset))]
    }
    for index in sights.indices {
      sights[index].edge = edge(of: reading, from: AssetID(Int(sights[index].asset)), lateness)
      guard sights[index].history >= 0 else { continue }
      let definition = targets.isEmpty ? nil : configuration.model.definition(of: TagID(Int(targets[index].tag)))
      let track = reading.track(of: definition, rule, limits)
      reach(&sights[index], compiled, track, lateness)
    }
    if compiled.isGroup {
      groups.append(sights)
      return Sight(asset: Int32(asset), group: Int32(groups.count - 1))
    }
    return sights.first ?? Sight(asset: Int32(asset))
  }

  /// The anchor or period with which the window of a reading begins; -1 where it has another.
  private mutating func edge(of reading: Reading, from asset: AssetID, _ lateness: Int64) -> Int32 {
    switch reading.form.window {
    case .since(let name, let value):
      let tag = anchorTag(name, of: asset)
      histories[Int(history(of: tag))].keep(window: 0, lateness: lateness)
      return anchor(tag, value)
    case .this(let span): return period(span)
    case .length, nil: return -1
    }
  }

  /// The history of a tag, begun if none is kept yet.
  mutating func history(of tag: Int32) -> Int32 {
    if tags[Int(tag)].history < 0 {
      tags[Int(tag)].history = Int32(histories.count)
      histories.append(History(staleAfter: gates[Int(tags[Int(tag)].gate)].staleAfter))
    }
    return tags[Int(tag)].history
  }

  /// The history of when a condition is active.
  private mutating func activity(of condition: Int32) -> Int32 {
    if let known = activities[condition] { return known }
    histories.append(History(staleAfter: .max))
    activities[condition] = Int32(histories.count - 1)
    return Int32(histories.count - 1)
  }

  /// Keeps as much as the reading may look at.
  private mutating func reach(
    _ sight: inout Sight, _ reading: CompiledReading, _ track: Track.Kind?, _ lateness: Int64
  ) {
    let history = Int(sight.history)
    histories[history].need(reading.needs)
    if let track { sight.track = histories[history].track(track) }
    switch reading.edge {
    case .none: histories[history].keep(window: 0, lateness: lateness)
    case .length: histories[history].keep(window: reading.window, lateness: lateness)
    case .anchor:
      histories[history].keep(window: 0, lateness: lateness.saturatingPlus(Evaluator.anchorSlack))
      histories[history].need(.pins)
      pinned[sight.history, default: []].append(.anchor(sight.edge))
    case .period:
      histories[history].keep(window: 0, lateness: lateness)
      histories[history].need(.pins)
      pinned[sight.history, default: []].append(.period(sight.edge))
    }
  }
}
