// What is to be done because of a decision: on which assets, and where each action stands.
extension Policy {
  /// One template for one asset it works on, or for none because the model has none.
  private struct Order {
    var template: ActionTemplate
    var asset: AssetID
    var refusal: String?
  }

  /// The actions of a decision, in order, and the highest tier among them. A function that fails costs the actions and
  /// not the decision: it is reported, and in their place stands one that is refused with the cause.
  mutating func actions(
    of condition: ConditionID, at time: Instant, _ evidence: [Evidence], _ limits: [Limit], _ evaluator: Evaluator,
    _ verdict: inout Verdict
  ) -> (actions: [Action], tier: Tier) {
    let rule = evaluator.rule(of: condition)
    let asset = evaluator.assetID(of: condition)
    let templates: [ActionTemplate]
    switch evaluator.makeActions(of: condition, evidence.map(\.value)) {
    case .actions(let made): templates = made
    case .blind(let reading):
      let cause = "actions: reading '\(rule.readings[reading].name)' is not good"
      return failed(cause, rule, asset, at: time, evaluator, &verdict)
    case .fault(let cause):
      if cause.kind == .overtimeOfActions {
        // Replay, which has no clock, must know.
        verdict.faults.append(
          Fault(rule: rule.name, asset: evaluator.asset(asset).path, cause: cause.text, kind: cause.kind))
      }
      return failed(cause.text, rule, asset, at: time, evaluator, &verdict)
    }
    var actions: [Action] = []
    var tier = Tier.shadow
    for order in templates.flatMap({ orders($0, from: asset, evaluator.configuration.model) }) {
      let words = Filling(asset: evaluator.asset(order.asset).name, evidence: evidence, limits: limits)
      let (action, its) = action(actions.count + 1, order, words, rule, from: asset, at: time, evaluator)
      actions.append(action)
      tier = max(tier, its)
    }
    return (actions, tier)
  }

  /// The template once for each asset that it works on.
  private func orders(_ template: ActionTemplate, from asset: AssetID, _ model: Model) -> [Order] {
    let found = model.assets(of: template.on, from: asset)
    guard found.isEmpty else { return found.map { Order(template: template, asset: $0) } }
    let name = model.assets[Int(asset.index)].name
    let refusal =
      switch template.on {
      case .own: preconditionFailure("An asset is its own subject.")
      case .ancestor(let assetClass): "there is no \(assetClass) above \(name)"
      case .reference(let reference): "\(name) names no \(reference)"
      case .each(let assetClass): "there is no \(assetClass) below \(name)"
      }
    return [Order(template: template, asset: asset, refusal: refusal)]
  }

  private mutating func action(
    _ number: Int, _ order: Order, _ words: Filling, _ rule: Rule, from own: AssetID, at time: Instant,
    _ evaluator: Evaluator
  ) -> (Action, Tier) {
    let kind = order.template.kind
    let (adapter, tier) = course(of: kind, rule, order.asset, evaluator)
    var action = Action(number: number, kind: kind, title: "", text: "", adapter: adapter, standing: .shadow)
    action.on = order.asset == own ? nil : evaluator.place(of: order.asset, adapter: adapter)
    switch tier {
    case .shadow: break
    case _ where adapter == nil: action.standing = .refused("the site sends no \(kind.rawValue) anywhere")
    case .advise: action.standing = .waiting(expires: time + settings.approveWithin)
    case .act: action.standing = .ready
    }
    switch order.template {
    case .workOrder(let title, let priority, let text, _):
      (action.title, action.text, action.priority) = (words.fill(title), words.fill(text ?? ""), priority)
    case .notification(let title, let text, _):
      (action.title, action.text) = (words.fill(title), words.fill(text ?? ""))
    case .setpoint(let tag, let to, _):
      action.title = "Change \(tag) of \(words.asset)"
      if order.refusal == nil {
        (action.setpoint, action.standing) = setpoint(
          tag, to, of: order.asset, tier: tier, adapter: adapter, at: time, evaluator)
      }
    }
    if let refusal = order.refusal { action.standing = .refused(refusal) }
    return (action, tier)
  }

  /// Where the site sends this kind of work on an asset, and how far the rule may go there.
  func course(
    of kind: ActionKind, _ rule: Rule, _ asset: AssetID, _ evaluator: Evaluator
  ) -> (adapter: String?, tier: Tier) {
    let model = evaluator.configuration.model
    let assetClass = model.classes[model.assets[Int(asset.index)].classIndex].name
    return (
      settings.adapter(for: kind, assetClass: assetClass),
      settings.tier(of: rule, assetClass: assetClass, kind: kind)
    )
  }

  private func failed(
    _ cause: String, _ rule: Rule, _ asset: AssetID, at time: Instant, _ evaluator: Evaluator, _ verdict: inout Verdict
  ) -> (actions: [Action], tier: Tier) {
    verdict.reports.append(
      Report(.fault, time: time, rule: rule.name, asset: evaluator.asset(asset).path, text: cause))
    let courses = rule.couldDo.map { (kind: $0, course: course(of: $0, rule, asset, evaluator)) }
    let action = Action(
      number: 1, kind: courses.first?.kind ?? .notification, title: rule.title, text: "",
      adapter: courses.first?.course.adapter, standing: .refused("its function failed: \(cause)"))
    return ([action], courses.map(\.course.tier).max() ?? .shadow)
  }
}

extension Evaluator {
  /// What the rule says is to be done, with these readings.
  fileprivate func makeActions(of condition: ConditionID, _ readings: [ReadingValue]) -> MadeActions {
    let rule = rule(of: condition)
    guard let make = rule.makeActions else { return .actions(rule.actions) }
    if let cause = skippedActions[condition.index] { return .fault(cause) }
    rule.askedFor?.pointee = UInt32(bitPattern: assetID(of: condition).index)
    let made = readings.withUnsafeBufferPointer { make($0, limitTable(of: condition)) }
    guard case .fault(let cause) = made, cause.kind == .overtime else { return made }
    return .fault(FaultCause(cause.text, kind: .overtimeOfActions))
  }

  func asset(_ id: AssetID) -> Asset { configuration.model.assets[Int(id.index)] }

  func place(of id: AssetID, adapter: String?) -> Action.Place {
    let asset = asset(id)
    return Action.Place(
      path: asset.path, assetClass: configuration.model.classes[asset.classIndex].name,
      id: adapter.flatMap { asset.ids[$0] })
  }
}
