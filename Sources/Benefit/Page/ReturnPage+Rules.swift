import Rules

/// Which rules earn and which lose, and what to do about it.
extension ReturnPage {
  var whichRules: Markup {
    guard !rules.isEmpty || !shadows.isEmpty else {
      return "<p class=\"lead\">No rule has taken a decision in this time.</p>\n"
    }
    let live: Markup =
      rules.isEmpty
      ? "<p class=\"lead\">No rule acts in the plant yet; all are in shadow.</p>\n"
      : table(
        rules, id: "rules-table", of: "Rule", caption: "By rule, in \(accounts.currency); those that lose money first")
    let others = losersFirst(accounts.groups.filter(\.isInPlant)) { $0.net }
    let byOther: Markup =
      accounts.grouping == .rule || others.isEmpty
      ? .none
      : "<h3>By \(accounts.grouping.rawValue)</h3>\n"
        + table(
          others, id: "groups-table", of: accounts.grouping.title,
          caption: "By \(accounts.grouping.rawValue), in \(accounts.currency); those that lose money first")
    return live + byOther + shadowTable
  }

  private func table(_ sums: [AccountSum], id: String, of what: Markup, caption: Markup) -> Markup {
    PageTable(
      id: id, caption: caption,
      columns: [
        .text(what), .number("Net"), .number("Measured"), .number("Cost"), .number("Modelled"), .number("Unproven"),
        .number("Over the baseline"), .number("Coverage"), .number("Precision", begins: true), .number("Waiting"),
        .number("Missed"), .number("Response"),
      ],
      rows: sums.map { sum in
        .init(
          cells: [
            heading(sum), "<b>\(amounts.cell(sum.net))</b>", amounts.cell(sum.measured), amounts.cell(sum.cost),
            amounts.cell(sum.modelled), amounts.cell(sum.unproven), amounts.cell(sum.over), coverage(sum),
            precision(sum),
            "\(grouped(sum.waiting))", "\(grouped(sum.missed))",
            sum.meanResponse.map { "\(shown($0))" } ?? "<span class=\"soft\">–</span>",
          ], isLosing: sum.net < 0)
      }
    ).markup
  }

  private func heading(_ sum: AccountSum) -> Markup {
    """
    \(broken(sum.name))\(sum.net < 0 ? " <span class=\"loss\">loses money</span>" : Markup.none)\
    <span class="soft line">\(sum.column.rawValue) · \(counted(sum.decisions, "decision", "decisions"))</span>
    """
  }

  private var shadowTable: Markup {
    guard !shadows.isEmpty else { return .none }
    let table = PageTable(
      id: "shadow-table", caption: "Recorded only, in \(accounts.currency): in no figure above",
      columns: [
        .text("Rule"), .number("Would have saved"), .number("Would have cost"), .number("Would-have net"),
        .number("Decisions", begins: true),
        .number("Precision"), .number("Verdicts"),
      ],
      rows: shadows.map { sum in
        let loses: Markup = sum.wouldNet < 0 ? " <span class=\"loss\">would have lost money</span>" : .none
        return .init(
          cells: [
            "\(broken(sum.name))\(loses)<span class=\"soft line\">\(sum.column.rawValue)</span>",
            amounts.cell(sum.wouldSave), amounts.cell(sum.wouldCost), amounts.cell(sum.wouldNet),
            "\(grouped(sum.shadowDecisions))", precision(sum), "\(grouped(sum.judged))",
          ], isLosing: sum.wouldNet < 0)
      })
    return "<div class=\"shadow\"><h3>In shadow: would have</h3>\n\(table.markup)</div>\n"
  }

  // MARK: What next?

  var next: Markup {
    let steps = losing + verdicts + misses + baselines + shadowSteps
    guard !steps.isEmpty else {
      return "<p class=\"lead\">Nothing stands out. Look again when new decisions are in.</p>\n"
    }
    return "<ol class=\"next\">\(steps.map { "<li>\($0)</li>\n" as Markup })</ol>\n"
  }

  private var losing: [Markup] {
    rules.filter { $0.net < 0 }.map { sum in
      let judged = sum.confirmed + sum.falseAlarms
      let why: Markup
      if sum.falseAlarms > 0, sum.falseAlarms * 2 >= judged {
        why = """
          \(grouped(sum.falseAlarms)) of \(grouped(judged)) verdicts found nothing: try a longer hold or another limit on \
          history first, <code>millwright backtest SITE --rule \(sum.name) --data FILE --losses FILE</code>.
          """
      } else if sum.measured.saturatingPlus(sum.unproven) >= sum.cost, sum.waiting > 0 {
        why = "It may yet earn: \(counted(sum.waiting, "decision waits", "decisions wait")) for a verdict."
      } else {
        why = "Its work costs more than what it avoids: look at its costs, and at what its model says it is worth."
      }
      return """
        <b>\(broken(sum.name))</b> <span class="loss">loses money</span> (\(sum.column.rawValue)): \
        <span class="nowrap">\(amounts.named(sum.measured))</span> measured against \
        <span class="nowrap">\(amounts.named(sum.cost))</span> of cost. \(why)
        """
    }
  }

  private var verdicts: [Markup] {
    guard waitingCount > 0 else { return [] }
    let unproven = AccountColumn.inOrder.compactMap { column in
      accounts.totals.first { $0.column == column && $0.unproven > 0 }
    }.map { sum -> Markup in "<span class=\"nowrap\">\(amounts.named(sum.unproven))</span> \(sum.column.rawValue)" }
    let rests: Markup = unproven.isEmpty ? "." : ": \(Markup(unproven, separator: ", ")) stay unproven until then."
    return ["Say the verdict of \(counted(waitingCount, "decision", "decisions"))\(rests)"]
  }

  private var misses: [Markup] {
    let missed = accounts.rules.filter { $0.missed > 0 }
    guard !missed.isEmpty else { return [] }
    let names = missed.map { sum -> Markup in
      "<b>\(broken(sum.name))</b> missed \(counted(sum.missed, "loss", "losses"))"
    }
    return ["\(Markup(names, separator: ", ")): look at what the readings showed before."]
  }

  private var baselines: [Markup] {
    accounts.totals.filter { $0.over > 0 }.map { sum in
      """
      <span class="nowrap">\(amounts.named(sum.over))</span> \(sum.column.rawValue) is over the signed baseline. It counts \
      only if that is signed anew.
      """
    }
  }

  private var shadowSteps: [Markup] {
    shadows.filter { $0.wouldNet > 0 }.map { sum in
      """
      <b>\(broken(sum.name))</b> is in shadow and would have come to <span class="nowrap">\(amounts.named(sum.wouldNet))</span> \
      \(sum.column.rawValue), with \(counted(sum.judged, "verdict", "verdicts")). Say the verdicts that are still missing before it goes on.
      """
    }
      + shadows.filter { $0.wouldNet < 0 }.map { sum in
        "<b>\(broken(sum.name))</b> <span class=\"loss\">would have lost money</span>: leave it in shadow, or change it."
      }
  }
}

extension AccountGrouping {
  var title: Markup {
    switch self {
    case .rule: "Rule"
    case .owner: "Owner"
    case .assetClass: "Class"
    case .asset: "Asset"
    case .month: "Month"
    case .tier: "Tier"
    }
  }
}
