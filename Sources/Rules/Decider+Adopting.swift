// One configuration takes over from another (S9): what follows here is the whole of a reload that decides.
extension Decider {
  /// Takes over all that `old` knew, by names. The same logic goes on undisturbed; new logic begins its holds anew and
  /// keeps active what is; what has no rule or asset any more sleeps. `now` is the newest data time; `heard` has heard
  /// for this configuration what was before, up to here.
  package mutating func adopt(_ old: Decider, at now: Instant, heard: Listener? = nil) {
    evaluator.adoptTags(of: old.evaluator, heard?.evaluator)
    policy.adoptOpen(of: old.policy, old.evaluator.configuration.model, evaluator.configuration.model)
    policy.adoptRestoration(of: old.policy, old.evaluator.configuration.sources, evaluator.configuration.sources)
    var earlier: [Place: Int] = [:]
    for index in old.evaluator.conditions.indices { earlier[old.place(index)] = index }
    var sleepers: [Place: Int] = [:]
    for (index, sleeper) in old.sleeping.enumerated() where sleeper.mayWake(at: now) {
      sleepers[Place(rule: sleeper.rule, asset: sleeper.asset)] = index
    }
    var taken: Set<Place> = []
    let ancestry = Ancestry(evaluator.configuration.rules, before: old.evaluator.configuration.rules, old.sleeping)
    for index in evaluator.conditions.indices {
      let names = ancestry.names(of: evaluator.rule(of: ConditionID(index)).name)
      let asset = evaluator.asset(of: ConditionID(index)).path
      var isKnown = false
      for name in names {
        let place = Place(rule: name, asset: asset)
        if let before = earlier[place] {
          taken.insert(place)
          adopt(old, before, at: index, onto: isKnown)
          isKnown = true
        } else if !isKnown, let sleeper = sleepers[place] {
          taken.insert(place)
          wake(old.sleeping[sleeper], at: index)
          isKnown = true
        }
      }
      if !isKnown { evaluator.askAgain(index) }
      // Of a rule or an asset that the backup does not have, nothing is known of the time since.
      let before = names.compactMap { earlier[Place(rule: $0, asset: asset)] }
      if before.isEmpty || before.contains(where: { old.evaluator.conditions[$0].isUnsettled }) {
        policy.restoration?.doubt(ConditionID(index))
      }
    }
    if policy.restoration?.isOver == true { policy.restoration = nil }
    evaluator.markUnsettled(policy.restoration?.unsettled ?? [])
    fallAsleep(old, but: taken, at: now)
    evaluator.findQuarantined()
    if evaluator.links.haveSpoken { evaluator.startQueueing() }
  }

  /// Whether a rule's word has counted: it may advise or act somewhere, and there it is active or has decided.
  package func hasActed(_ name: String) -> Bool {
    evaluator.conditions.indices.contains { index in
      let condition = ConditionID(index)
      let rule = evaluator.rule(of: condition)
      guard rule.name == name, evaluator.conditions[index].phase.isActive || policy.hasDecided(condition) else {
        return false
      }
      return rule.couldDo.contains { policy.settings.tier(of: rule, kind: $0) > .shadow }
    }
  }

  private struct Place: Hashable {
    var rule: String
    var asset: String
  }

  private func place(_ condition: Int) -> Place {
    let id = ConditionID(condition)
    return Place(rule: evaluator.rule(of: id).name, asset: evaluator.asset(of: id).path)
  }

  private func carried(_ condition: Int) -> Carried {
    let id = ConditionID(condition)
    let rule = evaluator.rule(of: id)
    let state = evaluator.carried(condition)
    return Carried(
      rule: rule.name, asset: evaluator.asset(of: id).path, textHash: rule.textHash, logicHash: rule.logicHash,
      condition: state.condition, readings: state.readings, moments: state.moments, activations: state.activations,
      policy: policy.carried(id, rule))
  }

