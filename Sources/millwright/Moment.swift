import Rules

/// A moment on the command line: RFC 3339, or a day of the site. As the end of something a day is included. Throws
/// `Failure.usage`.
func moment(_ text: String?, _ option: String, in zone: Zone, isEnd: Bool = false) throws -> Instant? {
  guard let text else { return nil }
  if let moment = Instant(rfc3339: text) { return moment }
  if let day = Instant(rfc3339: text + "T00:00:00Z") {
    guard isEnd else { return zone.instant(ofLocal: day) }
    return zone.instant(ofLocal: day + .hours(24)) - TimeSpan(microseconds: 1)
  }
  throw Failure.usage("--\(option) '\(text)' is no moment; write it as 2026-01-01 or 2026-01-01T00:00:00Z")
}
