import Benefit
import Rules
import Testing

/// What a return page says, and what it never does.
@Suite struct ReturnPageTests {
  @Test func words_from_outside_are_shown_and_never_obeyed() {
    let page = returnPage(.hostileEverywhere)
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;"))
    #expect(!page.contains("<script"))
    #expect(!page.contains("\" onload="))
    #expect(!page.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{7}" })
    #expect(page.contains(#"\u{202E}evil\u{7}"#))
  }

  @Test(arguments: [Accounts.rich, .empty]) func a_page_loads_nothing_and_runs_nothing(accounts: Accounts) {
    let page = returnPage(accounts)
    for word in [
      "http://", "https://", "<script", "javascript:", "@import", "url(", " src=", "<iframe", "<link rel=\"s",
    ] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(page.contains("default-src 'none'"))
  }

  @Test func the_same_accounts_give_the_same_bytes() {
    #expect(returnPage(.rich) == returnPage(.rich))
  }

  @Test func what_loses_money_comes_first_and_is_called_that() throws {
    var accounts = Accounts.rich
    accounts.rules.reverse()
    let page = returnPage(accounts)
    let table = try #require(page.part(from: "id=\"rules-table\"", to: "</table>"))
    let names = ["wind_", "bearing_", "filler_", "compressor_", "pump_"]
    let places = try names.map { name in try #require(table.range(of: ">\(name)")).lowerBound }
    #expect(places == places.sorted())
    #expect(table.components(">loses money<") == 2)
    #expect(page.contains("2 of them lose money"))
    #expect(page.contains("<li><b>wind_<wbr>underperformance</b> <span class=\"loss\">loses money</span>"))
  }

  @Test func a_rule_that_would_have_lost_money_in_shadow_comes_first_there() throws {
    let table = try #require(returnPage(.rich).part(from: "id=\"shadow-table\"", to: "</table>"))
    let gearbox = try #require(table.range(of: "gearbox_")).lowerBound
    #expect(try gearbox < #require(table.range(of: "seal_")).lowerBound)
    #expect(table.contains("would have lost money"))
  }

  /// Each column and the would-have figures are powers of their own, so that any sum of two of them would show.
  @Test func no_amounts_of_two_columns_are_ever_summed() {
    var accounts = Accounts.empty
    accounts.totals = [
      .make("", .cash, decisions: 1, measured: 1_000_001, cost: 1),
      .make("", .avoided, decisions: 1, measured: 2_000_020, cost: 20, shadow: 1, wouldSave: 8_000_000),
      .make("", .capacity, decisions: 1, measured: 4_000_400, cost: 400),
    ]
    let page = returnPage(accounts)
    for net in ["1 000 000", "2 000 000", "4 000 000", "8 000 000"] { #expect(page.contains(net.narrow), "\(net)") }
    for whole in [3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15] {
      #expect(!page.contains("\(whole) 000 ".narrow), "\(whole) million")
    }
  }

  @Test func amounts_are_grouped_and_have_a_real_minus_and_cents_when_one_has() {
    var accounts = Accounts.empty
    var sum = AccountSum.make("pump", .cash, decisions: 3, measured: 10_000, cost: 22_690)
    accounts.rules = [sum]
    accounts.totals = [sum]
    #expect(returnPage(accounts).contains("\u{2212}12 690<".narrow))
    sum.cost += 50
    accounts.totals = [sum]
    #expect(returnPage(accounts).contains("\u{2212}12 690.50<".narrow))
  }

  @Test func what_waits_says_how_to_say_the_verdict() {
    let page = returnPage(.rich)
    #expect(page.contains("<code>millwright decisions verdict 5214 confirmed</code>"))
    #expect(page.contains("The newest 9 of 32 decisions without a verdict"))
  }

  @Test func fewer_than_ten_verdicts_are_counts_and_no_percentage() {
    let page = returnPage(.rich)
    #expect(page.contains("7\u{A0}of\u{A0}7"))
    #expect(!page.contains("100\u{A0}%"))
    #expect(page.contains("81\u{A0}% <span class=\"soft\">13\u{A0}of\u{A0}16"))
  }

  @Test func a_month_without_bookings_keeps_its_place_in_the_drawing() throws {
    let drawing = try #require(returnPage(.rich).part(from: "id=\"months-cash-title\"", to: "</svg>"))
    #expect(drawing.contains("Nov\u{A0}’25"))
    #expect(drawing.contains("2025-09: modelled 1 940, measured \u{2212}600".narrow) || drawing.contains("\u{2212}600"))
  }

  @Test func the_evidence_shows_the_limit_and_the_moment_of_the_decision() throws {
    let page = returnPage(.rich)
    let suction = try #require(page.part(from: "id=\"evidence-1-0-title\"", to: "</svg>"))
    #expect(suction.contains("the limit is 0.4 bar g. The decision was taken at 2026-03-31\u{A0}20:46\u{A0}UTC."))
    #expect(suction.contains("class=\"limit\"") && suction.contains("class=\"decision\""))
    let vibration = try #require(page.part(from: "id=\"evidence-1-1-title\"", to: "</svg>"))
    #expect(vibration.components("<polyline") == 2, "interrupted where no value was good")
  }
}

extension String {
  fileprivate var narrow: String {
    split(separator: " ", omittingEmptySubsequences: false).joined(separator: "\u{202F}")
  }
  fileprivate func components(_ word: String) -> Int { ranges(of: word).count }
  fileprivate func range(of word: String) -> Range<String.Index>? { ranges(of: word).first }
  fileprivate func part(from: String, to: String) -> String? {
    guard let begin = range(of: from) else { return nil }
    let rest = self[begin.upperBound...]
    return rest.ranges(of: to).first.map { String(rest[..<$0.lowerBound]) }
  }
}
