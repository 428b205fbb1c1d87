import Dispatch
import Engine
import Foundation
import GRDB
import Ledger
import Rules
import Synchronization

/// From a change's arrival to its decision on disk, at 5,000 changes a second, beside a bare commit of as many bytes.
enum LatencyBench {
  static let rate = 5_000
  static let seconds = 3
  static let rounds = 5

  static func run() throws -> Bool {
    var ours: [[Double]] = []
    var bare: [[Double]] = []
    for _ in 0..<rounds {
      ours.append(try decisions())
      // As many a second as ours: a disk and a core that have rested are slower than those of a tight loop.
      bare.append(try commits(of: ours[ours.count - 1].count, within: Double(seconds), bytes: 1_024))
    }
    func at(_ part: Double, _ rounds: [[Double]]) -> [Double] {
      rounds.map { $0.sorted()[Int(Double($0.count - 1) * part)] * 1e6 }
    }
    var met = true
    for (name, part, budget) in [("p50", 0.5, 3.0), ("p99", 0.99, 5.0)] {
      met =
        Bench.Row(ours: at(part, ours), bound: at(part, bare))
        .report("change → decision on disk, \(name)", unit: "µs", budget: budget, atLeast: false) && met
    }
    return met
  }

  /// Seconds from arrival to commit of changes that led to a decision: about one in fifty does.
  private static func decisions() throws -> [Double] {
    let folder = Folder()
    let configuration = configuration()
    let inbox = Inbox()
    let ledger = try Ledger(path: folder.path + "/ledger.sqlite")
    let found = Mutex<[Double]>([])
    let source = Paced(inbox, tags: 1_000, rate: rate, count: rate * seconds)
    let engine = try Engine(
      catalogue: One(configuration), journal: ledger, sources: [source], inbox: inbox,
      clock: systemClock, steady: steadyClock, log: { print($0) }
    ) { batch in
      guard !batch.decisions.isEmpty else { return }
      let now = systemClock()
      found.withLock { for decision in batch.decisions { $0.append((now - decision.key.time).seconds) } }
    }
    try engine.run()
    return found.withLock { $0 }
  }

  /// Fires at once when its value rises over the limit, and clears when it falls again.
  private static func configuration() -> Rules.Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "u")])
    let rule = Rule(
      name: "over", title: "Over", owner: "bench", appliesTo: "Machine",
      readings: [Reading(name: "v", tag: "V", form: .latest)],
      actions: [.workOrder(title: "See to {asset}", priority: 2, text: nil)]
    ) { _, readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      return value > 0.98 ? .yes : .no
    }
    return Configuration(
      hash: .zero,
      model: Model(
        classes: [machine], assets: (0..<1_000).map { Asset(name: "M\($0)", path: "M\($0)", classIndex: 0) }
      ) { _, _ in SourceID(0) }, rules: [rule],
      policy: PolicySettings(tiers: [.init(rule: nil, assetClass: nil, kind: nil, tier: .act)], routes: []),
      sources: [SourceSettings(name: "paced", lateness: .zero, skew: .seconds(5))])
  }

  /// Seconds that a commit of so many bytes takes with the same settings and nothing else, one after another at an even
  /// pace.
  private static func commits(of count: Int, within seconds: Double, bytes: Int) throws -> [Double] {
    let folder = Folder()
    var settings = GRDB.Configuration()
    settings.journalMode = .wal
    let queue = try DatabaseQueue(path: folder.path + "/bare.sqlite", configuration: settings)
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    try queue.write { try $0.execute(sql: "CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB)") }
    let data = Data(repeating: 7, count: bytes)
    var took: [Double] = []
    let began = DispatchTime.now()
    for place in 0..<count {
      let due = began + .microseconds(Int(Double(place) * seconds * 1e6 / Double(count)))
      pause(until: due)
      took.append(
        try Bench.seconds {
          try queue.write { db in
            try db.cachedStatement(sql: "INSERT INTO rows (bytes) VALUES (?)").execute(arguments: [data])
          }
        })
    }
    return took
  }

  /// The load is paced by the clock: this is no wait for something to happen.
  private static func pause(until due: DispatchTime) {
    while DispatchTime.now() < due { usleep(100) }
  }

  /// Gives changes at an even rate, a millisecond's worth at a time, from a thread of its own.
  private final class Paced: Source {
    let id = SourceID(0)
    private let inbox: Inbox
    private let tags: Int
    private let rate: Int
    private let count: Int
    private let ready = Mutex<[Input]>([])

    init(_ inbox: Inbox, tags: Int, rate: Int, count: Int) {
      self.inbox = inbox
      self.tags = tags
      self.rate = rate
      self.count = count
    }

    func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) {
      let thread = Thread { [self] in
        var random = UInt64(3)
        let began = DispatchTime.now()
        let step = rate / 1_000
        for place in stride(from: 0, to: count, by: step) {
          let due = began + .microseconds(place * 1_000_000 / rate)
          LatencyBench.pause(until: due)
          let now = systemClock()
          ready.withLock { ready in
            for _ in 0..<step {
              random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
              let value = Double(random >> 40) / Double(1 << 24)
              ready.append(.change(TagChange(TagID(Int(random >> 20) % tags), .number(value), time: now, arrived: now)))
            }
          }
          wake()
        }
        inbox.stop()
      }
      thread.start()
    }
    func take(into intake: inout Intake) {
      ready.withLock { ready in
        intake.inputs += ready
        ready.removeAll(keepingCapacity: true)
      }
    }
    func hold() {}
    func committed() {}
    func refused() {}
    func stop() {}
  }
}
