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

  /// Sets a rule on an asset. Conditions from `first` on are of the same asset; those it looks at are among them.
  mutating func place(_ place: Int, on asset: Int, after first: Int, _ readers: inout [Reader]) {
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

    var sources: [SourceID] = []
    for target in (targets + calculationTargets.joined()).joined() {
      sources.append(model.tags[Int(target.tag)].source)
      readers.append((target.tag, condition))
      guard target.beat >= 0, target.beat != target.tag else { continue }
      if !(pulses[target.beat] ?? []).contains(target.tag) { pulses[target.beat, default: []].append(target.tag) }
      beats[target.tag] = target.beat
      readers.append((target.beat, condition))
    }
    // What another condition is, is known no earlier than what that one reads.
    for other in others { sources += links.sets[Int(placements[Int(other)].sourceSet)] }
    let sourceSet = links.set(of: sources)
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
      let sights = zip(calculation.readings, targets).map { reading, targets in
        sight(reading, targets, asset, placed, others, lateness)
      }
      histories.append(History(staleAfter: .max))
      placed.append(PlacedCalculation(history: Int32(histories.count - 1), sights: sights))
    }
    for (reading, targets) in zip(compiled.readings, targets) {
      sights.append(sight(reading, targets, asset, placed, others, lateness))
    }
    if !placed.isEmpty { calculations[condition] = placed }
  }

  /// The tags that each reading looks at; none for calculations and other rules, nor where the tree has no such asset.
  private func targets(
    of readings: [Reading], _ compiled: [CompiledRule.CompiledReading], from asset: Int
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

  private mutating func sight(
    _ reading: CompiledRule.CompiledReading, _ targets: [Target], _ asset: Int, _ placed: [PlacedCalculation],
    _ others: [Int32], _ lateness: Int64
  ) -> Sight {
    var sights: [Sight] = []
    for target in targets {
      sights.append(Sight(history: history(of: target.tag), beat: target.beat, asset: target.asset))
    }
    if reading.calculation >= 0 {
      sights = [Sight(history: placed[Int(reading.calculation)].history, asset: Int32(asset))]
    } else if let name = reading.form.otherRule,
      let other = others.first(where: { rules[Int(placements[Int($0)].rule)].rule.name == name })
    {
      sights = [Sight(history: activity(of: other), asset: Int32(asset))]
    }
    for sight in sights { reach(sight.history, reading, lateness) }
    if reading.isGroup {
      groups.append(sights)
      return Sight(asset: Int32(asset), group: Int32(groups.count - 1))
    }
    return sights.first ?? Sight(asset: Int32(asset))
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
  private mutating func reach(_ history: Int32, _ reading: CompiledRule.CompiledReading, _ lateness: Int64) {
    histories[Int(history)].keep(window: reading.window, lateness: lateness)
    if reading.form.needsTotals { histories[Int(history)].hasWindows = true }
  }
}
