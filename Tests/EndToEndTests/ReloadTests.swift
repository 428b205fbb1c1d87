import Campaigns
import Demo
import Foundation
import Glibc
import Ledger
import Rules
import Testing

/// Rule files that change under the running engine: the command, a real broker, a real desk.
@Suite(.serialized) struct ReloadTests {
  @Test func the_old_version_acts_and_the_new_one_shadows_until_a_person_releases_it() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      try place.suction("P-101", 0.2)
      try eventually("the first order") { place.desk.orders.count == 1 }

      try place.write("suction_low", Workplace.rule.replacingOccurrences(of: "\"2 s\"", with: "\"1 s\""))
      try eventually("the new version shadows") {
        try reader.versions().contains { $0.name == "rules/suction_low.lua (shadowing)" }
      }
      try eventually("and that is said, once") {
        place.log.components(separatedBy: "a new version of 'suction_low' decides in shadow").count == 2
      }
      let list = try place.run(["rules", "list"] + place.arguments)
      #expect(list.code == 0 && list.output.contains("acting") && list.output.contains("shadowing"), "\(list.output)")
      try place.suction("P-102", 0.2)
      try eventually("both decide") { try reader.decisions(asset: "P-102").count == 2 }
      let both = try reader.decisions(asset: "P-102").sorted { $0.key.rule < $1.key.rule }
      #expect(both.map(\.key.rule) == ["suction_low", "suction_low~new"])
      #expect(both.map(\.tier) == [.act, .shadow])

      let release = try place.run(
        "rules", "release", "suction_low", "--ledger", place.ledger, "--site", place.folder + "/site")
      #expect(release.code == 0 && release.output.contains("released by h.weber"), "\(release.output)")
      #expect(try reader.versions().filter { $0.name.hasPrefix("rules/") }.map(\.name) == ["rules/suction_low.lua"])
      try place.suction("P-103", 0.1)
      try eventually("the new version acts") {
        try reader.decisions(asset: "P-103").contains { $0.key.rule == "suction_low" && $0.tier == .act }
      }
      let again = try place.run(
        "rules", "release", "suction_low", "--ledger", place.ledger, "--site", place.folder + "/site")
      #expect(again.code == 1 && again.output.contains("no new version"), "\(again.output)")
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  @Test func a_changed_class_file_is_new_logic_of_the_rules_that_read_it() async throws {
    let rise = """
      class {
        calculates = {
          short = calc("bar", function(p) return 0.4 - p.inlet end, { inlet = latest "SuctionPressure [bar g]" }),
        },
      }
      """
    let place = try await Workplace(
      rule: Workplace.rule.replacingOccurrences(
        of: "latest \"SuctionPressure [bar g]\"", with: "latest \"short [bar]\""
      )
      .replacingOccurrences(of: "pump.suction < limits.low", with: "pump.suction > 0 and limits.low > 0"))
    try await onAThread {
      try FileManager.default.createDirectory(
        atPath: place.folder + "/rules/classes", withIntermediateDirectories: true)
      try place.write("classes/CentrifugalPump", rise)
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      try place.suction("P-101", 0.2)
      try eventually("the first order") { place.desk.orders.count == 1 }

      try place.write("classes/CentrifugalPump", "-- why\n" + rise)
      try eventually("a comment is no new logic") {
        try reader.versions().contains { $0.text.contains("-- why") }
      }
      #expect(try !reader.versions().contains { $0.name.contains("shadowing") })

      try place.write("classes/CentrifugalPump", rise.replacingOccurrences(of: "0.4 -", with: "0.3 -"))
      try eventually("the new logic shadows") {
        try reader.versions().contains { $0.name == "rules/suction_low.lua (shadowing)" }
      }
      try place.suction("P-102", 0.35)
      try eventually("the old version acts with the old file") { try reader.decisions(asset: "P-102").count == 1 }
      #expect(try reader.decisions(asset: "P-102").map(\.key.rule) == ["suction_low"])
      let release = try place.run(
        "rules", "release", "suction_low", "--ledger", place.ledger, "--site", place.folder + "/site")
      #expect(release.code == 0, "\(release.output)")
      try eventually("one version is left") { try !reader.versions().contains { $0.name.contains("shadowing") } }

      try place.write("classes/CentrifugalPump", rise.replacingOccurrences(of: "return 0.4", with: "retrun 0.4"))
      try eventually("what is wrong is said") { place.log.contains("rules/classes/CentrifugalPump.lua") }
      try place.suction("P-103", 0.2)
      try eventually("its version before goes on") { try reader.decisions(asset: "P-103").count == 1 }
      let check = try place.run(["check"] + place.arguments)
      #expect(check.code == 1 && check.output.contains("rules/classes/CentrifugalPump.lua:3:"), "\(check.output)")
      try place.write("classes/CentrifugalPomp", rise)
      let stray = try place.run(["check"] + place.arguments)
      #expect(stray.output.contains("no class 'CentrifugalPomp' (did you mean 'CentrifugalPump'?)"), "\(stray.output)")
      try eventually("the engine says so too") { place.log.contains("no class 'CentrifugalPomp'") }
      #expect(place.stop() == 0)
      #expect(!place.log.contains("divergence"))
      try place.write("classes/CentrifugalPump", rise.replacingOccurrences(of: "0.4 -", with: "0.5 -"))
      let list = try place.run(["rules", "list"] + place.arguments)
      #expect(list.output.contains("acting") && list.output.contains(" new "), "\(list.output)")
    }
    await place.close()
  }

