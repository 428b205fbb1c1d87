import Rules

/// Follows one rule on one asset through inputs, and keeps what happened around a moment. It drives the same decider as
/// the engine does, so what it tells is what was.
package struct Explainer {
  /// Why there is nothing to explain.
  package enum Refusal: Error, Equatable {
    /// The rule does not apply to this asset.
    case notTogether
  }

  private var decider: Decider
  private let condition: ConditionID
  private let trace: Trace
  private var explanation: Explanation
  private var lastDecision: Instant?
  /// Inputs stamped later than this tell nothing more.
  private let end: Instant

  /// `decider` is of `configuration`, new or brought back from a snapshot. The first input must come before `from`, or
  /// be the first there is.
  package init(
    _ decider: Decider, rule: String, asset: String, at moment: Instant, around: TimeSpan, outline: Outline?
  ) throws(Refusal) {
    guard let condition = decider.evaluator.condition(rule: rule, asset: asset) else { throw .notTogether }
    let evaluator = decider.evaluator
    self.condition = condition
    self.decider = decider
    trace = Trace(of: condition, from: moment - around)
    self.decider.show(trace)
    let compiled = evaluator.rule(of: condition)
    let limits = evaluator.limits(of: condition)
    let table = LimitTable(limits.map(\.value))
    explanation = Explanation(
      rule: compiled.name, title: compiled.title, asset: asset, moment: moment, from: moment - around,
      to: moment + around, heldFor: compiled.heldFor.span(in: compiled.limits, table),
      releasedFor: compiled.releasedFor.span(in: compiled.limits, table), limits: limits, limitTable: table,
      readings: evaluator.evidence(of: condition, compiled.readings.map { _ in .notGood }).map {
        Explanation.Reading(name: $0.name, unit: $0.unit)
      }, outline: outline)
    let slowest = evaluator.configuration.sources.map(\.lateness).max() ?? .zero
    end = explanation.to + max(slowest, .hours(1))
    if let times = ClosedTimes(compiled, evaluator.configuration) {
      explanation.hasCalendars = true
      explanation.closed = times.stretches(from: explanation.from, to: explanation.to)
      for closed in explanation.closed {
        if closed.from > explanation.from { happened(closed.from, .calendars(open: false)) }
        happened(closed.to, .calendars(open: true))
      }
    }
  }

  /// Takes the next input. False once nothing that follows can tell more.
  package mutating func take(_ input: Input) -> Bool {
    let lateBefore = decider.evaluator.counts.late
    let turn = decider.apply(input)
    switch input {
    case .change(let change) where decider.evaluator.reads(condition, change.tag):
      note(change, wasLate: decider.evaluator.counts.late > lateBefore)
    case .source(let source, let event, let time) where decider.evaluator.reads(condition, source):
      let name = decider.evaluator.configuration.sources[Int(source.index)].name
      happened(time, .link(source: name, event))
    default: break
    }
    if let turn { note(turn) }
    switch input {
    case .change(let change): return min(change.time, change.arrived) <= end
    case .tick(_, let time), .partialTick(_, let time, _), .source(_, _, let time): return time <= end
    case .bind, .config, .command, .fault, .death, .meaning, .skipped: return true
    }
  }

  /// What was seen. `isWhole`: the inputs have ended, as a file does, so that deadlines up to there are taken.
  package mutating func explain(isWhole: Bool) -> Explanation {
    if isWhole, let turn = decider.finish() { note(turn) }
    explanation.add(trace.looks)
    return explanation
  }

  private mutating func note(_ change: TagChange, wasLate: Bool) {
    explanation.firstSample = min(explanation.firstSample ?? change.time, change.time)
    explanation.lastSample = max(explanation.lastSample ?? change.time, change.time)
    guard change.time >= explanation.from, change.time <= explanation.to else { return }
    let name = decider.evaluator.configuration.model.definition(of: change.tag).name
    if wasLate {
      happened(change.time, .late(tag: name))
    } else {
      explanation.samples.append(change.time)
    }
  }

  private mutating func note(_ turn: Decider.Turn) {
    let (rule, asset) = (explanation.rule, explanation.asset)
    for decision in turn.verdict.decisions where decision.key.rule == rule && decision.key.asset == asset {
      lastDecision = decision.key.time
      happened(decision.key.time, .decided(deferredFrom: decision.deferredFrom))
    }
    for held in turn.verdict.heldBack where held.rule == rule && held.asset == asset {
      happened(held.time, .heldBack(held.reason, lastDecision: lastDecision))
    }
    for fault in turn.step.faults where fault.rule == rule && fault.asset == asset {
      happened(decider.evaluator.conditions[Int(condition.index)].clock, .failed(fault.cause))
    }
  }

  private mutating func happened(_ time: Instant, _ what: Explanation.Happening) {
    guard time <= explanation.to else { return }
    explanation.happenings.append((time, what))
  }
}