  /// `onto`: the version before it was taken over already, and this is the new one that shadowed beside it and was
  /// released. It goes on as it was; what the other one had active stays active, and what it decided stands.
  private mutating func adopt(_ old: Decider, _ before: Int, at condition: Int, onto isKnown: Bool) {
    var carried = old.carried(before)
    let models = (old.evaluator.configuration.model, evaluator.configuration.model)
    let rule = evaluator.rule(of: ConditionID(condition))
    let isSame = carried.logicHash == rule.logicHash && evaluator.agrees(condition, with: old.evaluator, before)
    if carried.logicHash != rule.logicHash {
      carried.abandonHolds()
      carried.readings = []
    }
    if carried.textHash != rule.textHash, carried.condition.faults > 0 || carried.condition.deaths > 0 {
      carried.condition.forgiveFaults()
      carried.condition.due = carried.condition.clock
    }
    if isKnown {
      let acting = evaluator.conditions[condition]
      if acting.phase.isActive, !carried.condition.phase.isActive {
        carried.condition.phase = acting.phase
        carried.condition.entered = acting.entered
        carried.condition.due = min(carried.condition.due, carried.condition.clock)
      }
      carried.condition.wake = acting.wake
      evaluator.adopt(carried, condition)
    } else {
      evaluator.adopt(carried, condition)
      policy.adopt(carried.policy, ConditionID(condition), &evaluator)
    }
    evaluator.adoptWritings(
      condition, of: old.evaluator, before, sameLogic: carried.logicHash == rule.logicHash)
    if !isKnown { policy.adoptActed(of: old.policy, ConditionID(before), ConditionID(condition), models) }
    if !isSame { evaluator.askAgain(condition) }
  }

  /// What nobody watched meanwhile is no hold; what was active is.
  private mutating func wake(_ sleeper: Carried, at condition: Int) {
    var carried = sleeper
    carried.abandonHolds()
    carried.condition.blindSince = nil
    carried.condition.blindTold = false
    let rule = evaluator.rule(of: ConditionID(condition))
    if carried.logicHash != rule.logicHash { carried.readings = [] }
    if carried.textHash != rule.textHash { carried.condition.forgiveFaults() }
    evaluator.adopt(carried, condition)
    policy.adopt(carried.policy, ConditionID(condition), &evaluator)
    evaluator.showActivity(condition)
    evaluator.askAgain(condition)
  }

  private mutating func fallAsleep(_ old: Decider, but taken: Set<Place>, at now: Instant) {
    sleeping = old.sleeping.filter { sleeper in
      sleeper.mayWake(at: now) && !taken.contains(Place(rule: sleeper.rule, asset: sleeper.asset))
    }
    for index in old.evaluator.conditions.indices where old.evaluator.conditions[index].clock != .distantPast {
      let place = old.place(index)
      // A new version that was withdrawn before anyone released it leaves nothing behind.
      guard !taken.contains(place), old.evaluator.rule(of: ConditionID(index)).role == .acting else { continue }
      sleeping.removeAll { $0.rule == place.rule && $0.asset == place.asset }
      var carried = old.carried(index)
      carried.asleepSince = now
      sleeping.append(carried)
    }
  }
}

/// Under which earlier names each rule of a configuration left something behind.
private struct Ancestry {
  private var ancestors: [String: [String]] = [:]

  init(_ rules: [Rule], before: [Rule], _ sleeping: [Carried]) {
    let names = Set(rules.map(\.name))
    let earlier = Set(before.map(\.name)).union(sleeping.map(\.rule))
    // A file that has the text of one that is no more is that one, renamed.
    var texts: [Digest: String] = [:]
    for sleeper in sleeping where !names.contains(sleeper.rule) { texts[sleeper.textHash] = sleeper.rule }
    for rule in before where !names.contains(rule.name) && rule.role == .acting { texts[rule.textHash] = rule.name }
    for rule in rules {
      var found = earlier.contains(rule.name) ? [rule.name] : []
      if found.isEmpty, rule.role == .acting {
        found += rule.formerly.filter { earlier.contains($0) && !names.contains($0) }.prefix(1)
        if found.isEmpty, let renamed = texts[rule.textHash] { found.append(renamed) }
      }
      // Released: the version that shadowed is the one that acts now.
      if rule.role == .acting, let shadow = before.first(where: { $0.role == .shadowing && $0.plainName == rule.name }),
        shadow.logicHash == rule.logicHash, !names.contains(shadow.name)
      {
        found.append(shadow.name)
      }
      ancestors[rule.name] = found
    }
  }

  /// In the order in which they are to be taken over.
  func names(of rule: String) -> [String] { ancestors[rule] ?? [] }
}
