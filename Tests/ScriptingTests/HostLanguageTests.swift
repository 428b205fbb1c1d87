import Rules
import Scripting
import Testing

/// What functions are handed beside numbers, what they may give beside true and false, and patterns.
@Suite struct HostLanguageTests {
  @Test func a_group_has_what_is_known_of_its_members() throws {
    let rule = try Asked(
      """
      local z = pump.zones
      return z.highest == 861 and z.lowest == 840 and z.spread == 8.5 and z.mean == 850 and z.how_many == 3
        and z.worst == "Z-2"
      """)
    #expect(rule.ask() == .yes)
  }

  @Test func an_unknown_member_of_a_group_is_named_with_the_nearest() throws {
    #expect(
      try Asked("return pump.zones.highst > 1").ask()
        == .fault("rules/x.lua:2: a reading of many assets has no 'highst' (did you mean 'highest'?)"))
  }

  @Test func what_is_absent_is_nil_and_blinds_nobody() throws {
    #expect(try Asked("return pump.gone == nil").ask() == .yes)
  }

  @Test func a_curve_is_straight_between_its_points_and_level_beyond_them() throws {
    // (0, 0), (100, 30), (120, 35): 50 is half way to 30, 110 half way from 30 to 35.
    let rule = try Asked(
      "local l = limits.line return l(50) == 15 and l(110) == 32.5 and l(100) == 30 and l(-9) == 0 and l(1e9) == 35")
    #expect(rule.ask() == .yes)
    #expect(
      try Asked("return limits.line > 3").ask()
        == .fault("rules/x.lua:2: attempt to compare number with curve"))
    #expect(
      try Asked("return limits.line(pump.state) > 3").ask()
        == .fault(
          "rules/x.lua:2: a curve is called with a number, as in limits.surge_line(comp.flow); found text"))
  }

  @Test func a_state_as_a_limit_is_a_text() throws {
    #expect(try Asked("return pump.state == limits.mode").ask() == .yes)
  }

  @Test func limits_are_known_by_their_table() throws {
    let rule = try Asked("return pump.suction < limits.low")
    for _ in 0..<3 {
      #expect(rule.ask(low: 0.4) == .yes)
      #expect(rule.ask(low: 0.2) == .no)
    }
    for low in stride(from: 0.0, to: 100, by: 1) { _ = rule.ask(low: low) }
    #expect(rule.ask(low: 0.4) == .yes)
  }

  @Test(arguments: [
    (#"("P-101"):match("^%a%-(%d+)$")"#, "101"),
    (#"("key = value"):match("(%w+)%s*=%s*%w+")"#, "key"),
    (#"("key = value"):match("%w+%s*=%s*(%w+)")"#, "value"),
    (#"("batch 2026-03-02"):match("%d%d%d%d%-%d%d%-%d%d")"#, "2026-03-02"),
    (#"tostring((" x "):find("x"))"#, "2"),
    (#"tostring(("abc"):match("()b"))"#, "2"),
    (#"("<a><b>"):match("<.->")"#, "<a>"),
    (#"("<a><b>"):match("<.*>")"#, "<a><b>"),
    (#"("colour"):match("colou?r") .. ("color"):match("colou?r")"#, "colourcolor"),
    (#"("a1b22"):gsub("%d+", "_")"#, "a_b_"),
    (#"("hello world"):gsub("(%w+) (%w+)", "%2 %1")"#, "world hello"),
    (#"("a b"):gsub("%a", { a = "x" })"#, "x b"),
    (#"("a b"):gsub("%a", function(c) return c:upper() end)"#, "A B"),
    (#"("3.5 bar g"):match("^[%d.]+") .. ("x]y"):match("[]]")"#, "3.5]"),
  ]) func patterns_mean_what_lua_says(expression: String, result: String) throws {
    #expect(try Asked("return (\(expression)) == \"\(result)\"").ask() == .yes)
  }

  @Test func a_search_gives_one_match_after_the_other() throws {
    let body =
      #"local out = "" for k, v in ("a=1, b=2"):gmatch("(%w)=(%w)") do out = out .. v .. k end return out == "1a2b""#
    #expect(try Asked(body).ask() == .yes)
  }

  @Test func a_pattern_that_would_run_for_hours_ends_within_the_budget() throws {
    let rule = try Asked(#"return (("a"):rep(30)):match(("a?"):rep(30) .. ("a"):rep(30)) ~= nil"#)
    #expect(
      rule.ask()
        == .fault(
          FaultCause("rules/x.lua:2: used up its instructions; is there a loop that does not end?", kind: .exhausted)))
  }

  @Test func a_method_of_what_a_word_gave_is_that_word() throws {
    let host = try load("rule { a = average('Flow'):of 'Line' }")
    let inner = Declared.word("average", arguments: [.text("Flow")], line: 1)
    #expect(
      host.declared
        == .table(
          list: [],
          fields: [DeclaredField(name: "a", value: .word("of", arguments: [inner, .text("Line")], line: 1))]))
  }

  @Test func a_calculation_gives_a_number_or_nothing() throws {
    func computed(_ body: String, _ value: ReadingValue = .number(6)) throws -> Computed {
      let host = try load("rule { f = function(f, limits) \(body) end }")
      guard case .table(_, let fields) = host.declared, case .function(let f)? = fields.first?.value else {
        return .fault("no function")
      }
      try host.bind(readings: ["other"], limits: ["low"], calculations: [["dp"]])
      return [value].withUnsafeBufferPointer { host.compute(f, set: 1, $0, LimitTable([7.0])) }
    }
    #expect(try computed("return f.dp * limits.low") == .number(42))
    #expect(try computed("return nil") == .nothing)
    #expect(try computed("return f.dp / 0") == .nothing)
    #expect(try computed("return f.dp", .notGood) == .blind(reading: 0))
    #expect(
      try computed("return 'x'")
        == .fault("rules/x.lua:1: this calculation must return a number, or nil when there is none now; not text"))
    #expect(try computed("return f.other") == .fault("rules/x.lua:1: unknown reading 'other'"))
  }

  @Test func words_that_may_be_called_make_something_only_where_something_is_made() throws {
    let rule = try Asked("return work_order { priority = 1 }")
    #expect(
      rule.ask() == .fault("rules/x.lua:2: 'work_order' belongs in 'actions'; this function only answers a question"))
    let made = [ReadingValue.boolean(true), .number(1), .text(""), .absent, .absent].withUnsafeBufferPointer {
      rule.host.make(rule.function, $0, LimitTable([.number(1), .state(""), .number(0)]))
    }
    let table = Declared.table(list: [], fields: [DeclaredField(name: "priority", value: .number(1))])
    #expect(made == .made(.word("work_order", arguments: [table], line: 2)))
  }

  @Test func an_allocation_that_fails_in_any_new_path_is_a_failure_and_no_leak() throws {
    let text = """
      rule { a = average('x'):of('y'),
        f = function(p, l) return l.line(p.zones.highest) > 1 and p.state:gsub('%a+', '<%0>') == l.mode end,
        g = function(p, l) return { work_order { title = p.zones.worst .. p.state } } end,
        h = function(p, l) return #p.tag * l.low end }
      """
    var succeeded = false
    for allocations in 0..<5000 where !succeeded {
      do {
        let host = try LuaHost(
          text: text, file: "x.lua", statement: "rule", words: ["average"], callWords: ["work_order", "of"],
          methods: ["of"], allocations: allocations)
        try host.bind(readings: ["zones", "state"], limits: ["low", "mode", "line"], calculations: [["tag"]])
        succeeded = use(host)
      } catch {
        #expect(error.cause == .memory)
      }
    }
    #expect(succeeded)
  }

  /// Whether all came out as it does with memory enough.
  private func use(_ host: LuaHost) -> Bool {
    guard case .table(_, let fields) = host.declared else { return false }
    let functions = fields.compactMap { if case .function(let f) = $0.value { f } else { nil } }
    let limits = LimitTable([.number(2), .state("<Idle>")] + (Asked.line.map { [LimitValue.curve($0)] } ?? []))
    let own = [ReadingValue.group(Asked.zones), .text("Idle")]
    let answer = own.withUnsafeBufferPointer { host.ask(functions[0], $0, limits) }
    let made = own.withUnsafeBufferPointer { host.make(functions[1], $0, limits) }
    let computed = [ReadingValue.text("abc")].withUnsafeBufferPointer {
      host.compute(functions[2], set: 1, $0, limits)
    }
    if case .fault = made { return false }
    return answer == .yes && computed == .number(6)
  }
}
