import Rules

extension Receipt {
  /// An answer of "not now" whose adapter named no time waits as long as the response's `Retry-After` says.
  package func honouring(_ response: HTTPResponse, now: Instant) -> Receipt {
    guard case .tryAgain(after: nil, let why) = self,
      let header = response.headers.first(where: { $0.name == "retry-after" }),
      let wait = retryAfter(header.value, now: now)
    else { return self }
    return .tryAgain(after: wait, why: why)
  }
}

/// Longest wait that is taken from a server: beyond it a slip of the other side would lose the work order quietly.
package let longestRetryAfter = TimeSpan.hours(24)

/// RFC 9110, 10.2.3: a number of seconds, or a date. Nil when it is neither; at most a day, at least nothing.
package func retryAfter(_ text: String, now: Instant) -> TimeSpan? {
  if !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
    return min(.seconds(Int64(text) ?? .max), longestRetryAfter)
  }
  return httpDate(text).map { min(max($0 - now, .zero), longestRetryAfter) }
}

/// The three forms of a date that RFC 9110, 5.6.7 has a recipient accept: `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. All are UTC.
package func httpDate(_ text: String) -> Instant? {
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }
  let numbers = parts.compactMap { Int64($0) }
  let times = parts.filter { $0.contains(":") }.flatMap { $0.split(separator: ":").map { Int64($0) ?? -1 } }
  guard let month = parts.compactMap({ months.firstIndex(of: String($0)) }).first, numbers.count == 2,
    times.count == 3, (0..<24).contains(times[0]), (0..<60).contains(times[1]), (0...60).contains(times[2])
  else { return nil }
  // Two digits of a year are of the RFC's own form of 1987: 94 is 1994, 26 is 2026.
  let year = numbers[1] >= 100 ? numbers[1] : numbers[1] + (numbers[1] < 70 ? 2000 : 1900)
  return Instant(year: year, month: Int64(month) + 1, day: numbers[0]).map {
    $0 + .seconds((times[0] * 60 + times[1]) * 60 + times[2])
  }
}
