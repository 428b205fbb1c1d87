import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// Rules that would take seconds of each call, in a running engine beside one that is good.
@Suite(.serialized) struct HostileRulesTests {
  /// Each is hostile when the suction pressure is low, and calm in its example.
  static let acts = [
    "local a, b, x = 1e308, 3e-308, 0.0 while true do x = a % b x = a % b x = a % b x = a % b end",
    #"local a, b = ("\0"):rep(65000) .. "a", ("\0"):rep(65000) .. "b" while a < b do end"#,
    #"local a, b = ("x"):rep(65000) .. "a", ("x"):rep(65000) .. "b" while a ~= b do end"#,
    "return grow(1500)", "return more()", "while true do end",
    "local t = {} while true do t[#t + 1] = { #t } end",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
    #"return (("a"):rep(60000)):find(".-.-.-b") ~= nil"#,
    "local s = ('9'):rep(65000) while true do for i = 1, s do break end end",
    "return nothing.there", "local x = 1.5 while true do x = x .. 1e308 .. 1e-308 x = 1.5 end",
  ]

  static func rule(_ body: String, lasting: String = "10 min", sampled: String = "1 min") -> String {
    """
    local function id() end
    local function spin(...) while true do id(...) end end
    local function grow(n, ...) if n == 0 then return spin(...) end return grow(n - 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...) end
    local function more(...) return more(1, ...) end
    rule {
      title = "hostile", owner = "rotating-equipment", applies_to = "CentrifugalPump",
      reads = { v = latest "SuctionPressure [bar g]" },
      when = function(p) if p.v < 0.3 then \(body) end return false end,
      actions = { work_order { priority = 3, title = "hostile {asset}" } },
      examples = { stays_calm { v = 1, lasting = "\(lasting)", sampled = "\(sampled)" } },
    }
    """
  }

  @Test func hostile_rules_end_no_process_and_a_good_rule_beside_them_decides() async throws {
    let count = Campaign.size(12, large: 60)
    let place = try await Workplace()
    try await onAThread {
      var dice = Dice(Campaign.seed)
      for number in 0..<count {
        let act = number < Self.acts.count ? Self.acts[number] : dice.one(Self.acts)
        try Self.rule(act).write(
          toFile: place.folder + "/rules/m_hostile_\(number).lua", atomically: true, encoding: .utf8)
      }
      try place.start()
      for (turn, pump) in ["P-101", "P-104", "P-101", "P-104"].enumerated() {
        try place.suction(pump, 0.1 + Double(turn) / 100)
      }
      try eventually("the good rule decided on both pumps (seed \(Campaign.seed)): \(place.log.suffix(2000))") {
        Set(place.desk.orders.map(\.asset)).count == 2
      }
      #expect(place.engine?.isRunning == true)
      #expect(place.log.contains("event=fault"))
      #expect(!place.log.contains("ended by the watchdog"))
      let seen = try LedgerReader(path: place.ledger).conditions().filter { $0.rule.hasPrefix("m_hostile") }
      #expect(!seen.isEmpty)
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  @Test func an_example_that_asks_without_end_is_a_finding_and_holds_nothing_up() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      try Self.rule("", lasting: "3650 d", sampled: "1 ms").write(
        toFile: place.folder + "/rules/zslow.lua", atomically: true, encoding: .utf8)
      let changed = Workplace.rule.replacingOccurrences(of: "low = 0.4", with: "low = 0.45")
      try changed.write(toFile: place.folder + "/rules/suction_low.lua", atomically: true, encoding: .utf8)
      if let engine = place.engine { Glibc.kill(engine.pid, SIGHUP) }
      try eventually("the other rule is taken over") { place.log.contains("event=configuration") }
      try eventually("the finding is reported") {
        place.log.contains("rules/zslow.lua:10: example 'stays_calm': it would ask the rule 315360000002 times")
      }
      #expect(place.stop() == 0)
      try place.start()
      try place.suction("P-101", 0.2)
      try eventually("a start with it decides") { !place.desk.orders.isEmpty }
      #expect(place.stop() == 0)
      let check = try place.run(
        "check", place.arguments[0], "--rules", place.arguments[2], "--integrations", place.arguments[4])
      #expect(check.code == 1 && check.output.contains("rules/zslow.lua:10:"), "\(check.output)")
    }
    await place.close()
  }
}
