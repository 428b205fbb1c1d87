// Proving a rule by the examples its author wrote: the same evaluator, on an asset that has only these tags.
extension Rule {
  /// What went wrong with an example; nil when the rule did what it says.
  ///
  /// Each reading's tag keeps its value for the length of the example, sampled as often as the tag must be to be
  /// alive. A reading the example does not name has a tag that was never heard of.
  package func failure(of example: Example, on assetClass: AssetClass) -> String? {
    let tags = assetClass.tags
    var values: [(place: Int, value: Value)] = []
    for (name, value) in example.values {
      guard let reading = readings.first(where: { $0.name == name }),
        let place = tags.firstIndex(where: { $0.name == reading.tag })
      else { return "it names '\(name)', which the rule does not read" }
      if let other = values.first(where: { $0.place == place }) {
        if other.value != value { return "it gives \(reading.tag) two values" }
        continue
      }
      values.append((place, value))
    }
    var step = TimeSpan.seconds(10)
    for (place, _) in values {
      switch tags[place].life {
      case .itself(let staleAfter): step = min(step, staleAfter / 3)
      case .heartbeat(let beat, let staleAfter):
        step = min(step, staleAfter / 3)
        if let beat = tags.firstIndex(where: { $0.name == beat }), !values.contains(where: { $0.place == beat }) {
          values.append((beat, .number(1)))
        }
      case .device: break
      }
    }
    step = max(step, TimeSpan(microseconds: 1_000))

    var rule = self
    rule.atMost = nil
    let model = Model(classes: [assetClass], assets: [Asset(name: "example", path: "example", classIndex: 0)]) { _, _ in
      SourceID(0)
    }
    var decider = Decider(
      Configuration(
        hash: .zero, model: model, rules: [rule], policy: PolicySettings(tiers: [], routes: []),
        sources: [SourceSettings(name: "example", lateness: .zero, skew: .zero)]))
    var fired: Instant?
    var cause: String?
    func take(_ turn: Decider.Turn?) {
      guard let turn else { return }
      fired = fired ?? turn.verdict.decisions.first?.key.time
      cause = cause ?? turn.step.faults.first?.cause
    }
    let start = Instant(seconds: 1_767_225_600)
    let end = start + example.lasting
    var now = start
    while now <= end {
      for (place, value) in values { take(decider.apply(.change(TagChange(TagID(place), value, time: now)))) }
      now = now < end ? min(now + step, end) : now + step
    }
    take(decider.finish())

    if let cause { return "the rule failed: \(cause)" }
    switch (example.fires, fired) {
    case (true, nil): return "it did not fire within \(example.lasting): \(decider.evaluator.standing(of: rule))"
    case (false, let time?): return "it fired after \(time - start)"
    default: return nil
    }
  }
}

extension Evaluator {
  /// Why the only condition has not fired, in a few words.
  fileprivate func standing(of rule: Rule) -> String {
    guard let condition = conditions.first else { return "no asset" }
    if condition.blindSince != nil {
      return "'\(rule.readings[condition.blindReading].name)' was not good or not known"
    }
    switch condition.phase {
    case .pending(let since): return "'when' was true for \(condition.clock - since) of \(rule.heldFor)"
    default: return "'when' was false"
    }
  }
}
