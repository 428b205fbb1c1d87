/// RFC 3339 in and out, by arithmetic: Rules imports nothing, and a replay prints a million of these.
extension Instant: CustomStringConvertible {
  /// `2013-12-05T18:00:00Z`, with a fraction of as many digits as it needs (0, 3 or 6).
  /// A moment outside the years 1 to 9999 has no such text and shows its microseconds.
  package var description: String {
    guard (-62_135_596_800_000_000...253_402_300_799_999_999).contains(microseconds) else {
      return "\(microseconds) µs"
    }
    let day = microseconds.flooredQuotient(86_400_000_000)
    let ofDay = microseconds - day * 86_400_000_000
    let (year, month, dayOfMonth) = civil(fromDays: day)
    let seconds = ofDay / 1_000_000
    let fraction = ofDay % 1_000_000
    var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
    text += "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    if fraction % 1000 != 0 {
      text += ".\(padded(fraction, 6))"
    } else if fraction != 0 {
      text += ".\(padded(fraction / 1000, 3))"
    }
    return text + "Z"
  }

  /// Midnight UTC of a date; nil when there is no such date. Years 1 to 9999.
  package init?(year: Int64, month: Int64, day: Int64) {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    let days = daysFromCivil(year, month, day)
    guard civil(fromDays: days) == (year, month, day) else { return nil }
    self.init(microseconds: days * 86_400_000_000)
  }

  /// Reads RFC 3339 (also with a space for the `T`). A time without a zone is taken as `defaultOffset` from
  /// UTC; nil when it is not a time, or has no zone and there is no default. Digits past the microsecond are
  /// cut off. A leap second reads as the second after it.
  package init?(rfc3339 text: some StringProtocol, defaultOffset: TimeSpan? = nil) {
    var rest = Array(text.utf8)[...]
    func number(_ digits: Int) -> Int64? {
      guard rest.count >= digits else { return nil }
      var value: Int64 = 0
      for byte in rest.prefix(digits) {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      rest = rest.dropFirst(digits)
      return value
    }
    func skip(_ allowed: StaticString) -> Bool {
      guard let first = rest.first, "\(allowed)".utf8.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
      let midnight = Instant(year: year, month: month, day: day), skip("Tt "),
      let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60
    else { return nil }
    var second: Int64 = 0
    var fraction: Int64 = 0
    if skip(":") {
      guard let s = number(2), s <= 60 else { return nil }
      second = s
      if skip(".,") {
        var scale: Int64 = 100_000
        guard let first = rest.first, first >= 48, first <= 57 else { return nil }
        while let byte = rest.first, byte >= 48, byte <= 57 {
          fraction += Int64(byte - 48) * scale
          scale /= 10
          rest = rest.dropFirst()
        }
      }
    }
    var offset = defaultOffset
    if skip("Zz") {
      offset = .zero
    } else if let sign = rest.first, sign == 43 || sign == 45 {
      rest = rest.dropFirst()
      guard let hours = number(2), hours < 24 else { return nil }
      _ = skip(":")
      let minutes = rest.isEmpty ? 0 : number(2)
      guard let minutes, minutes < 60 else { return nil }
      offset = .seconds((hours * 3600 + minutes * 60) * (sign == 45 ? -1 : 1))
    }
    guard rest.isEmpty, let offset else { return nil }
    self.init(
      microseconds: midnight.microseconds + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
        - offset.microseconds)
  }
}

extension TimeSpan: CustomStringConvertible {
  /// The largest unit that gives a whole number: `2 min`, `90 s`, `1.5 s`.
  package var description: String {
    for (unit, size) in [("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000)]
      as [(String, Int64)]
    where microseconds != 0 && microseconds % size == 0 {
      return "\(microseconds / size) \(unit)"
    }
    return microseconds == 0 ? "0 s" : "\(seconds) s"
  }

  /// About how long, in the largest unit of which there are two: `26 years`, `3 days`, `90 min`.
  package var inWords: String {
    for (unit, size) in [
      ("years", 31_556_952_000_000), ("days", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000),
    ] as [(String, Int64)] where microseconds / size >= 2 {
      return "\(microseconds / size) \(unit)"
    }
    return "\(microseconds / 1_000_000) s"
  }

  /// Reads `"2 min"`, `"1.5 h"`, `"30s"`, `"500 ms"`; units ms, s, min, h, d. Nil for anything else, negative or over 100 years.
  package init?(_ text: some StringProtocol) {
    let parts = text.drop { $0 == " " }
    let digits = parts.prefix { $0.isNumber || $0 == "." }
    let unit = String(parts.dropFirst(digits.count).filter { $0 != " " })
    let sizes: [String: Double] = ["ms": 1e3, "s": 1e6, "min": 6e7, "h": 3.6e9, "d": 8.64e10]
    guard let count = Double(String(digits)), let size = sizes[unit], count * size <= 3.2e15 else { return nil }
    microseconds = Int64((count * size).rounded())
  }
}

private func padded(_ number: Int64, _ width: Int) -> String {
  let text = String(number.magnitude)
  return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

// Days and dates: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (public domain).
private func daysFromCivil(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
  let y = month <= 2 ? year - 1 : year
  let era = y.flooredQuotient(400)
  let yearOfEra = y - era * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
  let z = days + 719_468
  let era = z.flooredQuotient(146_097)
  let dayOfEra = z - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let m = (5 * dayOfYear + 2) / 153
  let month = m < 10 ? m + 3 : m - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
}
