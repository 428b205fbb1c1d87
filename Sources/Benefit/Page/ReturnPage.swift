import Rules

/// The accounts as one page in HTML, which loads nothing and runs nothing: what was saved, how sure that is, by which
/// rules, what waits for somebody, and what to do next. The same accounts give the same bytes.
package func returnPage(_ accounts: Accounts) -> String {
  ReturnPage(accounts).document
}

/// The words and figures that the sections share.
struct ReturnPage {
  let accounts: Accounts
  let amounts: Amounts
  /// Those that lose money first, the worst at the head; the others in the order they came in.
  let rules: [AccountSum]
  let shadows: [AccountSum]

  init(_ accounts: Accounts) {
    self.accounts = accounts
    amounts = Amounts(accounts.currency, among: accounts.everyAmount)
    rules = losersFirst(accounts.rules.filter(\.isInPlant)) { $0.net }
    shadows = losersFirst(accounts.rules.filter(\.isInShadow)) { $0.wouldNet }
  }

  var document: String {
    PageShell(
      title: "What the rules were worth", site: accounts.site, period: period, summary: summary,
      sections: [
        .init(id: "saved", question: "What did it save?", body: saved),
        .init(id: "sure", question: "How sure is that?", body: sure),
        .init(id: "rules", question: "Which rules?", body: whichRules),
        .init(id: "waiting", question: "What waits for me?", body: waiting),
        .init(id: "next", question: "What next?", body: next),
      ]
        + (accounts.evidence.isEmpty
          ? [] : [.init(id: "evidence", question: "Evidence around decisions", body: evidence)]),
      notes: Self.notes
    ).document
  }

  private var period: Markup {
    let since: Markup = accounts.since.map { "Since \(shown($0)), as" } ?? "From the first decision on, as"
    return "\(since) it was known at \(shown(accounts.asOf)). All amounts in \(amounts.unit)."
  }

  /// Counts only: money of different columns has no sum.
  private var summary: Markup {
    let names = Set(rules.map(\.name)).union(shadows.map(\.name))
    guard !names.isEmpty else { return "Nothing is booked yet: no rule has taken a decision in this time." }
    let losing = Set(rules.filter { $0.net < 0 }.map(\.name)).count
    let verdict: Markup =
      losing == 0
      ? "None loses money"
      : "<strong class=\"loss\">\(grouped(losing)) of them \(losing == 1 ? "loses" : "lose") money</strong>"
    let waits: Markup =
      waitingCount == 0
      ? "Every decision has its verdict."
      : "\(counted(waitingCount, "decision waits", "decisions wait")) for a verdict."
    return "\(counted(Int64(names.count), "rule", "rules")) took decisions. \(verdict). \(waits)"
  }

  var waitingCount: Int64 { accounts.totals.reduce(0) { $0 + $1.waiting } }

  // MARK: What did it save?

  private var saved: Markup {
    let cards = AccountColumn.inOrder.compactMap { column in
      accounts.totals.first { $0.column == column && $0.isInPlant }.map(card)
    }
    let none: Markup =
      "<p class=\"lead\">No decision was taken to the plant in this time, so nothing was saved and nothing spent.</p>\n"
    return """
      <p class="lead">What verdicts bear out, less what the work cost. Cash, avoided and capacity are money of three \
      kinds: they are never added together.</p>
      \(cards.isEmpty ? none : "<div class=\"columns\">\n\(cards)</div>\n")\(programme)\(wouldHave)
      """
  }

  private func card(_ sum: AccountSum) -> Markup {
    let losing = sum.net < 0
    let said: Markup =
      losing
      ? "<p class=\"said loss\">loses money: it cost more than it saved</p>"
      : "<p class=\"said\">\(sum.net == 0 ? "neither saved nor lost" : "saved, net")</p>"
    let over: Markup =
      sum.over == 0
      ? .none
      : "<dt class=\"apart\">over the baseline</dt><dd class=\"apart\">\(amounts.cell(sum.over))</dd>"
    return """
      <div class="card\(losing ? " losing" : "")"><h3>\(sum.column.title)</h3><p class="what">\(sum.column.meaning)</p>
      <p class="net">\(amounts.cell(sum.net)) <small>\(accounts.currency)</small></p>\(said)
      <dl class="sums"><dt>measured</dt><dd>\(amounts.cell(sum.measured))</dd><dt>less cost</dt>\
      <dd>\(amounts.cell(sum.cost))</dd><dt class="total">net</dt><dd class="total">\(amounts.cell(sum.net))</dd>
      <dt class="apart first">not counted: unproven</dt><dd class="apart first">\(amounts.cell(sum.unproven))</dd>\(over)</dl></div>

      """
  }

  private var programme: Markup {
    guard accounts.programme != 0 else { return .none }
    let cash = accounts.totals.first { $0.column == .cash }?.net ?? 0
    let paid: Markup =
      cash >= accounts.programme
      ? "Cash alone pays for it."
      : "Cash alone does not pay for it: whether it earns its keep rests on the other columns."
    return """
      <p>The programme itself cost <b class="amount">\(amounts.named(accounts.programme))</b> in this time. It is in \
      none of the columns. \(paid)</p>

      """
  }

