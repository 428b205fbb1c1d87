// The end of a condition (`on_clear`): what is said on its order, which setpoints go back, what is cancelled.
extension Policy {
  /// Keeps what will be needed then.
  mutating func note(
    _ actions: [Action], of key: DecisionKey, _ condition: ConditionID, at time: Instant, _ evaluator: Evaluator
  ) {
    guard !evaluator.rule(of: condition).onClear.isEmpty else { return }
    let model = evaluator.configuration.model
    var decision = Acted(key: key, count: actions.count, changes: [], orders: [])
    for action in actions {
      if case .refused = action.standing { continue }
      let asset = action.on.flatMap { place in model.assets.firstIndex { $0.path == place.path }.map(AssetID.init) }
      let its = asset ?? evaluator.assetID(of: condition)
      switch action.kind {
      case .workOrder where action.standing != .shadow:
        decision.orders.append(Acted.Order(number: action.number, asset: its, title: action.title))
      case .setpoint:
        guard let setpoint = action.setpoint, let tag = model.tag(setpoint.tag, of: its),
          case .number(let before)? = evaluator.good(tag, at: time)
        else { continue }
        decision.changes.append(
          Acted.Change(number: action.number, tag: tag, before: before, target: setpoint.target))
      case .workOrder, .notification: continue
      }
    }
    acted[condition, default: []].append(decision)
  }

  /// The condition has cleared. What was decided while it stood is closed, the newest decision for all of them where it
  /// is the same trouble: one order has the comment, and a tag changed twice goes back once.
  mutating func close(_ event: Step.Event, _ evaluator: Evaluator, _ verdict: inout Verdict) {
    guard let decisions = acted.removeValue(forKey: event.condition), let newest = decisions.last else { return }
    let rule = evaluator.rule(of: event.condition)
    let cancels = rule.onClear.contains(.cancel)
    var closings = decisions.map { Closing(decision: $0.key, time: event.time, cancels: cancels, actions: []) }
    if rule.onClear.contains(.restore) {
      for (place, action) in restored(decisions, event, evaluator) { closings[place].actions.append(action) }
    }
    if let text = comment(event, evaluator) {
      for order in newest.orders {
        let number = newest.count + closings[closings.count - 1].actions.count + 1
        closings[closings.count - 1].actions.append(comment(number, text, on: order, event, evaluator))
      }
    }
    for action in closings.flatMap({ closing in closing.actions.map { (closing.decision, $0) } }) {
      wait(for: action.1, of: action.0)
    }
    if cancels {
      let keys = Set(decisions.map(\.key))
      approvals.removeAll { keys.contains($0.key.decision) && $0.key.number <= newest.count }
    }
    verdict.closings += closings.filter { $0.cancels || !$0.actions.isEmpty }
  }

  /// A waiting action among those that expire.
  mutating func wait(for action: Action, of decision: DecisionKey) {
    guard case .waiting(let expires) = action.standing else { return }
    let place = approvals.firstIndex { $0.expires > expires } ?? approvals.endIndex
    approvals.insert((expires, ActionKey(decision: decision, number: action.number)), at: place)
  }

  // MARK: What is said

  /// As its author wrote it; what is cancelled is said at least.
  private func comment(_ event: Step.Event, _ evaluator: Evaluator) -> String? {
    let rule = evaluator.rule(of: event.condition)
    let words = Filling(
      asset: evaluator.asset(of: event.condition).name,
      evidence: evaluator.evidence(of: event.condition, event.readings),
      limits: evaluator.limits(of: event.condition))
    for case .comment(let text) in rule.onClear { return words.fill(text) }
    guard rule.onClear.contains(.cancel) else { return nil }
    return "\(rule.title) at \(words.asset) is over since \(event.time)."
  }

  /// It is sent only where there is an order to say it on, so nobody need approve it again.
  private func comment(
    _ number: Int, _ text: String, on order: Acted.Order, _ event: Step.Event, _ evaluator: Evaluator
  ) -> Action {
    let rule = evaluator.rule(of: event.condition)
    let adapter = course(of: .workOrder, rule, order.asset, evaluator).adapter
    let isOwn = order.asset == evaluator.assetID(of: event.condition)
    return Action(
      number: number, kind: .workOrder, title: order.title, text: text,
      on: isOwn ? nil : evaluator.place(of: order.asset, adapter: adapter), closes: order.number, adapter: adapter,
      standing: .ready)
  }

  // MARK: What goes back

  /// A tag that was changed, over all decisions: what it was first, what it was set to last, and by which.
  private struct Departure {
    var place: Int
    var change: Acted.Change
  }

  /// The setpoints to put back, with the place of the decision that each belongs to.
  private mutating func restored(
    _ decisions: [Acted], _ event: Step.Event, _ evaluator: Evaluator
  ) -> [(place: Int, action: Action)] {
    var departures: [Departure] = []
    for (place, decision) in decisions.enumerated() {
      for change in decision.changes {
        if let known = departures.firstIndex(where: { $0.change.tag == change.tag }) {
          let before = departures[known].change.before
          departures[known] = Departure(place: place, change: change)
          departures[known].change.before = before
        } else {
          departures.append(Departure(place: place, change: change))
        }
      }
    }
    var counts = decisions.map(\.count)
    return departures.compactMap { departure in
      let number = counts[departure.place] + 1
      guard let action = restore(departure.change, number, event, evaluator) else { return nil }
      counts[departure.place] = number
      return (departure.place, action)
    }
  }

  /// Nil when nothing departed: the change never reached the plant. What somebody has set since is theirs.
  private mutating func restore(
    _ change: Acted.Change, _ number: Int, _ event: Step.Event, _ evaluator: Evaluator
  ) -> Action? {
    let model = evaluator.configuration.model
    let asset = model.tags[Int(change.tag.index)].asset
    let tag = model.definition(of: change.tag).name
    let rule = evaluator.rule(of: event.condition)
    let (adapter, tier) = course(of: .setpoint, rule, asset, evaluator)
    var (setpoint, standing): (Action.Setpoint?, ActionStanding)
    if tier > .shadow, case .number(let present)? = evaluator.good(change.tag, at: event.time),
      !present.isNear(change.target, of: change)
    {
      if present.isNear(change.before, of: change) { return nil }
      setpoint = Action.Setpoint(tag: tag, target: change.before)
      standing = .refused(
        "\(tag) is \(plain(present)) and no longer the \(plain(change.target)) it was set to: it is somebody else's")
    } else {
      (setpoint, standing) = self.setpoint(
        tag, .value(change.before), of: asset, tier: tier, adapter: adapter, at: event.time, evaluator)
    }
    let isOwn = asset == evaluator.assetID(of: event.condition)
    return Action(
      number: number, kind: .setpoint, title: "Put \(tag) of \(evaluator.asset(asset).name) back", text: "",
      setpoint: setpoint, on: isOwn ? nil : evaluator.place(of: asset, adapter: adapter), closes: change.number,
      adapter: adapter, standing: standing)
  }
}

extension Double {
  /// What is read back is seldom the last digit of what was written: a tenth of the change is near.
  fileprivate func isNear(_ value: Double, of change: Acted.Change) -> Bool {
    (self - value).magnitude <= (change.target - change.before).magnitude / 10
  }
}
