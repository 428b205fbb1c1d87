// Text from outside, as it is shown to people.

/// Text from outside, safe on a terminal, in a log line and on a page: what steers a terminal, turns the direction of
/// writing or cannot be seen is written as its number, `\u{202E}`, so that no name reads as another and no line is
/// forged. Only for showing: what is kept or sent stays whole. `inLines` leaves the ends of lines and tabs as they are,
/// for text that has lines of its own.
package func printable(_ text: String, inLines: Bool = false) -> String {
  guard text.utf8.contains(where: { $0 < 0x20 || $0 > 0x7E }) else { return text }
  var shown = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n" where inLines, "\t" where inLines: shown.unicodeScalars.append(scalar)
    case "\n": shown += "\\n"
    case "\r": shown += "\\r"
    case "\t": shown += "\\t"
    case _ where scalar.isUnseen: shown += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}

extension Unicode.Scalar {
  /// Whether it steers what shows it, or cannot be seen: control and format characters, ends of lines and paragraphs.
  package var isUnseen: Bool {
    if value < 0x7F { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }
}
