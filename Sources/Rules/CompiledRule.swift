/// A rule with its readings resolved against the class it applies to: everything that is the same for all assets.
final class CompiledRule {
  /// Plain bits: it is copied for every reading of every change.
  struct CompiledReading {
    enum Kind { case number, boolean, states, text }
    var form: ReadingForm
    var kind: Kind
    var place: Int32
    /// Longest silence in which the tag (or its heartbeat) is good; `.max` when silence says nothing.
    var staleAfter: Int64
    /// The tag whose silence counts; -1 when it is the tag itself.
    var heartbeat: Int32
    var window: Int64
    /// The latest value of a number that lives by itself or by its link.
    var isPlain: Bool
  }

  let rule: Rule
  let ask: Rule.Ask
  let askedFor: UnsafeMutablePointer<UInt32>?
  let readings: [CompiledReading]
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
  let hasClearsWhen: Bool
  private var limitTables: [LimitTable] = []

  /// A rule whose class or tags the model does not have is our bug: `check` and loading refuse it before.
  init(_ rule: Rule, in assetClass: AssetClass) {
    self.rule = rule
    ask = rule.ask
    askedFor = rule.askedFor
    heldFor = rule.heldFor.span(in: rule.limits)
    releasedFor = rule.releasedFor.span(in: rule.limits)
    tolerates = rule.toleratesSpan().microseconds
    hasClearsWhen = rule.hasClearsWhen
    remembers = tolerates > 0 && rule.readings.contains(where: \.form.needsMemory)
    changedTags = rule.actions.compactMap { action in
      guard case .setpoint(let tag, let to, let on) = action else { return nil }
      if case .value = to { return nil }
      return (tag, on)
    }
    stateNames = rule.readings.map { reading in
      guard case .states(let names, _)? = assetClass.tags.first(where: { $0.name == reading.tag })?.type else {
        return []
      }
      return names
    }
    readings = rule.readings.map { reading in
      guard let place = assetClass.tags.firstIndex(where: { $0.name == reading.tag }) else {
        preconditionFailure("rule \(rule.name) reads \(reading.tag), which \(assetClass.name) does not have")
      }
      let definition = assetClass.tags[place]
      var staleAfter = Int64.max
      var heartbeat = -1
      switch definition.life {
      case .itself(let span): staleAfter = span.microseconds
      case .device: break
      case .heartbeat(let tag, let span):
        staleAfter = span.microseconds
        heartbeat = assetClass.tags.firstIndex { $0.name == tag } ?? place
      }
      let kind: CompiledReading.Kind =
        switch definition.type {
        case .number, .counter: .number
        case .boolean: .boolean
        case .states: .states
        case .text: .text
        }
      return CompiledReading(
        form: reading.form, kind: kind, place: Int32(place), staleAfter: staleAfter, heartbeat: Int32(heartbeat),
        window: min(reading.form.window?.length?.microseconds ?? 0, Evaluator.endOfTime),
        isPlain: reading.form == .latest && kind == .number && heartbeat < 0)
    }
    if case .span(let span) = rule.every, rule.readings.contains(where: \.form.movesWithTime) {
      every = span.microseconds
    } else {
      every = .max
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
