import Campaigns
import Glibc
import Rules
import Scripting
import Testing

/// The bound in time of a call, and the campaign of hostile rules that it ends.
@Suite struct CallTimeTests {
  /// Takes a second or so, in instructions of which few can be charged, and ends before they are used up.
  static let long =
    "local a, b, x = 1e308, 3e-308, 0 for i = 1, 100000 do x = a % b x = a % b x = a % b end return true"

  private func note() throws -> CallNote {
    try CallNote(
      path: nil, names: CallNote.Names(rules: ["pump_test"], adapters: [], assets: ["P-1"]),
      configuration: Digest(hex: String(repeating: "1", count: 64)), threads: 1)
  }

  @Test func the_clock_applies_live_and_not_to_what_was_decided_before() throws {
    let note = try note()
    let place = try note.place()
    let host = try LuaHost(
      text: "rule { when = function(pump, limits) \(Self.long) end }", file: "rules/pump_test.lua", statement: "rule",
      words: [], caller: place.rule("pump_test"))
    guard case .table(_, let fields) = host.declared, case .function(let when)? = fields.first?.value else {
      throw Finding(file: "rules/pump_test.lua", line: nil, message: "no function")
    }
    try host.bind(readings: [], limits: [])
    func ask() -> Answer { [].withUnsafeBufferPointer { host.ask(when, $0, LimitTable([] as [LimitValue])) } }
    place.setRecovering(true)
    #expect(ask() == .yes)
    place.setRecovering(false)
    guard case .fault(let cause) = ask() else { throw Finding(file: "x", line: nil, message: "not ended") }
    #expect(cause.kind == .overtime && cause.text.hasPrefix("rules/pump_test.lua:1: took 0.2"), "\(cause)")
    #expect(cause.text.hasSuffix("a call may take 0.2 s"))
    // What follows another process is the same without being a recovery.
    place.setClocked(false)
    #expect(ask() == .yes)
  }

  @Test func a_host_without_a_bound_in_time_ends_by_its_instructions() throws {
    var budget = LuaHost.Budget.standard
    budget.time = nil
    #expect(try Asked(Self.long, budget: budget).ask() == .yes)
  }

  @Test func what_is_copied_as_varargs_is_charged_by_how_many_there_are() throws {
    let text = "local function id() end local function f(...) for i = 1, 1000 do id(...) end end "
    func charged(_ count: Int) throws -> Int {
      var budget = LuaHost.Budget.standard
      budget.step = 1
      let rule = try Asked(text + "f(table.unpack({}, 1, \(count))) return true", budget: budget)
      #expect(rule.ask() == .yes)
      return rule.host.lastCallInstructions
    }
    // 1,000 calls that pass 1,200 values: 75 instructions more for each.
    let more = try charged(1200) - charged(0)
    #expect(more > 75_000 && more < 100_000, "\(more)")
  }

  // MARK: Campaign

  /// Rule files that would run for seconds or fill the memory, each another one.
  private static func hostile(_ number: Int, _ dice: inout Dice) -> String {
    let bodies = SandboxHostileTests.inFunctions + HostileChunks.patterns + HostileChunks.values
    if number < bodies.count { return bodies[number].0 }
    let count = dice.one([1, 2, 50, 1000, 1500, 2048, 4096, 9000])
    let text = "(\"\(dice.one(["x", "a?", "9", "\\0", "%d"]))\"):rep(\(dice.one([1, 100, 1000, 20_000, 65_000])))"
    let act = dice.one([
      "x = 1e308 % 3e-308", "x = s < s .. 'b'", "x = s == s .. 'b'", "t = { s, s, s }", "t = {}",
      "f(table.unpack({}, 1, n))",
      "x = s .. 'x'", "t['k' .. #t] = s", "t[#t + 1] = {}", "x = s:upper()", "x = s:find('.-b')",
      "x = s:match('(.*)(.*)b')",
      "table.sort(t)", "table.insert(t, 1, s)", "for k in pairs(t) do x = k end", "x = tonumber(s)",
      "x = ('%q'):format(s)",
      "x = ('%99.99f'):format(1e308)", "for i = 1, s do break end", "x = 1e308 .. 1.5 .. 1e-308 .. 2.5",
      "x = math.fmod(1e308, 3e-308)",
      "t[i + 0.5] = s", "x = next(t)", "x = s:gsub('.', '%0%0')", "g(n)",
    ])
    let other = dice.one(["x = 1e308 % 3e-308", "x = s == s .. 'b'", "x = i", "t = { x }"])
    return """
      local n, t, x, s = \(count), {}, 0, \(text)
      local function f(...) return select("#", ...) end
      local function g(m, ...) if m == 0 then return f(...) end return g(m - 1, m, ...) end
      for i = 1, \(dice.one(["10", "1000", "1e9"])) do \(act) \(other) \(act) end
      return false
      """
  }

  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// As `check` does it: the file is read and its examples are run. The one claim of a test that is in seconds: of the
  /// thread's processor, which other work on the machine does not take.
  @Test func each_of_300_hostile_rules_ends_within_250_ms_of_the_processor() throws {
    var dice = Dice(Campaign.seed)
    var longest = 0.0
    var ended: [FaultCause.Kind: Int] = [:]
    for number in 0..<Campaign.size(300, large: 5_000) {
      let body = Self.hostile(number, &dice)
      let text = """
        rule {
          title = "x", owner = "rotating-equipment", applies_to = "CentrifugalPump",
          reads = { v = latest "BearingTemperature [degC]" },
          when = function(pump, limits) \(body)
          end,
          actions = { work_order { priority = 3, title = "x {asset}" } },
          examples = { stays_calm { v = 20, lasting = "10 min" } },
        }
        """
      var rule: Rule
      do {
        rule = try RuleFile.read(text: text, file: "rules/x.lua", model: Plant.model, owners: Plant.owners)
      } catch {
        continue
      }
      var used = 0.0
      let ask = rule.ask
      rule.ask = { question, readings, limits in
        let from = Self.processorTime()
        let answer = ask(question, readings, limits)
        used = max(used, Self.processorTime() - from)
        if case .fault(let cause) = answer { ended[cause.kind, default: 0] += 1 }
        return answer
      }
      for example in rule.examples { _ = rule.run(example) }
      #expect(used < 0.25, "seed \(Campaign.seed), rule \(number) took \(used) s: \(body)")
      longest = max(longest, used)
    }
    #expect((ended[.overtime] ?? 0) >= 2 && (ended[.exhausted] ?? 0) > 20, "\(ended)")
    print("hostile rules: the longest call took \(Int(longest * 1000)) ms of the processor; ended by \(ended)")
  }
}
