import Foundation

/// Reads numbers as they stand in text files: a sign, leading zeros, a point without digits on one side, an exponent.
enum FieldNumber {
  /// Reads the number at `place` up to the separator or the end, and leaves `place` there. Nil, with `place` as it was,
  /// when it is anything but plain digits that a Double holds exactly: the whole field is then to be looked at.
  @inline(__always)
  static func plain(
    _ bytes: UnsafePointer<UInt8>, _ place: inout Int, _ end: Int, separator: UInt8, decimal: UInt8
  ) -> Double? {
    var at = place
    let isNegative = at < end && bytes[at] == UInt8(ascii: "-")
    if isNegative { at += 1 }
    var digits: UInt64 = 0
    let first = at
    while at < end {
      let digit = bytes[at] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      digits = digits &* 10 &+ UInt64(digit)
      at += 1
    }
    var count = at - first
    var fraction = 0
    if at < end, bytes[at] == decimal, decimal != separator {
      at += 1
      let point = at
      while at < end {
        let digit = bytes[at] &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        digits = digits &* 10 &+ UInt64(digit)
        at += 1
      }
      fraction = at - point
      count += fraction
    }
    guard count > 0, count <= 18, digits <= 1 << 53, at == end || bytes[at] == separator else { return nil }
    place = at
    // Both operands are exact, so there is one rounding (Clinger).
    let size = fraction == 0 ? Double(digits) : Double(digits) / exactPowers[fraction]
    return isNegative ? -size : size
  }

  /// The number a whole field says, blanks around it left out; nil when it says none. NaN and infinity are numbers that
  /// are none, in the ways that programs write them.
  static func whole(_ field: UnsafeBufferPointer<UInt8>, decimal: UInt8) -> Double? {
    let field = trimmed(field)
    guard let base = field.baseAddress, !field.isEmpty, field.count <= JSONReader.longestNumber else { return nil }
    var place = 0
    let start = base[0] == UInt8(ascii: "+") ? 1 : 0
    let rest = UnsafeBufferPointer(rebasing: field[start...])
    if let base = rest.baseAddress,
      let number = plain(base, &place, rest.count, separator: 0, decimal: decimal)
    {
      return number
    }
    var text = String(decoding: field, as: UTF8.self)
    switch text.lowercased() {
    case "nan", "-nan", "+nan": return .nan
    case "inf", "infinity", "+inf", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: break
    }
    // Double() would also take hexadecimal, which no historian writes.
    let point = decimal
    guard
      field.allSatisfy({ byte in
        (0x30...0x39).contains(byte) || byte == point || byte | 0x20 == 0x65 || byte == 0x2B || byte == 0x2D
      }), field.contains(where: { (0x30...0x39).contains($0) })
    else { return nil }
    if decimal != UInt8(ascii: ".") { text = String(decoding: field.map { $0 == point ? 0x2E : $0 }, as: UTF8.self) }
    return Double(text)
  }

  static func trimmed(_ field: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var (start, end) = (0, field.count)
    while start < end, field[start] == 0x20 || field[start] == 0x09 { start += 1 }
    while end > start, field[end - 1] == 0x20 || field[end - 1] == 0x09 { end -= 1 }
    return UnsafeBufferPointer(rebasing: field[start..<end])
  }
}
