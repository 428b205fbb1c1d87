import Engine
import Foundation
import Ledger
import Rules
import Synchronization

/// From `kill -9` to deciding again: a ledger with its decisions, a journal, a snapshot at most a minute old and what
/// came after it. `bench recovery full` has the sizes of the budget; without `full` it is a tenth of them.
enum RecoveryBench {
  static func run(isFull: Bool) throws -> Bool {
    let conditions = isFull ? 100_000 : 10_000
    let decisions = isFull ? 1_000_000 : 100_000
    let journal: Int64 = isFull ? 10 << 30 : 200 << 20
    let folder = Folder()
    let path = folder.path + "/ledger.sqlite"
    let configuration = configuration(conditions)
    try fill(path, configuration, decisions: decisions, journal: journal)
    let took = try recover(path, configuration)
    print(
      "recovery: \(conditions) conditions, \(decisions) decisions, \(journal >> 20) MiB of journal, 300,000 inputs after "
        + "the snapshot: \(String(format: "%.2f", took)) s  at most 2 s \(took <= 2 ? "" : "NOT MET")")
    return took <= 2
  }

  /// A million conditions, with nothing else that is large.
  static func manyConditions() throws -> Bool {
    let folder = Folder()
    let path = folder.path + "/ledger.sqlite"
    let configuration = configuration(1_000_000)
    try fill(path, configuration, decisions: 2_000, journal: 0)
    let took = try recover(path, configuration)
    print(
      "recovery: 1,000,000 conditions, 300,000 inputs after the snapshot: \(String(format: "%.2f", took)) s  at most 10 s "
        + "\(took <= 10 ? "" : "NOT MET")")
    return took <= 10
  }

  /// Seconds from opening the ledger to an engine that can decide.
  private static func recover(_ path: String, _ configuration: Rules.Configuration) throws -> Double {
    var times: [Double] = []
    for _ in 0..<3 {
      times.append(
        try Bench.seconds {
          let ledger = try Ledger(path: path, keep: Retention(size: .max))
          let engine = try Engine(
            catalogue: One(configuration), journal: ledger, sources: [], inbox: Inbox(),
            clock: systemClock, steady: steadyClock, log: { print($0) }, committed: { _ in })
          _ = engine.counts
        })
    }
    return Bench.median(times)
  }

  /// Ten rules on each machine, on one tag.
  private static func configuration(_ conditions: Int) -> Rules.Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "u")])
    let rules = (0..<10).map { number in
      Rule(
        name: "over\(number)", title: "Over", owner: "bench", appliesTo: "Machine",
        readings: [Reading(name: "v", tag: "V", form: .latest)], heldFor: .minutes(1)
      ) { _, readings, _ in
        guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
        return value > Double(number + 80) ? .yes : .no
      }
    }
    let assets = (0..<(conditions / 10)).map { Asset(name: "M\($0)", path: "Works/M\($0)", classIndex: 0) }
    return Configuration(
      hash: .zero, model: Model(classes: [machine], assets: assets) { _, _ in SourceID(0) }, rules: rules,
      policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "bench", lateness: .zero, skew: .hours(1_000_000))])
  }

  /// Old batches are only there to be passed over, so they are large; decisions too.
  private static func fill(
    _ path: String, _ configuration: Rules.Configuration, decisions: Int, journal: Int64
  ) throws {
    let ledger = try Ledger(path: path, keep: Retention(size: .max))
    let tags = configuration.model.tags.count
    var decider = Decider(configuration)
    var number = 0
    func change() -> Input {
      number += 1
      return .change(
        TagChange(
          TagID(number % tags), .number(Double(number % 91)),
          time: Instant(seconds: 1_700_000_000 + Int64(number / tags))
        ))
    }
    var first = Batch(firstInput: 1)
    first.inputs = [.config(configuration.hash)]
    try ledger.commit(first)
    let text = String(repeating: "x", count: 4_000)
    while try ledger.bytes < journal {
      var batch = Batch(firstInput: try ledger.nextInput)
      batch.inputs = (0..<2_000).map { _ in .fault(Fault(rule: "gone", asset: "nowhere", cause: text)) }
      try ledger.commit(batch)
    }
    for start in stride(from: 0, to: decisions, by: 2_000) {
      var batch = Batch(firstInput: try ledger.nextInput)
      batch.inputs = [change()]
      batch.decisions = (start..<(start + 2_000)).map { place in
        Decision(
          key: DecisionKey(
            rule: "over1", asset: "Works/M\(place % 1_000)", time: Instant(seconds: 1_600_000_000 + Int64(place))),
          title: "Over", owner: "bench", since: Instant(seconds: 1_600_000_000), evidence: [], limits: [],
          tier: .shadow, actions: [], assetClass: "Machine")
      }
      for input in batch.inputs { _ = decider.apply(input) }
      try ledger.commit(batch)
    }
    try EngineSnapshot.write(ledger, configuration)
    for _ in 0..<50 {
      var batch = Batch(firstInput: try ledger.nextInput)
      batch.inputs = (0..<6_000).map { _ in change() }
      try ledger.commit(batch)
    }
  }
}

/// A snapshot of the state that the ledger's journal stands for, as an engine writes it when it ends.
private enum EngineSnapshot {
  static func write(_ ledger: Ledger, _ configuration: Rules.Configuration) throws {
    let inbox = Inbox()
    let engine = try Engine(
      catalogue: One(configuration), journal: ledger, sources: [], inbox: inbox,
      clock: systemClock, steady: steadyClock, log: { _ in }, committed: { _ in })
    inbox.stop()
    try engine.run()
  }
}
