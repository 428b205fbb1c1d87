import CSpin
import Foundation
import Rules
import Scripting

/// A process that dies with something in hand, or inside a call, as no shipped rule can: it begins the note of calls as
/// the engine does, notes what it has in hand, asks one predicate if there is one to ask, and dies.
///
///     doomed NOTE CONFIGURATION live|recovering HOW LIMIT_MS [HAND] [rule NAME ASSET | adapter NAME]
///
/// HAND is `message HASH`, `input NUMBER` or `deadline RULE ASSET SECONDS`. HOW `deadlines` takes one deadline after the
/// other for ever, each in 10 ms of the processor.
@main
struct Doomed {
  static let ways: [String: @convention(c) () -> Void] = [
    "forever": spin_forever, "crash": spin_crash, "abort": spin_abort, "trap": spin_trap, "overflow": spin_overflow,
    "kill": spin_kill,
  ]

  static func main() throws {
    // A core dump of each would fill the disk of whoever runs the tests.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    // One that spins ends even where the watchdog fails and the test gives up.
    var minute = rlimit(rlim_cur: 60, rlim_max: 60)
    setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &minute)
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count >= 7, let limit = Int64(arguments[4]) else { exit(2) }
    let words = arguments.dropFirst(5)
    func after(_ word: String, _ place: Int = 1) -> String? {
      words.firstIndex(of: word).flatMap { words.indices.contains($0 + place) ? words[$0 + place] : nil }
    }
    let rule = after("rule") ?? after("deadline")
    let asset = after("rule", 2) ?? after("deadline", 2)
    let earlier = try CallNote.read(path: arguments[0])
    let note = try CallNote(
      path: arguments[0],
      names: CallNote.Names(
        rules: ["another"] + (rule.map { [$0] } ?? []), adapters: after("adapter").map { [$0] } ?? [],
        assets: ["Nowhere"] + (asset.map { [$0] } ?? [])),
      configuration: Digest(hex: arguments[1]), threads: 1, carrying: earlier?.calls.filter { $0.fault != nil } ?? [],
      earlier?.work.filter(\.isToBlame) ?? [])
    note.guardThreads()
    try note.watch(limit: TimeSpan(microseconds: limit * 1_000))
    let place = try note.place()
    place.setRecovering(arguments[2] == "recovering")
    if let hash = after("message").flatMap({ UInt64($0, radix: 16) }) { place.begin(.message(hash)) }
    if let number = after("input").flatMap({ Int64($0) }) { place.begin(.input(number)) }
    if let rule, let seconds = after("deadline", 3).flatMap({ Int64($0) }) {
      place.begin(.deadlines)
      place.deadlines(of: rule)?.take(asset: 1, at: Instant(seconds: seconds))
      if arguments[3] == "deadlines" { takeDeadlines(of: rule, place) }
    }
    guard let way = ways[arguments[3]] else { exit(2) }
    if let caller = after("rule").map(place.rule) ?? after("adapter").map(place.adapter) {
      place.asset.pointee = asset == nil ? .max : 1
      try call(way, caller)
    } else {
      way()
    }
    // Whatever becomes of it, what is in hand stays.
    withExtendedLifetime(place) {}
  }

  static func takeDeadlines(of rule: String, _ place: CallNote.Place) -> Never {
    var second: Int64 = 0
    while true {
      second += 1
      place.deadlines(of: rule)?.take(asset: 1, at: Instant(seconds: second))
      let end = clock() + 10_000
      while clock() < end {}
    }
  }

  /// The first call uses up its instructions, so the one that dies runs in a new state.
  static func call(_ way: @escaping @convention(c) () -> Void, _ caller: CallNote.Caller) throws {
    let host = try LuaHost(
      text: "rule { when = function(pump) if pump.running then while true do end end die() return true end }",
      file: "rules/doomed.lua", statement: "rule", words: [], caller: caller, natives: [LuaHost.Native("die", way)])
    guard case .table(_, let fields) = host.declared, case .function(let when)? = fields.first?.value else { exit(2) }
    try host.bind(readings: ["running"], limits: [])
    for running in [true, false] {
      let answer = [ReadingValue.boolean(running)].withUnsafeBufferPointer { readings in
        host.ask(when, readings, LimitTable([Double]()))
      }
      print(answer)
    }
  }
}
