import Foundation
import Rules
import Testing

/// Rules and samples made up from a seed.
struct RandomWorks {
  private var random: SplitMix
  private(set) var rules: [Rule] = []
  private(set) var asset = "P-1"
  private(set) var events: [OthersModel.Event] = []
  private(set) var told = ""
  /// All is settled before this: every tag has a sample long past it.
  private var end: Int64 = 0

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
  private mutating func any<T>(_ list: [T]) -> T { list[below(list.count)] }

  init(seed: UInt64) {
    random = SplitMix(seed: seed)
    let isOven = below(3) == 0
    asset = isOven ? "O-1" : any(["P-1", "P-2", "P-9"])
    // Not in the order in which they look at each other.
    let names = any([["m", "c", "z"], ["z", "m", "c"], ["a", "b", "c"]])
    for place in 0...below(3) { rules.append(rule(names[place], names[..<place], isOven)) }
    makeEvents(isOven)
  }

  private mutating func plain(_ name: String, _ isOven: Bool) -> Reading {
    if isOven {
      return any([
        Reading(name: name, tag: "Target", form: .latest),
        Reading(name: name, subject: .each(assetClass: "Zone"), tag: "Temp", form: .latest),
      ])
    }
    return any([
      Reading(name: name, tag: "P", form: .latest), Reading(name: name, tag: "Q", form: .latest),
      Reading(name: name, subject: .reference("standby"), tag: "P", form: .latest),
      Reading(name: name, subject: .ancestor(assetClass: "Line"), tag: "On", form: .latest),
    ])
  }

  private mutating func rule(_ name: String, _ others: ArraySlice<String>, _ isOven: Bool) -> Rule {
    let parts = [plain("x", isOven), plain("y", isOven)]
    let silentBelow = Double(below(8))
    let sum = Calculation.make("sum", parts) { look in
      let (x, y) = (try look.amount("x"), try look.amount("y"))
      return y < silentBelow ? nil : x + y
    }
    let twice = Calculation.make("twice", [Reading(name: "s", tag: "sum", form: .latest)]) { try $0("s") * 2 }
    var readings: [Reading] = []
    for place in 0...below(2) {
      let window = Window.seconds(any([5, 20, 60]))
      let own = "r\(place)"
      var choices = [
        plain(own, isOven), Reading(name: own, tag: "sum", form: .latest),
        Reading(name: own, tag: any(["sum", "twice"]), form: .average(window)),
      ]
      for other in others {
        choices += [
          Reading(name: own, tag: "", form: .active(rule: other)),
          Reading(name: own, tag: "", form: .fired(rule: other, window)),
        ]
      }
      // The newest word first: half of them look at another rule, if there is one.
      readings.append(others.isEmpty || below(2) == 0 ? any(choices) : any(Array(choices.suffix(2 * others.count))))
    }
    let thresholds = readings.map { reading in
      reading.form.otherRule == nil ? Double(below(20)) + 0.37 : Double(below(2)) + 0.37
    }
    let ways = readings.map { _ in below(2) == 0 }
    let both = below(2) == 0
    let names = readings.map(\.name)
    let heldFor = any([0.0, 0, 3, 10, 30])
    let usesWindows = readings.contains { $0.form.movesWithTime }
    let every: Every = usesWindows ? .span(.seconds(any([1, 7]))) : .never
    told += "\(name): \(readings.map { "\($0.subject) \($0.tag) \($0.form)" }) \(thresholds) \(ways) \(both)"
    told += " of \(parts.map { "\($0.subject) \($0.tag)" }) not below \(silentBelow), held \(heldFor), \(every)\n"
    return .on(
      isOven ? "Oven" : "Pump", name, readings, calculating: any([[sum, twice], [twice, sum]]), heldFor: heldFor,
      every: every
    ) { look in
      var answer = both
      for (place, name) in names.enumerated() where answer == both {
        let amount = try look.amount(name)
        answer = ways[place] ? amount > thresholds[place] : amount < thresholds[place]
      }
      return answer
    }
  }

  private mutating func makeEvents(_ isOven: Bool) {
    let tags =
      isOven
      ? [("O-1", "Target")] + (1...5).map { ("Z-\($0)", "Temp") }
      : [("P-1", "P"), ("P-1", "Q"), ("P-2", "P"), ("P-2", "Q"), ("L-1", "On"), ("P-9", "P"), ("P-9", "Q")]
    let pace = any([500, 3_000, 10_000])
    var now: Int64 = 0
    for _ in 0..<(20 + below(150)) {
      now += Int64(1 + below(pace)) * 1_000
      if below(40) == 0 { now += Int64(below(100)) * 1_000_000 }
      if below(3) == 0 { now = (now / 1_000_000 + 1) * 1_000_000 }
      add(any(tags), good: below(8) > 0, at: now)
    }
    // Long past the last hold and window, so that all is settled.
    end = now + 300_000_000
    for tag in tags {
      now += 900_000_000
      add(tag, good: true, at: now)
    }
  }

