import Rules
import Scripting
import Testing

/// A rule around one predicate, loaded and asked.
struct Asked {
  var host: LuaHost
  var function: LuaFunction

  init(_ body: String, above: String = "", budget: LuaHost.Budget = .standard) throws {
    host = try LuaHost(
      text: "\(above)\nrule { when = function(pump, limits) \(body) end }", file: "rules/x.lua", statement: "rule",
      words: ["average"], callWords: ["work_order", "of"], methods: ["of"], budget: budget)
    guard case .table(_, let fields) = host.declared, case .function(let f)? = fields.first?.value else {
      throw Finding(file: "rules/x.lua", line: nil, message: "no function")
    }
    function = f
    try host.bind(readings: ["running", "suction", "state", "zones", "gone"], limits: ["low", "mode", "line"])
  }

  static let zones = GroupReading(highest: 861, lowest: 840, spread: 8.5, mean: 850, howMany: 3, worst: "Z-2")
  static let line = Curve([Curve.Point(0, 0), Curve.Point(100, 30), Curve.Point(120, 35)])

  /// Readings that are left out stand behind the given ones: a group of zones, and one that is absent.
  func ask(_ readings: [ReadingValue] = [.boolean(true), .number(0.3), .text("Idle")], low: Double = 0.4) -> Answer {
    let limits = [.number(low), .state("Idle")] + (Self.line.map { [LimitValue.curve($0)] } ?? [])
    return (readings + [.group(Self.zones), .absent]).withUnsafeBufferPointer { r in
      host.ask(function, r, LimitTable(limits))
    }
  }
}

func load(_ text: String, words: [String] = ["average", "by_hand"]) throws(LuaFailure) -> LuaHost {
  try LuaHost(
    text: text, file: "rules/x.lua", statement: "rule", words: words, callWords: ["work_order", "of"], methods: ["of"])
}

@Suite struct HostTests {
  @Test func predicate_sees_readings_and_limits() throws {
    let rule = try Asked("return pump.running and pump.suction < limits.low and pump.state == 'Idle'")
    #expect(rule.ask() == .yes)
    #expect(rule.ask([.boolean(false), .number(0.3), .text("Idle")]) == .no)
    #expect(rule.ask([.boolean(true), .number(0.5), .text("Idle")]) == .no)
    #expect(rule.ask([.boolean(true), .number(0.3), .text("Holding")]) == .no)
  }

  @Test func looking_at_what_is_not_good_is_blind() throws {
    let rule = try Asked("return pump.running and pump.suction < limits.low")
    #expect(rule.ask([.boolean(true), .notGood, .notGood]) == .blind(reading: 1))
    #expect(rule.ask([.boolean(false), .notGood, .notGood]) == .no)
  }

