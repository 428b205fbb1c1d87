// Proving a rule by the examples its author wrote: the same evaluator, on an asset that has only these readings.

/// What an example came to.
package struct ExampleRun: Sendable {
  /// What it did not do that it says, or did that it must not; empty when it holds.
  package var failures: [String] = []
  /// Times of decisions, clears and firings held back, after the beginning.
  package var fired: [TimeSpan] = []
  package var cleared: [TimeSpan] = []
  package var heldBack: [TimeSpan] = []
  /// The readings by name, as they were sampled.
  package var traces: [Trace] = []
  /// What the condition was after each moment sampled.
  package var phases: [Phase] = []

  package struct Trace: Sendable {
    package var reading: String
    /// Nil where it was not good, or is of many assets.
    package var values: [Value?]
  }
  package enum Phase: Sendable { case normal, pending, active, blind }
  /// How often a sample asked the rule.
  package var questions = 0
  /// A call used up its time: what else the rule does is not worth asking.
  package var isOvertime = false

  /// So often one example may ask, and all of a folder with the limits of all assets.
  package static let mostQuestions = 200_000
  package static let mostQuestionsOfAll = 2_000_000

  package var holds: Bool { failures.isEmpty }
}

extension Rule {
  /// Runs one example with the limits as the rule has them, or as `overrides` says.
  ///
  /// Each reading is what the example says it is, so it is played as a tag of its own: what is proven is `when`, the
  /// hold, the limits and what is held back. Windows have tests of their own.
  /// Calendars count in an example that says when it starts.
  package func run(
    _ example: Example, overrides: [String: LimitValue] = [:], zone: Zone = .utc, calendars: [Calendar] = [],
    shifts: [Shift] = []
  ) -> ExampleRun {
    var player = ExamplePlayer(self, example, overrides, zone, calendars, shifts)
    return player.play()
  }

  /// What went wrong with an example; nil when the rule did what it says.
  package func failure(of example: Example) -> String? { run(example).failures.first }
}

private struct ExamplePlayer {
  let rule: Rule
  let example: Example
  private let limits: [String: LimitValue]
  private let series: [Series?]
  /// The first tag of each reading, or of its members.
  private var tags: [[TagID]] = []
  private let configuration: Configuration
  private let start: Instant
  private var decider: Decider
  private var run = ExampleRun()
  private var cause: String?
  private var firstDecision: Decision?

