import Rules

/// How sure: what rests on verdicts, what on assumptions, what was missed, and what is not in the figures.
extension ReturnPage {
  var sure: Markup {
    let totals = AccountColumn.inOrder.compactMap { column in accounts.totals.first { $0.column == column } }
    guard !totals.isEmpty else {
      return "<p class=\"lead\">There is nothing to be sure of yet.</p>\n\(remarks)\(losses)"
    }
    return """
      \(facts(totals))\(columnTable(totals))\(months)\(remarks)\(losses)
      """
  }

  /// Counts, which may be added over the columns as no decision is in two.
  private func facts(_ totals: [AccountSum]) -> Markup {
    var all = AccountSum(name: "", column: .avoided)
    for sum in totals { all.add(sum) }
    let decisions = all.decisions + all.shadowDecisions
    let response: Markup =
      all.meanResponse.map {
        "\(shown($0))<small>on average, over \(counted(all.responded, "decision", "decisions"))</small>"
      }
      ?? "not known<small>no work has begun on a decision</small>"
    return """
      <dl class="facts"><div><dt>Decisions with a verdict</dt><dd>\(grouped(all.judged)) of \(grouped(decisions))\
      <small>\(grouped(all.waiting)) waiting</small></dd></div>
      <div><dt>Precision</dt><dd>\(precision(all))<small>confirmed, of those confirmed or found needless</small></dd></div>
      <div><dt>Losses missed</dt><dd>\(grouped(all.missed))<small>came without a decision</small></dd></div>
      <div><dt>Until work began</dt><dd>\(response)</dd></div></dl>

      """
  }

  private func columnTable(_ totals: [AccountSum]) -> Markup {
    PageTable(
      id: "columns-table", caption: "What each column rests on, in \(accounts.currency)",
      columns: [
        .text("Column"), .number("Modelled"), .number("Measured"), .number("Unproven"), .number("Over the baseline"),
        .number("Coverage"), .number("Precision", begins: true),
      ],
      rows: totals.map { sum in
        .init(cells: [
          "\(sum.column.title)", amounts.cell(sum.modelled), amounts.cell(sum.measured), amounts.cell(sum.unproven),
          amounts.cell(sum.over), coverage(sum), precision(sum),
        ])
      }
    ).markup
  }

  func precision(_ sum: AccountSum) -> Markup {
    let judged = sum.confirmed + sum.falseAlarms
    return judged == 0 ? "<span class=\"soft\">no verdict</span>" : "\(ratio(sum.confirmed, of: judged))"
  }

  func coverage(_ sum: AccountSum) -> Markup {
    sum.coverage.map { "\(percent($0))" } ?? "<span class=\"soft\">nothing claimed</span>"
  }

  // MARK: By month

  private var months: Markup {
    let plots = AccountColumn.inOrder.compactMap { MonthsPlot($0, of: accounts.months)?.markup(amounts) }
    guard !plots.isEmpty else { return .none }
    let table = PageTable(
      id: "months-table", caption: "By month, in \(accounts.currency)",
      columns: [
        .text("Month"), .text("Column"), .number("Modelled"), .number("Measured"), .number("Unproven"),
        .number("Over the baseline"),
        .number("Cost"), .number("Net"), .number("Missed", begins: true),
      ],
      rows: accounts.months.map { sum in
        .init(
          cells: [
            "\(sum.name)\(sum.net < 0 ? " <span class=\"loss\">lost money</span>" : Markup.none)",
            "\(sum.column.title)",
            amounts.cell(sum.modelled), amounts.cell(sum.measured), amounts.cell(sum.unproven), amounts.cell(sum.over),
            amounts.cell(sum.cost), amounts.cell(sum.net), "\(grouped(sum.missed))",
          ], isLosing: sum.net < 0)
      })
    return """
      <h3>Modelled against measured</h3>
      \(MonthsPlot.legend)<div class="plots">\(plots)</div>
      <details><summary>The figures of each month</summary>
      \(table.markup)</details>

      """
  }

  // MARK: What is not in it, and what came anyway

  private var remarks: Markup {
    guard !accounts.remarks.isEmpty else { return .none }
    return "<h3>Not in the figures</h3>\n<ul>\(accounts.remarks.map { "<li>\($0)</li>" as Markup })</ul>\n"
  }

  private var losses: Markup {
    guard !accounts.losses.isEmpty else { return .none }
    let rows = accounts.losses.map { loss in
      PageTable.Row(cells: [
        "\(broken(loss.asset))", shown(loss.start),
        loss.end > loss.start ? "\(shown(loss.end - loss.start))" : "<span class=\"soft\">not known</span>",
        loss.cause.map { "\($0)" } ?? "<span class=\"soft\">not stated</span>", loss.planned ? "planned" : "unplanned",
        loss.cost.map(cost) ?? "<span class=\"soft\">not stated</span>",
      ])
    }
    return "<h3>Losses that came</h3>\n"
      + PageTable(
        id: "losses", caption: "The newest losses that are known",
        columns: [.text("Asset"), .text("Began"), .text("For"), .text("Cause"), .text("Planned"), .number("Cost")],
        rows: rows
      ).markup
  }

  /// In its own currency: it need not be the site's.
  private func cost(_ money: Money) -> Markup {
    let own = money.currency == accounts.currency ? amounts : Amounts(money.currency, among: [money.hundredths])
    return "<span class=\"amount\">\(own.named(money.hundredths))</span>"
  }
}
