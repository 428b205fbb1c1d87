/// Evaluator and policy together: the whole of what decides, as one value.
package struct Decider {
  package private(set) var evaluator: Evaluator
  package private(set) var policy: Policy

  package init(_ configuration: Configuration) {
    evaluator = Evaluator(configuration)
    policy = Policy(configuration.policy)
  }

  /// What one input led to.
  package struct Turn: Sendable {
    package var step: Step
    package var verdict: Policy.Verdict
  }

  package mutating func apply(_ input: Input) -> Turn {
    let step = evaluator.apply(input)
    return Turn(step: step, verdict: policy.apply(input, step, &evaluator))
  }

  /// The end of a file (S1).
  package mutating func finish() -> Turn {
    let step = evaluator.finish()
    return Turn(step: step, verdict: policy.apply(.config(evaluator.configuration.hash), step, &evaluator))
  }

  /// The state as bytes, for comparison and snapshots.
  package func encodedState() -> [UInt8] {
    var writer = ByteWriter()
    evaluator.encodeState(into: &writer)
    policy.encodeState(into: &writer)
    return writer.bytes
  }
}
