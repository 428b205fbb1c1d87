import Rules

/// A backtest as one page in HTML, which loads nothing and runs nothing. The same result gives the same bytes.
package func backtestPage(_ result: BacktestShown) -> String {
  BacktestPage(result).document
}

struct BacktestPage {
  let result: BacktestShown
  let amounts: Amounts
  /// Those that lose money first, the worst at the head.
  let rules: [RuleShown]

  init(_ result: BacktestShown) {
    self.result = result
    amounts = Amounts(
      result.currency,
      among: result.rules.flatMap(\.everyAmount)
        + result.sweeps.flatMap { $0.points.flatMap { [$0.learned, $0.tested] } })
    rules = losersFirst(result.rules) { $0.net }
  }

  var document: String {
    let incidents = incidents
    return PageShell(
      title: "What the rules would have been worth", site: result.site,
      period: "History from \(shown(result.from)) to \(shown(result.to)). All amounts in \(amounts.unit).",
      summary: summary,
      sections: [
        .init(id: "saved", question: "What would it have saved?", body: saved),
        .init(id: "sure", question: "How sure is that?", body: sure),
        .init(id: "rules", question: "Which rules?", body: whichRules),
        .init(id: "waiting", question: "What waits for me?", body: waiting),
        .init(id: "next", question: "What next?", body: next),
      ] + (incidents.isEmpty ? [] : [.init(id: "incidents", question: "Loss by loss", body: incidents)])
        + (result.evidence.isEmpty
          ? [] : [.init(id: "evidence", question: "Evidence around decisions", body: evidence)]),
      notes: Self.notes
    ).document
  }

  private var summary: Markup {
    guard !rules.isEmpty else { return "No rule was replayed with a list of losses, so there is nothing to price." }
    let losing = rules.filter { $0.net < 0 }
    if rules.count == 1 {
      return losing.isEmpty
        ? "\(broken(rules[0].name)) would have come to <strong class=\"nowrap\">\(amounts.named(rules[0].net))</strong> \(rules[0].column.rawValue)."
        : "\(broken(rules[0].name)) <strong class=\"loss\">loses money</strong>: it would have come to <strong class=\"nowrap\">\(amounts.named(rules[0].net))</strong> \(rules[0].column.rawValue)."
    }
    let verdict: Markup =
      losing.isEmpty
      ? "None loses money."
      : "<strong class=\"loss\">\(grouped(losing.count)) of them \(losing.count == 1 ? "loses" : "lose") money.</strong>"
    return "\(counted(Int64(rules.count), "rule", "rules")) were replayed. \(verdict)"
  }

  // MARK: What would it have saved?

  private var saved: Markup {
    guard !rules.isEmpty else { return "<p class=\"lead\">Nothing that can be said.</p>\n" }
    let cards = rules.prefix(6).map(card)
    let more: Markup =
      rules.count > 6 ? "<p class=\"note\">The first six; all are in the table of rules below.</p>\n" : .none
    return """
      <p class="lead">By each rule’s own model, for the losses it would have been early enough for. Each rule stands by \
      itself: two may have caught the same loss, so they are not added together.</p>
      <div class="columns">
      \(cards)</div>
      \(more)
      """
  }

  private func card(_ rule: RuleShown) -> Markup {
    let losing = rule.net < 0
    let said: Markup =
      losing
      ? "<p class=\"said loss\">loses money: it would have cost more than it saved</p>"
      : "<p class=\"said\">\(rule.net == 0 ? "would neither have saved nor lost" : "would have been saved, net")</p>"
    var beside: Markup = .none
    if let interval = rule.interval {
      beside += """
        <dt class="apart first">95 of 100 times at least</dt><dd class="apart first">\(amounts.cell(interval.lowerBound))</dd>\
        <dt class="apart">and at most</dt><dd class="apart">\(amounts.cell(interval.upperBound))</dd>
        """
    }
    if let unwatched = rule.unwatched {
      beside += "<dt class=\"apart\">losses, no rule at all</dt><dd class=\"apart\">\(amounts.cell(unwatched))</dd>"
    }
    if let scheduled = rule.scheduled {
      beside += "<dt class=\"apart\">a fixed schedule, net</dt><dd class=\"apart\">\(amounts.cell(scheduled))</dd>"
    }
    return """
      <div class="card\(losing ? " losing" : "")"><h3>\(broken(rule.name))</h3>\
      <p class="what">\(rule.column.title). \(rule.column.meaning)</p>
      <p class="net">\(amounts.cell(rule.net)) <small>\(result.currency)</small></p>\(said)
      <dl class="sums"><dt>avoided by \(counted(rule.caught, "catch", "catches"))</dt><dd>\(amounts.cell(rule.gross))</dd>\
      <dt>less cost</dt><dd>\(amounts.cell(rule.cost))</dd><dt class="total">net</dt>\
      <dd class="total">\(amounts.cell(rule.net))</dd>
      \(beside)</dl></div>

      """
  }

