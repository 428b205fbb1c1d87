import Campaigns
import Demo
import Foundation
import Rules
import Testing

/// A running engine goes on deciding whatever one device sends and however much is due together.
@Suite(.serialized) struct BoundedEngineTests {
  /// Fires when suction is low, or when its tag has been silent for a day: what moves by time alone for ever.
  private static let rule = """
    rule {
      title = "Suction low", owner = "rotating-equipment", applies_to = "CentrifugalPump",
      limits = { low = 0.4 },
      reads = {
        suction = latest "SuctionPressure [bar g]", age = age "SuctionPressure", same = unchanged_for "SuctionPressure",
      },
      when = function(pump, limits) return pump.age > 86400 or pump.same > 864000 or pump.suction < limits.low end,
      every = "1 s",
      check_first = { "suction valve open" },
      actions = { work_order { priority = 2, title = "Check the suction strainer of {asset}" } },
    }
    """

  private static func values(_ count: Int, of pump: String, at time: Int64) -> [PlantMessage] {
    (0..<count).map { place in
      PlantMessage(
        topic: "riverside/utilities/\(pump)/SuctionPressure",
        payload: #"{"value": \#(1.5 + Double(place) / 100), "ts": \#(time + Int64(place)), "quality": "good"}"#)
    }
  }

  /// One device says it is the year 2000, another that it is twenty hours ago.
  @Test func a_device_whose_clock_was_never_set_keeps_no_other_machine_from_deciding() async throws {
    let place = try await Workplace(rule: Self.rule)
    try await onAThread {
      try place.start()
      let publisher = try PlantPublisher(host: "127.0.0.1", port: place.broker.port)
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      for message in Self.values(6, of: "P-101", at: 946_684_800_000)
        + Self.values(6, of: "P-103", at: now - 72_000_000)
      { try publisher.publish(message) }
      #expect(publisher.flush(seconds: 20))
      publisher.close()
      try place.suction("P-102", 0.2)
      try eventually("the other machine gets its order", seconds: 20) {
        place.desk.orders.contains { $0.title.contains("P-102") }
      }
      try eventually("health tells of them") {
        let health = try place.run("sources", "--ledger", place.ledger).output
        return health.contains("6 past") && health.contains("years behind")
      }
      #expect(place.stop() == 0)
      #expect(!place.desk.orders.contains { $0.title.contains("P-101") })
    }
    await place.close()
  }

  /// A text that no rule could hold in memory is a bad sample, and the rule goes on with the next.
  @Test func a_device_that_sends_a_long_text_switches_no_rule_off() async throws {
    let rule = """
      rule {
        title = "Batch begun", owner = "heat-treatment", applies_to = "Oven",
        reads = { batch = latest "BatchId" },
        when = function(oven) return oven.batch == "B2" end,
        check_first = { "batch card" },
        actions = { work_order { priority = 3, title = "Look at {asset}" } },
      }
      """
    // The rule there is has no limit that the example's pump could override.
    let place = try await Workplace(
      rule: rule, change: { _, assets in assets = assets.replacing("suction_low: {low: 0.3}", with: "{}") })
    try await onAThread {
      try place.start()
      for batch in [String(repeating: "x", count: 200_000), "B1", "B2"] {
        let time = Date().timeIntervalSince1970
        try place.send(
          "riverside/heat/F-301/state", #"[{"name": "BatchId", "v": "\#(batch)", "t": \#(time), "q": 192}]"#)
      }
      try eventually("the rule decides after the long text") { place.desk.orders.count == 1 }
      #expect(!place.log.contains("event=fault") && !place.log.contains("event=quarantined"))
      let letters = try place.run("sources", "dead-letters", "--ledger", place.ledger)
      #expect(letters.output.contains("text too long"), "\(letters.output)")
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  /// 100 rules with windows and ages on 200 machines; a thousand on a thousand in the large campaign.
  @Test func many_conditions_that_are_due_together_stay_within_memory_and_all_changes_are_taken() async throws {
    let (rules, machines, most) = Campaign.isLarge ? (1_000, 1_000, 2_500) : (100, 200, 512)
    let place = try await Workplace(
      change: { site, assets in
        site = site.replacing("riverside/utilities/{asset}/{tag}", with: "p/{asset}/{tag}")
        assets = "classes:\n  A:\n    tags:\n      V: {type: number, unit: degC, alive_by: device}\nassets:\n  Works:\n"
        for machine in 0..<machines { assets += "    A\(machine): {class: A, ids: {desk: D\(machine)}}\n" }
      })
    let folder = place.folder + "/rules/"
    try FileManager.default.removeItem(atPath: folder + "suction_low.lua")
    for number in 0..<rules {
      let reading = number % 3 == 0 ? #"age "V""# : #"average("V [degC]", "\#(1 + number % 30) min")"#
      let rule = """
        rule {
          title = "r\(number)", owner = "rotating-equipment", applies_to = "A",
          reads = { v = \(reading) },
          when = function(m) return m.v > 100000 end,
          \(number % 2 == 0 ? "" : #"held_for = "1 min","#)
          actions = { work_order { priority = 3, title = "r\(number) {asset}" } },
        }
        """
      try rule.write(toFile: folder + "r\(number).lua", atomically: false, encoding: .utf8)
    }
    try await onAThread {
      try place.start()
      let publisher = try PlantPublisher(host: "127.0.0.1", port: place.broker.port)
      for round in 0..<3 {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for machine in 0..<machines {
          try publisher.publish(
            PlantMessage(
              topic: "p/A\(machine)/V", payload: #"{"value": \#(5 + round), "ts": \#(now), "quality": "good"}"#))
        }
      }
      #expect(publisher.flush(seconds: 60))
      publisher.close()
      let taken = "\(3 * machines) changes"
      try eventually("all changes are taken") {
        try place.run("sources", "--ledger", place.ledger).output.contains(taken)
      }
      // Past a whole minute, at which all of them are due at once.
      let minute = Int64(Date().timeIntervalSince1970) / 60 + 1
      try eventually("time passes a minute", seconds: 90) { Date().timeIntervalSince1970 > Double(minute * 60 + 2) }
      let peak = try place.peakMemory()
      print("\(rules) rules on \(machines) machines: at most \(peak) MB")
      #expect(peak < most, "\(peak) MB")
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}

extension Workplace {
  /// The most megabytes that the engine had resident so far.
  fileprivate func peakMemory() throws -> Int {
    let pid = try #require(engine?.pid)
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }) / 1_024
  }

  /// Publishes what no command line could take as an argument.
  fileprivate func send(_ topic: String, _ payload: String) throws {
    let publisher = try PlantPublisher(host: "127.0.0.1", port: broker.port)
    try publisher.publish(PlantMessage(topic: topic, payload: payload))
    #expect(publisher.flush(seconds: 20))
    publisher.close()
  }
}
