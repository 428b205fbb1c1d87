import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// Text of a device that would steer a terminal or hide something: kept and sent whole, shown escaped.
@Suite(.serialized) struct OddTextTests {
  private static let rule = """
    rule {
      title = "Batch begun", owner = "heat-treatment", applies_to = "Oven",
      reads = { batch = latest "BatchId" },
      when = function(oven) return oven.batch ~= "none" end,
      actions = { work_order { priority = 3, title = "Look at {asset}" } },
    }
    """
  private static let odd = "B\u{0}7\u{1B}[2J\u{202E}x\u{7}"
  private static let shown = #"B\u{0}7\u{1B}[2J\u{202E}x\u{7}"#

  @Test func a_text_with_NUL_escape_and_bidi_is_sent_whole_and_shown_escaped_everywhere() async throws {
    let place = try await Workplace(rule: Self.rule) { _, assets in
      assets = assets.replacingOccurrences(of: "suction_low: {low: 0.3}", with: "{}")
        .replacingOccurrences(of: "        limits:\n          {}\n", with: "")
    }
    try await onAThread {
      try place.start()
      let quoted = String(decoding: try JSONEncoder().encode(Self.odd), as: UTF8.self)
      let now = Int(Date().timeIntervalSince1970)
      try place.publish(
        "riverside/heat/F-301/state", #"[{"name": "BatchId", "v": \#(quoted), "t": \#(now), "q": 192}]"#)
      // And one that cannot be read, with the text in a name.
      try place.publish(
        "riverside/heat/F-301/state", #"[{"name": \#(quoted), "v": 1, "t": \#(now), "q": 192}]"#)
      do { try eventually("the desk has the order", seconds: 20) { place.desk.orders.count == 1 } } catch {
        print(
          place.log, try place.run("conditions", "--ledger", place.ledger).output,
          try place.run("sources", "dead-letters", "--ledger", place.ledger).output)
        throw error
      }
      #expect(place.desk.orders[0].text.contains("batch \(Self.odd)"), "\(place.desk.orders[0].text.debugDescription)")
      for words in [
        ["decisions", "show", "1"], ["decisions", "show", "1", "--format", "json"], ["conditions"],
        ["actions", "list"],
        ["sources", "dead-letters"], ["sources", "dead-letters", "--format", "json"],
      ] {
        let said = try place.run(words + ["--ledger", place.ledger]).output
        #expect(said.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isUnseen }, "\(words): \(said.debugDescription)")
        guard words != ["conditions"], words != ["actions", "list"] else { continue }
        // A dead letter's payload is JSON itself, with escapes of its own.
        let json =
          words.contains("decisions") ? #"B\u00007\u001b[2J\u202ex\u0007"# : #"B\\u00007\\u001b[2J\u202ex\\u0007"#
        #expect(said.contains(words.contains("json") ? json : Self.shown), "\(words): \(said)")
      }
      #expect(place.stop() == 0)
      #expect(place.log.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isUnseen })
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }
}
