/// A decimal number with six places after the point: what money is multiplied by, a rate, a share, a quantity. Never
/// binary floating point.
package struct Fixed: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var millionths: Int64

  package init(millionths: Int64) { self.millionths = millionths }
  package init(_ whole: Int64) { millionths = whole.saturatingTimes(1_000_000) }

  package static let zero = Fixed(millionths: 0)
  package static let one = Fixed(1)

  /// `0.08`, `1 200`: at most nine digits before the point and six behind it; nil for anything else.
  package init?(written text: String) {
    let plain = text.split { $0 == " " || $0 == "\u{A0}" || $0 == "\u{202F}" }.joined()
    let halves = plain.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = halves.first, (1...9).contains(whole.utf8.count), let units = Int64(whole) else { return nil }
    guard halves.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
    var fraction: Int64 = 0
    if halves.count == 2 {
      guard (1...6).contains(halves[1].utf8.count), let digits = Int64(halves[1]) else { return nil }
      fraction = digits
      for _ in halves[1].utf8.count..<6 { fraction *= 10 }
    }
    millionths = units * 1_000_000 + fraction
  }

  /// The nearest to what was measured; nil for what is not a number or beyond nine digits.
  package init?(measured number: Double) {
    guard number.isFinite, number.magnitude < 1e12 else { return nil }
    millionths = Int64((number * 1_000_000).rounded(.toNearestOrAwayFromZero))
  }

  package static func < (a: Fixed, b: Fixed) -> Bool { a.millionths < b.millionths }

  /// As it is written: `0.08`, `1200`.
  package var description: String {
    var text = "\(millionths < 0 ? "-" : "")\(millionths.magnitude / 1_000_000)"
    var fraction = millionths.magnitude % 1_000_000
    guard fraction > 0 else { return text }
    var digits = ""
    for _ in 0..<6 {
      digits = "\(fraction % 10)" + digits
      fraction /= 10
    }
    while digits.last == "0" { digits.removeLast() }
    text += "." + digits
    return text
  }
}

/// What one unit of something costs: `0.08 EUR/kWh`.
package struct Rate: Hashable, Sendable, CustomStringConvertible {
  package var amount: Fixed
  /// ISO 4217.
  package var currency: String
  package var unit: Measure
  package init(amount: Fixed, currency: String, unit: Measure) {
    self.amount = amount
    self.currency = currency
    self.unit = unit
  }

  /// `0.08 EUR/kWh`
  package init?(written text: String) {
    let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, let unit = Measure(written: String(halves[1])) else { return nil }
    let words = halves[0].split(separator: " ")
    guard let currency = words.last.map(String.init), Money.isCurrency(currency),
      let amount = Fixed(written: words.dropLast().joined(separator: " "))
    else { return nil }
    self.init(amount: amount, currency: currency, unit: unit)
  }

  package var description: String { "\(amount) \(currency)/\(unit.rawValue)" }

  /// What so much of it costs, to the cent.
  package func times(_ quantity: Fixed) -> Money {
    let product = Int128(amount.millionths) * Int128(quantity.millionths)
    return Money(hundredths: rounded(product, over: 10_000_000_000), currency: currency)
  }
}

/// What is counted where value is not stated as money.
package enum Measure: String, Sendable, CaseIterable {
  /// Of downtime.
  case hour = "h"
  case kilowattHour = "kWh"
  /// Of scrap.
  case kilogram = "kg"

  init?(written text: String) {
    let word = text.split(separator: " ").joined(separator: " ")
    self.init(rawValue: word)
  }
}

/// Half away from zero, as bookkeepers round. What does not fit is the greatest that does.
func rounded(_ number: Int128, over divisor: Int128) -> Int64 {
  let half = divisor / 2
  return Int64(clamping: (number < 0 ? number - half : number + half) / divisor)
}
