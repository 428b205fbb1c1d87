import Benefit
import Foundation
import Rules

/// What a backtest says of money.
extension [Priced] {
  /// Losers first; several rules are a comparison.
  var text: String {
    var lines: [String] = []
    let sorted = losersFirst
    for priced in sorted where priced.losesMoney {
      lines.append("\(priced.rule) LOSES MONEY on this history: net \(priced.amount(priced.net))")
    }
    if count > 1 {
      lines.append(
        table(
          ["RULE", "DECISIONS", "CAUGHT", "FALSE", "GROSS", "COST", "NET"],
          sorted.map {
            [
              $0.rule, "\($0.decisions)", "\($0.caught.count) of \($0.losses)", "\($0.falseAlarms.count)",
              $0.amount($0.gross), $0.amount($0.cost), $0.amount($0.net),
            ]
          }))
    }
    for priced in sorted { lines += [""] + priced.lines }
    return lines.joined(separator: "\n")
  }
}

extension Priced {
  func amount(_ hundredths: Int64) -> String { "\(Money(hundredths: hundredths, currency: currency))" }

  var lines: [String] {
    var lines = ["\(rule) in money (\(column.rawValue)), \(from) to \(to)"]
    func say(_ name: String, _ text: String) {
      lines.append("  \(name.padding(toLength: 18, withPad: " ", startingAt: 0))\(text)")
    }
    say("decisions", "\(decisions)")
    if losses > 0 || !missed.isEmpty || !falseAlarms.isEmpty || !caught.isEmpty {
      say("losses", "\(losses): \(caught.count) caught, \(missed.count) missed")
      say(
        "false alarms",
        "\(falseAlarms.count)" + (falseAlarmsPerMonth.map { ", \(rounded($0, 2)) a month of 30 days" } ?? ""))
      if !sameIncident.isEmpty { say("same incident", "\(sameIncident.count): no order of their own") }
      if !late.isEmpty { say("too late", "\(late.count)") }
      if let recall { say("recall", rounded(recall, 4)) }
      if let precision { say("precision", rounded(precision, 4)) }
      if let meanLead {
        let leads = caught.map(\.lead).sorted()
        say(
          "lead time",
          "\(hours(meanLead)) in the mean, \(leads.first.map(hours) ?? "-") to \(leads.last.map(hours) ?? "-")")
      }
    }
    if let energy { say("energy", "\(rounded(Double(energy.millionths) / 1e6, 0)) kWh could have been had") }
    say("gross", amount(gross))
    say("cost", amount(cost) + (nuisanceCost > 0 ? ", \(amount(nuisanceCost)) of it needless calls" : ""))
    say("net", amount(net) + (losesMoney ? "  LOSES MONEY" : ""))
    if let interval {
      say(
        "95 % interval",
        "\(amount(interval.low)) to \(amount(interval.high)), by resampling \(incidents) incidents")
    } else {
      say(
        "interval", "none: it takes ten incidents or more, and here \(incidents == 1 ? "is one" : "are \(incidents)")")
    }
    if losses > 0 {
      say("without the rule", "\(amount(withoutRule)) lost; with it \(amount(missedCost)) of it still")
    }
    if let schedule {
      say(
        "fixed schedule",
        "every \(schedule.every): \(schedule.checks) checks, \(schedule.caught) caught, net \(amount(schedule.net))")
    }
    lines.append("  assumed")
    return lines + assumptions.map { "    \($0)" }
  }

  private func hours(_ span: TimeSpan) -> String { "\(rounded(span.seconds / 3600, 2)) h" }

  var tree: Tree {
    func at(_ list: [At]) -> Tree { .list(list.map { .fields(["asset": .text($0.asset), "time": .time($0.time)]) }) }
    func money(_ hundredths: Int64) -> Tree { .number(Double(hundredths) / 100) }
    return .fields([
      "rule": .text(rule), "column": .text(column.rawValue), "currency": .text(currency), "from": .time(from),
      "to": .time(to), "decisions": .number(Double(decisions)), "losses": .number(Double(losses)),
      "caught": .list(
        caught.map {
          .fields([
            "asset": .text($0.decision.asset), "decision": .time($0.decision.time), "loss": .time($0.loss.start),
            "lead_h": .number($0.lead.seconds / 3600), "worth": $0.worth.map(money) ?? .null,
          ])
        }),
      "missed": .list(missed.map { .fields(["asset": .text($0.asset), "loss": .time($0.start)]) }),
      "false_alarms": at(falseAlarms), "same_incident": at(sameIncident), "late": at(late),
      "false_alarms_per_month": falseAlarmsPerMonth.map(Tree.number) ?? .null,
      "recall": recall.map(Tree.number) ?? .null, "precision": precision.map(Tree.number) ?? .null,
      "mean_lead_h": meanLead.map { .number($0.seconds / 3600) } ?? .null,
      "energy_kwh": energy.map { .number(Double($0.millionths) / 1e6) } ?? .null, "gross": money(gross),
      "order_cost": money(orderCost), "nuisance_cost": money(nuisanceCost), "cost": money(cost), "net": money(net),
      "loses_money": .boolean(losesMoney), "incidents": .number(Double(incidents)),
      "interval": interval.map { .list([money($0.low), money($0.high)]) } ?? .null,
      "without_rule": money(withoutRule), "missed_cost": money(missedCost),
      "schedule": schedule.map {
        .fields([
          "every_s": .number($0.every.seconds), "checks": .number(Double($0.checks)),
          "caught": .number(Double($0.caught)), "cost": money($0.cost), "net": money($0.net),
        ])
      } ?? .null,
      "assumptions": .list(assumptions.map(Tree.text)),
    ])
  }
}

/// So many digits after the point, those that are needed.
private func rounded(_ number: Double, _ digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let rounded = (number * scale).rounded() / scale
  return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
}
