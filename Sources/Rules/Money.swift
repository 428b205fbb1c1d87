/// An amount in the hundredths of a currency: never binary floating point.
package struct Money: Sendable, Hashable, Codable, CustomStringConvertible {
  package var hundredths: Int64
  /// ISO 4217.
  package var currency: String
  package init(hundredths: Int64, currency: String) {
    self.hundredths = hundredths
    self.currency = currency
  }

  /// `14 000 EUR`, `250.50 EUR`: digits grouped by spaces or not, at most two after a point, a currency code.
  package init?(written text: String) {
    let parts = text.split { $0 == " " || $0 == "\u{A0}" || $0 == "\u{202F}" }
    guard let currency = parts.last, Money.isCurrency(String(currency)) else { return nil }
    let halves = parts.dropLast().joined().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let digits = halves.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
    guard let whole = halves.first, (1...12).contains(whole.utf8.count), digits else { return nil }
    let cents = halves.count == 2 ? halves[1] : "00"
    guard (1...2).contains(cents.utf8.count), let units = Int64(whole), var hundredths = Int64(cents) else {
      return nil
    }
    if cents.utf8.count == 1 { hundredths *= 10 }
    self.init(hundredths: units * 100 + hundredths, currency: String(currency))
  }

  /// As it is written: `14 000 EUR`, `250.50 EUR`.
  package var description: String {
    let digits = String(hundredths.magnitude / 100)
    var whole = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.utf8.count - place) % 3 == 0 { whole += " " }
      whole.append(digit)
    }
    let cents = hundredths.magnitude % 100
    let fraction = cents == 0 ? "" : cents < 10 ? ".0\(cents)" : ".\(cents)"
    return "\(hundredths < 0 ? "-" : "")\(whole)\(fraction) \(currency)"
  }

  static func isCurrency(_ code: String) -> Bool {
    code.utf8.count == 3 && code.utf8.allSatisfy { (65...90).contains($0) }
  }

  package static func zero(_ currency: String) -> Money { Money(hundredths: 0, currency: currency) }

  /// Amounts of one currency only: another must have been converted before.
  package static func + (a: Money, b: Money) -> Money {
    precondition(a.currency == b.currency, "Amounts are converted before they are added.")
    return Money(hundredths: a.hundredths.saturatingPlus(b.hundredths), currency: a.currency)
  }
  package static func - (a: Money, b: Money) -> Money {
    precondition(a.currency == b.currency, "Amounts are converted before they are subtracted.")
    return Money(hundredths: a.hundredths.saturatingMinus(b.hundredths), currency: a.currency)
  }
  package static prefix func - (a: Money) -> Money {
    Money(hundredths: Int64(0).saturatingMinus(a.hundredths), currency: a.currency)
  }

  /// To the cent, half away from zero.
  package func times(_ factor: Fixed) -> Money {
    Money(hundredths: rounded(Int128(hundredths) * Int128(factor.millionths), over: 1_000_000), currency: currency)
  }
  package func times(_ count: Int) -> Money {
    Money(hundredths: hundredths.saturatingTimes(Int64(count)), currency: currency)
  }
  /// The part of it that `part` is of `whole`, which is longer than none; to the cent.
  package func times(_ part: TimeSpan, of whole: TimeSpan) -> Money {
    Money(
      hundredths: rounded(
        Int128(hundredths) * Int128(part.microseconds), over: Int128(max(1, whole.microseconds))),
      currency: currency)
  }
}
