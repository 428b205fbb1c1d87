import Campaigns
import Demo
import Foundation
import Ledger
import Rules
import Testing

/// From `mosquitto_pub` through the engine to a desk behind HTTP, on real parts, in processes of their own.
@Suite(.serialized) struct BrokerToOrderTests {
  @Test func a_condition_that_holds_becomes_one_decision_one_signed_order_and_a_receipt() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      try place.suction("P-101", 1.8)
      try place.suction("P-101", 0.2)
      // No further sample comes: the hold ends by data time passing, not by a message.
      try eventually("the desk has an order") { !place.desk.orders.isEmpty }
      let reader = try LedgerReader(path: place.ledger)
      try eventually("the receipt is in the ledger") { try reader.actions(state: .settled).count == 1 }

      let order = try #require(place.desk.orders.first)
      #expect(place.desk.orders.count == 1)
      #expect(order.title == "Check the suction strainer of P-101")
      #expect(order.asset == "Riverside/Utilities/P-101")

      let decisions = try reader.decisions(limit: 10, rule: nil, asset: nil, since: nil)
      #expect(decisions.map(\.key.rule) == ["suction_low"])
      let story = try #require(try reader.decision(matching: "\(decisions[0].id)"))
      #expect(story.decision.key.time - story.decision.since == .seconds(2))
      #expect(story.decision.evidence == [Evidence(name: "suction", value: .number(0.2), unit: "bar g")])
      #expect(story.actions[0].receipts.map(\.reference) == [order.reference])

      let show = try place.run("decisions", "show", "1", "--ledger", place.ledger)
      #expect(show.code == 0)
      for part in [
        "Suction low on Riverside/Utilities/P-101", "suction = 0.2 bar g", "low = 0.4", "suction valve open", "settled",
        "receipt \(order.reference)",
      ] {
        #expect(show.output.contains(part), "decisions show says:\n\(show.output)")
      }
      let verify = try place.run("verify", "--ledger", place.ledger)
      #expect(verify.code == 0, "\(verify.output)")
      #expect(place.stop() == 0, "it drains and ends on SIGTERM: \(place.log)")
    }
    await place.close()
  }

  @Test func a_limit_overridden_for_one_asset_counts_for_that_asset() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      try place.suction("P-103", 0.35)
      try place.suction("P-104", 0.35)
      try eventually("the desk has the order of P-104") { !place.desk.orders.isEmpty }
      #expect(place.desk.orders.map(\.asset) == ["Riverside/Utilities/P-104"])
    }
    await place.close()
  }

  @Test func killed_and_started_again_it_decides_nothing_twice_and_a_hold_goes_on() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      try place.suction("P-101", 0.2)
      try place.suction("P-102", 1.9)
      try eventually("the desk has an order") { place.desk.orders.count == 1 }
      place.kill()
      try place.suction("P-102", 0.1)
      try place.suction("P-101", 0.21)
      try place.start()
      try eventually("the desk has the order of P-102") { place.desk.orders.count == 2 }
      #expect(place.desk.orders.map(\.asset) == ["Riverside/Utilities/P-101", "Riverside/Utilities/P-102"])
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  @Test func a_message_that_cannot_be_read_is_kept_with_its_reason_and_does_not_stop_the_next() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      try place.publish("riverside/utilities/P-101/SuctionPressure", "not json at all")
      try place.publish("riverside/utilities/P-999/SuctionPressure", #"{"value": 1, "ts": 1760000000000}"#)
      try place.suction("P-101", 0.2)
      try eventually("the desk has an order") { place.desk.orders.count == 1 }
      let letters = try LedgerReader(path: place.ledger).deadLetterCounts()
      #expect(Set(letters.map(\.reason)) == ["not JSON", "unknown asset"])
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func a_second_engine_on_the_same_site_is_refused_with_the_firsts_pid() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let second = try place.run(
        "run", place.arguments[0], "--rules", place.arguments[2], "--integrations", place.arguments[4])
      #expect(second.code == 3)
      #expect(second.output.contains("\(place.engine?.pid ?? 0)"), "\(second.output)")
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func a_stop_right_after_the_order_was_taken_still_books_its_receipt() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      try place.suction("P-101", 0.2)
      try eventually("the desk has an order") { place.desk.orders.count == 1 }
      #expect(place.stop() == 0)
      #expect(try LedgerReader(path: place.ledger).actions(state: .settled).count == 1)
    }
    await place.close()
  }
}
