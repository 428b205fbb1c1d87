import Rules
import Testing

/// Text from outside, as it is shown.
@Suite struct PrintableTests {
  @Test func what_steers_or_hides_is_shown_as_its_number() {
    #expect(printable("a\u{0}b") == #"a\u{0}b"#)
    #expect(printable("\u{1B}[2J\u{7F}\u{9B}") == #"\u{1B}[2J\u{7F}\u{9B}"#)
    #expect(
      printable("P-\u{202E}101\u{2066}\u{200B}\u{FEFF}\u{2028}\u{E0041}")
        == #"P-\u{202E}101\u{2066}\u{200B}\u{FEFF}\u{2028}\u{E0041}"#)
    #expect(printable("a\r\nb\tc") == #"a\r\nb\tc"#)
    #expect(printable("a\r\nb\tc", inLines: true) == "a\\r\nb\tc")
  }

  @Test func what_can_be_seen_stays() {
    for text in ["", "Pump 101", "Größe 7,5 m³/h", "圧力", "54\u{202F}510", "🏭", "e\u{301}"] {
      #expect(printable(text) == text)
    }
  }

  @Test func nothing_unseen_is_left_of_any_character() {
    for number in UInt32(0)...0x10_FFFF {
      guard let scalar = Unicode.Scalar(number) else { continue }
      let shown = printable(String(scalar)).unicodeScalars
      guard shown.allSatisfy({ !$0.isUnseen }) else {
        Issue.record("\(number)")
        return
      }
    }
  }
}
