import CSpin
import Foundation
import Rules
import Scripting

/// A process that dies inside a call, as no shipped rule can: it begins the note of calls as the engine does, asks one
/// predicate, and the predicate dies.
///
///     doomed NOTE CONFIGURATION live|recovering HOW LIMIT_MS rule NAME ASSET
///     doomed NOTE CONFIGURATION live|recovering HOW LIMIT_MS adapter NAME
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
    guard arguments.count >= 7, let way = ways[arguments[3]], let limit = Int64(arguments[4]) else { exit(2) }
    let isRule = arguments[5] == "rule"
    let earlier = try CallNote.read(path: arguments[0])
    let note = try CallNote(
      path: arguments[0],
      names: CallNote.Names(
        rules: ["another"] + (isRule ? [arguments[6]] : []), adapters: isRule ? [] : [arguments[6]],
        assets: ["Nowhere"] + (isRule ? [arguments[7]] : [])),
      configuration: Digest(hex: arguments[1]), threads: 1, carrying: earlier?.calls.filter { $0.fault != nil } ?? [])
    note.guardThreads()
    try note.watch(limit: TimeSpan(microseconds: limit * 1_000))
    let place = try note.place()
    place.setRecovering(arguments[2] == "recovering")
    if isRule { place.asset.pointee = 1 }

    // The first call uses up its instructions, so the one that dies runs in a state made anew.
    let host = try LuaHost(
      text: "rule { when = function(pump) if pump.running then while true do end end die() return true end }",
      file: "rules/doomed.lua", statement: "rule", words: [],
      caller: isRule ? place.rule(arguments[6]) : place.adapter(arguments[6]), natives: [LuaHost.Native("die", way)])
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