  init(
    _ rule: Rule, _ example: Example, _ overrides: [String: LimitValue], _ zone: Zone, _ calendars: [Calendar],
    _ shifts: [Shift]
  ) {
    var played = rule
    self.rule = rule
    self.example = example
    start = example.starts ?? Instant(seconds: 1_767_225_600)
    limits = Dictionary(rule.limits.map { ($0.name, overrides[$0.name] ?? $0.value) }) { first, _ in first }
    series = rule.readings.map { reading in example.series.first { $0.reading == reading.name }?.series }

    // The rule's asset has a tag for each reading; below it are the members of each group.
    var classes = [AssetClass(name: "example", tags: [])]
    var assets = [Asset(name: "example", path: "example", classIndex: 0, limits: [rule.name: overrides])]
    for (place, reading) in rule.readings.enumerated() {
      let own = "reading_\(place)"
      let type = Self.type(of: reading, series[place], limits)
      if case .members(let samples)? = series[place] {
        classes.append(AssetClass(name: own, tags: [TagDefinition(name: own, type: type)]))
        for member in samples.indices {
          let name = "\(reading.name)_\(member + 1)"
          assets.append(Asset(name: name, path: "example/\(name)", classIndex: classes.count - 1, parent: 0))
        }
        played.readings[place] = Reading(
          name: reading.name, subject: .each(assetClass: own), tag: own, form: .latest,
          isOptional: reading.isOptional)
      } else {
        classes[0].tags.append(TagDefinition(name: own, type: type))
        played.readings[place] = Reading(name: reading.name, tag: own, form: .latest, isOptional: reading.isOptional)
      }
    }
    // What hangs on other rules, other machines or the hour is another test's.
    played.appliesTo = "example"
    played.calculations = []
    played.formerly = []
    played.group = nil
    if example.kind != .heldBack { played.atMost = nil }
    let known = example.starts == nil ? [] : calendars.map(\.name)
    played.during.removeAll { !known.contains($0) }
    played.notDuring.removeAll { !known.contains($0) }
    let model = Model(classes: classes, assets: assets) { _, _ in SourceID(0) }
    configuration = Configuration(
      hash: .zero, model: model, rules: [played],
      policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "example", lateness: .zero, skew: .zero)], zone: zone, calendars: calendars,
      shifts: shifts)
    for (place, _) in rule.readings.enumerated() {
      let own = "reading_\(place)"
      tags.append(
        model.tags.indices.filter { model.definition(of: TagID($0)).name == own }.map { TagID($0) })
    }
    decider = Decider(configuration)
  }

  mutating func play() -> ExampleRun {
    for (name, _) in example.series where !rule.readings.contains(where: { $0.name == name }) {
      run.failures = ["it names '\(name)', which the rule does not read"]
      return run
    }
    let questions = self.questions
    guard questions <= Double(ExampleRun.mostQuestions) else {
      run.failures = [
        "it would ask the rule \(Int64(min(questions, 1e15))) times, and an example may ask "
          + "\(ExampleRun.mostQuestions) times; sample it less often (sampled = \"1 min\"), or let it be shorter"
      ]
      return run
    }
    run.questions = Int(questions)
    run.traces = rule.readings.map { ExampleRun.Trace(reading: $0.name, values: []) }
    var restarts = example.restarts[...]
    for time in moments() {
      while let restart = restarts.first, restart <= time {
        restarts.removeFirst()
        guard restartEngine() else { return run }
      }
      send(at: time)
      run.phases.append(phase)
      // A rule that fails has failed the example, and each further call may take as long.
      if cause != nil { break }
    }
    if cause == nil { take(decider.finish()) }
    judge()
    return run
  }

  private var period: TimeSpan {
    max(example.sampled ?? min(example.lasting / 10, .minutes(1)), TimeSpan(microseconds: 1_000))
  }

  /// How often a sample asks the rule, known before it is asked.
  private var questions: Double {
    let tags = zip(tags, series).reduce(0) { $0 + ($1.1 == nil ? 0 : $1.0.count) }
    var moments = Double(example.lasting.microseconds) / Double(period.microseconds) + 2
    for case .steps(let steps)? in series { moments += Double(steps.count) }
    return moments * Double(tags)
  }

  /// From the beginning to the end by the sampling period, and every moment at which a reading makes a step.
  private func moments() -> [TimeSpan] {
    var moments = Array(stride(from: 0, to: example.lasting.microseconds, by: Int(period.microseconds)))
    moments.append(example.lasting.microseconds)
    for case .steps(let steps)? in series { moments += steps.map(\.from.microseconds) }
    for case .rises(_, _, let over)? in series { moments.append(over.microseconds) }
    var ordered: [TimeSpan] = []
    for moment in moments.sorted() where moment <= example.lasting.microseconds {
      if ordered.last?.microseconds != moment { ordered.append(TimeSpan(microseconds: moment)) }
    }
    return ordered
  }

  private mutating func send(at time: TimeSpan) {
    for (place, series) in series.enumerated() {
      guard let series else { continue }
      let samples = series.samples(at: time, limits)
      run.traces[place].values.append(samples.count == 1 ? samples[0] : nil)
      for (tag, sample) in zip(tags[place], samples) {
        let quality: Quality = sample != nil ? .good : series.isSilent(at: time) ? .stale : .bad
        take(decider.apply(.change(TagChange(tag, sample ?? .null, quality: quality, time: start + time))))
      }
    }
  }

  /// What a start makes of what the process before it left behind. False when it is not the same.
  private mutating func restartEngine() -> Bool {
    var reader = ByteReader(decider.encodedState())
    var again = Decider(configuration)
    do {
      try again.restore(from: &reader)
    } catch {
      run.failures = ["the state could not be brought back at a restart: \(error)"]
      return false
    }
    decider = again
    return true
  }

  private mutating func take(_ turn: Decider.Turn?) {
    guard let turn else { return }
    firstDecision = firstDecision ?? turn.verdict.decisions.first
    run.fired += turn.verdict.decisions.map { $0.key.time - start }
    run.heldBack += turn.verdict.heldBack.map { $0.time - start }
    for event in turn.step.events where event.kind == .cleared { run.cleared.append(event.time - start) }
    cause = cause ?? turn.step.faults.first?.cause
    run.isOvertime =
      run.isOvertime || turn.step.faults.contains { $0.kind == .overtime || $0.kind == .overtimeOfActions }
  }

  private var phase: ExampleRun.Phase {
    guard let condition = decider.evaluator.conditions.first else { return .normal }
    if condition.phase.isActive { return .active }
    if condition.blindSince != nil { return .blind }
    if case .pending = condition.phase { return .pending }
    return .normal
  }

  private mutating func judge() {
    if let cause {
      run.failures = ["the rule failed: \(cause)"]
      return
    }
    switch example.kind {
    case .fires where run.fired.isEmpty:
      let why = run.heldBack.first.map { "it was held back after \($0)" } ?? decider.evaluator.standing(of: rule)
      run.failures.append("it did not fire within \(example.lasting): \(why)")
    case .staysCalm where !run.fired.isEmpty: run.failures.append("it fired after \(run.fired[0])")
    case .staysCalm where !run.heldBack.isEmpty:
      run.failures.append("it fired after \(run.heldBack[0]), and was held back")
    case .heldBack where run.heldBack.isEmpty:
      run.failures.append(
        "nothing was held back within \(example.lasting): "
          + (run.fired.isEmpty ? decider.evaluator.standing(of: rule) : "it fired after \(Self.words(run.fired))"))
    default: break
    }
    compare(example.expected.fires, run.fired, "to fire", "it fired", "it did not fire")
    compare(example.expected.heldBack, run.heldBack, "to be held back", "it was held back", "it was not held back")
    compare(example.expected.clears, run.cleared, "to clear", "it cleared", "it did not clear")
    for text in example.expected.says {
      guard let decision = firstDecision else { continue }
      if !decision.actions.contains(where: { $0.title.contains(text) || $0.text.contains(text) }) {
        run.failures.append("no action says \"\(text)\"; its titles are \(decision.actions.map(\.title))")
      }
    }
  }

  private mutating func compare(
    _ expected: [TimeSpan]?, _ found: [TimeSpan], _ expectation: String, _ did: String, _ not: String
  ) {
    guard let expected, expected != found else { return }
    // That nothing fires was said already.
    if found.isEmpty, run.fired.isEmpty, !run.failures.isEmpty { return }
    run.failures.append(
      "it was expected \(expectation) after \(Self.words(expected)); "
        + (found.isEmpty ? not : "\(did) after \(Self.words(found))"))
  }

  private static func words(_ times: [TimeSpan]) -> String { times.map { "\($0)" }.joined(separator: ", ") }

  /// The type of a tag that can have these values.
  private static func type(of reading: Reading, _ series: Series?, _ limits: [String: LimitValue]) -> TagType {
    let samples: [Series.Sample] =
      switch series {
      case .constant(let sample): [sample]
      case .rises(let from, _, _): [from]
      case .steps(let steps): steps.map(\.sample)
      case .members(let members): members
      case nil: []
      }
    for sample in samples {
      switch sample {
      case .value(.boolean): return .boolean
      case .value(.text): return .text
      case .limit(let name, _): if case .state? = limits[name] { return .text }
      default: break
      }
    }
    return .number
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
      let limits = LimitTable(self.limits(of: ConditionID(0)).map(\.value))
      return "'when' was true for \(condition.clock - since) of \(rule.heldFor.span(in: rule.limits, limits))"
    default: return "'when' was false"
    }
  }
}
