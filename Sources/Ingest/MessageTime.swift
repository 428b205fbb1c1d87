import Rules

extension MessageMapping.TimeFormat {
  /// How many powers of ten make microseconds of it; nil for texts.
  private var shift: Int? {
    switch self {
    case .seconds: 6
    case .milliseconds: 3
    case .microseconds: 0
    case .nanoseconds: -3
    case .iso: nil
    }
  }

  /// Reads the time that begins where the reader stands; nil when it is none. A number in quotes is taken as one.
  /// What lies below a microsecond is cut off.
  func time(_ reader: JSONReader) -> Instant? {
    var reader = reader
    if reader.next == UInt8(ascii: "\"") {
      guard let string = try? reader.string() else { return nil }
      if case .iso(let offset) = self {
        if !string.escaped, let fast = reader.utcTime(string) { return fast }
        return Instant(rfc3339: reader.text(string), defaultOffset: offset)
      }
      var inner = JSONReader(UnsafeBufferPointer(rebasing: reader.bytes[string.start..<string.end]))
      guard let number = try? inner.number(), inner.position == inner.bytes.count else { return nil }
      return instant(number)
    }
    guard let number = try? reader.number() else { return nil }
    return instant(number)
  }

  private func instant(_ number: JSONNumber) -> Instant? {
    guard let shift else { return nil }
    // More digits than fit are a time beyond all credit, not no time.
    return Instant(microseconds: number.whole(shift: shift) ?? (number.negative ? .min : .max))
  }
}

extension JSONReader {
  /// `2026-03-01T10:00:00Z`, with or without a fraction: the form nearly every message has, read without a copy.
  /// Nil leaves it to the full reader.
  fileprivate func utcTime(_ string: JSONString) -> Instant? {
    let start = string.start
    let count = string.end - start
    guard count >= 20, bytes[string.end - 1] == UInt8(ascii: "Z") else { return nil }
    func number(_ at: Int, _ digits: Int) -> Int64? {
      var value: Int64 = 0
      for place in at..<(at + digits) {
        let digit = bytes[start + place] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int64(digit)
      }
      return value
    }
    guard bytes[start + 4] == UInt8(ascii: "-"), bytes[start + 7] == UInt8(ascii: "-"),
      bytes[start + 10] == UInt8(ascii: "T"), bytes[start + 13] == UInt8(ascii: ":"),
      bytes[start + 16] == UInt8(ascii: ":"),
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
      let minute = number(14, 2), let second = number(17, 2), hour < 24, minute < 60, second < 60,
      let midnight = Instant(year: year, month: month, day: day)
    else { return nil }
    var fraction: Int64 = 0
    if count > 20 {
      guard bytes[start + 19] == UInt8(ascii: "."), count > 21, count <= 27, let digits = number(20, count - 21)
      else { return nil }
      fraction = digits
      for _ in (count - 21)..<6 { fraction *= 10 }
    }
    return Instant(
      microseconds: midnight.microseconds + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction)
  }
}
