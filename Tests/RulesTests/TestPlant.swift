import Rules

/// One rule on one asset (or several), driven by hand. Times are seconds after `start`.
struct TestPlant {
  static let start = Instant(rfc3339: "2026-03-01T00:00:00Z") ?? Instant(seconds: 0)
  static func at(_ seconds: Double) -> Instant { start + TimeSpan(microseconds: Int64((seconds * 1e6).rounded())) }

  var decider: Decider
  private(set) var decisions: [Decision] = []
  private(set) var heldBack: [HeldBack] = []
  private(set) var closings: [Closing] = []
  private(set) var cleared: [Double] = []
  private(set) var expired: [ActionKey] = []
  private(set) var faults: [Fault] = []
  private(set) var reports: [Report] = []
  private(set) var journal: [Input] = []

  static let classes = [
    AssetClass(
      name: "Machine",
      tags: [
        TagDefinition(name: "V", type: .number, unit: "degC", credible: -100...1000),
        TagDefinition(name: "W", type: .number, unit: "bar g"),
        TagDefinition(name: "Running", type: .boolean),
        TagDefinition(name: "State", type: .states(names: ["Idle", "Heating"], codes: [0, 1])),
        TagDefinition(name: "Batch", type: .text),
        TagDefinition(name: "Alive", type: .number, unit: "degC", life: .itself(staleAfter: .seconds(60))),
        TagDefinition(name: "Alive2", type: .number, unit: "degC", life: .itself(staleAfter: .seconds(60))),
        TagDefinition(name: "Beat", type: .counter),
        TagDefinition(
          name: "Beaten", type: .number, unit: "A", life: .heartbeat(tag: "Beat", staleAfter: .seconds(10))),
        TagDefinition(name: "Unsure", type: .number, unit: "A", uncertainIsGood: true),
      ])
  ]

  static func configuration(
    _ rules: [Rule], machines: Int = 1, lateness: Double = 0, skew: Double = 5, tier: Tier = .act,
    limits: [String: [String: LimitValue]] = [:]
  ) -> Configuration {
    let assets = (1...machines).map {
      Asset(name: "M\($0)", path: "Works/M\($0)", classIndex: 0, limits: $0 == 1 ? limits : [:])
    }
    return Configuration(
      hash: .zero, model: Model(classes: classes, assets: assets) { _, _ in SourceID(0) }, rules: rules,
      policy: PolicySettings(
        tiers: [.init(rule: nil, assetClass: nil, kind: nil, tier: tier)],
        routes: [
          .init(kind: .workOrder, assetClass: nil, adapter: "desk"),
          .init(kind: .notification, assetClass: nil, adapter: "desk"),
        ]),
      sources: [SourceSettings(name: "plant", lateness: span(lateness), skew: span(skew))])
  }

  init(_ rules: Rule..., lateness: Double = 0, skew: Double = 5, tier: Tier = .act, machines: Int = 1) {
    self.init(TestPlant.configuration(rules, machines: machines, lateness: lateness, skew: skew, tier: tier))
  }
  init(_ configuration: Configuration) { decider = Decider(configuration) }

  static func span(_ seconds: Double) -> TimeSpan { TimeSpan(microseconds: Int64(seconds * 1e6)) }

  mutating func apply(_ input: Input) {
    journal.append(input)
    take(decider.apply(input))
  }

  private mutating func take(_ turn: Decider.Turn?) {
    guard let turn else { return }
    decisions += turn.verdict.decisions
    heldBack += turn.verdict.heldBack
    closings += turn.verdict.closings
    expired += turn.verdict.expired
    faults += turn.step.faults
    reports += turn.step.reports + turn.verdict.reports
    for event in turn.step.events where event.kind == .cleared {
      cleared.append((event.time - TestPlant.start).seconds)
    }
  }

  static func tag(_ name: String, machine: Int = 1) -> TagID {
    TagID((machine - 1) * classes[0].tags.count + (classes[0].tags.firstIndex { $0.name == name } ?? -1))
  }

