import Campaigns
import Foundation
import Ledger
import Rules
import Synchronization
import Testing

/// What incidents stand at in the accounts, and what is booked when that changes.
@Suite struct AccountTests {
  let folder = Folder()
  let clock = BookClock()
  let ledger: Ledger

  init() throws {
    ledger = try Ledger(path: folder.ledger, clock: { [clock] in clock.now })
    ledger.keepBooks(by: .make())
  }

  // MARK: What people say

  @Test func nothing_is_measured_before_somebody_has_said_so() throws {
    try decide(0)
    #expect(try total() == Total(unproven: 10_000, cost: 350, decisions: 1))
  }

  @Test func a_confirmed_decision_pays_in_the_month_in_which_it_was_confirmed() throws {
    try decide(0)
    clock.advance(by: .hours(31 * 24))
    try say(.confirmed, on: 0)
    let rows = try LedgerReader(path: folder.ledger).accounts(since: nil, asOf: .distantFuture)
    let months = rows.sorted { $0.month < $1.month }
    #expect(months.map(\.month) == [2025 * 12 + 9, 2025 * 12 + 10])
    #expect(months.map(\.sum.measured) == [0, 1_000_000])
    #expect(months.map(\.sum.unproven) == [1_000_000, -1_000_000])
  }

  @Test(arguments: [
    (Verdict.confirmed, Total(measured: 10_000, cost: 350, decisions: 1)),
    (.falseAlarm, Total(cost: 600, decisions: 1)), (.noFaultFound, Total(cost: 600, decisions: 1)),
    (.alreadyKnown, Total(cost: 350, decisions: 1)),
  ])
  func each_verdict_pays_what_it_should(_ verdict: Verdict, _ expected: Total) throws {
    try decide(0)
    try say(verdict, on: 0)
    #expect(try total() == expected)
  }

  @Test func the_newest_word_counts_and_the_sum_follows_it() throws {
    try decide(0)
    try say(.confirmed, on: 0)
    try say(.falseAlarm, on: 0, by: "j.okafor")
    #expect(try total() == Total(cost: 600, decisions: 1))
  }

  @Test func the_authors_own_verdict_books_nothing() throws {
    try decide(0)
    try say(.confirmed, on: 0, by: "author")
    #expect(try total() == Total(unproven: 10_000, cost: 350, decisions: 1))
    try say(.confirmed, on: 0, by: "h.weber")
    #expect(try total().measured == 10_000)
  }

  @Test func what_a_person_says_it_saved_goes_before_the_model() throws {
    try decide(0)
    try say(.confirmed, on: 0, worth: Money(hundredths: 420_050, currency: "EUR"))
    #expect(try rows().measured == 420_050)
  }

  @Test func shadow_saves_and_costs_nothing_and_its_verdicts_still_count_for_its_precision() throws {
    try decide(0, tier: .shadow, standing: .shadow)
    try say(.confirmed, on: 0)
    let sum = try rows()
    #expect(sum.measured == 0 && sum.unproven == 0 && sum.cost == 0 && sum.judged == 1 && sum.confirmed == 1)
  }

  // MARK: What became of the work

  @Test func the_orders_real_cost_takes_the_place_of_the_planned_one_when_it_is_known() throws {
    try decide(0)
    try attempt(0)
    clock.advance(by: .hours(40 * 24))
    try follow(0, cost: Money(hundredths: 41_250, currency: "EUR"))
    #expect(try rows().cost == 41_250)
    let months = try LedgerReader(path: folder.ledger).accounts(since: nil, asOf: .distantFuture)
    #expect(months.sorted { $0.month < $1.month }.map(\.sum.cost) == [35_000, 6_250], "the difference, when it came")
  }

  @Test func a_cost_in_another_currency_is_converted_at_the_fixed_rate() throws {
    try decide(0)
    try attempt(0)
    try follow(0, cost: Money(hundredths: 10_000, currency: "USD"))
    #expect(try rows().cost == 9_200)
  }

  @Test func a_cost_without_a_rate_is_in_no_account_and_is_said() throws {
    try decide(0)
    try attempt(0)
    try follow(0, cost: Money(hundredths: 10_000, currency: "JPY"))
    #expect(try rows().cost == 35_000, "as planned")
    let found = try LedgerReader(path: folder.ledger).costs(notIn: ["EUR", "USD"], asOf: .distantFuture)
    #expect(found.map(\.currency) == ["JPY"])
  }

  @Test func what_was_rejected_costs_and_saves_nothing() throws {
    try decide(0, standing: .waiting(expires: at(900)))
    try ledger.commit([instruct(.reject(ActionKey(decision: key(0), number: 1), why: "known"))])
    #expect(try total() == Total(decisions: 1))
    try say(.confirmed, on: 0)
    #expect(try total() == Total(decisions: 1), "a word on what nobody did")
  }

