import Foundation
import Rules

extension Zone {
  /// The zone of that name as this machine knows it, from 1970 to 2100; nil when there is none. Foundation also takes
  /// `GMT+3` and the like, which say nothing of summer: they are not taken for a place.
  package static func known(as name: String) -> Zone? {
    if name == "UTC" { return .utc }
    guard name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
    var changes: [Change] = []
    var time = Date(timeIntervalSince1970: 0)
    let end = Date(timeIntervalSince1970: 4_102_444_800)
    while let next = zone.nextDaylightSavingTimeTransition(after: time), next > time, next < end {
      changes.append(
        Change(
          at: Instant(seconds: Int64(next.timeIntervalSince1970)),
          offset: .seconds(Int64(zone.secondsFromGMT(for: next)))))
      time = next
    }
    return Zone(
      name: name, offset: .seconds(Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: 0)))), changes: changes)
  }

  package static var knownNames: [String] { TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") } + ["UTC"] }
}
