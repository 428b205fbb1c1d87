import Campaigns
import Demo
import Foundation
import LedgerWriter
import Synchronization

/// Pumps whose suction pressure falls and recovers, published all the while with QoS 1, whoever listens. Every value
/// is another number: what the broker took can be looked for in the journal.
final class PlantLoad: Sendable {
  private struct State {
    var acknowledged: [Double] = []
    var isStopping = false
    var hasEnded = false
  }
  private let state = Mutex(State())

  /// Publishes chunks of `size` messages, one connection each, until stopped; at the end every pump is well again.
  init(to port: Int, folder: String, seed: UInt64, chunks size: Int = 20) throws {
    guard let tool = executable("mosquitto_pub") else { throw DidNotHappen(what: "mosquitto-clients is installed") }
    Thread.detachNewThread { [self] in
      var dice = SplitMix(seed)
      let pumps = ["P-101", "P-102", "P-103", "P-104"]
      var isLow = [Bool](repeating: false, count: pumps.count)
      var newest: Int64 = 0
      var number = 0
      func publish(_ pump: Int) {
        var lines = ""
        var values: [Double] = []
        for _ in 0..<size {
          newest = max(newest + 1, Int64(Date().timeIntervalSince1970 * 1000))
          number += 1
          let value = (isLow[pump] ? 0.1 : 1.5) + Double(number) / 10_000_000
          values.append(value)
          lines += #"{"value": \#(value), "ts": \#(newest), "quality": "good"}"# + "\n"
        }
        let file = folder + "/chunk.txt"
        try? lines.write(toFile: file, atomically: false, encoding: .utf8)
        let topic = "riverside/utilities/\(pumps[pump])/SuctionPressure"
        let child = try? ChildProcess(
          "/bin/sh", ["-c", "exec \(tool) -h 127.0.0.1 -p \(port) -q 1 -t \(topic) -l < \(file)"],
          log: folder + "/load.log")
        guard let child, child.wait(seconds: 30), child.exitCode == 0 else { return }
        state.withLock { $0.acknowledged += values }
      }
      while !state.withLock({ $0.isStopping }) {
        let pump = dice.below(pumps.count)
        if dice.below(6) == 0 { isLow[pump].toggle() }
        publish(pump)
      }
      for pump in pumps.indices {
        isLow[pump] = false
        publish(pump)
      }
      state.withLock { $0.hasEnded = true }
    }
  }

  /// What the broker has taken.
  var acknowledged: [Double] { state.withLock { $0.acknowledged } }
  var count: Int { state.withLock { $0.acknowledged.count } }
  func stop() throws {
    state.withLock { $0.isStopping = true }
    try eventually("the load ends") { state.withLock { $0.hasEnded } }
  }
}