  @Test func one_incident_pays_once_however_often_it_is_decided() throws {
    try decide(0)
    try attempt(0)
    try decide(60)
    guard case .join? = try ledger.due.next(adapter: "desk", skills: .status, now: at(60)) else {
      return #expect(Bool(false), "it is counted on the open order")
    }
    try ledger.commit([
      .command(
        .attempted(
          Attempt(
            action: ActionKey(decision: key(60), number: 1), number: 1, began: at(61), ended: at(62), status: 200,
            receipt: .already(reference: "WO-0"), next: .merged, due: nil)))
    ])
    #expect(try total() == Total(unproven: 10_000, cost: 350, decisions: 2))
    // A word on the second is a word on the incident.
    try say(.confirmed, on: 60)
    try say(.confirmed, on: 0)
    #expect(try total() == Total(measured: 10_000, cost: 350, decisions: 2))
    #expect(try rows().confirmed == 1)
  }

  @Test func how_long_it_took_until_somebody_began_is_counted_once() throws {
    try decide(0)
    try attempt(0)
    try follow(0, cost: nil)
    try follow(0, cost: nil, at: 8_000)
    let sum = try rows()
    #expect(sum.responded == 1 && sum.response == .hours(1))
  }

  // MARK: Baselines and losses

  @Test func no_more_is_claimed_than_the_class_can_have_lost() throws {
    for second in [0, 1, 2] as [Int64] {
      try decide(second * 100)
      try say(.confirmed, on: second * 100)
    }
    let sum = try rows()
    #expect(sum.measured == 2_500_000 && sum.over == 500_000, "the baseline is 25 000")
    // Where one claims less, what was cut off before is claimed.
    try say(.falseAlarm, on: 100)
    #expect(try rows().measured == 2_000_000 && rows().over == 0)
  }

  @Test func losses_that_still_happen_shorten_what_may_be_claimed() throws {
    for second in [0, 100] as [Int64] {
      try decide(second)
      try say(.confirmed, on: second)
    }
    try lose(after: 40 * 86_400, cost: 800_000)
    let sum = try rows()
    #expect(sum.measured == 1_700_000 && sum.over == 300_000)
  }

  @Test func a_loss_that_no_decision_came_before_is_a_miss_of_the_rule() throws {
    try lose(after: 86_400, cost: nil)
    #expect(try rows().missed == 1)
    try decide(2 * 86_400)
    try lose(after: 2 * 86_400 + 7_200, cost: nil)
    #expect(try rows().missed == 1, "that one was seen two hours before")
    try lose(after: 2 * 86_400 + 60, cost: nil)
    #expect(try rows().missed == 2, "a minute before is no help")
  }

  @Test func a_planned_loss_is_no_miss_and_a_second_import_changes_nothing() throws {
    try lose(after: 60, cost: nil, planned: true)
    #expect(try rows().missed == 0)
    try lose(after: 120, cost: nil)
    try lose(after: 120, cost: nil)
    #expect(try rows().missed == 1)
    #expect(try LedgerReader(path: folder.ledger).losses(since: nil, asOf: .distantFuture, limit: 9).count == 2)
  }

  // MARK: All of it

  @Test func bookings_and_losses_are_in_the_chain() throws {
    try decide(0)
    try say(.confirmed, on: 0)
    try lose(after: 60, cost: 5)
    #expect(try LedgerReader(path: folder.ledger).verify().problem == nil)
    for (sql, kind) in [
      ("UPDATE bookings SET measured = measured + 1 WHERE id = 1", "booking"),
      ("UPDATE bookings SET measured = measured - 1 WHERE id = 1; UPDATE losses SET cost = 4", "loss"),
      ("UPDATE losses SET cost = 5; UPDATE decisions SET modelled = 1", "decision"),
    ] {
      try folder.tamper(sql)
      #expect(try LedgerReader(path: folder.ledger).verify().problem?.kind == kind)
    }
  }

  @Test(arguments: [0, -3_600] as [Int64])
  func what_is_recorded_later_is_in_no_earlier_report_though_the_clock_stands_or_is_set_back(_ seconds: Int64) throws {
    try decide(0)
    let reader = try LedgerReader(path: folder.ledger)
    let asOf = try #require(try reader.lastRecorded())
    let report = "\(try reader.accounts(since: nil, asOf: asOf))"
    clock.advance(by: .seconds(seconds))
    try lose(after: 60, cost: 5)
    try say(.confirmed, on: 0)
    try decide(100)
    #expect(try reader.losses(since: nil, asOf: asOf, limit: 9).isEmpty)
    #expect("\(try reader.accounts(since: nil, asOf: asOf))" == report)
    #expect(try rows().measured == 1_000_000)
  }