  // MARK: How sure is that?

  private var sure: Markup {
    guard !rules.isEmpty else { return "<p class=\"lead\">There is nothing to be sure of.</p>\n\(lists)" }
    let table = PageTable(
      id: "sure-table", caption: "Losses, and how the decisions met them",
      columns: [
        .text("Rule"), .number("Losses caught"), .number("Losses missed"), .number("Decisions"),
        .number("False alarms"),
        .number("False alarms a month"), .number("Precision"), .number("Mean lead"),
      ],
      rows: rules.map { rule in
        let judged = rule.caught + rule.falseAlarms
        return .init(
          cells: [
            broken(rule.name),
            rule.losses == 0 ? "<span class=\"soft\">none known</span>" : ratio(rule.caught, of: rule.losses),
            "\(grouped(rule.missed))", "\(grouped(rule.decisions))", "\(grouped(rule.falseAlarms))",
            aMonth(rule.falseAlarms),
            judged == 0 ? "<span class=\"soft\">no decision</span>" : ratio(rule.caught, of: judged),
            rule.meanLead.map { "\(shown($0))" } ?? "<span class=\"soft\">–</span>",
          ], isLosing: false)
      })
    let few: Markup =
      rules.contains { $0.interval == nil }
      ? "<p class=\"note\">An interval takes ten incidents or more. Where there are fewer, counts are all that can be said.</p>\n"
      : .none
    return table.markup + few + lists
  }

  /// By months of 30.4 days.
  private func aMonth(_ count: Int64) -> Markup {
    let months = (result.to - result.from).seconds / (30.4 * 86_400)
    return months > 0 ? "\(shown((Double(count) / months * 10).rounded() / 10))" : "<span class=\"soft\">–</span>"
  }

  private var lists: Markup {
    func list(_ heading: Markup, _ items: [Markup]) -> Markup {
      items.isEmpty ? .none : "<h3>\(heading)</h3>\n<ul>\(items.map { "<li>\($0)</li>" as Markup })</ul>\n"
    }
    let models = rules.compactMap { rule -> Markup? in
      guard rule.because != nil || rule.agreed != nil else { return nil }
      let agreed: Markup = rule.agreed.map { "agreed: \($0)" } ?? "<b>not agreed by anybody</b>"
      return "\(broken(rule.name)): \(rule.because ?? "no reason given"); \(agreed)"
    }
    return list("What is assumed", models + result.assumptions.map { "\($0)" })
      + list("Not in the figures", result.remarks.map { "\($0)" })
  }

  // MARK: Which rules?

