import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// What it was worth, from the rule's model to the page, on real parts.
@Suite(.serialized) struct RoiTests {
  private static let rule = Workplace.rule.replacingOccurrences(
    of: "check_first =",
    with: """
      value = {
        avoids = "9 500 EUR", share = "50 %", costs = { work_order = "350 EUR" }, nuisance = "150 EUR",
        because = "mean of 3 repairs", author = "j.okafor", lead = { at_least = "1 h", within = "30 d" },
      },
      check_first =
      """)

  @Test func an_order_is_worth_what_its_verdict_says_and_an_earlier_report_is_repeated_to_the_byte() async throws {
    let place = try await Workplace(rule: Self.rule)
    try await onAThread {
      try place.start()
      try place.suction("P-101", 0.2)
      try place.suction("P-102", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("both orders are settled") { try reader.actions(state: .settled).count == 2 }
      let site = place.folder + "/site"
      let before = try place.run("roi", "--site", site, "--format", "json")
      #expect(before.code == 0, "\(before.output)")
      // Half of 9 500 for each, and 350 for each order: nobody has said anything.
      var sum = try Self.total(before.output)
      #expect(sum["unproven"] as? Double == 9_500 && sum["measured"] as? Double == 0)
      #expect(sum["net"] as? Double == -700 && sum["loses_money"] as? Bool == true)
      let asOf = try Self.field("as_of", before.output)

      #expect(try place.run("decisions", "verdict", "1", "confirmed", "--ledger", place.ledger).code == 0)
      #expect(place.stop() == 0)
      // The second without an engine: by what the ledger says decided last.
      let second = try place.run(
        "decisions", "verdict", "2", "confirmed", "--worth", "2 000 EUR", "--site", site)
      #expect(second.code == 0, "\(second.output)")
      sum = try Self.total(place.run("roi", "--site", site, "--format", "json").output)
      #expect(sum["measured"] as? Double == 6_750 && sum["unproven"] as? Double == 0)
      #expect(sum["net"] as? Double == 6_050 && sum["coverage"] as? Double == 1)

      let again = try place.run("roi", "--site", site, "--format", "json", "--as-of", asOf)
      #expect(again.output == before.output)
      #expect(try place.run("verify", "--site", site).code == 0)
    }
    await place.close()
  }

  @Test func what_loses_money_is_first_and_called_that_in_every_output() async throws {
    let place = try await Workplace(rule: Self.rule)
    try await onAThread {
      try place.start()
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the order is settled") { try reader.actions(state: .settled).count == 1 }
      #expect(try place.run("decisions", "verdict", "1", "false_alarm", "--ledger", place.ledger).code == 0)
      #expect(place.stop() == 0)
      let site = place.folder + "/site"
      let text = try place.run("roi", "--site", site).output
      #expect(text.contains("suction_low LOSES MONEY: 500 EUR more was spent than was shown to be saved (avoided)"))
      let csv = try place.run("roi", "--site", site, "--format", "csv").output
      #expect(csv.contains("suction_low,avoided,EUR,1,4750.00,0.00,0.00,0.00,500.00,-500.00,true"), "\(csv)")
      let page = place.folder + "/return.html"
      let written = try place.run(
        "roi", "--site", site, "--html", page)
      #expect(written.code == 0, "\(written.output)")
      #expect(try String(contentsOfFile: page, encoding: .utf8).contains("loses money"))
    }
    await place.close()
  }

  @Test func losses_are_imported_and_a_rule_that_said_nothing_has_missed_them() async throws {
    let place = try await Workplace(rule: Self.rule)
    try await onAThread {
      try place.start()
      let list = place.folder + "/losses.csv"
      try
        "asset,start,cause,cost,planned\nP-101,2026-03-01T10:00:00Z,seal,9 800 EUR,no\nP-102,2026-03-02,overhaul,,yes\n"
        .write(toFile: list, atomically: true, encoding: .utf8)
      let site = place.folder + "/site"
      for _ in 0..<2 {
        let done = try place.run("losses", "import", list, "--site", site)
        #expect(done.code == 0, "\(done.output)")
      }
      #expect(place.stop() == 0)
      let sum = try Self.total(place.run("roi", "--site", site, "--format", "json").output)
      #expect(sum["missed"] as? Int == 1)
      let losses = try place.run("losses", "list", "--site", site).output
      #expect(losses.contains("seal") && losses.contains("overhaul"))
      try "asset,start\nP-999,2026-03-01\n".write(toFile: list, atomically: true, encoding: .utf8)
      let wrong = try place.run("losses", "import", list, "--site", site)
      #expect(
        wrong.code == 1 && wrong.output.contains("losses.csv:2: the site has no asset 'P-999'"), "\(wrong.output)")
    }
    await place.close()
  }

