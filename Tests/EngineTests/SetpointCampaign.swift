import Engine
import Foundation
import Rules

/// SplitMix64: the same campaign from the same seed.
struct SetpointDice: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
  mutating func one<T>(_ of: [T]) -> T { of[below(of.count)] }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// What the site of one run looks like: few machines, conduits to some of their tags, rules that ask for all sorts.
struct SetpointSite {
  static let machines = 3
  static let tags = ["Trigger", "Speed", "Flow", "Remote", "Local"]
  var conduits: [Conduit] = []
  var rules: [(targets: [(tag: String, to: SetpointTarget)], tier: Tier)] = []
  /// Silent for longer, Speed and Remote are stale; nil: they live by their link.
  var staleAfter: TimeSpan?
  var adapter: String?

  init(_ dice: inout SetpointDice) {
    staleAfter = dice.chance(50) ? .seconds(Int64(dice.one([20, 60]))) : nil
    adapter = dice.chance(95) ? "desk" : nil
    for place in 0...SetpointSite.machines {
      for tag in ["Speed", "Flow"] where dice.chance(place == 0 ? 70 : 30) {
        let low = Double(dice.below(60)) / 2
        conduits.append(
          Conduit(
            name: "c\(conduits.count)", adapter: dice.chance(92) ? "desk" : "other",
            end: place == 0 ? .assetClass("Machine") : .asset(path: "Works/M\(place)"), tag: tag,
            range: low...(low + Double(40 + dice.below(110)) / 2), largestStep: Double(4 + dice.below(80)) / 2,
            permissive: dice.one(["Remote", "Remote", "Local"]), lifetime: .seconds(Int64(dice.one([5, 30, 60, 120])))))
      }
    }
    for _ in 0..<5 {
      rules.append(
        (
          targets: (0...dice.below(2)).map { _ in
            let to: SetpointTarget =
              switch dice.below(8) {
              case 0: .value(dice.one([.nan, .infinity, -1, 1e300]))
              case 1, 2: .value(Double(dice.below(220)) / 2)
              case 3...5: .step(Double(dice.below(60) - 30) / 2)
              default: .fraction(dice.one([-0.1, 0.1, 0.05, -0.5]))
              }
            return (dice.one(["Speed", "Speed", "Flow"]), to)
          }, tier: dice.one([.act, .act, .act, .advise, .shadow])
        ))
    }
  }

  var configuration: Configuration {
    let life = staleAfter.map { Life.itself(staleAfter: $0) } ?? .device
    let machine = AssetClass(
      name: "Machine",
      tags: [
        TagDefinition(name: "Trigger", type: .number, unit: "A"),
        TagDefinition(name: "Speed", type: .number, unit: "%", credible: 0...100, life: life),
        TagDefinition(name: "Flow", type: .number, unit: "m3/h"),
        TagDefinition(name: "Remote", type: .boolean, life: life),
        TagDefinition(name: "Local", type: .boolean),
      ])
    let assets = (1...SetpointSite.machines).map { Asset(name: "M\($0)", path: "Works/M\($0)", classIndex: 0) }
    return Configuration(
      hash: .zero,
      model: Model(classes: [machine], assets: assets) { asset, _ in SourceID(asset.name == "M1" ? 0 : 1) },
      rules: rules.enumerated().map { place, rule in
        Rule(
          name: "r\(place)", title: "r", owner: "tests", appliesTo: "Machine",
          readings: [Reading(name: "trigger", tag: "Trigger", form: .latest)], every: .never,
          actions: rule.targets.map { .setpoint(tag: $0.tag, to: $0.to) }
        ) { _, readings, _ in
          guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
          return value > 10 ? .yes : .no
        }
      },
      policy: PolicySettings(
        tiers: rules.enumerated().map { .init(rule: "r\($0)", assetClass: nil, kind: .setpoint, tier: $1.tier) },
        routes: adapter.map { [.init(kind: .setpoint, assetClass: nil, adapter: $0)] } ?? [],
        approveWithin: .seconds(45), conduits: conduits),
      sources: ["a", "b"].map { SourceSettings(name: $0, lateness: .zero, skew: .seconds(5)) })
  }
}