  private var whichRules: Markup {
    let table = PageTable(
      id: "rules-table", caption: "By rule, in \(result.currency); those that lose money first",
      columns: [
        .text("Rule"), .number("Net"), .number("Gross"), .number("Cost"), .number("Interval from"),
        .number("Interval to"),
        .number("Caught", begins: true), .number("Missed"), .number("False alarms"),
      ],
      rows: rules.map { rule in
        .init(
          cells: [
            "\(broken(rule.name))\(rule.net < 0 ? " <span class=\"loss\">loses money</span>" : Markup.none)<span class=\"soft line\">\(rule.column.rawValue) · \(counted(rule.decisions, "decision", "decisions"))</span>",
            "<b>\(amounts.cell(rule.net))</b>", amounts.cell(rule.gross), amounts.cell(rule.cost),
            rule.interval.map { amounts.cell($0.lowerBound) } ?? "<span class=\"soft\">–</span>",
            rule.interval.map { amounts.cell($0.upperBound) } ?? "<span class=\"soft\">–</span>",
            "\(grouped(rule.caught))", "\(grouped(rule.missed))", "\(grouped(rule.falseAlarms))",
          ], isLosing: rule.net < 0)
      })
    let sweeps = result.sweeps.enumerated().map { $1.markup($0 + 1, amounts) }
    return (rules.isEmpty ? "<p class=\"lead\">No rule was priced.</p>\n" : table.markup) + Markup(sweeps)
  }

  // MARK: What waits, and what next?

  private var waiting: Markup {
    let open = rules.filter { $0.agreed == nil }
    guard !open.isEmpty else { return "<p class=\"lead\">Nothing. Every model is agreed.</p>\n" }
    return """
      <p class="lead">Somebody who answers for the money has to agree to the model of \(counted(Int64(open.count), "rule", "rules")): \
      <code>agreed_by</code> and <code>agreed_on</code> in the rule’s <code>value</code>.</p>
      <ul>\(open.map { "<li>\(broken($0.name))</li>" as Markup })</ul>

      """
  }

  private var next: Markup {
    var steps = rules.filter { $0.net < 0 }.map { rule -> Markup in
      let why: Markup =
        rule.falseAlarms > rule.caught
        ? "\(counted(rule.falseAlarms, "false alarm", "false alarms")) to \(counted(rule.caught, "catch", "catches")): try a longer hold or another limit before anybody is disturbed."
        : "What it does costs more than what it avoids: look at its costs, and at what its model says."
      return "<b>\(broken(rule.name))</b> <span class=\"loss\">loses money</span> on this history. \(why)"
    }
    steps += result.sweeps.compactMap { sweep in
      guard let chosen = sweep.chosen, chosen.value != sweep.current else { return nil }
      return chosen.tested > 0
        ? "<b>\(broken(sweep.rule))</b>: <code>\(sweep.limit) = \(chosen.value)</code> held up on the later part of the history."
        : "<b>\(broken(sweep.rule))</b>: no value of <code>\(sweep.limit)</code> that was best early earned anything later. Do not tune it further on this history."
    }
    steps += rules.filter { $0.missed > 0 }.map { rule in
      "<b>\(broken(rule.name))</b> missed \(counted(rule.missed, "loss", "losses")): look at what the readings showed before."
    }
    let earning = rules.filter { $0.net > 0 }
    if !earning.isEmpty {
      steps.append(
        "Let \(Markup(earning.map { "<b>\(broken($0.name))</b>" }, separator: ", ")) run in shadow and say the verdicts: a backtest is a promise, not a proof."
      )
    }
    guard !steps.isEmpty else {
      return "<p class=\"lead\">Give a list of losses: without one nothing can be priced.</p>\n"
    }
    return "<ol class=\"next\">\(steps.map { "<li>\($0)</li>\n" as Markup })</ol>\n"
  }

  private var evidence: Markup {
    let parts = result.evidence.enumerated().map { $1.markup($0 + 1, isJudged: false) }
    return "<p class=\"lead\">The numbers each decision would have been taken on, before it and after.</p>\n\(parts)"
  }

  // MARK: Loss by loss

  /// More than this many rows of one rule nobody reads on a page; the other formats have all.
  private static let most = 200

  private var incidents: Markup {
    Markup(
      rules.enumerated().filter { !$1.incidents.isEmpty }.map { place, rule in
        let shownOf: Markup =
          rule.incidents.count > Self.most ? ": the first \(Self.most) of \(grouped(rule.incidents.count))" : .none
        return PageTable(
          id: "incidents-\(place + 1)", caption: "\(broken(rule.name))\(shownOf)",
          columns: [
            .text("Asset"), .text("What it was"), .text("Decided"), .text("Loss began"), .text("Lead"), .text("Cause"),
          ],
          rows: rule.incidents.prefix(Self.most).map(row)
        ).markup
      })
  }

  private func row(_ incident: IncidentShown) -> PageTable.Row {
    let what: Markup
    switch (incident.decided, incident.loss) {
    case (_?, let loss?): what = loss.planned ? "before planned work" : "caught"
    case (nil, let loss?): what = loss.planned ? "planned" : "<span class=\"loss\">missed</span>"
    case (_, nil): what = "false alarm"
    }
    let none: Markup = "<span class=\"soft\">–</span>"
    let lead = incident.decided.flatMap { decided in incident.loss.map { $0.start - decided } }
    return .init(cells: [
      broken(incident.asset), what, incident.decided.map(shown) ?? none, incident.loss.map { shown($0.start) } ?? none,
      lead.map { "\(shown($0))" } ?? none, incident.loss?.cause.map { "\($0)" } ?? none,
    ])
  }

  private static let notes: Markup = """
    <dl><dt>Caught</dt><dd>a decision came on the same asset, early enough to help and not longer before the loss than the \
    rule’s horizon. One decision meets one loss; the earliest useful one counts.</dd>
    <dt>Missed</dt><dd>an unplanned loss without such a decision.</dd>
    <dt>False alarm</dt><dd>a decision that no loss followed.</dd>
    <dt>Gross</dt><dd>what the caught losses would have cost, as far as they are avoidable by the rule’s model.</dd>
    <dt>Cost</dt><dd>of the work each decision asks for, and of needless calls.</dd>
    <dt>Interval</dt><dd>the incidents are drawn again many times, always by the same dice; the net lay between these in 95 \
    of 100 draws.</dd></dl>
    <p>Times are UTC. No figure here was measured in the plant: it is what would have been.</p>

    """
}

extension RuleShown {
  fileprivate var everyAmount: [Int64] {
    [gross, cost, unwatched ?? 0, scheduled ?? 0, interval?.lowerBound ?? 0, interval?.upperBound ?? 0]
  }
}
