/// A rule with its readings resolved against the class it applies to: everything that is the same for all assets.
final class CompiledRule {
  /// A calculation with its readings resolved.
  struct CompiledCalculation {
    var calculation: Calculation
    var readings: [CompiledReading]
    var stateNames: [[String]]
  }

  let rule: Rule
  let ask: Rule.Ask
  let askedFor: UnsafeMutablePointer<UInt32>?
  let deadlines: DeadlineNote?
  let readings: [CompiledReading]
  private let model: Model
  private let classIndex: Int
  /// Tags that its setpoints change relative to their latest value, which must be known for that.
  let changedTags: [(name: String, on: Subject)]
  /// Names of the states, by reading; empty for other types.
  let stateNames: [[String]]
  let heldFor: TimeSpan
  let releasedFor: TimeSpan
  let tolerates: Int64
  /// Whether a reading must be remembered to stand in while it is tolerated.
  let remembers: Bool
  /// `.max` for never.
  let every: Int64
  /// Whether `every` may ask it for as long as what it reads is silent.
  let movesWithoutEnd: Bool
  let hasClearsWhen: Bool
  /// Nil when no calendar bounds it.
  let hours: RuleHours?
  /// Whether `needs` or `suppressed_when` is to be asked, or a calendar may close, while it is active.
  let isGated: Bool
  private var limitTables: [LimitTable] = []

  /// Each after those it reads.
  let calculations: [CompiledCalculation]
  /// Whether it looks at other rules.
  let readsOthers: Bool

  /// A rule whose class or tags the model does not have is our bug: `check` and loading refuse it before.
  /// `limits` are those of the assets it is for, where its lengths name limits.
  init(_ rule: Rule, in model: Model, _ classIndex: Int, limits: LimitTable? = nil, hours: RuleHours?) {
    self.model = model
    self.classIndex = classIndex
    self.rule = rule
    self.hours = hours
    ask = rule.ask
    askedFor = rule.askedFor
    deadlines = rule.deadlines
    heldFor = rule.heldFor.span(in: rule.limits, limits)
    releasedFor = rule.releasedFor.span(in: rule.limits, limits)
    tolerates = rule.toleratesSpan(limits).microseconds
    hasClearsWhen = rule.hasClearsWhen
    readsOthers = !rule.otherRules.isEmpty
    isGated = hours != nil || rule.hasNeeds || rule.hasSuppressedWhen
    changedTags = rule.actions.compactMap { action in
      guard case .setpoint(let tag, let to, let on) = action else { return nil }
      if case .value = to { return nil }
      return (tag, on)
    }
    var resolver = Resolver(rule: rule.name, model: model, classIndex: classIndex)
    var compiled: [CompiledCalculation] = []
    for calculation in rule.calculationsInOrder {
      let (readings, stateNames) = resolver.resolve(calculation.readings)
      compiled.append(CompiledCalculation(calculation: calculation, readings: readings, stateNames: stateNames))
      // What comes later may read it.
      resolver.calculations.append(calculation.name)
    }
    calculations = compiled
    (readings, stateNames) = resolver.resolve(rule.readings)
    remembers = tolerates > 0 && readings.contains(where: \.needsMemory)
    if case .span(let span) = rule.every, rule.allReadings.contains(where: \.form.movesWithTime) {
      every = span.microseconds
    } else {
      every = .max
    }
    movesWithoutEnd = (readings + compiled.flatMap(\.readings)).contains(where: \.movesWithoutEnd)
  }

  /// Finds the tags that readings name.
  private struct Resolver {
    let rule: String
    let model: Model
    let classIndex: Int
    /// Those that may be read so far, in order.
    var calculations: [String] = []

    func resolve(_ list: [Reading]) -> (readings: [CompiledReading], stateNames: [[String]]) {
      let resolved = list.map(resolve)
      return (resolved.map(\.reading), resolved.map(\.states))
    }

    private func resolve(_ reading: Reading) -> (reading: CompiledReading, states: [String]) {
      var compiled = CompiledReading(reading)
      if reading.tag.isEmpty { return (compiled, []) }
      if reading.subject == .own, let place = calculations.firstIndex(of: reading.tag) {
        compiled.calculation = Int32(place)
        return (compiled, [])
      }
      guard let subject = model.assetClass(of: reading.subject, from: classIndex) else {
        preconditionFailure("rule \(rule) reads of \(reading.subject), which the model does not have")
      }
      let tags = model.classes[subject].tags
      guard let place = tags.firstIndex(where: { $0.name == reading.tag }) else {
        preconditionFailure("rule \(rule) reads \(reading.tag), which \(model.classes[subject].name) does not have")
      }
      compiled.look(at: Int32(place), of: tags, isOwn: reading.subject == .own)
      guard case .states(let names, _) = tags[place].type else { return (compiled, []) }
      return (compiled, names)
    }
  }

  /// The limits as an asset overrides them; the same table for the same overrides.
  func limits(overridden overrides: [String: LimitValue]) -> LimitTable {
    let values = rule.limits.map { overrides[$0.name] ?? $0.value }
    if let known = limitTables.first(where: { $0.values == values }) { return known }
    let table = LimitTable(values)
    limitTables.append(table)
    return table
  }

  /// Whether it holds, releases and tolerates as long with these limits as it does.
  func lasts(asWith limits: LimitTable) -> Bool {
    heldFor == rule.heldFor.span(in: rule.limits, limits)
      && releasedFor == rule.releasedFor.span(in: rule.limits, limits)
      && tolerates == rule.toleratesSpan(limits).microseconds
  }

  func lasting(asWith limits: LimitTable) -> CompiledRule {
    CompiledRule(rule, in: model, classIndex, limits: limits, hours: hours)
  }

  /// The deadline of the hold or release that is running; nil when none is.
  @inline(__always)
  func transition(of phase: Condition.Phase) -> Instant? {
    switch phase {
    case .pending(let since): since + heldFor
    case .clearing(let since, _): since + releasedFor
    case .normal, .active: nil
    }
  }
}
