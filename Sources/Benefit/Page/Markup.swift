import Rules

/// HTML. Text that is put into it is escaped; only what is markup already goes in as it stands. So whatever a rule's
/// author, a source or a list of losses wrote is shown, and never obeyed.
struct Markup: ExpressibleByStringInterpolation, Sendable {
  private(set) var html: String

  init(stringLiteral html: String) { self.html = html }
  init(stringInterpolation parts: StringInterpolation) { html = parts.html }
  init(_ list: [Markup], separator: Markup = "") {
    html = list.map(\.html).joined(separator: separator.html)
  }
  private init(html: String) { self.html = html }

  static let none: Markup = ""
  var isEmpty: Bool { html.isEmpty }

  static func + (a: Markup, b: Markup) -> Markup { Markup(html: a.html + b.html) }
  static func += (a: inout Markup, b: Markup) { a.html += b.html }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var html = ""
    init(literalCapacity: Int, interpolationCount: Int) {
      html.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }
    mutating func appendLiteral(_ literal: String) { html += literal }
    mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
    mutating func appendInterpolation(_ list: [Markup]) { for markup in list { html += markup.html } }
    mutating func appendInterpolation(_ text: String) { html += escaped(text) }
    mutating func appendInterpolation(_ number: some BinaryInteger) { html += String(number) }
  }
}

/// Safe between tags and in quoted attributes.
private func escaped(_ text: String) -> String {
  var safe = ""
  for scalar in printable(text, inLines: true).unicodeScalars {
    switch scalar {
    case "&": safe += "&amp;"
    case "<": safe += "&lt;"
    case ">": safe += "&gt;"
    case "\"": safe += "&quot;"
    case "'": safe += "&#39;"
    default: safe.unicodeScalars.append(scalar)
    }
  }
  return safe
}