  @Test func a_hold_goes_on_through_a_comment_and_a_hang_up_and_a_restart() async throws {
    let place = try await Workplace(rule: Workplace.rule.replacingOccurrences(of: "\"2 s\"", with: "\"6 s\""))
    try await onAThread {
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      let began = Int64(Date().timeIntervalSince1970 * 1000)
      try place.publish(
        "riverside/utilities/P-101/SuctionPressure", #"{"value": 0.2, "ts": \#(began), "quality": "good"}"#)
      try eventually("the hold begins") { try reader.conditions().contains { $0.phase == "pending" } }
      let text = Workplace.rule.replacingOccurrences(of: "\"2 s\"", with: "\"6 s\"")
      try place.write("suction_low", "-- once more\n" + text)
      if let engine = place.engine { kill(engine.pid, SIGHUP) }
      try eventually("the comment is taken over") {
        try reader.versions().contains { $0.text.hasPrefix("-- once more") }
      }
      place.kill()
      try place.write("suction_low", "-- and again\n" + text)
      try place.start()
      try eventually("the hold ends") { try reader.decisions().count == 1 }
      #expect(try reader.decisions().map(\.key.time.microseconds) == [(began + 6_000) * 1_000])
      #expect(place.stop() == 0)
      #expect(!place.log.contains("divergence"))
    }
    await place.close()
  }

  @Test func forty_files_at_once_are_taken_over_but_for_the_broken_one_which_stays_what_it_was() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      for number in 1...40 {
        try place.write(
          "rule_\(number)", Workplace.rule.replacingOccurrences(of: "Suction low", with: "Rule \(number)"))
      }
      try place.write("suction_low", Workplace.rule.replacingOccurrences(of: "title =", with: "titel ="))
      try eventually("forty rules decide") {
        try reader.versions().count { $0.name.hasPrefix("rules/rule_") } == 40
      }
      #expect(try reader.versions().contains { $0.name == "rules/suction_low.lua" && $0.text == Workplace.rule })
      try eventually("the log says so") { place.log.contains("rules/suction_low.lua:2: unknown field 'titel'") }
      let conditions = try place.run("conditions", "--ledger", place.ledger)
      #expect(conditions.output.contains("! rules/suction_low.lua:2: unknown field 'titel'"), "\(conditions.output)")
      let list = try place.run(["rules", "list"] + place.arguments)
      #expect(list.output.contains("! rules/suction_low.lua:2: unknown field 'titel'"), "\(list.output)")
      #expect(try place.run(["check"] + place.arguments).code == 1)

      // A start with the broken file has its last good version from the ledger.
      #expect(place.stop() == 0)
      try place.start()
      #expect(try reader.versions().contains { $0.name == "rules/suction_low.lua" && $0.text == Workplace.rule })
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func a_first_start_leaves_a_broken_rule_out_and_says_so() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.write("broken", "rule {")
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      #expect(try reader.versions().filter { $0.name.hasPrefix("rules/") }.map(\.name) == ["rules/suction_low.lua"])
      #expect(place.log.contains("this rule is not run"))
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func what_needs_a_restart_leaves_the_site_whole_and_says_which() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let file = place.folder + "/site/site.yaml"
      let site = try String(contentsOfFile: file, encoding: .utf8)
      try site.replacingOccurrences(of: "port: \(place.broker.port)", with: "port: 1")
        .replacingOccurrences(of: "tier: act", with: "tier: shadow")
        .write(toFile: file, atomically: true, encoding: .utf8)
      try eventually("it is refused") {
        place.log.contains("what site.yaml says of sources cannot change while the engine runs: restart it")
      }
      try place.suction("P-101", 0.2)
      try eventually("the tier is what it was") { place.desk.orders.count == 1 }
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}

extension Workplace {
  /// Writes a rule file as an editor does: whole, under its name.
  func write(_ rule: String, _ text: String) throws {
    try text.write(toFile: folder + "/rules/\(rule).lua", atomically: true, encoding: .utf8)
  }
}
