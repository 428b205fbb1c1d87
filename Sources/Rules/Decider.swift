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
  }

  /// Lets somebody see each time the rule is asked about one condition.
  package mutating func show(_ trace: Trace) { evaluator.trace = trace }

  /// What one input led to.
  package struct Turn: Sendable {
    package var step: Step
    package var verdict: Policy.Verdict

    func followed(by other: Turn) -> Turn {
      var whole = self
      whole.step.events += other.step.events
      whole.step.faults += other.step.faults
      whole.step.reports += other.step.reports
      whole.verdict.add(other.verdict)
      return whole
    }
  }

  /// Nil when the input led to nothing worth telling, as nearly all do.
  package mutating func apply(_ input: Input) -> Turn? {
    judge(input, evaluator.apply(input))
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
    guard step != nil || policy.minds(input) else { return nil }
    let step = step ?? Step()
    let verdict = policy.apply(input, step, &evaluator)
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
  package mutating func restore(from reader: inout ByteReader) throws(Unreadable) {
    try evaluator.restore(from: &reader)
    try policy.restore(from: &reader, evaluator)
    sleeping = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { sleeping.append(try Carried(from: &reader)) }
  }

  /// Decisions that the ledger has stand, whether or not they were come to here.
  package mutating func stand(by decisions: [DecisionKey]) { policy.stand(by: decisions, evaluator) }
}