  private mutating func add(_ tag: (asset: String, tag: String), good: Bool, at time: Int64) {
    events.append(
      OthersModel.Event(
        asset: tag.asset, tag: tag.tag, number: Double(below(tag.tag == "On" ? 2 : 20)), good: good, time: time))
  }

  /// What differs between the evaluator and the model; nil when nothing does.
  func difference(lateness: Double, ticks: Bool, restarts: Bool = false) throws -> String? {
    var plant = TestPlant(TestWorks.configuration(rules, lateness: lateness))
    if ticks {
      for source in 0...1 {
        plant.link(.connected, of: source, at: 0)
        plant.link(.caughtUp, of: source, at: 0)
      }
    }
    var second: Int64 = 0
    for (count, event) in events.enumerated() {
      if ticks { second = max(second, event.time / 1_000_000 - 300) }
      while ticks, second * 1_000_000 < event.time {
        for source in 0...1 { plant.tick(Double(second) - lateness, of: source) }
        second += 1
      }
      if restarts, count % 23 == 7 { try plant.restart() }
      plant.send(
        event.asset, event.tag, event.tag == "On" ? .boolean(event.number == 1) : .number(event.number),
        at: Double(event.time) / 1e6, quality: event.good ? .good : .bad)
    }
    if !ticks { plant.finish() }
    let model = OthersModel(rules, on: asset, events, until: end)
    let path = TestWorks.assets.first { $0.name == asset }?.path
    let start = TestPlant.start.microseconds
    for rule in rules {
      let ours = plant.decisions.filter {
        $0.key.rule == rule.name && $0.key.asset == path && $0.key.time.microseconds - start < end
      }
      let theirs = (model.decisions[rule.name] ?? []).filter { $0.time < end }
      for place in 0..<max(ours.count, theirs.count) {
        guard place < ours.count else { return "\(rule.name): missing \(theirs[place])" }
        guard place < theirs.count else { return "\(rule.name): \(ours[place].key.time) is too many" }
        let (a, b) = (ours[place], theirs[place])
        guard a.key.time.microseconds - start == b.time, a.since.microseconds - start == b.since else {
          return "\(rule.name): \(a.key.time.microseconds - start)<-\(a.since.microseconds - start) is not \(b)"
        }
        for (x, y) in zip(a.evidence, b.evidence) where !Self.same(x.value, y) {
          return "\(rule.name) at \(b.time): \(x.name) is \(x.value), not \(y)"
        }
      }
    }
    return nil
  }

  private static func same(_ a: ReadingValue, _ b: ReadingValue) -> Bool {
    guard case .number(let x) = a, case .number(let y) = b else { return a == b }
    return abs(x - y) <= 1e-9 * max(1, abs(x), abs(y))
  }

  /// Drops events as long as the difference stays.
  func minimised(_ differs: (RandomWorks) throws -> Bool) rethrows -> RandomWorks {
    var best = self
    var size = best.events.count / 2
    while size > 0 {
      var place = 0
      while place < best.events.count - 7 {
        var trial = best
        trial.events.removeSubrange(place..<min(place + size, trial.events.count - 7))
        if try differs(trial) { best = trial } else { place += size }
      }
      size /= 2
    }
    return best
  }
}

extension Look {
  /// A number, however it is said: of many their mean and how many they are.
  fileprivate func amount(_ name: String) throws -> Double {
    if case .group(let group) = values[names.firstIndex(of: name) ?? 0] {
      return group.mean + Double(group.howMany) / 100
    }
    return try self(name)
  }
}

@Suite struct OthersCampaign {
  @Test func rules_that_look_at_others_agree_with_a_model_that_works_everything_out_anew() throws {
    try compare(lateness: 0, ticks: false)
  }

  @Test func live_with_ticks_of_two_sources_agrees_with_the_model() throws { try compare(lateness: 2, ticks: true) }

  @Test func a_replay_with_lateness_and_restarts_agrees_with_the_model() throws {
    try compare(lateness: 2, ticks: false, restarts: true)
  }

  private func compare(lateness: Double, ticks: Bool, restarts: Bool = false) throws {
    var told = 0
    for seed in ReferenceCampaign.seeds {
      let works = RandomWorks(seed: seed)
      guard try works.difference(lateness: lateness, ticks: ticks, restarts: restarts) != nil else { continue }
      told += 1
      guard told <= 3 else { continue }
      let least = try works.minimised {
        try $0.difference(lateness: lateness, ticks: ticks, restarts: restarts) != nil
      }
      let difference = try least.difference(lateness: lateness, ticks: ticks, restarts: restarts) ?? ""
      let rows = least.events.map {
        "\($0.asset).\($0.tag)=\($0.good ? "\($0.number)" : "bad")@\(Double($0.time) / 1e6)"
      }
      Issue.record("seed \(seed) on \(works.asset): \(difference)\n\(works.told)\(rows.joined(separator: " "))")
    }
    #expect(told == 0, "\(told) of \(ReferenceCampaign.seeds.count) differ")
  }
}
