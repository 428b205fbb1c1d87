import CBound
import Foundation
import Rules
import Scripting

/// `make bench`: each figure beside its bound, measured in the same run, in turn, several times; medians and ratios.
/// Exit 1 when a budget of docs/architecture.md is not met. Words on the command line choose figures: `bench replay`.
@main
struct Bench {
  static func main() throws {
    var met = true
    print("figure                                   ours        bound       ratio  budget")
    let chosen = CommandLine.arguments.dropFirst()
    func wanted(_ name: String) -> Bool {
      chosen.isEmpty || chosen == ["full"] || chosen.contains { name.contains($0) }
    }
    for readings in [1, 3] where wanted("replay \(readings)") {
      let row = try replay(readings: readings)
      met =
        row.report(
          "replay, rule of \(readings) reading\(readings == 1 ? "" : "s")", unit: "changes/s", budget: 0.25,
          atLeast: true) && met
    }
    if wanted("tags") {
      let growth = try tagGrowth()
      met = growth.report("cost of a change, 1,000 → 1,000,000 tags", unit: "ns", budget: 1.5, atLeast: false) && met
    }
    if wanted("history") {
      let days = chosen.compactMap { $0.hasPrefix("days=") ? Int($0.dropFirst(5)) : nil }.first ?? 365
      met = try HistoryBench.run(days: days) && met
    }
    if wanted("mqtt") { met = try LiveBench.drain() && met }
    if wanted("latency") { met = try LatencyBench.run() && met }
    if wanted("accounts") { met = try AccountsBench.run() && met }
    if wanted("recovery") {
      met = try RecoveryBench.run(isFull: chosen.contains("full")) && met
      met = try RecoveryBench.manyConditions() && met
    }
    if wanted("sandbox") { met = try SandboxBench.run() && met }
    if wanted("memory") { met = try MemoryBench.run() && met }
    exit(met ? 0 : 1)
  }

  struct Row {
    var ours: Double
    var bound: Double
    /// The median of the ratios of neighbouring runs: the machine's speed drifts, neighbours drift together.
    var ratio: Double

    init(ours: [Double], bound: [Double]) {
      self.ours = Bench.median(ours)
      self.bound = Bench.median(bound)
      ratio = Bench.median(zip(ours, bound).map { $0 / $1 })
    }

    func report(_ name: String, unit: String, budget: Double, atLeast: Bool) -> Bool {
      let met = atLeast ? ratio >= budget : ratio <= budget
      let text = name.padding(toLength: 40, withPad: " ", startingAt: 0)
      print(
        "\(text) \(Bench.short(ours))  \(Bench.short(bound)) \(unit)  \(String(format: "%.2f", ratio))"
          + "  \(atLeast ? "at least" : "at most") \(budget) \(met ? "" : " NOT MET")")
      return met
    }
  }

  static func short(_ number: Double) -> String {
    number >= 1e6 ? String(format: "%8.2f M", number / 1e6) : String(format: "%8.0f  ", number)
  }

