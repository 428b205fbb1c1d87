import Foundation
import Rules
import Scripting

/// What one instruction, or one stretch of a library call between two looks at the clock, takes at its bound at most, in
/// microseconds of the processor. Each is run several times in a host of its own, and the least of the maxima counts: what
/// the machine does beside it is in the others.
enum SandboxBench {
  private static let floats = "1.7976931348623157e308" + String(repeating: " .. a", count: 39)
  /// The operation, and what is to be done with it over and over.
  private static let bounded: [(name: String, before: String, act: String)] = [
    ("nothing", "", "local x = 1"),
    ("% at the ends of the range", "local a, b = 1e308, 3e-308", "local x = a % b"),
    ("~= of texts of 64 KiB", #"local a, b = ("x"):rep(65000) .. "a", ("x"):rep(65000) .. "b""#, "local x = a ~= b"),
    ("< of texts of 64 KiB", #"local a, b = ("x"):rep(65000) .. "a", ("x"):rep(65000) .. "b""#, "local x = a < b"),
    ("< of texts of 1,000 NULs", #"local a, b = ("\0"):rep(1000) .. "a", ("\0"):rep(1000) .. "b""#, "local x = a < b"),
    (".. to 64 KiB", #"local a = ("x"):rep(32000)"#, "local x = a .. a"),
    (".. of 40 numbers", "local a = 1.7976931348623157e308", "local x = " + floats),
    ("a list of 4,096", "", "local t = {} for i = 1, 4096 do t[i] = i end"),
    ("varargs, 1,200", "", "f(table.unpack({}, 1, 1200))"),
    ("{ ... } of 1,200", "", "g(table.unpack({}, 1, 1200))"),
    ("recursion", "", "h(350)"),
    (
      "table.insert in front", "local t = {} for i = 1, 4000 do t[i] = i end",
      "table.insert(t, 1, 1) table.remove(t, 1)"
    ),
    ("table.sort", "local t = {} for i = 1, 4096 do t[i] = -i end", "table.sort(t)"),
    (
      "pairs of 2,048", "local t = {} for i = 1, 2048 do t['k' .. i] = i end",
      "for k in pairs(t) do local x = k break end"
    ),
    ("table.concat", "local t = {} for i = 1, 4096 do t[i] = 'abcdefgh' end", "local x = table.concat(t)"),
    ("string.upper", #"local s = ("x"):rep(65536)"#, "local x = s:upper()"),
    ("string.rep", "", #"local x = ("x"):rep(65536)"#),
    ("string.reverse", #"local s = ("x"):rep(65536)"#, "local x = s:reverse()"),
    ("string.format %f", "local a = 1e308", #"local x = ("%99.99f%99.99f"):format(a, a)"#),
    ("string.format %q", #"local s = ("\1"):rep(512)"#, #"local x = ("%q"):format(s)"#),
    ("string.find", #"local s = ("a"):rep(65000)"#, #"local x = s:find(".-b")"#),
    ("string.gsub", #"local s = ("a"):rep(60000)"#, #"local x = s:gsub("a", "b")"#),
    ("tonumber", #"local s = ("9"):rep(65000)"#, "local x = tonumber(s)"),
  ]
  /// Lua's own, which no bound reaches, or one that would be too narrow for use; docs/architecture.md names them.
  private static let unbounded: [(name: String, before: String, act: String)] = [
    (
      "a table grows to 2,048 names", "local k = {} for i = 1, 2048 do k[i] = 'k' .. i end",
      "local t = {} for i = 1, 2048 do t[k[i]] = i end"
    ),
    ("a look-up under 60,000 characters", #"local s, t = ("x"):rep(60000), {}"#, "local x = t[s .. 'y']"),
    ("for up to a text of 65,000 digits", #"local s = ("9"):rep(65000)"#, "for i = 1, s do break end"),
    (
      "the collector's last step, 8 MiB of tables",
      "local t = {} for i = 1, 4000 do t[i] = {{i},{i},{i},{i}} end", "for i = 1, 4000 do t[i][1] = {i} end"
    ),
    (
      "70,000 short texts, their table grows", "",
      "local t = {} for i = 1, 2400 do local u = {} t[i] = u for j = 1, 30 do u[j] = i .. 'x' .. j end end"
    ),
  ]

  static func run() throws -> Bool {
    var met = true
    for entry in bounded {
      let took = try longest(entry.before, entry.act)
      if took > 100 { met = false }
      tell(entry.name, took, took > 100 ? "at most 100 NOT MET" : "at most 100")
    }
    for entry in unbounded { tell(entry.name, try longest(entry.before, entry.act), "named, no bound of ours") }
    return met
  }

  private static func tell(_ name: String, _ took: Double, _ bound: String) {
    let text = "sandbox, \(name)".padding(toLength: 56, withPad: " ", startingAt: 0)
    print("\(text) \(String(format: "%7.1f", took)) µs  \(bound)")
  }

  private static func longest(_ before: String, _ act: String) throws -> Double {
    var least = Double.infinity
    for _ in 0..<7 { least = min(least, try once(before, act)) }
    return least
  }

  private static func once(_ before: String, _ act: String) throws -> Double {
    let host = try LuaHost(
      text: """
        local function id() end
        local function f(...) id(...) return select("#", ...) end
        local function g(...) local t = { ... } return #t end
        local function h(n) if n == 0 then return 0 end return 1 + h(n - 1) end
        rule { when = function() \(before) for i = 1, 20 do \(act) end return true end }
        """, file: "rules/x.lua", statement: "rule", words: [],
      budget: LuaHost.Budget(instructions: 3_000_000, step: 1, time: nil))
    guard case .table(_, let fields) = host.declared, case .function(let when)? = fields.first?.value else { return 0 }
    try host.bind(readings: [], limits: [])
    host.measureStretches()
    let answer = [].withUnsafeBufferPointer { host.ask(when, $0, LimitTable([] as [LimitValue])) }
    if case .fault(let cause) = answer, cause.kind == .error {
      throw Finding(file: "rules/x.lua", line: nil, message: "\(act): \(cause)")
    }
    return host.takeLongestStretch()
  }
}
