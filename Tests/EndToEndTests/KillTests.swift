import CPowerLoss
import Campaigns
import Demo
import Faults
import Foundation
import Ledger
import LedgerWriter
import Rules
import Testing

/// The engine is killed again and again under load, at any moment and at chosen ones; so is the system that takes its
/// orders. Nothing is lost and nothing happens twice.
@Suite(.serialized) struct KillTests {
  static let environment = ProcessInfo.processInfo.environment
  static let kills = environment["MILLWRIGHT_KILLS"].flatMap(Int.init) ?? 50
  static let seed = environment["MILLWRIGHT_SEED"].flatMap(UInt64.init) ?? 20_260_301

  static let rule = """
    rule {
      title = "Suction low", owner = "rotating-equipment", applies_to = "CentrifugalPump",
      limits = { low = 0.4 },
      reads = { suction = latest "SuctionPressure [bar g]" },
      when = function(pump, limits) return pump.suction < limits.low end,
      held_for = "1 s",
      at_most = once_per "2 s",
      actions = { work_order { priority = 2, title = "Check the suction strainer of {asset}" } },
    }
    """

  /// Where the engine dies by itself; besides, it is killed from outside.
  private static let places: [power_loss_call?] = [
    POWER_LOSS_SYNC, POWER_LOSS_SYNC_DONE, POWER_LOSS_POST, POWER_LOSS_POST_DONE, POWER_LOSS_PUBACK, POWER_LOSS_WRITE,
    nil, nil, nil,
  ]

  @Test func killed_at_any_moment_nothing_is_lost_and_nothing_happens_twice() async throws {
    let server = try OrderServer(seed: Self.seed, dying: 4)
    defer { server.stop() }
    // The server dies often: the waits that are right for a real one would be the test's.
    let place = try await Workplace(orders: server.port, rule: Self.rule) { site, _ in
      site = site.replacingOccurrences(
        of: "    plain_on_loopback: true\n",
        with:
          "    plain_on_loopback: true\n    retries: [\(Array(repeating: "1 s", count: 60).joined(separator: ", "))]\n")
    }
    try await place.use {
      var dice = SplitMix(Self.seed)
      let load = try place.beginLoad(seed: Self.seed)
      var deaths: [String: Int] = [:]
      for kill in 0..<Self.kills {
        let at = Self.places[kill % Self.places.count]
        let before = load.count
        let messages = dice.below(500)
        let engine = try place.faultyEngine { control in
          guard let at else { return }
          (control.call, control.countdown) = (
            Int32(at.rawValue), Int32(1 + dice.below(at == POWER_LOSS_WRITE ? 90 : 15))
          )
        }
        // A chosen moment may not come, where no order is due: then it is killed all the same.
        let patience = at == nil ? messages : 400
        try eventually("the load goes on") { !engine.child.isRunning || load.count >= before + patience }
        let diedByItself = !engine.child.isRunning
        if diedByItself, engine.child.exitCode != 137 {
          Issue.record("the engine ended with \(engine.child.exitCode ?? -1): \(place.said.suffix(2_000))")
        }
        engine.child.kill()
        deaths[diedByItself ? "\(at?.rawValue ?? 0)" : "outside", default: 0] += 1
      }
      try load.stop()
      server.recover()
      let last = try place.faultyEngine()
      try place.waitUntilSettled(load, last)
      last.child.stop()
      #expect(last.child.exitCode == 0)
      print("killed \(Self.kills) times, seed \(Self.seed); where: \(deaths.sorted { $0.key < $1.key })")
      try place.expectNothingLost(load.acknowledged, server.deliveries, decisions: Self.kills / 5)
    }
  }

  @Test func a_hold_goes_on_when_two_values_of_one_stamp_are_delivered_again() async throws {
    let place = try await Workplace()
    try await place.use {
      try place.start()
      let began = Int64(Date().timeIntervalSince1970 * 1000)
      func publish(_ value: Double, at time: Int64) throws {
        try place.publish(
          "riverside/utilities/P-101/SuctionPressure", #"{"value": \#(value), "ts": \#(time), "quality": "good"}"#)
      }
      func journalled() throws -> [Double] { try Workplace.values(in: try LedgerReader(path: place.ledger)) }
      try publish(0.1, at: began)
      try eventually("the hold begins") { try journalled() == [0.1] }
      place.kill()
      // Taken together, committed, and nobody hears of it.
      try publish(0.2, at: began + 500)
      try publish(0.3, at: began + 500)
      let dying = try place.faultyEngine { ($0.call, $0.countdown) = (Int32(POWER_LOSS_PUBACK.rawValue), 1) }
      try eventually("the engine dies before it acknowledges") { !dying.child.isRunning }
      #expect(try journalled() == [0.1, 0.2, 0.3])

      try place.start()
      try eventually("the hold ends in a decision") {
        try !LedgerReader(path: place.ledger).decisions(limit: .max).isEmpty
      }
      #expect(place.stop() == 0)
      #expect(try journalled() == [0.1, 0.2, 0.3])
      let decisions = try LedgerReader(path: place.ledger).decisions(limit: .max)
      #expect(decisions.map(\.key.time.microseconds) == [(began + 2_000) * 1_000])
    }
  }
}
