import Foundation
import Rules

/// Tells what happens in lines a plant manager can follow. Builds texts and prints nothing.
package struct Story: Sendable {
  /// Colours by ANSI codes; without, plain text.
  package var colour: Bool
  /// Plant seconds a real second: waits for the desk are told in real time.
  package var speed: Double
  /// The site's offset from UTC, for the time of day.
  package var zone: TimeSpan

  package init(colour: Bool = false, speed: Double = 1, zone: TimeSpan = .zero) {
    self.colour = colour
    self.speed = speed
    self.zone = zone
  }

  /// Whether standard output is a terminal and its owner has not said NO_COLOR.
  package static var terminalHasColour: Bool {
    isatty(1) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }

  /// What the plant is and what will be seen. `page` is where the desk shows its orders.
  package func opening(start: Instant, page: String) -> String {
    let plant = "\(Plant.pumps.count) pumps, \(Plant.compressors.count) compressors and \(Plant.ovens.count) ovens"
    let pace = speed == 1 ? "at the pace of a real one" : "\(figure(speed)) times faster than a real one"
    return """
      \(paint("Riverside Works", .bold)), simulated: \(plant), \(pace).
      It is \(time(start)) in the plant. Faults are written into the next hour; the rules do not know which.
      The work-order desk is open at \(page)

      """
  }

  /// A rule fired: what was seen, for how long, and what of it may not be done.
  package func decision(_ decision: Decision) -> String {
    let held = decision.key.time - decision.since
    var seen = decision.evidence.compactMap { reading($0, limits: decision.limits) }.joined(separator: ", ")
    if held > .zero { seen = "held \(span(held))" + (seen.isEmpty ? "" : ": " + seen) }
    if let first = decision.deferredFrom { seen += " (held back since \(time(first)))" }
    let line = entry(decision.key.time, decision.key.asset, decision.title, seen, .bold)
    return ([line] + decision.actions.compactMap(withheld)).joined(separator: "\n")
  }

  /// What became of one attempt to have an action done.
  package func order(_ action: Action, _ attempt: Attempt) -> String {
    let desk = action.adapter ?? "the desk"
    let what = described(action)
    let wait = "in \(seconds(attempt.ended - attempt.began))"
    let again = attempt.number == 1 ? wait : "at try \(attempt.number)"
    let status = attempt.status.map { " (\($0))" } ?? ""
    switch attempt.receipt {
    case .accepted(let reference):
      let name = reference.isEmpty ? what : "\(noun(action)) \(reference) \(what)"
      return follow("\(name), accepted by \(desk) \(again)", .green)
    case .already(let reference):
      return follow("\(noun(action)) \(reference) \(what), known to \(desk) already", .green)
    case .tryAgain(let after, let why):
      if attempt.next == .dead { return follow("\(what): \(desk) did not take it, no further try: \(why)", .red) }
      // The desk says when; its seconds are the plant's.
      let later = after.map { "again in \(span($0))" } ?? "again later"
      return follow("\(what): \(desk) cannot take it now\(status), \(later)", .yellow)
    case .rejected(let why): return follow("\(what): \(desk) will not take it: \(why)", .red)
    case .unknown(let why): return follow("\(what): sent, but no answer from \(desk): \(why)", .yellow)
    }
  }

  /// A firing that became no decision. `title` is the rule's.
  package func heldBack(_ heldBack: HeldBack, title: String) -> String {
    entry(heldBack.time, heldBack.asset, title, "held back: \(reason(heldBack.reason))", .dim)
  }

  /// A condition that is blind; nil for one that sees. `title` is the rule's, `at` when it is told.
  package func blind(_ condition: ConditionRecord, title: String, at now: Instant) -> String? {
    guard let since = condition.blindSince else { return nil }
    let reading = condition.blindReading.map { "'\($0)'" } ?? "a reading"
    return entry(
      now, condition.asset, title, "blind since \(time(since)): \(reading) is not good, so it does not judge", .yellow)
  }

  /// A line now and then, so that silence is known to be health.
  package func status(at now: Instant, changes: Int, decisions: Int) -> String {
    let texts = [
      counted(changes, "value") + " read",
      counted(decisions, "decision"),
    ]
    return paint("\(time(now))  -----  " + texts.joined(separator: ", "), .dim)
  }
}

