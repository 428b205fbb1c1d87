import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// Messages stamped with any time from 1990 to 2200 through a broker and a running engine.
@Suite struct TimeFuzzTests {
  /// Looks at what moves by time alone for ever, over a window, and at the newest value.
  private static let rule = """
    rule {
      title = "Suction odd", owner = "rotating-equipment", applies_to = "CentrifugalPump",
      reads = {
        suction = latest "SuctionPressure [bar g]", age = age "SuctionPressure",
        mean = average("SuctionPressure [bar g]", "10 min"),
      },
      when = function(pump) return pump.suction < 0.4 or pump.age > 7200 and pump.mean > 1 end,
      held_for = "2 s",
      check_first = { "suction valve open" },
      actions = { work_order { priority = 2, title = "Check the suction strainer of {asset}" } },
    }
    """

  /// A time in milliseconds, as devices have them: right, a little off, hours or days late, years off, at the ends.
  private static func time(_ dice: inout Dice, _ now: Int64) -> Int64 {
    let (first, last): (Int64, Int64) = (631_152_000_000, 7_258_118_400_000)
    let day: Int64 = 86_400_000
    switch dice.below(10) {
    case 0..<3: return now - Int64(dice.below(3_000))
    case 3: return now + Int64(dice.below(20_000)) - 10_000
    case 4: return now - Int64(dice.below(Int(4 * day)))
    case 5: return now - day - 600_000 + Int64(dice.below(5)) - 2
    case 6: return dice.one([first, last, first - 1, last + 1, 0, now + 100 * 365 * day])
    default: return first + Int64(dice.below(Int(last - first)))
    }
  }

  @Test func messages_of_any_time_end_no_engine_and_each_is_accounted_for() async throws {
    let count = Campaign.size(10_000, large: 100_000)
    let place = try await Workplace(
      rule: Self.rule, change: { _, assets in assets = assets.replacing("suction_low: {low: 0.3}", with: "{}") })
    try await onAThread {
      try place.start()
      var dice = Dice(Campaign.seed)
      let pumps = ["P-101", "P-102", "P-103", "P-104", "P-105", "P-106"]
      for _ in 0..<(count / 1_000) {
        let publisher = try PlantPublisher(host: "127.0.0.1", port: place.broker.port)
        for _ in 0..<1_000 {
          let now = Int64(Date().timeIntervalSince1970 * 1000)
          try publisher.publish(
            PlantMessage(
              topic: "riverside/utilities/\(dice.one(pumps))/SuctionPressure",
              payload:
                #"{"value": \#(Double(dice.below(30)) / 10), "ts": \#(Self.time(&dice, now)), "quality": "good"}"#))
        }
        #expect(publisher.flush(seconds: 60))
        publisher.close()
      }
      var last = ""
      try eventually(
        "every message is taken, late, a duplicate, past or a dead letter (seed \(Campaign.seed)): \(last)"
      ) {
        let list = try place.run("sources", "--ledger", place.ledger, "--format", "json")
        last = list.output
        return try accounted(list.output) == count
      }
      let health = try place.run("sources", "--ledger", place.ledger).output
      #expect(health.contains(" past") && !health.contains(" 0 past"), "\(health)")
      #expect(place.stop() == 0)
      // What it came to, the journal comes to again.
      try place.start()
      #expect(place.stop() == 0)
      #expect(!place.log.contains("divergence"), "seed \(Campaign.seed): \(place.log.suffix(2_000))")
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  private func accounted(_ json: String) throws -> Int {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let health = try #require(object)
    func number(_ name: String) -> Int { (health[name] as? NSNumber)?.intValue ?? 0 }
    let sources = health["sources"] as? [[String: Any]] ?? []
    let unreadable = sources.compactMap { ($0["unreadable"] as? NSNumber)?.intValue }.reduce(0, +)
    return number("taken") + number("late") + number("duplicate") + number("past") + unreadable
  }
}
