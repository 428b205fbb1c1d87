import Benefit
import Rules
import Testing

/// What a backtest's page says, and what it never does.
@Suite struct BacktestPageTests {
  @Test func words_from_outside_are_shown_and_never_obeyed() {
    let page = backtestPage(.hostileEverywhere)
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(!page.contains("<script"))
    #expect(!page.contains("\" onload="))
  }

  @Test(arguments: [BacktestShown.rich, .empty]) func a_page_loads_nothing_and_runs_nothing(result: BacktestShown) {
    let page = backtestPage(result)
    for word in ["http://", "https://", "<script", "javascript:", "@import", "url(", " src=", "<iframe"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(page == backtestPage(result), "the same bytes again")
  }

  @Test func what_loses_money_comes_first_and_is_called_that() throws {
    let page = backtestPage(.rich)
    let cards = page.ranges(of: "<div class=\"card").map { page[$0.lowerBound...].prefix(400) }
    try #require(cards.count == 2)
    #expect(cards[0].contains("wind_") && cards[0].contains("loses money"))
    #expect(cards[1].contains("machine_") && !cards[1].contains("loses money"))
    #expect(page.contains("1 of them loses money"))
  }

  @Test func the_figures_of_two_rules_are_not_added_together() {
    // 67,200.00 and -12,689.88 would be 54,510.12 together, 82,760.12 gross, 28,250.00 of cost.
    let page = backtestPage(.rich)
    for sum in ["54\u{202F}510", "82\u{202F}760", "28\u{202F}250"] { #expect(!page.contains(sum)) }
  }

  @Test func fewer_than_ten_incidents_have_counts_and_no_interval() {
    var result = BacktestShown.rich
    result.rules.removeLast()
    let page = backtestPage(result)
    #expect(!page.contains("95 of 100 times at least"))
    #expect(page.contains("An interval takes ten incidents or more."))
    #expect(page.contains("4\u{A0}of\u{A0}4"))
  }

  @Test func a_tuned_value_is_shown_with_what_it_came_to_later() {
    let page = backtestPage(.rich)
    #expect(page.contains("A value tuned on the same history flatters itself."))
    #expect(page.contains("best: 60</text>"))
    #expect(
      page.contains("44\u{202F}100.00\u{A0}EUR</span> there")
        && page.contains("22\u{202F}800.00\u{A0}EUR</span> on the later part"))
  }

  @Test func a_sweep_of_one_value_is_drawn_too() {
    var result = BacktestShown.rich
    result.sweeps[0].points = [result.sweeps[0].points[3]]
    #expect(backtestPage(result).contains("best: 55</text>"))
    result.sweeps[0].points = []
    #expect(!backtestPage(result).contains("flatters itself"))
  }

  @Test func a_model_that_nobody_agreed_to_waits_for_somebody() {
    #expect(backtestPage(.rich).contains("has to agree to the model of 1\u{A0}rule"))
  }
}
