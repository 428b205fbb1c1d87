import Benefit
import Foundation
import Rules

/// `--compare suction_low=0.2..0.6/5` or `--compare held_for=10min,30min,3h`: the values that a rule is tried with.
struct SweptValues: Sendable {
  var rule = ""
  var parameter: String
  var values: [LimitValue]

  init(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    func usage() -> Failure {
      .usage(
        "--compare '\(text)': say NAME=FIRST..LAST/COUNT or NAME=VALUE,VALUE,... with a limit's name or held_for, as in "
          + "suction_low=0.2..0.6/5 or held_for=10min,30min,3h")
    }
    guard parts.count == 2, !parts[0].isEmpty else { throw usage() }
    parameter = parts[0]
    if let range = parts[1].range(of: ".."), let slash = parts[1].lastIndex(of: "/"), range.upperBound < slash {
      guard let first = Self.value(String(parts[1][..<range.lowerBound])),
        let last = Self.value(String(parts[1][range.upperBound..<slash])), first.isAlike(last),
        let count = Int(parts[1][parts[1].index(after: slash)...]), (2...100).contains(count)
      else { throw usage() }
      values = (0..<count).map { place in
        let number = first.number + (last.number - first.number) * Double(place) / Double(count - 1)
        if case .duration = first { return .duration(TimeSpan(microseconds: Int64((number * 1e6).rounded()))) }
        // As people write it: what a sum of fractions leaves behind is not meant.
        return .number(Double(String(format: "%.9g", number)) ?? number)
      }
    } else {
      values = try parts[1].split(separator: ",").map {
        guard let value = Self.value(String($0)) else { throw usage() }
        return value
      }
      guard values.count >= 2, values.allSatisfy({ $0.isAlike(values[0]) }) else { throw usage() }
    }
  }

  private static func value(_ text: String) -> LimitValue? {
    if let number = Double(text), number.isFinite { return .number(number) }
    return TimeSpan(text).map { .duration($0) }
  }

  /// Refuses what the rule does not have.
  func check(_ rule: Rule) throws {
    for value in values where value.number < 0 && parameter == "held_for" {
      throw Failure.usage("--compare held_for: \(value.written) is no length of time")
    }
    if parameter == "held_for" {
      guard case .duration = values[0] else {
        throw Failure.usage("--compare held_for takes lengths of time: 10min,30min")
      }
      return
    }
    guard let limit = rule.limits.first(where: { $0.name == parameter }) else {
      let names = rule.limits.map(\.name) + ["held_for"]
      throw Failure.usage(
        "--compare \(parameter): rule '\(rule.name)' has no such limit\(suggestion(for: parameter, among: names)); it has "
          + names.joined(separator: ", "))
    }
    for value in values {
      if let refusal = limit.refusal(of: value) {
        throw Failure.usage("--compare \(parameter): \(value.written) \(refusal)")
      }
    }
  }

  /// What the rule has now; nil where a limit says how long it is held.
  func current(_ rule: Rule) -> String? {
    if parameter != "held_for" { return rule.limits.first { $0.name == parameter }?.value.written }
    if case .span(let span) = rule.heldFor { return "\(span)" }
    return nil
  }

  /// The configuration with the rule under one of the values, on every asset alike.
  func applied(_ value: LimitValue, _ configuration: Configuration) throws -> Configuration {
    var changed = configuration
    for index in changed.rules.indices where changed.rules[index].name == rule {
      if parameter == "held_for", case .duration(let span) = value {
        changed.rules[index].heldFor = .span(span)
      }
      for place in changed.rules[index].limits.indices where changed.rules[index].limits[place].name == parameter {
        changed.rules[index].limits[place].value = value
      }
    }
    for index in changed.model.assets.indices { changed.model.assets[index].limits[rule]?[parameter] = nil }
    return changed
  }
}

extension Sweep {
  /// A bar for each value: what it earned before the split, and what it earned after.
  var text: String {
    var lines = [
      "\(rule) by \(parameter), net in \(currency); tuned before \(split), judged after",
      table(
        [parameter.uppercased(), "DECISIONS", "NET BEFORE", "DECISIONS", "NET AFTER", ""],
        points.enumerated().map { place, point in
          [
            point.value, "\(point.train.decisions)", amount(point.train.net), "\(point.test.decisions)",
            amount(point.test.net), bar(point.test.net) + (place == best ? "  best before the split" : ""),
          ]
        }),
    ]
    if let best {
      let point = points[best]
      lines.append(
        "best before the split: \(parameter) = \(point.value); after it that came to \(amount(point.test.net))"
          + (point.test.losesMoney ? ": it LOSES MONEY" : ""))
    }
    lines.append("! \(Sweep.warning)")
    return lines.joined(separator: "\n")
  }

  private func amount(_ hundredths: Int64) -> String { "\(Money(hundredths: hundredths, currency: currency))" }

  private func bar(_ net: Int64) -> String {
    let most = points.map { $0.test.net.magnitude }.max() ?? 0
    guard most > 0 else { return "" }
    let length = Int(net.magnitude * 24 / most)
    return String(repeating: net < 0 ? "-" : "+", count: max(net == 0 ? 0 : 1, length))
  }

  var tree: Tree {
    .fields([
      "rule": .text(rule), "parameter": .text(parameter), "split": .time(split), "warning": .text(Sweep.warning),
      "best": .optional(best.map { points[$0].value }),
      "points": .list(
        points.map {
          .fields(["value": .text($0.value), "train": $0.train.tree, "test": $0.test.tree])
        }),
    ])
  }
}
