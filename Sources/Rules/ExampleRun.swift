// Proving a rule by the examples its author wrote: the same evaluator, on an asset that has only these tags.
extension Rule {
  /// What went wrong with an example; nil when the rule did what it says.
  ///
  /// Each reading is what the example says it is for as long as it lasts; one that the example leaves out is not
  /// known. So every reading is played as a tag of its own: what is proven is `when`, the hold and the limits.
  package func failure(of example: Example) -> String? {
    var rule = self
    let tags = readings.map { reading in
      switch example.values.first(where: { $0.reading == reading.name })?.value {
      case .boolean: TagDefinition(name: reading.name, type: .boolean)
      case .text: TagDefinition(name: reading.name, type: .text)
      default: TagDefinition(name: reading.name, type: .number)
      }
    }
    rule.readings = readings.map { Reading(name: $0.name, tag: $0.name, form: .latest) }
    rule.appliesTo = "example"
    let assetClass = AssetClass(name: "example", tags: tags)
    var values: [(place: Int, value: Value)] = []
    for (name, value) in example.values {
      guard let place = readings.firstIndex(where: { $0.name == name }) else {
        return "it names '\(name)', which the rule does not read"
      }
      values.append((place, value))
    }
    let step = max(min(example.lasting / 10, .minutes(1)), TimeSpan(microseconds: 1_000))

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
    case .pending(let since):
      return "'when' was true for \(condition.clock - since) of \(rule.heldFor.span(in: rule.limits))"
    default: return "'when' was false"
    }
  }
}