  static func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
  }

  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  // MARK: - Replay

  static let names = ["suction", "vibration", "flow"]
  static let tags = ["SuctionPressure", "VibrationRMS", "Flow"]
  static let predicates = [
    1: "return pump.suction < limits.low",
    3: "return pump.suction < limits.low and pump.vibration > limits.high and pump.flow > 0",
  ]

  static let pump = AssetClass(
    name: "CentrifugalPump",
    tags: tags.map { TagDefinition(name: $0, type: .number, unit: "u", life: .itself(staleAfter: .seconds(60))) })

  static func rule(readings: Int) throws -> Rule {
    let reads = (0..<readings).map { "\(names[$0]) = latest \"\(tags[$0]) [u]\"" }.joined(separator: ", ")
    let text = """
      rule {
        title = "Bench", owner = "bench", applies_to = "CentrifugalPump",
        limits = { low = 0.4, high = 7.1 },
        reads = { \(reads) },
        when = function(pump, limits) \(predicates[readings] ?? "") end,
        held_for = "2 min",
        actions = { notification { title = "x" } },
      }
      """
    let model = Model(classes: [pump], assets: [Asset(name: "P", path: "P", classIndex: 0)]) { _, _ in SourceID(0) }
    // Its calls are noted, as they are when a site runs.
    let note = try CallNote(
      path: nil, names: CallNote.Names(rules: ["bench"], adapters: [], assets: []), configuration: .zero, threads: 1)
    try note.watch(limit: .seconds(5))
    return try RuleFile.read(
      text: text, file: "rules/bench.lua", model: model, owners: nil, calls: try note.place())
  }

  static func configuration(_ rules: [Rule], assets: Int, others: Int = 0) -> Configuration {
    let quiet = AssetClass(
      name: "Quiet", tags: (0..<100).map { TagDefinition(name: "T\($0)", type: .number, unit: "u") })
    let pumps = (0..<assets).map { Asset(name: "P\($0)", path: "A/P\($0)", classIndex: 0) }
    let rest = (0..<others).map { Asset(name: "Q\($0)", path: "B/Q\($0)", classIndex: 1) }
    return Configuration(
      hash: .zero, model: Model(classes: [pump, quiet], assets: pumps + rest) { _, _ in SourceID(0) }, rules: rules,
      policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "bench", lateness: .zero, skew: .zero)])
  }

  /// Changes a second through the evaluator and policy, beside calls a second of the bare C loop.
  static func replay(readings: Int) throws -> Row {
    let count = 400_000
    var random = UInt64(42)
    func next() -> Double {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(random >> 33) / Double(1 << 31)
    }
    // When the suction is low two times in three, the hold starts and ends often.
    let values = (0..<(count * readings)).map { index in next() * 0.6 + (index % 3 == 0 ? 0.4 : 0) }
    let rule = try rule(readings: readings)
    let changes = (0..<count).map { index in
      let tag = index % readings
      return TagChange(
        TagID(tag), .number(values[index * readings + tag]),
        time: Instant(microseconds: 1_767_225_600_000_000 + Int64(index) * 1_000_000))
    }
    var ours: [Double] = []
    var bound: [Double] = []
    for _ in 0..<15 {
      var decider = Decider(configuration([rule], assets: 1))
      var fired = 0
      ours.append(
        Double(count)
          / seconds {
            for change in changes { fired += decider.apply(.change(change))?.verdict.decisions.count ?? 0 }
          })
      bound.append(Double(count) / cBound(readings: readings, values: values, count: count))
    }
    return Row(ours: ours, bound: bound)
  }

  static func cBound(readings: Int, values: [Double], count: Int) -> Double {
    let source = "return function(pump, limits) \(predicates[readings] ?? "") end"
    var trues: Int64 = 0
    func strings<T>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> T) -> T {
      let copies = texts.map { strdup($0) }
      defer { for copy in copies { free(copy) } }
      return body(copies.map { UnsafePointer($0) })
    }
    return strings(Array(names.prefix(readings))) { fields in
      strings(["low", "high"]) { limits in
        bound_run(source, fields, Int32(readings), limits, [0.4, 7.1], 2, values, Int64(count), &trues)
      }
    }
  }

  // MARK: - Many tags

  /// Nanoseconds a change with 1,000,000 tags (ours) and with 1,000 (bound); the same 333 pumps with conditions
  /// either way, changes drawn over all tags.
  static func tagGrowth() throws -> Row {
    let rule = try rule(readings: 3)
    let small = configuration([rule], assets: 333)
    let large = configuration([rule], assets: 333, others: 9_990)
    var costs: [[Double]] = [[], []]
    for _ in 0..<5 {
      for (place, configuration) in [small, large].enumerated() {
        let tags = UInt64(configuration.model.tags.count)
        var decider = Decider(configuration)
        var random = UInt64(7)
        let count = 400_000
        // The same share of changes goes to tags with conditions, so that the same work is compared.
        let inputs: [Input] = (0..<count).map { index in
          random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let draw = (random >> 33) % (index % 2 == 0 ? 999 : tags)
          return .change(
            TagChange(
              TagID(Int(draw)), .number(Double(random >> 40) / 1e7),
              time: Instant(microseconds: 1_767_225_600_000_000 + Int64(index) * 10_000)))
        }
        let took = seconds { for input in inputs { _ = decider.apply(input) } }
        costs[place].append(took / Double(count) * 1e9)
      }
    }
    return Row(ours: costs[1], bound: costs[0])
  }
}
