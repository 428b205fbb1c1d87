import Rules
import Scripting
import Testing

/// Chunks that would hang, starve or escape a plain Lua. Each must end within its budget and memory, saying
/// why, while another host beside it still answers.
@Suite struct SandboxHostileTests {
  enum End {
    case budget, memory, error, yes
    /// Ended by the clock: what it does cannot be charged.
    case time
  }

  static let inFunctions: [(String, End)] = [
    // Library calls that no hook interrupts
    (#"return ("").rep("", 1 << 62) == """#, .yes),
    (#"return ("x"):rep(1 << 30) == "" "#, .error),
    (#"return ("x"):rep(-5) == "" "#, .yes),
    (#"while true do local s = ("x"):rep(65536) end"#, .budget),
    (#"while true do local s = ("x"):rep(60000):upper():reverse() end"#, .budget),
    ("table.move({}, 1, 1 << 62, 2)", .error),
    ("table.insert({}, 1 << 60, 1)", .error),
    ("local t = {} while true do table.insert(t, 1, 1) end", .budget),
    (#"return string.find(("a"):rep(3000), ".-.-.-.-.-b")"#, .budget),
    (#"return ("a"):match("a")"#, .error),
    (#"return ("a"):gsub("a", "b")"#, .error),
    (#"return string.format("%99999d", 1) == """#, .error),
    (#"return string.format("%p", {}) == """#, .error),
    (#"return string.format("%s", {}) == "table" and tostring(print == nil) == "" "#, .error),
    (
      #"return tostring({}) == "table" and tostring(function() end) == "function" and string.format("%s", pairs) == "function""#,
      .yes
    ),
    ("return #table.unpack({}, 1, 1e8) == 1", .error),
    ("return select('#', table.unpack({}, 1, 1000)) == 1000", .yes),
    ("return select('#', table.unpack({}, 1, 4000)) == 4000", .error),
    ("local function f(...) return f(0, ...) end return f()", .error),
    ("while true do select('#', table.unpack({}, 1, 1000)) end", .budget),
    ("table.concat({}, 'x', 1, 1 << 60)", .error),
    ("table.concat({}, 'x', math.mininteger, math.maxinteger)", .error),
    ("local t = {} for i = 1, 4096 do t[i] = i end table.sort(t, function() return true end) return true", .yes),
    ("local t = { 3, 1, 2 } table.sort(t, function() while true do end end)", .budget),
    ("local t = { 3, 'x', 2 } table.sort(t)", .error),
    ("while true do local t = {} for i = 1, 2000 do t['k' .. i] = i end for k in pairs(t) do end end", .budget),
    ("local t = {} for i = 1, 2049 do t['k' .. i] = i end", .memory),
    ("local t = {} for i = 1, 4097 do t[i] = i end", .memory),
    // What takes long in one instruction, or long altogether
    ("local a, b, x = 1e308, 3e-308, 0 while true do x = a % b x = a % b x = a % b x = a % b end", .time),
    (#"local a, b = ("x"):rep(65000) .. "a", ("x"):rep(65000) .. "b" while a < b do end"#, .budget),
    (#"local a, b = ("\0"):rep(65000) .. "a", ("\0"):rep(65000) .. "b" while a < b do end"#, .error),
    (#"local a, b = ("\0"):rep(1000) .. "a", ("\0"):rep(1000) .. "b" while a < b do end"#, .budget),
    (#"local t, s = {}, ("\0"):rep(65000) for i = 1, 9 do t[i] = s .. i end table.sort(t)"#, .error),
    (#"return "a\0b" < "a\0c" and "a" < "a\0" and not ("Z" > "a") and "\200" > "z""#, .yes),
    (
      "local function id() end local function f(...) while true do id(...) end end f(table.unpack({}, 1, 1200))",
      .budget
    ),
    ("local function f(...) while true do local t = { ... } end end f(table.unpack({}, 1, 1200))", .budget),
    ("local function f(n, ...) if n == 0 then return true end return f(n - 1, n, ...) end return f(1000)", .yes),
    ("local function f(n, ...) if n == 0 then return true end return f(n - 1, n, ...) end return f(9000)", .error),
    ("local s = ('9'):rep(65000) while true do for i = 1, s do break end end", .time),
    (
      #"local s = ("%99.99f"):rep(30) local x = 1e308 while true do s:format("#
        + String(repeating: "x, ", count: 29) + "x) end", .budget
    ),
    ("local x = 1.7e308 return #(x" + String(repeating: " .. x", count: 40) + ") > 0", .error),
    ("local x = 1.5 return #(x" + String(repeating: " .. x", count: 39) + ") == 120", .yes),
    // Loops
    ("while true do end", .budget),
    ("::a:: goto a", .budget),
    ("for i = 1, math.huge do end", .budget),
    ("for i = 1, 1e308 do end", .budget),
    ("for i = math.maxinteger - 1, math.maxinteger do end return true", .yes),
    ("for i = math.mininteger, math.maxinteger do end", .budget),
    ("repeat until false", .budget),
    ("local function f() return f() end return f()", .budget),
    // Memory
    ("local s = 'x' while true do s = s .. s end", .memory),
    ("local t = {} while true do t[#t + 1] = { #t } end", .memory),
    ("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(60000) .. i end", .budget),
    ("local function f() return 1 + f() end return f()", .error),
    (
      "local function f(n) local t = {} t[1] = function() return f(n + 1) end return t[1]() + 1 end return f(1)", .error
    ),
    // Absent doors
    ("return setmetatable({}, { __gc = function() while true do end end })", .error),
    ("return getmetatable('').__index", .error),
    ("while true do pcall(function() while true do end end) end", .error),
    ("xpcall(function() while true do end end, function() while true do end end)", .error),
    ("coroutine.wrap(function() end)()", .error),
    ("return load('return 1')()", .error),
    ("return collectgarbage('count') > 0", .error),
    ("return math.random() < 1", .error),
    ("return os.time() > 0", .error),
    ("return io.open('/etc/passwd')", .error),
    ("return require 'os'", .error),
    ("return debug.getregistry()", .error),
    ("return rawset(pump, 'x', 1)", .error),
    ("return _G == nil", .error),
    ("return string.dump(function() end) == ''", .error),
    // Writing where nothing may be written
    ("pump.suction = 1", .error),
    ("limits.low = 9", .error),
    ("string.format = 1", .error),
    ("math.pi = 3", .error),
    ("_ENV.x = 1", .error),
    ("_ENV.math = 1", .error),
    ("local s = '' s.x = 1", .error),
    ("for k in pairs(pump) do end", .error),
    ("return next(limits) == nil", .error),
    ("return #pump == 0", .error),
    // Errors of every kind
    ("error({})", .error),
    ("error(nil)", .error),
    ("error()", .error),
    ("error(('x'):rep(60000))", .error),
    ("assert(false, {})", .error),
    ("local x <close> = {}", .error),
    ("local x <close> = pump", .error),
    ("local x <close> = nil return true", .yes),
    // Edges
    ("return math.tointeger(2.5) == nil and math.tointeger(2^53) == 2^53", .yes),
    ("return 1 // 0 == math.huge and 1 % math.huge == 1", .error),
    ("return 1 // 0.0 == math.huge", .yes),
    ("return ('10' + 1) == 11", .error),
    ("local _ENV = {} return x == nil", .yes),
    ("local _ENV = {} return pump.suction == 0.3", .yes),
    ("local f = function(_ENV) x = 1 end f(pump)", .error),
    ("local f = function(_ENV) x = 1 return x end return f({}) == 1", .yes),
    ("return tonumber('zz', 36) == 1295 and tonumber('1e1') == 10 and tonumber('9', 8) == nil", .yes),
    ("return ('x'):upper() == 'X' and ('abc'):sub(2) == 'bc'", .yes),
    (#"return string.format("%5.1f|%d|%s", 2.25, 3.0, true) == "  2.2|3|true""#, .yes),
  ]

  @Test(arguments: inFunctions.indices) func hostile_function_ends(index: Int) throws {
    try end(Self.inFunctions[index].0, Self.inFunctions[index].1)
  }

  @Test(arguments: HostileChunks.patterns.indices) func hostile_pattern_ends(index: Int) throws {
    try end(HostileChunks.patterns[index].0, HostileChunks.patterns[index].1)
  }

  @Test(arguments: HostileChunks.values.indices) func hostile_use_of_what_is_handed_in_ends(index: Int) throws {
    try end(HostileChunks.values[index].0, HostileChunks.values[index].1)
  }

  private func end(_ body: String, _ end: End) throws {
    let neighbour = try Asked("return pump.running")
    let rule: Asked
    do {
      rule = try Asked(body)
    } catch let failure as LuaFailure {
      // Refused at load already: better still.
      #expect(end == .error && failure.line == 2, "\(body): \(failure)")
      return
    }
    let answer = rule.ask()
    switch (answer, end) {
    case (.yes, .yes): break
    case (.fault(let cause), .budget):
      #expect(cause.text.contains("used up its instructions") && cause.kind == .exhausted, "\(body): \(cause)")
    case (.fault(let cause), .time):
      #expect(cause.kind == .overtime && cause.text.hasPrefix("rules/x.lua:2: took 0.2"), "\(body): \(cause)")
    case (.fault(let cause), .memory):
      let says = ["memory", "64 KiB", "a table with"].contains { cause.text.contains($0) }
      #expect(says && cause.kind == .exhausted, "\(body): \(cause)")
    case (.fault(let cause), .error):
      let isPlain = !cause.text.contains("used up") && !cause.text.contains("0x")
      #expect(cause.text.hasPrefix("rules/x.lua:") && isPlain && cause.kind == .error, "\(body): \(cause)")
    default: Issue.record("\(body): \(answer)")
    }
    #expect(rule.host.lastCallInstructions < 1_000_000 + 400_000)
    #expect(rule.host.memory <= 8 * 1024 * 1024)
    #expect(neighbour.ask() == .yes)
  }

  static let files: [(String, LuaFailure.Cause?)] = [
    ("\u{1B}Lua", .syntax),
    ("rule { a = \"" + String(repeating: "x", count: 100_000) + "\" }", .memory),
    ("rule { a = " + String(repeating: "(", count: 50_000) + "1 }", .syntax),
    ("rule { a = " + String(repeating: "{", count: 100) + String(repeating: "}", count: 100) + "}", .error),
    ("rule { " + String(repeating: "a", count: 60_000) + " = 1 }", nil),
    ("rule {} --" + String(repeating: "x", count: 200 * 1024), nil),
    ("rule {} --" + String(repeating: "x", count: 256 * 1024), .tooLarge),
    ("rule { a = \"\0\" } \0", .syntax),
    ("rule { a = \"\\xff\" }", .error),
    ("while true do end rule {}", .budget),
    ("local t = {} t.t = t rule(t)", .error),
    ("local t = {} for i = 1, 40 do t = { t, t } end rule(t)", .budget),
    ("rule { when = function() rule {} end }", nil),
    ("rule { [1.5] = 1 }", .error),
    ("rule { 1, nil, 3 }", .error),
    ("rule { a = print }", .unknownName("print")),
    ("rule { a = math.max }", .error),
    ("rule()", .error),
    ("", .error),
    ("return rule { a = 1 }", nil),
  ]

  @Test func there_are_two_hundred_hostile_chunks() {
    let inFunctions = Self.inFunctions.count + HostileChunks.patterns.count + HostileChunks.values.count
    #expect(inFunctions + Self.files.count + HostileChunks.files.count >= 200)
  }

  @Test(arguments: (files + HostileChunks.files).indices) func hostile_file_ends(index: Int) throws {
    let (text, cause) = (Self.files + HostileChunks.files)[index]
    do throws(LuaFailure) {
      let host = try load(text)
      #expect(cause == nil)
      #expect(host.statementLine >= 1)
    } catch {
      #expect(error.cause == cause, "\(text.prefix(60)): \(error)")
      #expect(error.message.utf8.count < 1100)
    }
  }
}