  /// Another style: nothing is booked, each incident's position is worked out from all that was ever said of it.
  @Test(arguments: (0..<UInt64(Campaign.size(12, large: 400))).map { Campaign.seed &+ $0 })
  func money_is_conserved_and_an_earlier_report_is_repeated(_ seed: UInt64) throws {
    var dice = Dice(seed)
    var facts: [Int64: (tier: Tier, said: Verdict?, cost: Int64?, rejected: Bool)] = [:]
    var earlier: [(asOf: Instant, rows: String)] = []
    ledger.keepBooks(by: .make(baseline: nil))
    let reader = try LedgerReader(path: folder.ledger)
    for step in 0..<60 {
      clock.advance(by: .hours(Int64(dice.below(200))))
      let open = facts.keys.sorted()
      switch (dice.below(4), open.isEmpty) {
      case (0, _), (_, true):
        let second = Int64(step) * 1_000
        let tier: Tier = [.act, .advise, .shadow][dice.below(3)]
        let standing: ActionStanding =
          tier == .act ? .ready : tier == .advise ? .waiting(expires: at(10_000_000)) : .shadow
        // A machine each: one that recurs would join the order before it.
        try decide(second, of: "P-\(step)", tier: tier, standing: standing)
        facts[second] = (tier, nil, nil, false)
      case (1, _):
        let second = open[dice.below(open.count)]
        let verdict = Verdict.allCases[dice.below(Verdict.allCases.count)]
        let person = dice.below(4) == 0 ? "author" : "h.weber"
        try say(verdict, on: second, of: "P-\(second / 1_000)", by: person)
        if person != "author" { facts[second]?.said = verdict }
      case (2, _):
        let second = open[dice.below(open.count)]
        guard facts[second]?.tier == .act else { continue }
        let cost = Int64(dice.below(100_000))
        try follow(second, of: "P-\(second / 1_000)", cost: Money(hundredths: cost, currency: "EUR"))
        facts[second]?.cost = cost
      default:
        let second = open[dice.below(open.count)]
        guard facts[second]?.tier == .advise, facts[second]?.rejected == false else { continue }
        let action = ActionKey(decision: key(second, of: "P-\(second / 1_000)"), number: 1)
        try ledger.commit([instruct(.reject(action, why: ""))])
        facts[second]?.rejected = true
      }
      if dice.below(6) == 0, let asOf = try reader.lastRecorded() {
        earlier.append((asOf, "\(try reader.accounts(since: nil, asOf: asOf))"))
      }
    }
    var expected = (measured: Int64(0), unproven: Int64(0), cost: Int64(0))
    for fact in facts.values where fact.tier != .shadow && !fact.rejected {
      expected.cost += fact.cost ?? 35_000
      switch fact.said {
      case nil: expected.unproven += 1_000_000
      case .confirmed: expected.measured += 1_000_000
      case .falseAlarm, .noFaultFound: expected.cost += 25_000
      case .alreadyKnown: break
      }
    }
    let all = try reader.accounts(since: nil, asOf: .distantFuture)
    let acted = total(all.filter { $0.tier != .shadow })
    #expect(acted.measured == expected.measured, "seed \(seed)")
    #expect(acted.unproven == expected.unproven, "seed \(seed)")
    #expect(acted.cost == expected.cost, "seed \(seed)")
    let shadow = total(all.filter { $0.tier == .shadow })
    #expect(shadow.measured == 0 && shadow.cost == 0 && shadow.unproven == 0, "seed \(seed)")
    for report in earlier {
      #expect(
        "\(try reader.accounts(since: nil, asOf: report.asOf))" == report.rows, "seed \(seed), as of \(report.asOf)")
    }
    #expect(try reader.verify().problem == nil)
  }

  @Test func what_was_reviewed_is_counted_as_evidence_without_the_authors_word() throws {
    for second in 0..<5 as Range<Int64> { try decide(second * 100, tier: .shadow, standing: .shadow) }
    try say(.confirmed, on: 0)
    try say(.falseAlarm, on: 100)
    try say(.confirmed, on: 200, by: "author")
    let figures = BacktestFigures(
      rule: "pump_cavitation", logic: Digest(hex: "bb"), from: at(0), to: at(100), decisions: 14, losses: 4, caught: 4,
      falseAlarms: 8, net: Money(hundredths: 6_720_000, currency: "EUR"))
    try ledger.commit([instruct(.backtested(figures))])
    let found = try LedgerReader(path: folder.ledger).promotion(of: "pump_cavitation", logic: Digest(hex: "bb"))
    #expect(found.decisions == 5 && found.reviewed == 2 && found.confirmed == 1 && found.falseAlarms == 1)
    #expect(found.backtest == figures)
    #expect(try LedgerReader(path: folder.ledger).promotion(of: "pump_cavitation", logic: .zero).backtest == nil)
  }

  // MARK: Builders

  private func key(_ second: Int64, of pump: String = "P-101") -> DecisionKey { Decision.make(second, of: pump).key }

  private func decide(
    _ second: Int64, of pump: String = "P-101", tier: Tier = .act, standing: ActionStanding = .ready
  ) throws {
    var decision = Decision.make(second, of: pump, actions: [.make(1, standing)])
    decision.tier = tier
    decision.value = Valuation(
      column: .avoided, modelled: Money(hundredths: 1_000_000, currency: "EUR"),
      cost: Money(hundredths: 35_000, currency: "EUR"), nuisance: Money(hundredths: 25_000, currency: "EUR"),
      author: "author")
    try ledger.commit(decisions: [decision])
  }

  private func attempt(_ second: Int64) throws {
    _ = try ledger.due.next(adapter: "desk", skills: .status, now: at(second))
    try ledger.commit([.command(.attempted(.make(second)))])
  }

  private func follow(_ second: Int64, of pump: String = "P-101", cost: Money?, at done: Int64 = 7_200) throws {
    try ledger.commit([
      .command(
        .followed(
          OrderStatus(
            action: ActionKey(decision: key(second, of: pump), number: 1), at: at(second + done), standing: .done,
            cost: cost, started: at(second + 3_600), done: at(second + done))))
    ])
  }

  private func instruct(_ act: Instruction.Act, by person: String = "h.weber") -> Input {
    .command(.instructed(Instruction(person: person, at: clock.now, act: act)))
  }

  private func say(
    _ verdict: Verdict, on second: Int64, of pump: String = "P-101", by person: String = "h.weber",
    worth: Money? = nil
  ) throws {
    try ledger.commit([
      instruct(.verdict(key(second, of: pump), verdict, cost: nil, worth: worth, note: ""), by: person)
    ])
  }

  private func lose(after second: Int64, cost: Int64?, planned: Bool = false) throws {
    let loss = Loss(
      asset: "Riverside/Utilities/P-101", start: at(second), end: at(second + 3_600), cause: "seal",
      cost: cost.map { Money(hundredths: $0, currency: "EUR") }, planned: planned)
    try ledger.commit([instruct(.losses([loss], origin: "maintenance list"))])
  }

  private func rows() throws -> AccountSum {
    total(try LedgerReader(path: folder.ledger).accounts(since: nil, asOf: .distantFuture))
  }

  private func total(_ entries: [AccountEntry]) -> AccountSum {
    entries.reduce(into: AccountSum(name: "", column: .avoided)) { $0.add($1.sum) }
  }

  /// In whole units of the currency.
  struct Total: Equatable, Sendable {
    var measured: Int64 = 0
    var unproven: Int64 = 0
    var cost: Int64 = 0
    var decisions: Int64 = 0
  }

  private func total() throws -> Total {
    let sum = try rows()
    return Total(
      measured: sum.measured / 100, unproven: sum.unproven / 100, cost: sum.cost / 100, decisions: sum.decisions)
  }
}