  /// What the rules in shadow would have come to: apart from all that was saved.
  private var wouldHave: Markup {
    let sums = AccountColumn.inOrder.compactMap { column in
      accounts.totals.first { $0.column == column && $0.isInShadow }
    }
    guard !sums.isEmpty else { return .none }
    let lines = sums.map { sum -> Markup in
      """
      <p><b>\(sum.column.title)</b>: \(counted(sum.shadowDecisions, "decision", "decisions")) would have saved \
      <b class="amount">\(amounts.named(sum.wouldSave))</b> and cost <b class="amount">\(amounts.named(sum.wouldCost))</b>, \
      by the rules’ own models.</p>

      """
    }
    return """
      <div class="shadow"><h3>In shadow: would have</h3>
      \(lines)<p class="note">Nothing was done on these decisions, so nothing was saved. No figure above has them in it.</p></div>

      """
  }

  // MARK: What waits for me?

  private var waiting: Markup {
    guard waitingCount > 0 else { return "<p class=\"lead\">Nothing. Every decision has its verdict.</p>\n" }
    let rows = accounts.waiting.map { decision in
      PageTable.Row(cells: [
        "\(decision.title)<span class=\"soft line\">\(broken(decision.key.asset))</span>",
        shown(decision.key.time), "\(decision.owner)", "\(decision.tier.rawValue)",
        decision.modelled.map(amounts.cell) ?? "<span class=\"soft\">not stated</span>",
        "<code>millwright decisions verdict \(decision.id) confirmed</code>",
      ])
    }
    let shownOf: Markup =
      Int64(rows.count) < waitingCount
      ? "The newest \(grouped(rows.count)) of \(grouped(waitingCount)) decisions without a verdict"
      : "\(counted(waitingCount, "decision", "decisions")) without a verdict, newest first"
    let list = PageTable(
      id: "waiting-list", caption: shownOf,
      columns: [
        .text("Decision"), .text("Taken"), .text("Owner"), .text("Tier"), .number("By its model, \(accounts.currency)"),
        .command("To say that it was right"),
      ], rows: rows)
    return """
      <p class="lead">Until somebody says what was found, a decision’s worth is unproven. In place of \
      <code>confirmed</code> say <code>false_alarm</code>, <code>no_fault_found</code> or <code>already_known</code> if it \
      was that; <code>--worth</code> says what it saved where that is known.</p>
      \(rows.isEmpty ? Markup.none : list.markup)
      """
  }

  private var evidence: Markup {
    let parts = accounts.evidence.enumerated().map { $1.markup($0 + 1) }
    return """
      <p class="lead">The numbers each decision was taken on, before it and after. A gap is a time without a good value.</p>
      \(parts)
      """
  }

  private static let notes: Markup = """
    <dl><dt>Modelled</dt><dd>by the rules’ own models, had every decision been right.</dd>
    <dt>Measured</dt><dd>a person other than the rule’s author confirmed the decision.</dd>
    <dt>Unproven</dt><dd>modelled, and nobody has said.</dd>
    <dt>Over the baseline</dt><dd>claimed beyond what the class is signed to have lost in a year: not proven either.</dd>
    <dt>Cost</dt><dd>of the work, by the orders’ system once it says so, and of needless calls.</dd>
    <dt>Net</dt><dd>measured less cost.</dd>
    <dt>Precision</dt><dd>confirmed, of those confirmed or found needless. In percent from ten verdicts on; fewer say too little.</dd>
    <dt>Coverage</dt><dd>how much of what is claimed rests on verdicts; the rest rests on assumptions.</dd>
    <dt>Missed</dt><dd>losses that came without a decision.</dd></dl>
    <p>One incident pays once. “Already known” and no verdict pay nothing. What was booked never changes: a difference is \
    booked when it comes in. Times are UTC.</p>

    """
}

/// Those below zero first, the worst of them at the head; the others as they are.
func losersFirst<Item>(_ items: [Item], by net: (Item) -> Int64) -> [Item] {
  let losing = items.enumerated().filter { net($0.element) < 0 }
    .sorted { (net($0.element), $0.offset) < (net($1.element), $1.offset) }
  return losing.map(\.element) + items.filter { net($0) >= 0 }
}

extension AccountColumn {
  static let inOrder: [AccountColumn] = [.cash, .avoided, .capacity]

  var title: String {
    switch self {
    case .cash: "Cash"
    case .avoided: "Avoided"
    case .capacity: "Capacity"
    }
  }
  var meaning: String {
    switch self {
    case .cash: "Less is paid: energy, material."
    case .avoided: "Failures that did not come."
    case .capacity: "Hours in which more can be made, if there is work for them."
    }
  }
}

extension AccountSum {
  var wouldNet: Int64 { wouldSave.saturatingMinus(wouldCost) }
  var isInShadow: Bool { shadowDecisions > 0 || wouldSave != 0 || wouldCost != 0 }
  /// Something of it was taken to the plant, or should have been.
  var isInPlant: Bool {
    decisions > 0 || measured != 0 || unproven != 0 || over != 0 || cost != 0 || (missed > 0 && shadowDecisions == 0)
  }
  fileprivate var everyAmount: [Int64] { [wouldSave, wouldCost, modelled, measured, unproven, over, cost] }
}

extension Accounts {
  fileprivate var everyAmount: [Int64] {
    (groups + rules + months + totals).flatMap(\.everyAmount) + [programme] + waiting.compactMap(\.modelled)
      + losses.compactMap { $0.cost?.currency == currency ? $0.cost?.hundredths : nil }
  }
}
