// Setpoints: the first check of the envelope, with what is known at the decision.
extension Policy {
  /// The change as it is recorded, and where it stands. `tier` is of the rule, `adapter` where the site sends
  /// setpoints. Also in shadow a refusal goes first: it shows what the envelope would say.
  mutating func setpoint(
    _ tag: String, _ to: SetpointTarget, of asset: AssetID, tier: Tier, adapter: String?, at time: Instant,
    _ evaluator: Evaluator
  ) -> (setpoint: Action.Setpoint?, standing: ActionStanding) {
    let model = evaluator.configuration.model
    let tagID = model.tag(tag, of: asset)
    guard let target = target(of: to, tagID, at: time, evaluator) else {
      // A tag that nobody keeps may well be good; it has no conduit.
      let isKept = tagID.map(evaluator.keeps) ?? false
      return (nil, .refused("\(isKept ? SetpointRefusal.noTarget(tag: tag) : .noConduit)"))
    }
    var setpoint = Action.Setpoint(tag: tag, target: target)
    let request: SetpointRequest
    do {
      request = try self.request(for: setpoint, tagID, of: asset, adapter: adapter, at: time, evaluator)
    } catch {
      return (setpoint, .refused("\(error)"))
    }
    if let refusal = Envelope.refusal(of: request) { return (setpoint, .refused("\(refusal)")) }
    guard tier > .shadow, let tagID else { return (setpoint, .shadow) }
    if let until = openSetpoints.open(tagID, at: time) {
      return (setpoint, .refused("\(SetpointRefusal.alreadyOpen(tag: tag, until: until))"))
    }
    setpoint.validUntil = request.validUntil
    openSetpoints.open(tagID, until: request.validUntil)
    let expires = min(time + settings.approveWithin, request.validUntil)
    return (setpoint, tier == .act ? .ready : .waiting(expires: expires))
  }

  private func conduit(to tag: String, of asset: AssetID, _ model: Model) -> Conduit? {
    let asset = model.assets[Int(asset.index)]
    return conduits.conduit(to: tag, of: asset.path, model.classes[asset.classIndex].name)
  }

  private func request(
    for setpoint: Action.Setpoint, _ tag: TagID?, of assetID: AssetID, adapter: String?, at time: Instant,
    _ evaluator: Evaluator
  ) throws(SetpointRefusal) -> SetpointRequest {
    let model = evaluator.configuration.model
    guard let conduit = conduit(to: setpoint.tag, of: assetID, model), let tag else { throw .noConduit }
    guard conduit.adapter == adapter else { throw .otherAdapter(conduit: conduit.name, adapter: conduit.adapter) }
    let permissive = model.tag(conduit.permissive, of: assetID)
    return SetpointRequest(
      conduit: conduit, target: setpoint.target, validUntil: time + conduit.lifetime, now: time,
      present: evaluator.good(tag, at: time), permissive: permissive.flatMap { evaluator.good($0, at: time) })
  }

  /// The absolute target, fixed here; nil when it is relative to a tag that is not good.
  private func target(of to: SetpointTarget, _ tag: TagID?, at time: Instant, _ tags: some TagReader) -> Double? {
    if case .value(let value) = to { return value }
    guard let tag, case .number(let latest) = tags.good(tag, at: time) else { return nil }
    switch to {
    case .value(let value): return value
    case .step(let step): return latest + step
    case .fraction(let fraction): return latest * (1 + fraction)
    }
  }
}

extension Conduits {
  /// The second check, when an action is claimed: `known` is what was last published of the tag's request, `now` the
  /// wall clock. Anything but a setpoint passes.
  package func refusal(
    of action: Action, _ decision: Decision, knowing known: OpenSetpoint?, clockIsTrusted: Bool, at now: Instant
  ) -> SetpointRefusal? {
    guard action.kind == .setpoint else { return nil }
    guard let setpoint = action.setpoint, let validUntil = setpoint.validUntil else { return .unlimited }
    guard
      let conduit = conduit(
        to: setpoint.tag, of: action.on?.path ?? decision.key.asset, action.on?.assetClass ?? decision.assetClass)
    else {
      return .noConduit
    }
    guard conduit.adapter == action.adapter else {
      return .otherAdapter(conduit: conduit.name, adapter: conduit.adapter)
    }
    guard clockIsTrusted else { return .clockNotTrusted }
    return Envelope.refusal(
      of: SetpointRequest(
        conduit: conduit, target: setpoint.target, validUntil: validUntil, now: now,
        present: known?.present?.value(at: now), permissive: known?.permissive?.value(at: now)))
  }
}