/// A wall clock that stands still until it is told: 2025-10-09.
final class BookClock: Sendable {
  private let time = Mutex(Instant(seconds: 1_760_000_000))
  var now: Instant { time.withLock { $0 } }
  func advance(by span: TimeSpan) { time.withLock { $0 = $0 + span } }
}

extension Bookkeeping {
  /// 25 000 EUR a year for pumps; a decision helps from an hour to 30 days before a loss.
  static func make(baseline: Int64? = 2_500_000) -> Bookkeeping {
    let amount = baseline.map { Money(hundredths: $0, currency: "EUR") }
    return Bookkeeping(
      prices: Prices(
        rates: ["USD": .init(rate: Fixed(millionths: 920_000), on: "2026-01-05")],
        baselines: [2025, 2026].flatMap { year in
          amount.map {
            [.init(assetClass: "CentrifugalPump", year: year, amount: $0, signedBy: "m.lindt", on: "2026-01-10")]
          } ?? []
        }),
      rules: [
        BookedRule(
          name: "pump_cavitation", owner: "rotating-equipment", assetClass: "CentrifugalPump", column: .avoided,
          lead: Lead(atLeast: .hours(1), within: .hours(30 * 24)))
      ], classes: ["Riverside/Utilities/P-101": "CentrifugalPump"])
  }
}