  @Test func evidence_for_a_promotion_says_what_is_short_of_what_the_site_asks() async throws {
    let place = try await Workplace(rule: Self.rule) { site, _ in
      site += "\nmoney:\n  promotion: {reviewed: 1, precision: 20 %}\n"
    }
    try await onAThread {
      try place.start()
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the order is settled") { try reader.actions(state: .settled).count == 1 }
      let evidence = { try place.run(["rules", "evidence"] + place.arguments + ["--rule", "suction_low"]) }
      let before = try evidence()
      #expect(
        before.output.contains("0 of 1 decisions reviewed") && before.output.contains("no backtest of this version"))
      #expect(try place.run("decisions", "verdict", "1", "confirmed", "--ledger", place.ledger).code == 0)
      let data = place.folder + "/data.csv"
      try
        "time,asset,tag,value\n2026-03-01T10:00:00Z,P-101,SuctionPressure,0.2\n2026-03-01T10:01:00Z,P-101,SuctionPressure,0.9\n"
        .write(toFile: data, atomically: true, encoding: .utf8)
      let losses = place.folder + "/losses.csv"
      try "asset,start\nP-101,2026-03-01T10:00:30Z\n".write(toFile: losses, atomically: true, encoding: .utf8)
      let page = place.folder + "/backtest.html"
      let kept = try place.run(
        ["backtest"] + place.arguments + [
          "--rule", "suction_low", "--data", data, "--losses", losses, "--keep", "--html", page,
        ])
      #expect(kept.code == 0, "\(kept.output)")
      #expect(try String(contentsOfFile: page, encoding: .utf8).contains("suction_low"))
      let after = try evidence()
      #expect(after.output.contains("1 reviewed: 1 confirmed, 0 false"), "\(after.output)")
      #expect(after.output.contains("precision  100 %, surely between 20 % and 100 %"), "\(after.output)")
      #expect(
        after.output.contains("backtest   2026-03-01T10:00:00Z to 2026-03-01T10:01:00Z: 1 decisions"), "\(after.output)"
      )
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func the_demo_ends_with_its_return_page_and_says_where_it_is() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/millwright-page-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await onAThread {
      let child = try ChildProcess(
        Workplace.command,
        ["demo", Workplace.root + "/site", "--for", "20s", "--page", folder + "/return.html"], log: folder + "/log")
      #expect(child.wait(seconds: 120) && child.exitCode == 0)
      let said = try String(contentsOfFile: folder + "/log", encoding: .utf8)
      #expect(said.contains(folder + "/return.html"), "\(said)")
      #expect(try String(contentsOfFile: folder + "/return.html", encoding: .utf8).contains("Riverside Works"))
    }
  }

  @Test(arguments: [
    (#"avoids = "9 500 USD", because = "b""#, "amounts in USD, and the site has no rate for it"),
    (#"avoids = "6 h", because = "b""#, "counts h, and the site does not say what one costs on 'CentrifugalPump'"),
    (#"author = "h.webber", because = "b""#, "who is not among the site's people (did you mean 'h.weber'?)"),
    (
      #"avoids = { shortfall_of = "SuctionPressure", against = "DischargePressure", row = "1 min", curve = "low", rate = "0.1 EUR/kWh" }, because = "b""#,
      "names 'low', which is no curve among the rule's limits"
    ),
  ])
  func a_value_that_the_site_cannot_price_is_a_finding(value: String, message: String) async throws {
    let place = try await Workplace(
      rule: Workplace.rule.replacingOccurrences(of: "check_first =", with: "value = { \(value) },\n  check_first ="))
    let line = try #require(
      Workplace.rule.split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
        $0.contains("check_first =")
      })
    try await onAThread {
      let check = try place.run(["check"] + place.arguments)
      #expect(check.code == 1)
      #expect(
        check.output.contains("rules/suction_low.lua:\(line + 1): 'value") && check.output.contains(message),
        "\(check.output)")
    }
    await place.close()
  }

  private static func total(_ output: String) throws -> [String: Any] {
    let all = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    return try #require((all?["totals"] as? [[String: Any]])?.first, "it said: \(output)")
  }

  private static func field(_ name: String, _ output: String) throws -> String {
    let all = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    return try #require(all?[name] as? String)
  }
}
