import Rules

/// What the demo came to.
package struct Summary: Sendable {
  /// One piece of work another system has taken.
  package struct Order: Equatable, Sendable {
    package var reference: String
    package var title: String
    package var priority: Int?
    package var tries: Int
    package init(reference: String, title: String, priority: Int?, tries: Int) {
      self.reference = reference
      self.title = title
      self.priority = priority
      self.tries = tries
    }
  }

  /// Plant time.
  package var start: Instant
  package var end: Instant
  package var messages: Int
  package var decisions: [Decision]
  package var orders: [Order]
  package var heldBack: [HeldBack]
  /// Conditions that were blind at some time.
  package var blind: [ConditionRecord]
  package var faults: [PlantFault]

  package init(
    start: Instant, end: Instant, messages: Int, decisions: [Decision], orders: [Order], heldBack: [HeldBack],
    blind: [ConditionRecord], faults: [PlantFault]
  ) {
    self.start = start
    self.end = end
    self.messages = messages
    self.decisions = decisions
    self.orders = orders
    self.heldBack = heldBack
    self.blind = blind
    self.faults = faults
  }
}

extension Story {
  /// The last page: decisions by rule, work with its numbers, what was not done and why, and faults beside findings.
  package func summary(_ summary: Summary) -> String {
    let comparison = Comparison(
      faults: summary.faults, decisions: summary.decisions, blind: summary.blind, until: summary.end)
    let sections = [
      ("Decisions by rule", decisionLines(summary.decisions)),
      ("Work taken by the desk", orderLines(summary.orders)),
      ("Held back, and why", heldBackLines(summary)),
      ("Blind for a time", blindLines(summary.blind)),
      ("Faults written into the plant", faultLines(comparison)),
      ("Decided without a fault", comparison.withoutFault.map { entry($0.key.time, $0.key.asset, $0.title, "", .red) }),
    ]
    let span = "\(shortTime(summary.start)) to \(shortTime(summary.end))"
    let head =
      "\(span) in the plant: \(counted(summary.messages, "value")) read, "
      + "\(counted(summary.decisions.count, "decision")), \(counted(summary.orders.count, "order"))."
    var lines = [paint(head, .bold)]
    for (title, section) in sections where !section.isEmpty {
      lines += ["", paint(title, .bold)] + section.map { "  " + trimmed($0) }
    }
    return (lines + ["", tally(comparison), ""]).joined(separator: "\n")
  }

  private func decisionLines(_ decisions: [Decision]) -> [String] {
    counts(decisions.map(\.title)).map { title, count in
      let machines = decisions.filter { $0.title == title }.map { name(of: $0.key.asset) }
      return "\(column("\(count)", 4))\(column(title, 34))\(unique(machines).joined(separator: ", "))"
    }
  }

  private func orderLines(_ orders: [Summary.Order]) -> [String] {
    orders.map { order in
      let priority = order.priority.map { "priority \($0)" } ?? ""
      let tries = order.tries > 1 ? "  (taken at try \(order.tries))" : ""
      return "\(column(order.reference, 9))\(column(priority, 12))\(order.title)\(tries)"
    }
  }

  private func heldBackLines(_ summary: Summary) -> [String] {
    let firings = summary.heldBack.map { _ in "firing held back: decided not long ago" }
    let actions = summary.decisions.flatMap(\.actions).compactMap { action -> String? in
      let kind = action.kind.rawValue.split(separator: "_").joined(separator: " ")
      switch action.standing {
      case .ready: return nil
      case .shadow: return "\(kind) recorded only: its rule is in shadow"
      case .refused(let why): return "\(kind) not sent: \(why)"
      case .waiting: return "\(kind) waits for a person"
      }
    }
    return counts(firings + actions).map { "\(column("\($0.count)", 4))\($0.text)" }
  }

  private func blindLines(_ conditions: [ConditionRecord]) -> [String] {
    unique(
      conditions.compactMap { condition in
        condition.blindSince.map {
          "\(column(name(of: condition.asset), 7))\(column(condition.rule, 32))since \(shortTime($0))"
            + (condition.blindReading.map { ", '\($0)' was not good" } ?? "")
        }
      })
  }

  private func faultLines(_ comparison: Comparison) -> [String] {
    comparison.verdicts.map { fault, verdict in
      let (text, style): (String, Paint) =
        switch verdict {
        case .caught(let after, let title): ("caught after \(span(after)): \(title)", .green)
        case .missed: ("MISSED", .red)
        case .tooSoon: ("the demo ended too soon to tell", .yellow)
        case .rightlyIgnored: ("no decision, rightly", .green)
        case .seenAsBlind: ("seen as blind, no decision, rightly", .green)
        case .falseAlarm(let title): ("FALSE ALARM: \(title)", .red)
        }
      return "\(shortTime(fault.onset))  \(column(fault.sentence, 62))\(paint(text, style))"
    }
  }

  private func tally(_ comparison: Comparison) -> String {
    var (caught, real, open, alarms) = (0, 0, 0, comparison.withoutFault.count)
    for (fault, verdict) in comparison.verdicts {
      if fault.expected == .decision { real += 1 }
      switch verdict {
      case .caught: caught += 1
      case .tooSoon: open += 1
      case .falseAlarm: alarms += 1
      default: break
      }
    }
    let rest = open == 0 ? "" : ", \(open) too late to tell"
    return "\(caught) of \(counted(real, "fault")) caught\(rest), \(counted(alarms, "false alarm"))."
  }

  private func counts(_ texts: [String]) -> [(text: String, count: Int)] {
    unique(texts).map { text in (text, texts.count { $0 == text }) }
  }

  private func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
