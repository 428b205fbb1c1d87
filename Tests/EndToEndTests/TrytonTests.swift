import Campaigns
import Foundation
import Ledger
import Rules
import Testing

/// From a broker to a real Tryton and back.
@Suite(.serialized) struct TrytonTests {
  @Test func a_decision_becomes_a_production_and_its_status_and_cost_come_back() async throws {
    try await TrytonPlace.with { place in
      try place.workplace.start()
      try place.workplace.suction("P-1", 0.2)
      try eventually("the order is settled") { try place.actions(.settled).count == 1 }
      let settled = try place.actions(.settled)[0]
      let productions = try place.productions()
      #expect(
        productions.map(\.reference) == ["\(settled.wireKey) Check the suction strainer of P-1"],
        "one, with our key before the title")
      try eventually("the ledger knows that it is open") {
        try place.stories()[0].actions[0].outcomes.map(\.standing) == [.open]
      }

      try place.tryton.complete(productions[0].number)
      try eventually("the ledger knows that it is done") {
        try place.stories()[0].actions[0].outcomes.last?.standing == .done
      }
      let outcome = try #require(try place.stories()[0].actions[0].outcomes.last)
      #expect(outcome.cost == Money(hundredths: 90_00, currency: place.tryton.seed.currency))
      let (started, done) = (try #require(outcome.started), try #require(outcome.done))
      #expect(started <= done && done <= outcome.at)
      #expect(try place.workplace.run("verify", "--ledger", place.workplace.ledger).code == 0)
      #expect(place.workplace.stop() == 0)
      #expect(!place.workplace.log.contains(place.tryton.seed.key), "the key is in no log")
    }
  }

  @Test func trouble_that_comes_again_is_a_note_on_the_open_production_and_no_second_one() async throws {
    try await TrytonPlace.with { place in
      try place.workplace.start()
      try place.workplace.suction("P-1", 0.2)
      try eventually("the order is settled") { try place.actions(.settled).count == 1 }
      try place.workplace.suction("P-1", 1.8)
      try place.workplace.suction("P-1", 0.1)
      try eventually("the second is merged into it") { try place.actions(.merged).count == 1 }
      let notes = try place.tryton.records("ir.note", "message", "resource")
      #expect(notes.count == 1 && notes[0]["resource"] == .text("production,1"))
      if case .text(let message)? = notes[0]["message"] {
        #expect(message.contains("suction 0.1 bar g"), "\(message)")
      }

      try place.tryton.complete(1)
      try place.workplace.suction("P-1", 1.8)
      try place.workplace.suction("P-1", 0.2)
      try eventually("after it is closed there is a new order") { try place.actions(.settled).count == 2 }
      #expect(try place.productions().count == 2)
      #expect(place.workplace.stop() == 0)
    }
  }

