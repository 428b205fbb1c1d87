import Rules
import Scripting
import Testing

struct RuleLayoutTests {
  private let layout = RuleLayout(
    text: """
      local function rule_of_thumb(x) return { x } end
      rule {
        title = "T",
        limits = { a = 1,
          ["b"] = 2; },
        when = function(p)
          if p.x then return { y = 1 } end
          for i = 1, 2 do while true do break end end
          repeat local q = {} until q
          return p.x
        end,
        actions = {
          work_order { priority = 1,
            title = "t" },
          notification({ title = "u" }),
        },
        held_for = "2 min",
      }
      """)

  @Test func a_field_has_the_line_of_its_name() {
    #expect(layout.line("title") == 3)
    #expect(layout.line("limits.a") == 4)
    #expect(layout.line("limits.b") == 5)
    #expect(layout.line("held_for") == 17)
  }

  @Test func blocks_inside_a_function_do_not_end_it() {
    #expect(layout.table?.fields.map(\.name) == ["title", "limits", "when", "actions", "held_for"])
  }

  @Test func an_item_handed_to_a_word_has_its_own_fields() {
    #expect(layout.line("actions.1") == 13)
    #expect(layout.line("actions.1.title") == 14)
    #expect(layout.line("actions.2.title") == 15)
  }

  @Test func what_is_not_there_has_no_line() {
    #expect(layout.line("owner") == nil)
    #expect(layout.line("actions.3.title") == nil)
  }

  @Test func a_file_without_the_statement_has_no_table() {
    #expect(RuleLayout(text: "local t = { rule = 1 }").table == nil)
  }
}

struct RuleHashTests {
  private func logic(_ fields: String, before: String = "") -> String {
    RuleLayout(text: "\(before)rule { \(fields) }").logicHash.hex
  }

  @Test func comments_and_layout_are_no_logic() {
    #expect(logic(#"held_for = "2 min", every = "never""#) == logic("held_for='2 min' , -- why\n every = [[never]],"))
  }

  @Test func what_people_read_is_no_logic() {
    let bare = logic(#"held_for = "2 min""#)
    for field in [
      #"title = "A""#, #"owner = "b""#, #"formerly = "old""#, #"check_first = { "c", "d" }"#,
      #"review_by = "2027-01-01""#,
      #"value = { avoids = "1 EUR" }"#, #"examples = { fires { a = 1, lasting = "1 min" } }"#,
    ] {
      #expect(logic("\(field), held_for = \"2 min\"") == bare, "\(field)")
      #expect(logic("held_for = \"2 min\", \(field)") == bare, "\(field)")
      #expect(logic("held_for = \"2 min\"; \(field);") == bare, "\(field)")
    }
  }

  @Test func everything_else_is_logic() {
    let bare = logic(#"held_for = "2 min""#)
    #expect(logic(#"held_for = "3 min""#) != bare)
    #expect(logic(#"held_for = "2 min", at_most = once_per "8 h""#) != bare)
    #expect(logic(#"held_for = "2 min""#, before: "local a = 1 ") != bare)
    for field in [
      "clears_when = by_hand", #"repeats_every = "1 h""#, #"during = "day""#, #"not_during = "night""#,
      "needs = function(p) return p.x end", "suppressed_when = function(p) return p.x end", #"settles_for = "1 min""#,
      #"recheck = "1 h""#, #"group = "g""#, #"on_clear = { comment "c" }"#, "limits = { a = { 1, to = 2 } }",
      #"calculates = { a = calc("bar", function(f) return f.x end, { x = latest "A" }) }"#,
      "actions = function(p) return {} end", #"reads = { a = latest "A" :of "Line" }"#,
    ] { #expect(logic("\(field), held_for = \"2 min\"") != bare, "\(field)") }
    #expect(logic(#"on_clear = { comment "a" }"#) != logic(#"on_clear = { comment "b" }"#))
  }

  @Test func a_title_inside_an_action_is_logic() {
    #expect(
      logic(#"actions = { notification { title = "A" } }"#) != logic(#"actions = { notification { title = "B" } }"#))
  }

  @Test func text_and_name_are_not_confused() {
    #expect(logic(#"a = "b""#) != logic("a = b"))
  }

  @Test func the_text_hash_is_sha_256_of_the_bytes() {
    // FIPS 180-2, appendix B.1.
    #expect(textHash("abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
