/// What the rule and the site's calendars say to a decision at one moment, beside what persons and policy do.
package struct Gate: Hashable, Sendable {
  /// Whether the rule's calendars are open.
  package var isOpen = true
  /// `suppressed_when` is true.
  package var isSuppressed = false
  /// `needs` is true; not, when it is false or cannot be told.
  package var isPermitted = true
  package init(isOpen: Bool = true, isSuppressed: Bool = false, isPermitted: Bool = true) {
    self.isOpen = isOpen
    self.isSuppressed = isSuppressed
    self.isPermitted = isPermitted
  }

  func encode(into writer: inout ByteWriter) {
    writer.byte((isOpen ? 1 : 0) | (isSuppressed ? 2 : 0) | (isPermitted ? 4 : 0))
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    let bits = try reader.byte()
    guard bits < 8 else { throw Unreadable(at: reader.offset) }
    self.init(isOpen: bits & 1 != 0, isSuppressed: bits & 2 != 0, isPermitted: bits & 4 != 0)
  }
}

/// When the holds of a rule run: while one of `during` is open, or there is none, and none of `notDuring`.
/// A class for what it remembers; that is worked out from the rest, so it decides nothing.
final class RuleHours {
  private let during: [Calendar]
  private let notDuring: [Calendar]
  private let zone: Zone
  /// The last answer, and for how long it holds: nearly always the one asked for again.
  private var known: (from: Instant, until: Instant, isOpen: Bool) = (.distantFuture, .distantFuture, true)

  /// Nil for a rule that no calendar bounds. A calendar that the site does not have is our bug: loading refuses it.
  init?(_ rule: Rule, _ configuration: Configuration) {
    guard !rule.during.isEmpty || !rule.notDuring.isEmpty else { return nil }
    func calendars(_ names: [String]) -> [Calendar] {
      names.map { name in
        guard let calendar = configuration.calendars.first(where: { $0.name == name }) else {
          preconditionFailure("rule \(rule.name) names the calendar \(name), which the site does not have")
        }
        return calendar
      }
    }
    during = calendars(rule.during)
    notDuring = calendars(rule.notDuring)
    zone = configuration.zone
  }

  /// Whether they are open at `time`, and when to ask again: when that changes next, or where it does not within a
  /// year (two calendars may exclude each other for good), after that.
  func state(at time: Instant) -> (isOpen: Bool, changesAt: Instant) {
    if known.from <= time, time < known.until { return (known.isOpen, known.until) }
    let isOpen = isOpen(at: time)
    let latest = time + .hours(366 * 24)
    var until = time
    repeat {
      until = (during + notDuring).compactMap { $0.nextChange(after: until, in: zone) }.min() ?? .distantFuture
    } while until < latest && self.isOpen(at: until) == isOpen
    until = min(until, latest)
    known = (time, until, isOpen)
    return (isOpen, until)
  }

  private func isOpen(at time: Instant) -> Bool {
    (during.isEmpty || during.contains { $0.isOpen(at: time, in: zone) })
      && !notDuring.contains { $0.isOpen(at: time, in: zone) }
  }
}
