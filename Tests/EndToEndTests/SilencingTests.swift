import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// What persons silence for a time, and conditions that they end: the commands, on a real engine.
@Suite(.serialized) struct SilencingTests {
  @Test func a_shelved_rule_is_held_back_and_decides_when_a_person_ends_that() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let shelve = try place.run(
        "rules", "shelve", "suction_low", "--for", "8 h", "--why", "painting", "--ledger", place.ledger)
      #expect(shelve.code == 0, "\(shelve.output)")
      #expect(shelve.output.contains("rule 'suction_low' is shelved on all assets until"), "\(shelve.output)")
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("it is held back") { try reader.heldBack().count == 1 }
      let held = try place.run("decisions", "list", "--held-back", "--ledger", place.ledger)
      #expect(held.output.contains("shelved") && held.output.contains("h.weber"), "\(held.output)")
      let conditions = try place.run("conditions", "list", "--ledger", place.ledger)
      #expect(conditions.output.contains("by h.weber: painting"), "\(conditions.output)")
      #expect(try reader.decisions().isEmpty)

      #expect(try place.run("rules", "unshelve", "suction_low", "--ledger", place.ledger).code == 0)
      try eventually("the desk has the order") { place.desk.orders.count == 1 }
      let decision = try #require(try reader.decision(matching: "1")?.decision)
      #expect(try decision.deferredFrom == reader.heldBack().first?.heldBack.time)
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  @Test func a_shelved_rule_decides_by_itself_when_the_time_is_over() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let shelve = try place.run(
        "rules", "shelve", "suction_low", "--asset", "P-101", "--for", "12 s", "--ledger", place.ledger)
      #expect(shelve.code == 0, "\(shelve.output)")
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("it decides") { try reader.decisions().count == 1 }
      let held = try #require(try reader.heldBack().first?.heldBack)
      let until = try #require(held.reason.until)
      #expect(held.reason == .shelved(until: until, by: "h.weber"))
      #expect(try reader.decision(matching: "1")?.decision.key.time == until)
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func nothing_is_decided_on_what_is_out_of_service_until_it_is_back() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let out = try place.run("assets", "out", "P-101", "--why", "overhaul", "--ledger", place.ledger)
      #expect(out.code == 0, "\(out.output)")
      #expect(out.output.contains("Riverside/Utilities/P-101, with all below it, is out of service: overhaul"))
      let again = try place.run("assets", "out", "P-101", "--why", "overhaul", "--ledger", place.ledger)
      #expect(again.code == 1)
      #expect(again.output.contains("Riverside/Utilities/P-101 is out of service already"), "\(again.output)")

      for pump in ["P-101", "P-102"] { try place.suction(pump, 0.2) }
      let reader = try LedgerReader(path: place.ledger)
      try eventually("it is held back") { try reader.heldBack().count == 1 }
      try eventually("the other is not") { try reader.decisions().count == 1 }
      #expect(try reader.decisions().map(\.key.asset) == ["Riverside/Utilities/P-102"])
      #expect(try place.run("assets", "in", "P-101", "--ledger", place.ledger).code == 0)
      try eventually("the desk has both orders") { place.desk.orders.count == 2 }
      let back = try place.run("assets", "in", "P-101", "--ledger", place.ledger)
      #expect(back.code == 1)
      #expect(back.output.contains("Riverside/Utilities/P-101 is not out of service"), "\(back.output)")
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func a_condition_that_clears_by_hand_ends_when_a_person_resets_it() async throws {
    let rule = Workplace.rule.replacingOccurrences(
      of: "held_for", with: "clears_when = by_hand,\n  held_for")
    let place = try await Workplace(rule: rule)
    try await onAThread {
      let words = ["conditions", "reset", "suction_low", "P-101", "--ledger", place.ledger]
      try place.start()
      let early = try place.run(words)
      #expect(early.code == 1)
      #expect(early.output.contains("only an active condition can be reset"), "\(early.output)")
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      func phase() throws -> String? { try reader.conditions().first { $0.asset.hasSuffix("P-101") }?.phase }
      try eventually("it is active") { try phase() == "active" }
      let tooEarly = try place.run(words)
      #expect(tooEarly.code == 0)
      #expect(tooEarly.output.contains("it stays active while 'when' is true"), "\(tooEarly.output)")
      #expect(try phase() == "active")
      try place.suction("P-101", 2)
      // Again, until the engine has looked at the new value.
      try eventually("a reset ends it") {
        let reset = try place.run(words)
        return reset.code == 0
          && reset.output.contains("was reset on Riverside/Utilities/P-101 by h.weber and is normal")
      }
      #expect(try reader.decisions().count == 1)
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func with_no_engine_it_is_written_all_the_same_and_the_next_engine_knows() async throws {
    let place = try await Workplace()
    try await onAThread {
      let site = place.folder + "/site"
      try FileManager.default.createSymbolicLink(
        atPath: place.folder + "/integrations", withDestinationPath: place.integrations)
      try place.start()
      #expect(place.stop() == 0)
      let shelve = try place.run("rules", "shelve", "suction_low", "--for", "8 h", "--site", site)
      #expect(shelve.code == 0, "\(shelve.output)")
      try place.start()
      try place.suction("P-101", 0.2)
      let reader = try LedgerReader(path: place.ledger)
      try eventually("it is held back") { try reader.heldBack().count == 1 }
      #expect(try reader.decisions().isEmpty)
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func what_cannot_be_silenced_is_refused_with_the_reason() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let refusals: [([String], String)] = [
        (
          ["rules", "shelve", "suction_lo", "--for", "1 h"],
          "no rule is named 'suction_lo' (did you mean 'suction_low'?)"
        ),
        (["rules", "shelve", "suction_low", "--for", "25 h"], "a rule is shelved for 1 d at most"),
        (["rules", "shelve", "suction_low", "--for", "long"], "'long' is no length of time"),
        (["rules", "unshelve", "suction_low"], "rule 'suction_low' is not shelved"),
        (["assets", "out", "P-1011", "--why", "x"], "no asset is named 'P-1011' (did you mean 'P-101'?)"),
      ]
      for (words, why) in refusals {
        let answer = try place.run(words + ["--ledger", place.ledger])
        #expect(answer.code == 1 && answer.output.contains(why), "\(answer.output)")
      }
      #expect(try LedgerReader(path: place.ledger).silences().isEmpty)
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}
