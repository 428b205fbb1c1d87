import Scripting
import Testing

struct TokenTests {
  private func written(_ text: String) -> [String] { luaTokens(text).map(\.written) }
  private func kinds(_ text: String) -> [LuaToken.Kind] { luaTokens(text).map(\.kind) }

  @Test func comments_and_layout_are_no_tokens() {
    #expect(written("a -- b\n--[[ c\n ]] d --[==[ ]] e ]==] f") == ["a", "d", "f"])
  }

  @Test func a_comment_to_the_end_of_the_file_ends_it() {
    #expect(written("a -- b") == ["a"])
    #expect(written("a --[ not long\nb") == ["a", "b"])
  }

  @Test func every_line_end_counts_once() {
    #expect(luaTokens("a\nb\r\nc\rd\n\re").map(\.line) == [1, 2, 3, 4, 5])
  }

  @Test func a_long_text_spans_lines_and_drops_its_first_line_end() {
    let tokens = luaTokens("x = [[\nfirst\r\nsecond]] y")
    #expect(tokens[2].kind == .text("first\nsecond"))
    #expect([tokens[2].line, tokens[2].lastLine, tokens[3].line] == [1, 3, 3])
  }

  @Test func a_long_bracket_closes_only_at_its_own_level() {
    #expect(kinds("[==[ ]] ]=] ]==]") == [.text(" ]] ]=] ")])
  }

  @Test func escapes_give_what_lua_gives() {
    #expect(kinds(#""\65\066\x43\u{44}\n\"\\""#) == [.text("ABCD\n\"\\")])
    #expect(kinds("\"a\\z  \n  b\"") == [.text("ab")])
    #expect(kinds("'a\\\nb'") == [.text("a\nb")])
  }

  @Test func numbers_are_read_whole() {
    #expect(
      written("3 3.0 .5 0x1p-4 0xA.8 1e+9 5//2") == ["3", "3.0", ".5", "0x1p-4", "0xA.8", "1e+9", "5", "//", "2"])
  }

  @Test func symbols_are_read_longest_first() {
    #expect(
      written("a...b..c<=d<<e==f~=g::h:i") == [
        "a", "...", "b", "..", "c", "<=", "d", "<<", "e", "==", "f", "~=", "g", "::", "h", ":", "i",
      ])
  }

  @Test func what_is_no_token_ends_the_reading() {
    #expect(written("a $ b") == ["a"])
    #expect(written("a \"no end\nb") == ["a"])
    #expect(written(#"a "\q" b"#) == ["a"])
    #expect(written("a [[ no end") == ["a"])
    #expect(written("a --[[ no end") == ["a"])
  }

  /// Lua itself is the oracle: what it makes of a literal, and whether it reads it at all.
  @Test func a_text_reads_as_lua_reads_it() throws {
    let pieces = [
      "a", "\\n", "\\65", "\\0661", "\\x4a", "\\u{20AC}", "\\z \n ", "\\\n", "\\\r\n", "\\\"", "'", "\\'", "\\\\", "--",
      "]]", "[[",
      "\\q", "\\300", "\\u{}", "\n", "\r", "]=]", "\u{E9}", "\\999", "\\x4",
    ]
    var refused = 0
    for first in pieces {
      for second in pieces {
        for (open, close) in [("\"", "\""), ("'", "'"), ("[[", "]]"), ("[=[", "]=]")] {
          let literal = open + first + second + close
          let tokens = luaTokens(literal + "\nlast")
          do {
            let text = "rule { title = \(literal)\n, line = last }"
            let host = try LuaHost(text: text, file: "rules/t.lua", statement: "rule", words: ["last"])
            guard case .table(_, let fields) = host.declared, case .word(_, _, _) = fields[0].value else {
              Issue.record("\(literal) declared \(host.declared)")
              continue
            }
            #expect(tokens.count == 2, "\(literal)")
            #expect(tokens.first.map { Declared.text($0.text ?? "") } == fields[1].value, "\(literal)")
          } catch {
            refused += 1
            #expect(tokens.count != 2 || tokens[0].text == nil || tokens[1].name != "last", "\(literal): \(error)")
          }
        }
      }
    }
    #expect(refused > 0)
  }
}
