import Benefit
import Foundation
import Ingest
import Rules
import Scripting

/// A year of one-minute data for 100 tags, wide CSV, through three rules, beside the same rules fed from memory.
/// `bench history days=30` takes a month.
enum HistoryBench {
  static let tags = 100

  static let unit = AssetClass(
    name: "Unit",
    tags: (0..<tags).map {
      TagDefinition(
        name: "T\($0)", type: .number, unit: "u", credible: -1000...1000, life: .itself(staleAfter: .minutes(5)))
    })
  static let model = Model(classes: [unit], assets: [Asset(name: "U", path: "U", classIndex: 0)]) { _, _ in SourceID(0)
  }

  static let texts = [
    (
      "suction_low", "a = latest \"T0 [u]\", b = latest \"T1 [u]\", c = latest \"T2 [u]\"",
      "u.a < 5 and u.b > 60 and u.c > 0"
    ),
    ("running_hot", "a = average(\"T10 [u]\", \"10 min\"), b = latest \"T11 [u]\"", "u.a > 80 and u.b > 20"),
    ("flow_unsteady", "a = maximum(\"T20 [u]\", \"1 h\"), b = change(\"T21 [u]\", \"5 min\")", "u.a > 99 and u.b > 50"),
  ]

  static func configuration() throws -> Configuration {
    let rules = try texts.map { name, reads, when in
      try RuleFile.read(
        text: """
          rule {
            title = "Bench", owner = "bench", applies_to = "Unit",
            reads = { \(reads) },
            when = function(u) return \(when) end,
            held_for = "5 min",
            actions = { notification { title = "x" } },
          }
          """, file: "rules/\(name).lua", model: model, owners: nil)
    }
    return Configuration(
      hash: .zero, model: model, rules: rules, policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "bench", lateness: .zero, skew: .zero)])
  }

  /// The same numbers for the file and for memory: two decimals, from a walk.
  struct Walk {
    var random: UInt64 = 42
    var hundredths = [Int](repeating: 5000, count: tags)
    var minute: Int64 = 29_454_400

    mutating func next() {
      minute += 1
      for tag in 0..<tags {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        hundredths[tag] = max(0, min(10_000, hundredths[tag] + Int(random >> 33 % 401) - 200))
      }
    }
  }

  static func write(days: Int, to path: String) throws {
    guard let file = fopen(path, "w") else { throw LocalFailure(what: "cannot write \(path)") }
    defer { fclose(file) }
    var line = Array(("time," + (0..<tags).map { "T\($0)" }.joined(separator: ",") + "\n").utf8)
    var walk = Walk()
    for _ in 0..<(days * 1440) {
      walk.next()
      line += Array("\(Instant(seconds: walk.minute * 60))".utf8)
      for value in walk.hundredths {
        line.append(UInt8(ascii: ","))
        if value >= 10_000 { line.append(48 + UInt8(value / 10_000)) }
        if value >= 1000 { line.append(48 + UInt8(value / 1000 % 10)) }
        line.append(48 + UInt8(value / 100 % 10))
        line.append(UInt8(ascii: "."))
        line.append(48 + UInt8(value / 10 % 10))
        line.append(48 + UInt8(value % 10))
      }
      line.append(0x0A)
      if line.count > 1 << 20 {
        guard fwrite(line, 1, line.count, file) == line.count else { throw LocalFailure(what: "cannot write \(path)") }
        line.removeAll(keepingCapacity: true)
      }
    }
    guard fwrite(line, 1, line.count, file) == line.count else { throw LocalFailure(what: "cannot write \(path)") }
  }

  /// Seconds in which the rules take all of it from memory, a few thousand changes at a time; and the decisions.
  static func fromMemory(days: Int) throws -> (seconds: Double, decisions: Int) {
    var decider = Decider(try configuration())
    var walk = Walk()
    var block: [Input] = []
    var took = 0.0
    var decisions = 0
    for row in 0..<(days * 1440) {
      walk.next()
      let time = Instant(seconds: walk.minute * 60)
      for tag in 0..<tags {
        block.append(.change(TagChange(TagID(tag), .number(Double(walk.hundredths[tag]) / 100), time: time)))
      }
      guard block.count >= 4000 || row == days * 1440 - 1 else { continue }
      took += Bench.seconds {
        for input in block { decisions += decider.apply(input)?.verdict.decisions.count ?? 0 }
      }
      block.removeAll(keepingCapacity: true)
    }
    decisions += decider.finish()?.verdict.decisions.count ?? 0
    return (took, decisions)
  }

  static func fromFile(_ path: String) throws -> (seconds: Double, decisions: Int, growth: Int) {
    var form = FileForm()
    form.asset = "U"
    let file = try DataFile(path, form: form, names: PlantNames(model, bindings: []))
    let rules = try configuration().rules
    let backtest = Backtest(parts: ConnectedParts(model, rules), threads: 2, wantsTrails: false) { try configuration() }
    var early = 0
    var result = BacktestResult()
    let took = try Bench.seconds {
      result = try backtest.run(file) {
        if early == 0, file.taken > file.size / 10 { early = resident() }
      }
    }
    return (took, result.rows.count { $0.event == .fire }, resident() - early)
  }

  /// Resident kilobytes now.
  static func resident() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4
  }

  static func run(days: Int) throws -> Bool {
    let path = NSTemporaryDirectory() + "/millwright-history-\(getpid()).csv"
    defer { unlink(path) }
    try write(days: days, to: path)
    let changes = Double(days * 1440 * tags)
    var (ours, bound): ([Double], [Double]) = ([], [])
    var growth = 0
    for _ in 0..<(days > 100 ? 3 : 5) {
      let file = try fromFile(path)
      let memory = try fromMemory(days: days)
      guard file.decisions == memory.decisions else {
        print("from the file \(file.decisions) decisions, from memory \(memory.decisions): NOT MET")
        return false
      }
      ours.append(file.seconds / changes * 1e9)
      bound.append(memory.seconds / changes * 1e9)
      growth = max(growth, file.growth)
    }
    let isFast = Bench.Row(ours: ours, bound: bound)
      .report("\(days) days × \(tags) tags of wide CSV, 3 rules", unit: "ns", budget: 1.5, atLeast: false)
    let isFlat = growth < 16 << 10
    print("  resident memory from a tenth of the file to its end: \(growth) kB more\(isFlat ? "" : ", NOT FLAT")")
    return isFast && isFlat
  }
}

struct LocalFailure: Error { var what: String }
