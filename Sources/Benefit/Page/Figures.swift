import Rules

/// How the amounts of one page are written: grouped, with a real minus, and all with cents when one of them has any and
/// none is so large that nobody asks for them.
struct Amounts: Sendable {
  let currency: String
  let cents: Bool
  /// Some have cents that are not shown.
  let isRounded: Bool

  init(_ currency: String, among amounts: [Int64]) {
    self.currency = currency
    let some = amounts.contains { $0 % 100 != 0 }
    isRounded = some && amounts.contains { $0.magnitude >= 100_000_000 }
    cents = some && !isRounded
  }

  /// `−12 690.50`: the groups apart by a narrow space at which no line breaks.
  func plain(_ hundredths: Int64) -> String {
    let whole = grouped(
      cents ? hundredths.magnitude / 100 : hundredths.magnitude / 100 + (hundredths.magnitude % 100) / 50)
    let rest = hundredths.magnitude % 100
    let fraction = cents ? ".\(rest < 10 ? "0" : "")\(rest)" : ""
    return (hundredths < 0 && whole + fraction != "0" ? minus : "") + whole + fraction
  }

  var unit: String { isRounded ? "\(currency), rounded to whole \(currency)" : currency }

  /// With its currency: `−12 690.50 EUR`.
  func named(_ hundredths: Int64) -> String { "\(hundredths == 0 ? "0" : plain(hundredths))\u{A0}\(currency)" }

  /// For a cell, nothing as `0`: a listener hears that it is below zero, as not every voice reads the sign.
  func cell(_ hundredths: Int64) -> Markup {
    if hundredths == 0 { return "<span class=\"amount\">0</span>" }
    return
      hundredths < 0
      ? "<span class=\"amount below\">\(plain(hundredths))<span class=\"heard\"> (below zero)</span></span>"
      : "<span class=\"amount\">\(plain(hundredths))</span>"
  }
}

let minus = "\u{2212}"

/// `1 250 000`, the groups apart by a narrow space at which no line breaks.
func grouped(_ number: some BinaryInteger) -> String {
  let digits = String(number.magnitude)
  var text = ""
  for (place, digit) in digits.enumerated() {
    if place > 0, (digits.utf8.count - place) % 3 == 0 { text += "\u{202F}" }
    text.append(digit)
  }
  return (number < 0 ? minus : "") + text
}

/// `1 decision`, `12 decisions`.
func counted(_ number: Int64, _ one: String, _ many: String) -> String {
  "\(grouped(number))\u{A0}\(number == 1 ? one : many)"
}

/// `75 %`; 0...1.
func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))\u{A0}%" }

/// So many of so many; a share in percent only from ten on, as fewer say too little for one.
func ratio(_ part: Int64, of whole: Int64) -> Markup {
  let counts = "\(grouped(part))\u{A0}of\u{A0}\(grouped(whole))"
  return whole < 10 ? "\(counts)" : "\(percent(Double(part) / Double(whole))) <span class=\"soft\">\(counts)</span>"
}

/// The name of a rule or the path of an asset, that may break where its parts do.
func broken(_ name: String) -> Markup {
  var parts: [Markup] = []
  var part = ""
  for character in name {
    part.append(character)
    if character == "/" || character == "_" || character == "." {
      parts.append("\(part)")
      part = ""
    }
  }
  return Markup(parts + ["\(part)"], separator: "<wbr>")
}

/// `2026-03-01 10:00 UTC`, readable by programs too.
func shown(_ time: Instant) -> Markup { "<time datetime=\"\(time.description)\">\(toTheMinute(time))</time>" }

func toTheMinute(_ time: Instant) -> String {
  let text = time.description
  guard text.hasSuffix("Z"), text.utf8.count >= 20 else { return text }
  return "\(text.prefix(10))\u{A0}\(text.dropFirst(11).prefix(5))\u{A0}UTC"
}

/// In the two largest units that say something: `3 h 20 min`.
func shown(_ span: TimeSpan) -> String {
  let seconds = span.microseconds.magnitude / 1_000_000
  let units: [(name: String, size: UInt64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
  guard let first = units.firstIndex(where: { seconds >= $0.size }) else { return "0\u{A0}s" }
  var parts = ["\(grouped(seconds / units[first].size))\u{A0}\(units[first].name)"]
  if first + 1 < units.count {
    let rest = seconds % units[first].size / units[first + 1].size
    if rest > 0 { parts.append("\(rest)\u{A0}\(units[first + 1].name)") }
  }
  return (span < .zero ? minus : "") + parts.joined(separator: "\u{A0}")
}

/// A measured number, with a real minus.
func shown(_ number: Double) -> String {
  let text = plain(number)
  return text.hasPrefix("-") ? minus + text.dropFirst() : text
}

/// Short, for an axis: `250`, `12 k`, `1.5 M`.
func short(_ number: Double) -> String {
  switch number.magnitude {
  case 1e6...: "\(shown(number / 1e6))\u{A0}M"
  case 1e4...: "\(shown(number / 1e3))\u{A0}k"
  case 1e3... where number == number.rounded(): grouped(Int64(number))
  default: shown(number)
  }
}