  /// A sample. `arrived` is when our wall clock said it came; by default at once.
  mutating func send(
    _ name: String, _ value: Value, at seconds: Double, arrived: Double? = nil, quality: Quality = .good,
    machine: Int = 1, retained: Bool = false
  ) {
    apply(
      .change(
        TagChange(
          TestPlant.tag(name, machine: machine), value, quality: quality, time: TestPlant.at(seconds),
          arrived: TestPlant.at(arrived ?? seconds), retainedWithoutTime: retained)))
  }
  mutating func send(_ name: String, _ number: Double, at seconds: Double, quality: Quality = .good, machine: Int = 1) {
    send(name, .number(number), at: seconds, quality: quality, machine: machine)
  }
  /// The same value every `step` seconds over a stretch.
  mutating func play(_ name: String, _ number: Double, from: Double, through: Double, step: Double = 10) {
    for time in stride(from: from, through: through, by: step) { send(name, number, at: time) }
  }
  mutating func tick(_ seconds: Double) { apply(.tick(SourceID(0), TestPlant.at(seconds))) }
  mutating func link(_ event: LinkEvent, at seconds: Double) {
    apply(.source(SourceID(0), event, TestPlant.at(seconds)))
  }
  mutating func finish() { take(decider.finish()) }

  /// Decision times in seconds after the start.
  var fired: [Double] { decisions.map { ($0.key.time - TestPlant.start).seconds } }
  var condition: Condition { decider.evaluator.conditions[0] }
  var phase: String { condition.phase.name }
}

/// What a test's rule sees: readings by name. Looking at one that is not good ends the call, as in Lua.
struct Look {
  struct Blind: Error { var reading: Int }
  let names: [String]
  let values: UnsafeBufferPointer<ReadingValue>
  let limits: LimitTable

  func callAsFunction(_ name: String) throws -> Double {
    switch values[names.firstIndex(of: name) ?? 0] {
    case .number(let number): return number
    case .boolean(let flag): return flag ? 1 : 0
    case .text, .notGood, .absent, .group: throw Blind(reading: names.firstIndex(of: name) ?? 0)
    }
  }
  func text(_ name: String) throws -> String {
    guard case .text(let text) = values[names.firstIndex(of: name) ?? 0] else {
      throw Blind(reading: names.firstIndex(of: name) ?? 0)
    }
    return text
  }
}

struct Broken: Error {
  var cause: String
  var kind = FaultCause.Kind.error
}

extension Rule {
  /// A rule whose functions are Swift closures.
  static func make(
    _ name: String = "rule", reads: [(String, String, ReadingForm)] = [("v", "V", .latest)], limits: [Limit] = [],
    heldFor: Double = 0, releasedFor: Double = 0, tolerates: Double? = 0, every: Every? = .never,
    atMost: Double? = nil, actions: [ActionTemplate] = [],
    clearsWhen: ((Look) throws -> Bool)? = nil, when: @escaping (Look) throws -> Bool
  ) -> Rule {
    let names = reads.map(\.0)
    return Rule(
      name: name, title: name, owner: "tests", appliesTo: "Machine", limits: limits,
      readings: reads.map { Reading(name: $0.0, tag: $0.1, form: $0.2) }, heldFor: .span(TestPlant.span(heldFor)),
      releasedFor: .span(TestPlant.span(releasedFor)), tolerates: tolerates.map { .span(TestPlant.span($0)) },
      every: every,
      atMost: atMost.map { AtMost(oncePer: TestPlant.span($0)) }, actions: actions,
      hasClearsWhen: clearsWhen != nil
    ) { question, readings, limits in
      let look = Look(names: names, values: readings, limits: limits)
      do {
        let answer = question == .when ? try when(look) : try clearsWhen?(look) ?? false
        return answer ? .yes : .no
      } catch let blind as Look.Blind {
        return .blind(reading: blind.reading)
      } catch let broken as Broken {
        return .fault(FaultCause(broken.cause, kind: broken.kind))
      } catch {
        return .fault("\(error)")
      }
    }
  }

  /// `v > 10`.
  static func over(
    _ name: String = "rule", heldFor: Double = 0, releasedFor: Double = 0, tolerates: Double? = 0, tag: String = "V",
    atMost: Double? = nil, actions: [ActionTemplate] = [], clearsWhen: ((Look) throws -> Bool)? = nil
  ) -> Rule {
    make(
      name, reads: [("v", tag, .latest)], heldFor: heldFor, releasedFor: releasedFor, tolerates: tolerates,
      atMost: atMost, actions: actions, clearsWhen: clearsWhen
    ) { try $0("v") > 10 }
  }
}
