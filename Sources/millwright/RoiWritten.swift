import Benefit
import Rules

/// The accounts as text, CSV and JSON.
extension Accounts {
  private func money(_ amount: Int64) -> String { "\(Money(hundredths: amount, currency: currency))" }

  // MARK: Text

  var text: String {
    var lines = ["\(site): what it was worth, \(since.map { "from \($0) " } ?? "")as of \(asOf), in \(currency)", ""]
    if totals.isEmpty {
      return (lines + ["nothing was decided yet"] + remarks.map { "! \($0)" }).joined(separator: "\n")
    }
    for sum in groups where sum.losesMoney {
      lines.append(
        printable(
          "\(sum.name) LOSES MONEY: \(money(-sum.net)) more was spent than was shown to be saved (\(sum.column.rawValue))"
        ))
    }
    if groups.contains(where: \.losesMoney) { lines.append("") }
    lines.append(
      table(
        [
          grouping.rawValue.uppercased(), "COLUMN", "DECISIONS", "MODELLED", "MEASURED", "UNPROVEN", "OVER BASELINE",
          "COST", "NET", "PRECISION", "RESPONSE", "WAITING", "MISSED", "COVERAGE",
        ], groups.map { cells($0, name: $0.name) } + totals.map { cells($0, name: "all") }))
    let shadow = groups.filter { $0.shadowDecisions > 0 }
    if !shadow.isEmpty {
      lines += ["", "In shadow, never added to the above: what it would have been by the models"]
      lines.append(
        table(
          [grouping.rawValue.uppercased(), "COLUMN", "DECISIONS", "WOULD HAVE SAVED", "WOULD HAVE COST"],
          shadow.map {
            [
              printable($0.name), $0.column.rawValue, "\($0.shadowDecisions)", money($0.wouldSave), money($0.wouldCost),
            ]
          }))
    }
    lines.append("")
    if programme != 0 {
      lines.append("the programme itself cost \(money(programme)) in this time; it is in no net above")
    }
    if !waiting.isEmpty {
      lines.append(
        "waiting for a verdict, the newest: " + waiting.prefix(3).map { "\($0.id)" }.joined(separator: ", ")
          + " (millwright decisions verdict ID confirmed)")
    }
    lines.append("cash, avoided and capacity are money of different kinds and are never summed")
    return (lines + remarks.map { "! \($0)" }).joined(separator: "\n")
  }

  private func cells(_ sum: AccountSum, name: String) -> [String] {
    [
      printable(name), sum.column.rawValue, "\(sum.decisions)", money(sum.modelled), money(sum.measured),
      money(sum.unproven), money(sum.over), money(sum.cost), money(sum.net),
      sum.precision.map { "\(percent($0)) of \(sum.confirmed + sum.falseAlarms)" } ?? "-",
      sum.meanResponse.map(hours) ?? "-", "\(sum.waiting)", "\(sum.missed)", sum.coverage.map(percent) ?? "-",
    ]
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private func hours(_ span: TimeSpan) -> String {
    let tenths = (span.seconds / 360).rounded() / 10
    return "\(tenths) h"
  }

  // MARK: CSV and JSON

  private static let columns = [
    "name", "column", "currency", "decisions", "modelled", "measured", "unproven", "over_baseline", "cost", "net",
    "loses_money", "judged", "confirmed", "false_alarms", "waiting", "missed", "mean_response_s", "shadow_decisions",
    "would_save", "would_cost",
  ]

  /// One row a group; amounts as `1234.50`.
  var csv: String {
    func decimal(_ amount: Int64) -> String {
      let cents = amount.magnitude % 100
      return "\(amount < 0 ? "-" : "")\(amount.magnitude / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
    func cell(_ text: String) -> String {
      text.contains(where: { ",\"\n\r".contains($0) }) ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    let rows = groups.map { sum in
      [
        cell(sum.name), sum.column.rawValue, currency, "\(sum.decisions)", decimal(sum.modelled), decimal(sum.measured),
        decimal(sum.unproven), decimal(sum.over), decimal(sum.cost), decimal(sum.net), "\(sum.losesMoney)",
        "\(sum.judged)", "\(sum.confirmed)", "\(sum.falseAlarms)", "\(sum.waiting)", "\(sum.missed)",
        sum.meanResponse.map { "\($0.seconds)" } ?? "", "\(sum.shadowDecisions)", decimal(sum.wouldSave),
        decimal(sum.wouldCost),
      ].joined(separator: ",")
    }
    return ([Self.columns.joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
  }

  var tree: Tree {
    .fields([
      "site": .text(site), "currency": .text(currency), "since": .time(since), "as_of": .time(asOf),
      "by": .text(grouping.rawValue), "groups": .list(groups.map(tree)), "totals": .list(totals.map(tree)),
      "months": .list(months.map(tree)), "programme_cost": amount(programme),
      "waiting": .list(
        waiting.map {
          .fields([
            "id": .number(Double($0.id)), "key": .text("\($0.key)"), "title": .text($0.title),
            "owner": .text($0.owner), "tier": .text($0.tier.rawValue), "modelled": $0.modelled.map(amount) ?? .null,
          ])
        }),
      "losses": .list(
        losses.map {
          .fields([
            "asset": .text($0.asset), "start": .time($0.start), "end": .time($0.end), "cause": .optional($0.cause),
            "cost": .optional($0.cost.map { "\($0)" }), "planned": .boolean($0.planned),
          ])
        }),
      "remarks": .list(remarks.map(Tree.text)),
    ])
  }

  /// In the site's currency; exact as long as there are fewer than 15 digits.
  private func amount(_ hundredths: Int64) -> Tree { .number(Double(hundredths) / 100) }

  private func tree(_ sum: AccountSum) -> Tree {
    .fields([
      "name": .text(sum.name), "column": .text(sum.column.rawValue), "decisions": .number(Double(sum.decisions)),
      "modelled": amount(sum.modelled), "measured": amount(sum.measured), "unproven": amount(sum.unproven),
      "over_baseline": amount(sum.over), "cost": amount(sum.cost), "net": amount(sum.net),
      "loses_money": .boolean(sum.losesMoney), "judged": .number(Double(sum.judged)),
      "confirmed": .number(Double(sum.confirmed)), "false_alarms": .number(Double(sum.falseAlarms)),
      "precision": sum.precision.map(Tree.number) ?? .null, "coverage": sum.coverage.map(Tree.number) ?? .null,
      "mean_response_s": sum.meanResponse.map { .number($0.seconds) } ?? .null,
      "waiting": .number(Double(sum.waiting)), "missed": .number(Double(sum.missed)),
      "shadow_decisions": .number(Double(sum.shadowDecisions)), "would_save": amount(sum.wouldSave),
      "would_cost": amount(sum.wouldCost),
    ])
  }
}
