// What policy knows of one condition, carried by name into another configuration.
extension Policy {
  struct Carried: Sendable {
    var lastDecision: Instant?
    var fireTimes: [Instant] = []
    /// Of an active condition, with the names of its readings.
    var docket: Docket?
    var readings: [String] = []
    var series: HeldSeries?
  }

  func carried(_ condition: ConditionID, _ rule: Rule) -> Carried {
    Carried(
      lastDecision: lastDecision[condition], fireTimes: fireTimes[condition] ?? [], docket: dockets[condition],
      readings: rule.readings.map(\.name), series: series[condition])
  }

  mutating func adopt(_ carried: Carried, _ condition: ConditionID, _ evaluator: inout Evaluator) {
    if let last = carried.lastDecision { lastDecision[condition] = last }
    if !carried.fireTimes.isEmpty { fireTimes[condition] = carried.fireTimes }
    series[condition] = carried.series
    guard var docket = carried.docket, evaluator.conditions[Int(condition.index)].phase.isActive else { return }
    let rule = evaluator.rule(of: condition)
    // As the rule that will take the decision names its readings.
    let known = zip(carried.readings, docket.readings)
    docket.readings = rule.readings.map { reading in known.first { $0.0 == reading.name }?.1 ?? .notGood }
    docket.repeats = rule.repeatsEvery.map { docket.repeats ?? evaluator.now(of: condition) + $0 }
    dockets[condition] = docket
    plan(condition, at: [docket.looks, docket.asks].compactMap { $0 }.min(), &evaluator)
  }

  /// Takes over what is not of a condition.
  mutating func adoptOpen(of old: Policy, _ before: Model, _ model: Model) {
    approvals = old.approvals
    silences = old.silences
    openSetpoints.take(old.openSetpoints.named(in: before), model)
  }

  /// What must be known of decisions when the condition clears, and what keeps its rule silent.
  mutating func adoptActed(
    of old: Policy, _ before: ConditionID, _ condition: ConditionID, _ models: (old: Model, new: Model)
  ) {
    aftermaths[condition] = old.aftermaths[before]
    guard let decisions = old.acted[before] else { return }
    acted[condition] = decisions.map { $0.moved(from: models.old, to: models.new) }
  }

  func hasDecided(_ condition: ConditionID) -> Bool { lastDecision[condition] != nil }
}

extension Acted {
  /// The same in another model; a change of a tag, or an order for an asset, that is no more is nobody's.
  fileprivate func moved(from old: Model, to new: Model) -> Acted {
    func place(_ asset: AssetID) -> AssetID? {
      let path = old.assets[Int(asset.index)].path
      return new.assets.firstIndex { $0.path == path }.map(AssetID.init)
    }
    var moved = self
    moved.changes = changes.compactMap { change in
      var change = change
      let asset = place(old.tags[Int(change.tag.index)].asset)
      guard let tag = asset.flatMap({ new.tag(old.definition(of: change.tag).name, of: $0) }) else { return nil }
      change.tag = tag
      return change
    }
    moved.orders = orders.compactMap { order in
      var order = order
      guard let asset = place(order.asset) else { return nil }
      order.asset = asset
      return order
    }
    return moved
  }
}

extension OpenSetpoints {
  func named(in model: Model) -> [(asset: String, tag: String, until: Instant)] {
    all(at: .distantPast).map { tag in
      (
        model.assets[Int(model.tags[Int(tag.index)].asset.index)].path, model.definition(of: tag).name,
        open(tag, at: .distantPast) ?? .distantPast
      )
    }
  }
}

extension Policy.Carried {
  func encode(into writer: inout ByteWriter) {
    writer.optional(lastDecision) { (writer, time) in time.encode(into: &writer) }
    writer.moments(fireTimes)
    writer.integer(readings.count)
    for name in readings { writer.text(name) }
    writer.optional(docket) { (writer, docket) in docket.encode(into: &writer) }
    writer.optional(series) { (writer, series) in series.encode(into: &writer) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    lastDecision = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    fireTimes = try reader.moments()
    readings = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { readings.append(try reader.text()) }
    let count = readings.count
    docket = try reader.optional { (reader) throws(Unreadable) in try Docket(from: &reader, readings: count) }
    series = try reader.optional { (reader) throws(Unreadable) in try HeldSeries(from: &reader) }
  }
}
