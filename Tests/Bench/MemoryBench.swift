import CAllocator
import Dispatch
import Engine
import Foundation
import GRDB
import Glibc
import Ledger
import Rules
import Scripting
import Site
import Synchronization

/// Resident memory of an engine with the example site's rules and a ten-minute window on each of 100 more tags, at 2,000
/// changes a second over all of them. Eleven minutes pass twenty times as fast, so that the windows are full; then 70 s
/// pass as they do, with a snapshot among them. The most of those counts, beside what is reckoned for the site.
enum MemoryBench {
  static let rate = 2_000
  static let windows = 100
  /// Bytes.
  static let budget = 300_000_000

  static func run() throws -> Bool {
    // As the command has it (`giveLargeArraysBack`).
    _ = mallopt(M_MMAP_THRESHOLD, 128 << 10)
    let folder = Folder()
    let configuration = try configuration()
    let inbox = Inbox()
    let ledger = try Ledger(path: folder.path + "/ledger.sqlite")
    let clock = Hurried()
    let source = Paced(inbox, clock, tags: configuration.model.tags.count)
    let engine = try Engine(
      catalogue: One(configuration), journal: ledger, sources: [source], inbox: inbox, clock: clock.now,
      steady: clock.now, log: { print($0) }, committed: { _ in })
    try engine.run()
    let (least, most, changes) = source.seen
    // The tags that windows are on and those that are not get the same share.
    let evaluator = Evaluator(configuration)
    let cost = evaluator.cost(samplesASecond: Double(rate) / Double(configuration.model.tags.count))
    let met = most <= budget
    func megabytes(_ bytes: Int) -> String { String(format: "%.0f MB", Double(bytes) / 1e6) }
    print(
      "memory, \(rate) changes/s, \(windows) windows of 10 min: \(megabytes(least)) between snapshots, \(megabytes(most)) at "
        + "the peak of one; reckoned \(megabytes(Int(cost.peak)))  at most \(megabytes(budget))\(met ? "" : "  NOT MET")"
    )
    let journal = try bytesOfInputs(folder.path + "/ledger.sqlite")
    print(
      "  on disk: \(String(format: "%.1f", Double(journal) / Double(changes))) bytes a change in the journal's pages, "
        + "\(String(format: "%.1f", try bytesOfLoneChange())) of one that is alone in its batch; the whole ledger with its "
        + "snapshots \(megabytes(Int(try ledger.bytes)))")
    return met
  }

  /// In the journal's pages, where each batch holds one change: the pace of a small plant.
  private static func bytesOfLoneChange() throws -> Double {
    let folder = Folder()
    let path = folder.path + "/ledger.sqlite"
    let ledger = try Ledger(path: path)
    let count: Int64 = 2_000
    for number in 1...count {
      var batch = Batch(firstInput: number)
      let time = Instant(seconds: 1_767_225_600) + TimeSpan(microseconds: number * 66_667)
      batch.inputs = [
        .change(TagChange(TagID(Int(number % 87)), .number(Double(number) / 7), time: time, arrived: time))
      ]
      try ledger.commit(batch)
    }
    return try Double(bytesOfInputs(path)) / Double(count)
  }

  /// Of the pages that the journal takes.
  private static func bytesOfInputs(_ path: String) throws -> Int64 {
    try DatabaseQueue(path: path).read {
      try Int64.fetchOne($0, sql: "SELECT SUM(pgsize) FROM dbstat WHERE name = 'batches'") ?? 0
    }
  }

  /// The example site with its rules, and 100 machines more with a window each.
  private static func configuration() throws -> Rules.Configuration {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let site = try Site.read(folder: root + "/site", environment: [:], makeSecrets: false)
    let gauge = AssetClass(
      name: "Gauge",
      tags: [TagDefinition(name: "Level", type: .number, unit: "m", life: .itself(staleAfter: .seconds(60)))])
    let assets =
      site.model.assets
      + (0..<windows).map { Asset(name: "G\($0)", path: "Works/G\($0)", classIndex: site.model.classes.count) }
    let model = Model(classes: site.model.classes + [gauge], assets: assets) { _, _ in SourceID(0) }
    var rules = try FileManager.default.contentsOfDirectory(atPath: root + "/rules").filter { $0.hasSuffix(".lua") }
      .sorted().map { name in
        try RuleFile.read(
          text: String(contentsOfFile: root + "/rules/" + name, encoding: .utf8), file: "rules/\(name)", model: model,
          owners: nil)
      }
    rules.append(
      try RuleFile.read(
        text: """
          rule {
            title = "Bench", owner = "bench", applies_to = "Gauge",
            reads = { level = average("Level [m]", "10 min") },
            when = function(g) return g.level > 1000 end,
            actions = { notification { title = "x" } },
          }
          """, file: "rules/gauge_high.lua", model: model, owners: nil))
    return Configuration(
      hash: .zero, model: model, rules: rules, policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "bench", lateness: .seconds(2), skew: .seconds(5))], zone: site.zone,
      calendars: site.calendars, shifts: site.shifts)
  }

  /// A clock that runs twenty times as fast for eleven of its minutes, and evenly from then on.
  private final class Hurried: Sendable {
    static let hurried = 660.0
    private let began = DispatchTime.now().uptimeNanoseconds
    private var real: Double { Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9 }

    var seconds: Double {
      let real = real
      let fast = Self.hurried / 20
      return real < fast ? real * 20 : Self.hurried + (real - fast)
    }
    @Sendable func now() -> Instant {
      Instant(microseconds: 1_767_225_600_000_000 + Int64(seconds * 1e6))
    }
  }

  /// Gives changes by that clock from a thread of its own, and watches what is resident once it runs evenly.
  private final class Paced: Source {
    private struct State {
      var ready: [Input] = []
      var least = Int.max
      var most = 0
      var changes = 0
    }
    let id = SourceID(0)
    private let inbox: Inbox
    private let clock: Hurried
    private let tags: Int
    private let state = Mutex(State())

    init(_ inbox: Inbox, _ clock: Hurried, tags: Int) {
      self.inbox = inbox
      self.clock = clock
      self.tags = tags
    }

    /// The least and the most that were resident, and how many changes there were.
    var seen: (Int, Int, Int) { state.withLock { ($0.least, $0.most, $0.changes) } }

    func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) {
      state.withLock { $0.ready.append(.source(id, .caughtUp, clock.now())) }
      let thread = Thread { [self] in
        var random = UInt64(3)
        var sent = 0
        while case let seconds = clock.seconds, seconds < Hurried.hurried + 70 {
          let (now, due) = (clock.now(), Int(seconds * Double(MemoryBench.rate)))
          let resident = HistoryBench.resident() << 10
          state.withLock { state in
            if seconds > Hurried.hurried + 2 {
              state.least = min(state.least, resident)
              state.most = max(state.most, resident)
            }
            for place in sent..<max(sent, due) {
              random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
              state.ready.append(
                .change(
                  TagChange(
                    TagID(place % tags), .number(Double(random >> 54) / 256), time: now, arrived: now)))
            }
            state.changes = due
          }
          sent = max(sent, due)
          wake()
          // The load is paced by the clock: this is no wait for something to happen.
          usleep(1_000)
        }
        inbox.stop()
      }
      thread.start()
    }
    func take(into intake: inout Intake) {
      state.withLock { state in
        intake.inputs += state.ready
        state.ready.removeAll(keepingCapacity: true)
      }
    }
    func hold() {}
    func committed() {}
    func refused() {}
    func stop() {}
  }
}
