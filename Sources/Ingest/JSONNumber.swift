/// A number as it was written: decimal digits and a power of ten.
package struct JSONNumber: Equatable {
  var negative = false
  /// The digits without leading zeros, as far as 19 of them.
  var digits: UInt64 = 0
  /// The number is `digits` times ten to this, unless digits were cut off.
  var exponent = 0
  /// There were more than 19 digits.
  var cut = false
  /// Written without point and exponent.
  var isInteger = true
  /// Place of its text.
  var start: Int
  var end: Int
}

/// Powers of ten that a Double holds exactly.
let exactPowers: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

extension JSONReader {
  /// Passes over the number that begins here.
  mutating func number() throws(JSONFault) -> JSONNumber {
    var number = JSONNumber(start: position, end: position)
    if next == UInt8(ascii: "-") {
      number.negative = true
      position += 1
    }
    let first = next
    guard digit(first) != nil else { throw JSONFault(number.negative ? .number : .noValue, at: number.start) }
    var point = false
    var count = 0
    while true {
      if let value = digit(next) {
        if number.digits < 1_000_000_000_000_000_000 {
          number.digits = number.digits * 10 + UInt64(value)
          if point { number.exponent -= 1 }
        } else {
          number.cut = true
          if !point { number.exponent += 1 }
        }
        count += 1
        position += 1
        if first == UInt8(ascii: "0"), count == 1, digit(next) != nil { throw fault(.number) }
      } else if next == UInt8(ascii: "."), !point {
        point = true
        number.isInteger = false
        position += 1
        guard digit(next) != nil else { throw fault(.number) }
      } else {
        break
      }
    }
    if next | 0x20 == UInt8(ascii: "e") {
      number.isInteger = false
      position += 1
      let down = next == UInt8(ascii: "-")
      if down || next == UInt8(ascii: "+") { position += 1 }
      guard digit(next) != nil else { throw fault(.number) }
      var power = 0
      while let value = digit(next) {
        power = min(power * 10 + Int(value), 1_000_000)
        position += 1
      }
      number.exponent += down ? -power : power
    }
    number.end = position
    guard number.end - number.start <= Self.longestNumber else { throw JSONFault(.longNumber, at: number.start) }
    return number
  }

  @inline(__always) private func digit(_ byte: UInt8) -> UInt8? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  /// The nearest Double, ties to even; infinite beyond its range.
  func double(_ number: JSONNumber) -> Double {
    if !number.cut {
      // Clinger's case: both operands exact, so one rounding. A whole number alone is rounded once as well.
      if number.exponent == 0 {
        return number.negative ? -Double(number.digits) : Double(number.digits)
      }
      if number.digits <= 1 << 53, number.exponent.magnitude <= 22 {
        let power = exactPowers[Int(number.exponent.magnitude)]
        let size = number.exponent < 0 ? Double(number.digits) / power : Double(number.digits) * power
        return number.negative ? -size : size
      }
    }
    // The standard library's conversion is correctly rounded and knows no locale.
    return Double(String(decoding: bytes[number.start..<number.end], as: UTF8.self)) ?? .nan
  }
}

extension JSONNumber {
  /// Whether it is a whole number that no Double holds: past 2^53 neighbours become one.
  var losesDigits: Bool {
    guard isInteger else { return false }
    return cut || UInt64(exactly: Double(digits)) != digits
  }

  /// The number times ten to `shift`, cut to a whole number; nil when it does not fit.
  func whole(shift: Int) -> Int64? {
    guard !cut, digits != 0 else { return cut ? nil : 0 }
    var power = exponent + shift
    var size = digits
    while power > 0 {
      let (product, overflow) = size.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      size = product
      power -= 1
    }
    while power < 0, size > 0 {
      size /= 10
      power += 1
    }
    guard let whole = Int64(exactly: size) else { return nil }
    return negative ? -whole : whole
  }
}
