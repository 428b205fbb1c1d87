import Foundation
import Rules

extension Action {
  /// The order in plain words: what its author wrote, then what happened when, readings, limits, and what to check
  /// first. Whoever gets it at three in the morning has no other screen.
  func story(of decision: Decision, site: String) -> String {
    var lines: [String] = []
    if !text.isEmpty { lines += [text, ""] }
    lines.append("\(decision.title) at \(decision.key.asset) (\(decision.assetClass)), \(site).")
    if let on { lines.append("To be done at \(on.path) (\(on.assetClass)).") }
    lines.append(decision.when)
    if let follows = decision.follows {
      lines.append("The order of \(follows.time) was completed, and it still stands.")
    }
    if !decision.evidence.isEmpty {
      lines.append("Readings then: \(decision.evidence.map(\.inWords).joined(separator: ", ")).")
    }
    if !decision.limits.isEmpty {
      let limits = decision.limits.map { "\($0.name) \($0.value.inWords)" }
      lines.append("Limits: \(limits.joined(separator: ", ")).")
    }
    if let setpoint {
      let until = setpoint.validUntil.map { ", before \($0) or not at all" } ?? ""
      lines.append("Set \(setpoint.tag) to \(inWords(setpoint.target))\(until).")
    }
    if !decision.checkFirst.isEmpty {
      lines += ["Check first:"] + decision.checkFirst.enumerated().map { "\($0.offset + 1). \($0.element)" }
    }
    let consequence = decision.consequence.map { "Consequence: \($0.rawValue). " } ?? ""
    lines.append("\(consequence)Rule: \(decision.key.rule). Owner: \(decision.owner).")
    return lines.joined(separator: "\n")
  }
}

extension Decision {
  fileprivate var when: String {
    let fired = deferredFrom ?? key.time
    let held = fired > since ? ", and held for \(fired - since)" : ""
    let deferred = deferredFrom.map { " It fired at \($0) and was held back until \(key.time)." } ?? ""
    return "True since \(since)\(held); decided at \(key.time).\(deferred)"
  }
}

extension Evidence {
  fileprivate var inWords: String {
    switch value {
    case .notGood: "\(name) not good"
    case .absent: "\(name) not known"
    case .group(let group):
      "\(name) \(Delivery.inWords(group.lowest)) to \(Delivery.inWords(group.highest))" + (unit.map { " \($0)" } ?? "")
        + " (mean \(Delivery.inWords(group.mean)) of \(group.howMany), farthest from it \(group.worst))"
    case .boolean(let flag): "\(name) \(flag ? "yes" : "no")"
    case .number(let number): "\(name) \(Delivery.inWords(number))" + (unit.map { " \($0)" } ?? "")
    case .text(let text): "\(name) \(text)"
    }
  }
}

extension LimitValue {
  fileprivate var inWords: String {
    if case .number(let number) = self { Delivery.inWords(number) } else { plain }
  }
}

/// Six digits that count, as a person would write them: `7.1`, `1450`, `0.000325`.
private func inWords(_ number: Double) -> String {
  guard number.isFinite else { return "not known" }
  if number.rounded() == number, number.magnitude < 1e15 { return String(Int64(number)) }
  return number.magnitude >= 1e6 ? String(format: "%.0f", number) : String(format: "%.6g", number)
}
