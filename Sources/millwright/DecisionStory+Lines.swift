import Foundation
import Ledger
import Rules

extension DecisionStory {
  /// What happened, in order: the condition in the plant's time, what came of it in the wall clock's.
  var lines: [String] {
    var lines = [
      "Decision \(id): \(decision.title) on \(decision.key.asset)",
      "  rule       \(decision.key.rule), owner \(decision.owner), tier \(decision.tier.rawValue)",
      "  decided    \(decision.key.time), the condition had held since \(decision.since)",
    ]
    if let deferred = decision.deferredFrom {
      lines.append("  deferred   it had fired at \(deferred) and was held back")
    }
    if let follows = decision.follows {
      lines.append("  follows    \(follows): its order was completed, and the condition went on")
    }
    if let consequence = decision.consequence { lines.append("  concerns   \(consequence.rawValue)") }
    for evidence in decision.evidence {
      lines.append("  reading    \(evidence.name) = \(evidence.value.plain)\(evidence.unit.map { " \($0)" } ?? "")")
    }
    for limit in decision.limits { lines.append("  limit      \(limit.name) = \(limit.value.plain)") }
    for check in decision.checkFirst { lines.append("  check      \(check)") }
    for story in actions { lines += story.lines }
    for closing in closings {
      let unsent = closing.cancels ? "; what was not sent was cancelled" : ""
      lines.append("  over       \(closing.at), its condition had cleared\(unsent)")
    }
    for verdict in verdicts { lines.append("  verdict    \(verdict.at)  \(verdict.words)") }
    lines.append("  key        \(decision.key)")
    lines.append("  rule text  \(decision.textHash)")
    return lines
  }
}

extension ActionStory {
  fileprivate var lines: [String] {
    let adapter = row.adapter.map { " by \($0)" } ?? ""
    let place = action.on.map { " on \($0.path)" } ?? ""
    let part =
      action.closes.map { action.kind == .setpoint ? " (undoes \($0))" : " (said on the order of \($0))" } ?? ""
    let head =
      "  action \(row.key.number)   \(row.kind.rawValue): \(row.title)\(place)\(part) [\(row.state.rawValue)]\(adapter)"
    // The first step has the time of the data, which may be years away from the others.
    let first = events.prefix(1).map { "    \($0.at)  \($0.words)" }
    var later = events.dropFirst().map { (at: $0.at, text: $0.words) }
    later += receipts.map { (at: $0.received, text: "receipt \($0.reference)") }
    for outcome in outcomes { later.append((at: outcome.at, text: "its system says \(outcome.words)")) }
    if let started = steps.started { later.append((at: started, text: "work began")) }
    if let done = steps.done { later.append((at: done, text: "work was done")) }
    let ordered = later.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    let merged = mergedInto.map { ["    counted on the order of \($0)"] } ?? []
    return [head] + first + ordered.map { "    \($0.element.at)  \($0.element.text)" } + merged
  }
}

extension ActionEvent {
  fileprivate var words: String { "\(state.rawValue)\(why.isEmpty ? "" : ": \(why)")" }
}

extension OrderStatus {
  fileprivate var words: String {
    [standing.rawValue.replacingOccurrences(of: "_", with: " "), cause, cost.map { "\($0)" }].compactMap { $0 }
      .joined(separator: ", ")
  }
}

extension VerdictRow {
  fileprivate var words: String {
    let found = [verdict.rawValue, cost.map { "\($0)" }].compactMap { $0 }.joined(separator: ", ")
    return "\(found), by \(person)\(note.isEmpty ? "" : ": \(note)")"
  }
}

extension LookUp {
  var tree: Tree {
    let (word, reference, why): (String, String?, String?) =
      switch answer {
      case .found(let reference): ("found", reference, nil)
      case .absent: ("absent", nil, nil)
      case .unknown(let why): ("unknown", nil, why)
      }
    return .fields([
      "number": .number(Double(number)), "began": .time(began), "ended": .time(ended),
      "status": status.map { .number(Double($0)) } ?? .null, "answer": .text(word), "reference": .optional(reference),
      "why": .optional(why),
    ])
  }
}

extension OrderStatus {
  var tree: Tree {
    .fields([
      "at": .time(at), "standing": .text(standing.rawValue), "cause": .optional(cause),
      "cost": .optional(cost.map { "\($0)" }), "started": .time(started), "done": .time(done),
    ])
  }
}

extension ActionSteps {
  var tree: Tree {
    .fields([
      "decided": .time(decided), "sent": .time(sent), "accepted": .time(accepted), "started": .time(started),
      "done": .time(done),
    ])
  }
}
