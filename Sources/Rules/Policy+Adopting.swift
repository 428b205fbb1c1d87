// What policy knows of one condition, carried by name into another configuration.
extension Policy {
  struct Carried: Sendable {
    var lastDecision: Instant?
    var fireTimes: [Instant] = []
    /// A firing that waits for its reason to end.
    var held: HeldBack?
  }

  func carried(_ condition: ConditionID) -> Carried {
    Carried(
      lastDecision: lastDecision[condition], fireTimes: fireTimes[condition] ?? [],
      held: waiting[condition]?.heldBack)
  }

  mutating func adopt(_ carried: Carried, _ condition: ConditionID, _ evaluator: inout Evaluator) {
    if let last = carried.lastDecision { lastDecision[condition] = last }
    if !carried.fireTimes.isEmpty { fireTimes[condition] = carried.fireTimes }
    guard var held = carried.held, evaluator.conditions[Int(condition.index)].phase.isActive else { return }
    let rule = evaluator.rule(of: condition)
    held.rule = rule.name
    held.asset = evaluator.asset(of: condition).path
    // As the rule that will take the decision names its readings.
    let known = held.evidence
    held.evidence = evaluator.evidence(
      of: condition, rule.readings.map { reading in known.first { $0.name == reading.name }?.value ?? .notGood })
    wait(held, condition, &evaluator)
  }

  /// Takes over what is not of a condition.
  mutating func adoptOpen(of old: Policy, _ before: Model, _ model: Model) {
    approvals = old.approvals
    openSetpoints.take(old.openSetpoints.named(in: before), model)
  }

  /// What must be known of decisions when the condition clears.
  mutating func adoptActed(
    of old: Policy, _ before: ConditionID, _ condition: ConditionID, _ models: (old: Model, new: Model)
  ) {
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
    writer.optional(held) { (writer, held) in held.encode(into: &writer) }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    lastDecision = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    fireTimes = try reader.moments()
    held = try reader.optional { (reader) throws(Unreadable) in try HeldBack(from: &reader) }
  }
}

extension HeldBack {
  func encode(into writer: inout ByteWriter) {
    writer.text(rule)
    writer.text(asset)
    time.encode(into: &writer)
    since.encode(into: &writer)
    reason.encode(into: &writer)
    writer.integer(evidence.count)
    for known in evidence {
      writer.text(known.name)
      known.value.encode(into: &writer)
      writer.optional(known.unit) { (writer, unit) in writer.text(unit) }
    }
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    rule = try reader.text()
    asset = try reader.text()
    time = try Instant(from: &reader)
    since = try Instant(from: &reader)
    reason = try HeldBackReason(from: &reader)
    evidence = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) {
      let name = try reader.text()
      let value = try ReadingValue(from: &reader)
      let unit = try reader.optional { (reader) throws(Unreadable) in try reader.text() }
      evidence.append(Evidence(name: name, value: value, unit: unit))
    }
  }
}