/// The judge: what the campaign's own plain bookkeeping knows of the plant, and what it allows by that. It shares no
/// code with what it judges.
struct SetpointJudge {
  struct Known: Equatable {
    var value: Value
    var isGood: Bool
    var time: Instant
  }
  enum Standing: Equatable { case refused, shadow, waiting, ready }

  let site: SetpointSite
  var tags: [String: Known] = [:]
  var up: [Bool] = [false, false]
  /// By machine and tag: until when a request that may be sent is open.
  var open: [String: Instant] = [:]

  init(_ site: SetpointSite) { self.site = site }

  func place(_ machine: Int, _ tag: String) -> String { "Works/M\(machine) \(tag)" }
  func source(of machine: Int) -> Int { machine == 1 ? 0 : 1 }

  mutating func hear(_ machine: Int, _ tag: String, _ value: Value, _ quality: Quality, at time: Instant) {
    var isGood = quality == .good
    if case .number(let number) = value, tag == "Speed", number < 0 || number > 100 { isGood = false }
    tags[place(machine, tag)] = Known(value: value, isGood: isGood, time: time)
  }

  mutating func forget(source: Int) {
    for machine in 1...SetpointSite.machines where self.source(of: machine) == source {
      for tag in SetpointSite.tags { tags[place(machine, tag)]?.isGood = false }
    }
  }

  func good(_ machine: Int, _ tag: String, at time: Instant) -> Value? {
    guard let known = tags[place(machine, tag)], known.isGood else { return nil }
    if tag == "Speed" || tag == "Remote", let span = site.staleAfter, time > known.time + span { return nil }
    return known.value
  }

  func conduit(_ machine: Int, _ tag: String) -> Conduit? {
    let path = "Works/M\(machine)"
    for conduit in site.conduits where conduit.tag == tag && conduit.end == .asset(path: path) { return conduit }
    for conduit in site.conduits where conduit.tag == tag && conduit.end == .assetClass("Machine") { return conduit }
    return nil
  }

  /// Range, step and permissive, by what is good at `time`.
  private func fits(_ target: Double, _ machine: Int, _ conduit: Conduit, at time: Instant) -> Bool {
    guard target.isFinite, target >= conduit.range.lowerBound, target <= conduit.range.upperBound else { return false }
    guard case .number(let present)? = good(machine, conduit.tag, at: time) else { return false }
    if abs(target - present) > conduit.largestStep + 1e-9 { return false }
    return good(machine, conduit.permissive, at: time) == .boolean(true)
  }

  /// What is to become of a change that a rule asked for; opens it if it may be sent.
  mutating func decide(
    _ machine: Int, _ tag: String, _ to: SetpointTarget, _ tier: Tier, at time: Instant
  ) -> (standing: Standing, target: Double?, validUntil: Instant?) {
    var target: Double?
    if case .value(let value) = to { target = value }
    if case .number(let present)? = good(machine, tag, at: time) {
      if case .step(let step) = to { target = present + step }
      if case .fraction(let fraction) = to { target = present * (1 + fraction) }
    }
    guard let target else { return (.refused, nil, nil) }
    guard let conduit = conduit(machine, tag), conduit.adapter == site.adapter,
      fits(target, machine, conduit, at: time)
    else { return (.refused, target, nil) }
    if tier == .shadow { return (.shadow, target, nil) }
    if let until = open[place(machine, tag)], until > time { return (.refused, target, nil) }
    open[place(machine, tag)] = time + conduit.lifetime
    return (tier == .act ? .ready : .waiting, target, time + conduit.lifetime)
  }

  /// Whether a request may be sent at this moment of the wall clock.
  func maySend(
    _ machine: Int, _ tag: String, _ target: Double, decided: Instant, clockIsTrusted: Bool, at wall: Instant
  ) -> Bool {
    guard let conduit = conduit(machine, tag), conduit.adapter == site.adapter, up[source(of: machine)] else {
      return false
    }
    return clockIsTrusted && wall < decided + conduit.lifetime && fits(target, machine, conduit, at: wall)
  }
}