extension Story {
  enum Paint: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  func paint(_ text: String, _ paint: Paint) -> String { colour ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text }

  /// `10:08:12`
  package func time(_ moment: Instant) -> String { String((moment + zone).description.dropFirst(11).prefix(8)) }

  /// `10:08`
  func shortTime(_ moment: Instant) -> String { String(time(moment).prefix(5)) }

  /// Time, asset and title in columns, then the text.
  func entry(_ moment: Instant, _ asset: String, _ title: String, _ text: String, _ style: Paint) -> String {
    "\(time(moment))  \(column(name(of: asset), 7))\(paint(column(title, 24), style))\(text)"
  }

  /// A line that belongs to the one above it.
  func follow(_ text: String, _ style: Paint) -> String {
    String(repeating: " ", count: 17) + paint("->", style) + " " + text
  }

  func column(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(text.count < width ? 0 : 1, width - text.count))
  }

  /// `P-102` of `Riverside/Utilities/P-102`.
  func name(of asset: String) -> String { asset.split(separator: "/").last.map(String.init) ?? asset }

  /// Numbers and words; what is only yes or no is in the rule's title already.
  private func reading(_ evidence: Evidence, limits: [Limit]) -> String? {
    switch evidence.value {
    case .boolean: return nil
    case .notGood, .absent: return "\(evidence.name) not good"
    case .group: return "\(evidence.name) \(evidence.value.plain)" + (evidence.unit.map { " " + $0 } ?? "")
    case .text(let text): return "\(evidence.name) \(text)"
    case .number(let number):
      let unit = evidence.unit.map { " " + $0 } ?? ""
      // By custom a limit is named after its reading: `suction_low` for `suction`.
      let own = limits.filter { $0.name == evidence.name || $0.name.hasPrefix(evidence.name + "_") }
      let limit = own.count == 1 ? " (limit \(figure(own[0].value.number)))" : ""
      return "\(evidence.name) \(figure(number))\(unit)\(limit)"
    }
  }

  /// An action that is not to be sent, and why; nil when it may be.
  func withheld(_ action: Action) -> String? {
    switch action.standing {
    case .ready: nil
    case .shadow: follow("\(described(action)): recorded only, this rule is in shadow", .dim)
    case .refused(let why): follow("\(described(action)): not sent, \(why)", .dim)
    case .waiting(let expires): follow("\(described(action)): waits for a person until \(time(expires))", .yellow)
    }
  }

  func described(_ action: Action) -> String {
    if let setpoint = action.setpoint { return "setpoint \(setpoint.tag) to \(figure(setpoint.target))" }
    if action.kind == .setpoint { return "setpoint" }
    return "\"\(action.title)\"" + (action.priority.map { " priority \($0)" } ?? "")
  }

  private func noun(_ action: Action) -> String {
    switch action.kind {
    case .workOrder: "work order"
    case .setpoint: "setpoint"
    case .notification: "notification"
    }
  }

  func reason(_ reason: HeldBackReason) -> String {
    switch reason {
    case .atMost(let until): "decided not long ago, no more before \(time(until))"
    default: reason.words
    }
  }

  /// Two decimals below ten, one above, none that says nothing.
  func figure(_ number: Double) -> String {
    guard number.isFinite else { return "\(number)" }
    var text = String(format: number.magnitude < 10 ? "%.2f" : "%.1f", number)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }

  /// `2 min`, `1 h 5 min`, `12 s`
  func span(_ span: TimeSpan) -> String {
    let seconds = Int64(span.seconds.rounded())
    if seconds < 120, seconds % 60 != 0 || seconds == 0 { return "\(seconds) s" }
    let minutes = Int64((span.seconds / 60).rounded())
    if minutes < 60 { return "\(minutes) min" }
    return "\(minutes / 60) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min")
  }

  /// Real seconds.
  private func seconds(_ span: TimeSpan) -> String {
    let real = span.seconds / (speed > 0 ? speed : 1)
    return real < 0.05 ? "less than 0.1 s" : String(format: "%.1f s", real)
  }

  /// `1 decision`, `6 480 messages`
  func counted(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }

  private func grouped(_ count: Int) -> String {
    var groups: [String] = []
    var rest = count
    while rest >= 1000 {
      groups.insert(padded(rest % 1000, 3), at: 0)
      rest /= 1000
    }
    return ([String(rest)] + groups).joined(separator: " ")
  }
}
