import Ingest
import Rules
import Testing

struct JSONReaderTests {
  func read(_ text: String) -> Result<Tree, JSONFault> {
    do throws(JSONFault) {
      return .success(try JSONReader.parse(Array(text.utf8)))
    } catch {
      return .failure(error)
    }
  }

  @Test func all_kinds_of_values_are_read() {
    #expect(
      read(#"{"a": [1, -2.5e3, true, false, null], "b": {"c": "x\u00e9\ud83d\ude00\n"}}"#)
        == .success(
          .record([
            .init("a", .list([.number(1), .number(-2500), .boolean(true), .boolean(false), .null])),
            .init("b", .record([.init("c", .text("x\u{E9}\u{1F600}\n"))])),
          ])))
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "01", "-", "+1", ".5", "1.", "1e", "NaN", "Infinity", "nul", "tru", "'a'",
    "{a:1}", "{\"a\" 1}", "[1 2]", "1 2", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
    "\"\\ud800\\u0041\"", "\"\t\"", "{\"a\":1,\"a\":2}", "// c\n1", "\u{0}", "0x1F", "--1", "[1]]",
  ])
  func what_is_not_JSON_is_refused(_ text: String) {
    #expect(throws: JSONFault.self) { try read(text).get() }
  }

  @Test(arguments: [
    [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xFF, 0x22], [0x22, 0xE2, 0x82, 0x22],
  ])
  func broken_UTF8_is_refused_where_it_stands(_ bytes: [UInt8]) {
    #expect(throws: JSONFault.self) { try JSONReader.parse(bytes) }
  }

  @Test func nesting_ends_at_64() {
    let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try read(deep).get() }
    #expect(throws: JSONFault.self) { try read("[" + deep + "]").get() }
  }

  @Test func a_byte_order_mark_is_passed_over() throws {
    #expect(try JSONReader.parse([0xEF, 0xBB, 0xBF, 0x31]) == .number(1))
  }

  @Test func a_fault_says_where() {
    #expect(read(#"{"a": x}"#) == .failure(JSONFault(.noValue, at: 6)))
  }
}
