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
  let ask: (Question, UnsafeBufferPointer<ReadingValue>, UnsafeBufferPointer<Double>) -> Answer
  let askedFor: UnsafeMutablePointer<UInt32>?
  let readings: [CompiledReading]
  let limitCount: Int
  /// Tags that its setpoints change relative to their latest value, which must be known for that.
  let changedTags: [Int32]
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

  /// A rule whose class or tags the model does not have is our bug: `check` and loading refuse it before.
  init(_ rule: Rule, in assetClass: AssetClass) {
    self.rule = rule
    ask = rule.ask
    askedFor = rule.askedFor
    heldFor = rule.heldFor
    releasedFor = rule.releasedFor
    tolerates = rule.tolerates.microseconds
    hasClearsWhen = rule.hasClearsWhen
    remembers = rule.tolerates > .zero && rule.readings.contains(where: \.form.needsMemory)
    limitCount = rule.limits.count
    changedTags = rule.actions.compactMap { action in
      guard case .setpoint(let tag, let to) = action, let place = assetClass.tags.firstIndex(where: { $0.name == tag })
      else { return nil }
      if case .value = to { return nil }
      return Int32(place)
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
        window: min(reading.form.window?.microseconds ?? 0, Evaluator.endOfTime),
        isPlain: reading.form == .latest && kind == .number && heartbeat < 0)
    }
    if case .span(let span) = rule.every, rule.readings.contains(where: \.form.movesWithTime) {
      every = span.microseconds
    } else {
      every = .max
    }
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