  @Test func fault_has_file_line_and_cause() throws {
    let rule = try Asked("\n\n return nil < 1")
    #expect(rule.ask() == .fault("rules/x.lua:4: attempt to compare nil with number"))
    #expect(try Asked("return 1").ask() == .fault("rules/x.lua:2: this function must return true or false, not number"))
    #expect(
      try Asked("return pump.sucktion < 1").ask()
        == .fault("rules/x.lua:2: unknown reading 'sucktion' (did you mean 'suction'?)"))
    #expect(
      try Asked("return average('x') ").ask()
        == .fault("rules/x.lua:2: 'average' belongs in 'rule { ... }', not inside a function"))
  }

  @Test func declaration_becomes_a_tree() throws {
    let host = try load("-- c\nrule {\n b = average('Flow', 5), a = { 1, 'x', true }, z = by_hand }")
    #expect(host.statementLine == 2)
    #expect(
      host.declared
        == .table(
          list: [],
          fields: [
            DeclaredField(name: "a", value: .table(list: [.number(1), .text("x"), .boolean(true)], fields: [])),
            DeclaredField(name: "b", value: .word("average", arguments: [.text("Flow"), .number(5)], line: 3)),
            DeclaredField(name: "z", value: .word("by_hand", arguments: nil, line: 0)),
          ]))
  }

  @Test(arguments: [
    ("rule { a = avarage('x') }", 1, "unknown name 'avarage' (did you mean 'average'?)"),
    ("rule {\n when = function() return mth.pi end }", 2, "unknown name 'mth' (did you mean 'math'?)"),
    ("local x = math.sqr(2)", 1, "unknown name 'sqr' (did you mean 'sqrt'?)"),
    ("rule {}\nrule {}", 2, "a second 'rule'; a file has exactly one, here on line 1"),
    ("\nx = 1\nrule {}", 2, "assigns to the global 'x'; write local x = ..."),
    ("rule {\n when = function()\n x = 1 end }", 3, "assigns to the global 'x'; write local x = ..."),
    ("rule { a = = 1 }", 1, "unexpected symbol near '='"),
  ]) func loading_says_where_and_what(text: String, line: Int, message: String) {
    let failure = #expect(throws: LuaFailure.self) { try load(text) }
    #expect(failure?.line == line)
    #expect(failure?.message == message)
  }

  @Test func captured_state_is_refused() {
    func cause(_ text: String) -> LuaFailure? { #expect(throws: LuaFailure.self) { try load(text) } }
    #expect(cause("local t = {}\nrule { when = function() t.x = 1 end }")?.cause == .capturedTable("t"))
    #expect(
      cause("local t = {}\nlocal function f() return t end\nrule { when = function() return f() end }")?.cause
        == .capturedTable("t"))
    let assigned = cause("local n = 0\nrule { when = function()\n n = n + 1 end }")
    #expect(assigned?.cause == .assignsCaptured("n"))
    #expect(assigned?.line == 3)
    let made =
      "local function make() local n = 0 return function() n = n + 1 return n > 3 end end\nrule { when = make() }"
    #expect(cause(made)?.cause == .assignsCaptured("n"))
    #expect(cause("local _ENV = {}\nlocal function f() return x end")?.cause == .error)
    #expect(
      cause("local _, walk = pairs({{}})\nrule { when = function() return walk end }")?.cause == .capturedTable("walk"))
  }

  @Test func locals_of_the_function_and_captured_constants_are_fine() throws {
    let rule = try Asked(
      "local n = 0; local function add() n = n + 1 end; add(); add(); return n == two and double(n) == 4 and m.max(1, 3) == 3",
      above: "local two = 2; local m = math; local function double(x) return x * 2 end")
    #expect(rule.ask() == .yes)
    #expect(rule.ask() == .yes)
  }

  @Test func exhausted_budget_gives_a_fresh_state() throws {
    let rule = try Asked("while pump.running do end return true")
    let on: [ReadingValue] = [.boolean(true), .number(1), .text("")]
    let off: [ReadingValue] = [.boolean(false), .number(1), .text("")]
    for _ in 0..<20 {
      #expect(
        rule.ask(on)
          == .fault(
            FaultCause("rules/x.lua:2: used up its instructions; is there a loop that does not end?", kind: .exhausted))
      )
      #expect(rule.host.lastCallInstructions >= 1_000_000 && rule.host.lastCallInstructions < 1_010_000)
      #expect(rule.ask(off) == .yes)
    }
  }

  @Test func a_fresh_state_has_the_limits_that_the_lost_one_had() throws {
    let rule = try Asked("while pump.running do end return pump.suction < limits.low")
    let limits = LimitTable([.number(0.4), .state("Idle")] + (Asked.line.map { [LimitValue.curve($0)] } ?? []))
    func ask(_ running: Bool) -> Answer {
      let readings: [ReadingValue] = [
        .boolean(running), .number(0.3), .text("Idle"), .group(Asked.zones), .absent,
      ]
      return readings.withUnsafeBufferPointer { rule.host.ask(rule.function, $0, limits) }
    }
    #expect(ask(false) == .yes)
    #expect(ask(true) != .yes, "the budget is used up, and the state thrown away")
    #expect(ask(false) == .yes)
  }

  @Test func pairs_walks_in_the_same_order_everywhere() throws {
    let text = """
      local out = {}
      for k, v in pairs({ z = 1, a = 2, 10, 20, m = 3, [2.5] = 4 }) do out[#out + 1] = tostring(k) end
      rule { order = table.concat(out, " "), first = next({ q = 1, b = 2 }) }
      """
    let first = try load(text)
    let second = try load(text)
    #expect(first.declared == second.declared)
    #expect(
      first.declared
        == .table(
          list: [],
          fields: [
            DeclaredField(name: "first", value: .text("b")),
            DeclaredField(name: "order", value: .text("1 2 2.5 a m z")),
          ]))
  }

  @Test func failing_allocation_anywhere_is_a_failure_and_no_leak() throws {
    // Closing a host checks that every byte came back.
    var succeeded = false
    for allocations in 0..<5000 {
      do {
        let host = try LuaHost(
          text:
            "local s = 'x' .. 1\nrule { n = average('a'), when = function(p, l) local t = { p.a } return t[1] < l.b end }",
          file: "x.lua", statement: "rule", words: ["average"], allocations: allocations)
        guard case .table(_, let fields) = host.declared, case .function(let f)? = fields.last?.value else { break }
        try host.bind(readings: ["a"], limits: ["b"])
        let answer = [ReadingValue.number(1)].withUnsafeBufferPointer { r in
          host.ask(f, r, LimitTable([2.0]))
        }
        if answer == .yes {
          succeeded = true
          break
        }
      } catch {
        #expect(error.cause == .memory)
      }
    }
    #expect(succeeded)
  }
}
