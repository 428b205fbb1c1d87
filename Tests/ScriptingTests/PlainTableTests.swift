import Campaigns
import Rules
import Scripting
import Testing

/// Straight code is given plain tables where it can be; it must not be able to tell.
@Suite struct PlainTableTests {
  private struct Pair {
    /// What straight code gives, and the same code behind a call, which is given the tables that refuse everything.
    let straight: Host
    let called: Host

    init(_ body: String) throws {
      straight = try Host(body)
      called = try Host("math.abs(1); \(body)")
    }
  }

  private struct Host {
    let host: LuaHost
    let function: LuaFunction

    init(_ body: String) throws {
      host = try LuaHost(
        text: "rule { when = function(pump, limits) \(body) end }", file: "rules/x.lua", statement: "rule", words: [])
      guard case .table(_, let fields) = host.declared, case .function(let f)? = fields.first?.value else {
        throw Finding(file: "rules/x.lua", line: nil, message: "no function")
      }
      function = f
      try host.bind(readings: ["flow", "running"], limits: ["low", "high"])
    }

    func ask(_ readings: [ReadingValue], _ limits: LimitTable) -> Answer {
      readings.withUnsafeBufferPointer { host.ask(function, $0, limits) }
    }
  }

  @Test(arguments: [
    "return pump.flow < limits.low",
    "return pump.running and pump.flow > limits.high",
    "return pump.running == true or pump.flow == nil",
    "return 1 / pump.flow < 0",
    "return pump.flow ~= pump.flow",
    "local p = pump; return p.flow > 1 and p.flow < limits.high",
    "return pump.flwo < 1",
    "return limits.lo == 1",
    "return pump[1] == 2",
    "return pump == limits",
    "return pump ~= nil",
    "return pump",
    "return pump.flow",
    "return pump + 1 > 0",
    "return pump < limits",
    "return -limits == 1",
    "return #pump == 0",
    "return #limits == 0",
    "return pump.flow.low == 1",
    "pump.flow = 1; return true",
    "limits.low = 1; return true",
    "pump.more = 1; return true",
  ])
  func straight_code_cannot_tell_plain_tables_from_read_only_ones(body: String) throws {
    let pair = try Pair(body)
    let values: [ReadingValue] = [
      .number(0), .number(-0.0), .number(2), .number(.nan), .number(.infinity), .boolean(true), .boolean(false),
      .notGood, .absent, .text("2"),
    ]
    let tables = [
      LimitTable([.number(1), .number(5)]), LimitTable([.number(1), .number(5)]),
      LimitTable([.number(3), .number(-1)]),
      LimitTable([.number(1), .state("high")]),
    ]
    var random = Dice(11)
    for turn in 0..<400 {
      let readings = [random.one(values), random.one(values)]
      let limits = random.one(tables)
      let (straight, called) = (pair.straight.ask(readings, limits), pair.called.ask(readings, limits))
      guard straight != called else { continue }
      Issue.record("turn \(turn): \(readings) with \(limits.values) gave \(straight), behind a call \(called)")
      return
    }
  }

  @Test func limits_made_anew_at_an_old_address_are_seen() throws {
    let host = try Host("return pump.flow < limits.low")
    // More tables than are remembered, each gone before the next is made.
    for turn in 0..<500 {
      let low = Double(turn % 7)
      #expect(
        host.ask([.number(3), .boolean(true)], LimitTable([.number(low), .number(0)])) == (3 < low ? .yes : .no))
    }
  }
}
