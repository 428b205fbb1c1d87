import CBound
import Demo
import Dispatch
import Engine
import Foundation
import Ingest
import Ledger
import Rules
import Synchronization

/// QoS 1 from a broker's queue to disk: the whole way of a message but for its order, beside a subscriber that only
/// reads and acknowledges.
enum LiveBench {
  static let count = 60_000

  static func drain() throws -> Bool {
    let folder = Folder()
    let broker = try Broker(folder: folder.path + "/broker")
    defer { broker.stop() }
    var ours: [Double] = []
    var bound: [Double] = []
    for round in 0..<5 {
      // Both have a session before anything is sent, and are away while it is.
      guard bound_drain("bound", Int32(broker.port), "bench/#", 0) >= 0 else { throw Failed("the bare subscriber") }
      _ = try engine(broker.port, until: 0, folder.path + "/\(round)")
      let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
      for number in 0..<count {
        try publisher.publish(
          PlantMessage(
            topic: "bench/P\(number % 10)/SuctionPressure",
            payload: "{\"value\": \(Double(number % 997) / 100), \"ts\": \(1_767_225_600_000 + number)}"))
      }
      guard publisher.flush(seconds: 120) else { throw Failed("the publisher") }
      publisher.close()
      bound.append(Double(count) / bound_drain("bound", Int32(broker.port), "bench/#", count))
      ours.append(Double(count) / (try engine(broker.port, until: count, folder.path + "/\(round)")))
    }
    return Bench.Row(ours: ours, bound: bound)
      .report("QoS 1 durable, one change a message", unit: "messages/s", budget: 0.9, atLeast: true)
  }

  /// Seconds until the engine has committed so many changes, or, for none, until the link has caught up.
  static func engine(_ port: Int, until count: Int, _ folder: String) throws -> Double {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let configuration = Bench.configuration([try Bench.rule(readings: 1)], assets: 10)
    let inbox = Inbox()
    let ledger = try Ledger(path: folder + "/ledger.sqlite")
    var mapping = MessageMapping(
      topic: [.exactly("bench"), .asset(many: false), .tag(many: false)], shape: .value(path: ["value"]))
    mapping.time = ["ts"]
    let source = try MQTTSource(
      id: SourceID(0), name: "bench",
      settings: MQTTSettings(
        host: "127.0.0.1", port: port, clientID: "ours", username: nil, password: nil, tls: nil,
        sessionExpiry: .hours(1), keepAlive: .seconds(60), largestMessage: 1 << 20, mappings: [mapping]),
      bindings: (0..<10).flatMap { asset in
        Bench.tags.enumerated().map { place, tag in
          Binding(
            source: SourceID(0), asset: "P\(asset)", name: tag, tag: TagID(asset * Bench.tags.count + place))
        }
      }, clock: systemClock, log: { _ in })
    let done = Mutex((changes: 0, ready: false))
    let began = DispatchTime.now().uptimeNanoseconds
    let took = Mutex(0.0)
    let engine = try Engine(
      catalogue: One(configuration), journal: ledger, sources: [source], inbox: inbox,
      clock: systemClock, steady: steadyClock, log: { print($0) }
    ) { batch in
      let isDone = done.withLock { done in
        for input in batch.inputs {
          if case .change = input { done.changes += 1 }
          if case .source(_, .caughtUp, _) = input { done.ready = true }
        }
        return count == 0 ? done.ready : done.changes >= count
      }
      guard isDone else { return }
      took.withLock { if $0 == 0 { $0 = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9 } }
      inbox.stop()
    }
    try engine.run()
    return took.withLock { $0 }
  }

  struct Failed: Error, CustomStringConvertible {
    var description: String
    init(_ what: String) { description = "\(what) did not come to an end" }
  }
}

/// A folder of its own, gone with it.
final class Folder {
  let path = NSTemporaryDirectory() + "millwright-bench-\(UUID().uuidString)"
  init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

final class One: Catalogue {
  private let only: Rules.Configuration
  init(_ only: Rules.Configuration) { self.only = only }
  func configuration(_ hash: Digest) throws -> Rules.Configuration {
    guard hash == only.hash else { throw Gone() }
    return only
  }
  func successor(to decider: Decider?) -> Rules.Configuration? {
    decider?.evaluator.configuration.hash == only.hash ? nil : only
  }
  private struct Gone: Error {}
}

let systemClock: WallClock = { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
let steadyClock: WallClock = { Instant(microseconds: Int64(DispatchTime.now().uptimeNanoseconds / 1_000)) }