  @Test func its_own_history_of_repairs_becomes_losses_that_are_taken_once() async throws {
    try await TrytonPlace.with(pumps: 1) { place in
      try place.workplace.start()
      // One that a decision made, and two that people made: a repair that is done, and one that is not.
      try place.workplace.suction("P-1", 0.2)
      try eventually("the order is settled") { try place.actions(.settled).count == 1 }
      let seed = place.tryton.seed
      for what in ["Seal of P-1 leaks", "Bearing of P-1 is loud"] {
        try place.tryton.create(
          "production",
          #"""
          {"reference": "\#(what)", "product": \#(seed.product),
           "works": [["create", [{"operation": \#(seed.operation), "work_center": \#(seed.crew)}]]]}
          """#)
      }
      for production in [1, 2] { try place.tryton.complete(production) }
      let site = place.workplace.folder + "/site"
      func ask(_ more: String...) throws -> (code: Int32, output: String) {
        try place.workplace.run(
          ["losses", "import", "--from", "erp", "--site", site, "--integrations", place.workplace.integrations] + more)
      }
      let taken = try ask()
      #expect(taken.code == 0, "\(taken.output)")
      #expect(taken.output.contains("1 left out: the orders of decisions here"), "\(taken.output)")
      _ = try ask()
      let losses = try LedgerReader(path: place.workplace.ledger).losses(since: nil, asOf: .distantFuture, limit: 9)
      #expect(losses.count == 1, "asked twice, taken once: \(losses)")
      #expect(losses.first?.asset == "Riverside/Utilities/P-1" && losses.first?.cause == "Seal of P-1 leaks")
      #expect(losses.first?.cost == Money(hundredths: 90_00, currency: seed.currency) && losses.first?.reference == "2")
      let none = try ask("--since", "2999-01-01")
      #expect(none.code == 1 && none.output.contains("erp has no loss of an asset of this site"), "\(none.output)")
      #expect(place.workplace.stop() == 0)
      #expect(!(taken.output + none.output).contains(seed.key))
    }
  }

  @Test func a_cancelled_key_stops_orders_until_there_is_a_new_one_and_loses_none() async throws {
    try await TrytonPlace.with { place in
      let seed = place.tryton.seed
      try place.workplace.start()
      try place.tryton.press("res.user.application", seed.keyNumber, "cancel", key: seed.secondKey)
      try place.workplace.suction("P-1", 0.2)
      try eventually("it is told that the key is not valid") { place.workplace.log.contains("401") }
      #expect(try place.actions(.refused).isEmpty)
      try place.set(key: seed.secondKey)
      try eventually("the order goes out under the new key, without a new start") {
        try place.actions(.settled).count == 1
      }
      #expect(try place.tryton.records("production", "reference", key: seed.secondKey).count == 1)
      #expect(place.workplace.stop() == 0)
    }
  }

  /// The engine and Tryton are both killed at random moments while orders are under way.
  @Test func two_hundred_decisions_become_two_hundred_productions_whoever_dies() async throws {
    let count = Campaign.size(200, large: 1000)
    try await TrytonPlace.with(pumps: count, followEvery: "15 s") { place in
      var dice = Dice(Campaign.seed)
      var engineDies = dice.below(count, times: Campaign.size(6, large: 40))
      var trytonDies = dice.below(count, times: Campaign.size(3, large: 20))
      try place.workplace.start()
      var published = 0
      let deadline = ContinuousClock.now + .seconds(Campaign.size(400, large: 3000))
      var settled = 0
      while settled < count {
        if ContinuousClock.now > deadline {
          throw DidNotHappen(what: "all orders are settled (\(settled)): \(place.workplace.log)")
        }
        if published < count {
          published += 1
          try place.workplace.suction("P-\(published)", 0.2)
        }
        settled = try place.actions(.settled).count
        if let next = engineDies.first, settled >= next {
          engineDies.removeFirst()
          place.workplace.kill()
          try place.workplace.start()
        }
        if let next = trytonDies.first, settled >= next {
          trytonDies.removeFirst()
          place.tryton.kill()
          try place.tryton.start()
        }
      }
      #expect(engineDies.isEmpty && trytonDies.isEmpty)

      let stories = try place.stories()
      #expect(Set(stories.map(\.decision.key.asset)).count == count && stories.count == count)
      let ours = Dictionary(
        uniqueKeysWithValues: stories.map { ($0.actions[0].row.wireKey, $0.actions[0].receipts.map(\.reference)) })
      let productions = try place.productions()
      #expect(productions.count == count, "\(productions.count) productions of \(count) decisions")
      for production in productions {
        #expect(ours[String(production.reference.prefix(32))] == ["\(production.number)"], "\(production)")
      }
      // What the campaign is about has happened: answers were lost and looked for.
      let lookUps = stories.flatMap { $0.actions[0].lookUps }
      #expect(!lookUps.isEmpty)

      for production in productions.prefix(3) { try place.tryton.complete(production.number) }
      try eventually("their status and cost come back") {
        try place.stories().filter {
          $0.actions[0].outcomes.last.map { $0.standing == .done && $0.cost?.hundredths == 90_00 } ?? false
        }.count == 3
      }
      #expect(place.workplace.stop() == 0)
      #expect(try place.workplace.run("verify", "--ledger", place.workplace.ledger).code == 0)
    }
  }
}

extension Dice {
  /// Places between 0 and `count`, in order.
  fileprivate mutating func below(_ count: Int, times: Int) -> [Int] { (0..<times).map { _ in below(count) }.sorted() }
}
