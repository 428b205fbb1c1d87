import GRDB
import Rules

/// Why a firing became no decision, as it is stored.
struct HeldBackColumns {
  var reason: String
  var until: Int64?
  /// The asset or rule that it names.
  var subject: String?
  var person: String?

  init(_ reason: HeldBackReason) {
    until = reason.until?.microseconds
    switch reason {
    case .atMost: self.reason = "at_most"
    case .shelved(_, let person): (self.reason, self.person) = ("shelved", person)
    case .outOfService(let asset, let person): (self.reason, subject, self.person) = ("out_of_service", asset, person)
    case .suppressed: self.reason = "suppressed"
    case .needs: self.reason = "needs"
    case .settling: self.reason = "settling"
    case .group(let first): (self.reason, subject) = ("group", first)
    case .calendar: self.reason = "calendar"
    case .quiet: self.reason = "quiet"
    }
  }

  init(_ row: Row) throws(DamagedValue) {
    reason = try row.get("reason")
    until = try row.get("until")
    subject = try row.get("subject")
    person = try row.get("person")
  }

  /// Nil when it is none that we know, or lacks what belongs to it.
  var known: HeldBackReason? {
    switch (reason, instant(until), subject, person) {
    case ("at_most", let until?, _, _): .atMost(until: until)
    case ("shelved", let until?, _, let person?): .shelved(until: until, by: person)
    case ("out_of_service", _, let asset?, let person?): .outOfService(asset: asset, by: person)
    case ("suppressed", _, _, _): .suppressed
    case ("needs", _, _, _): .needs
    case ("settling", let until?, _, _): .settling(until: until)
    case ("group", _, let first?, _): .group(first: first)
    case ("calendar", _, _, _): .calendar
    case ("quiet", let until?, _, _): .quiet(until: until)
    default: nil
    }
  }
}
