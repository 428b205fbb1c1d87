/// Evaluator and policy together: the whole of what decides, as one value.
package struct Decider {
  package internal(set) var evaluator: Evaluator
  package internal(set) var policy: Policy
  /// Conditions whose rule or asset was taken away, as they were then.
  var sleeping: [Carried] = []

  package init(_ configuration: Configuration, standing: Standing = Standing()) {
    evaluator = Evaluator(configuration)
    policy = Policy(configuration.policy)
    policy.take(standing, evaluator)
    evaluator.markUnsettled(policy.restoration?.unsettled ?? [])
  }

  /// Lets somebody see each time the rule is asked about one condition.
  package mutating func show(_ trace: Trace) { evaluator.trace = trace }

  /// From here on a call that uses up its time ends what its rule does, on all assets.
  package mutating func endRulesOvertime() { evaluator.endsOvertime = true }

  /// What one input led to.
  package struct Turn: Sendable {
    package var step: Step
    package var verdict: Policy.Verdict

    func followed(by other: Turn) -> Turn {
      var whole = self
      whole.step.events += other.step.events
      whole.step.faults += other.step.faults
      whole.step.reports += other.step.reports
      whole.step.settled += other.step.settled
      whole.verdict.add(other.verdict)
      return whole
    }
  }

  /// Nil when the input led to nothing worth telling, as nearly all do.
  package mutating func apply(_ input: Input) -> Turn? {
    judge(input, evaluator.apply(input))
  }

  /// A tick that ends early when there is no more time for it. Gives, beside what it led to, the input that does the
  /// same wherever it is applied.
  package mutating func tick(
    _ source: SourceID, _ time: Instant, while hasTime: () -> Bool
  ) -> (input: Input, turn: Turn?) {
    let (input, step) = evaluator.tick(source, time, while: hasTime)
    return (input, judge(input, step))
  }

  /// How many changes were late so far (S3).
  package var late: Int64 { evaluator.counts.late }

  /// The end of a file (S1).
  package mutating func finish() -> Turn? {
    var whole = judge(.config(evaluator.configuration.hash), evaluator.finish())
    // What policy wants to know after that is of the file, too.
    while evaluator.isToLook, let turn = judge(.config(evaluator.configuration.hash), evaluator.finish()) {
      whole = whole?.followed(by: turn) ?? turn
    }
    return whole
  }

  @inline(__always)
  private mutating func judge(_ input: Input, _ step: Step?) -> Turn? {
    guard step != nil || policy.isConcerned(by: input) else { return nil }
    var step = step ?? Step()
    let verdict = policy.apply(input, step, &evaluator)
    step.faults += verdict.faults
    return step.isEmpty && verdict.isEmpty ? nil : Turn(step: step, verdict: verdict)
  }

  /// Conditions that are no longer what they were when this was last asked.
  package mutating func takeChanged() -> [ConditionRecord] {
    evaluator.takeChanged().map(evaluator.record)
  }

  /// The state as bytes, for comparison.
  package func encodedState() -> [UInt8] {
    var writer = ByteWriter()
    var frozen = frozen()
    frozen.encode(into: &writer)
    return writer.bytes
  }

  /// A reference to the state as it is now.
  package func frozen() -> FrozenState { evaluator.frozen(with: policy, sleeping) }

  /// Takes over what a decider of the same configuration had when it was frozen. Throws when the bytes are of
  /// another; it is then not to be used.
  package mutating func restore(
    from reader: inout ByteReader, layout: Int = Snapshot.format
  ) throws(Unreadable) {
    try evaluator.restore(from: &reader, layout: layout)
    try policy.restore(from: &reader, evaluator)
    sleeping = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { sleeping.append(try Carried(from: &reader)) }
    policy.restoration = nil
    evaluator.markUnsettled([])
    // Layout 3 ends here: no rule was quarantined whole.
    guard layout >= 4 else { return }
    try evaluator.restoreRuleFaults(from: &reader)
    var asleep = sleeping
    try RuleFaults.decode(asleep.count, from: &reader) { place, exhausted, isWhole in
      asleep[place].condition.exhausted = exhausted
      asleep[place].condition.isWhole = isWhole
    }
    sleeping = asleep
    // Layout 4 ends here: no restore left anything in doubt.
    guard layout >= 5 else { return }
    policy.restoration = try reader.optional { [evaluator] (reader) throws(Unreadable) in
      try Restoration(from: &reader, evaluator)
    }
    evaluator.markUnsettled(policy.restoration?.unsettled ?? [])
  }

  /// Whether what is decided now may have been made between a backup and its restore.
  package var isInDoubt: Bool { policy.restoration != nil }

  /// Decisions that the ledger has stand, whether or not they were come to here.
  package mutating func stand(by decisions: [DecisionKey]) { policy.stand(by: decisions, evaluator) }
}
