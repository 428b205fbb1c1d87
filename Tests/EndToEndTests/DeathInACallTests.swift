import Campaigns
import Demo
import Foundation
import Glibc
import Ledger
import Rules
import Scripting
import Testing

/// A process that dies inside a rule's call, and the starts of the real engine after it.
@Suite(.serialized) struct DeathInACallTests {
  static let pump = "Riverside/Utilities/P-101"

  @Test func the_second_death_in_a_call_quarantines_the_rule_on_that_asset_and_others_go_on() async throws {
    let place = try await Workplace()
    try await onAThread {
      // Else a second order within a day would be held back.
      try Workplace.rule.replacingOccurrences(of: "held_for", with: "at_most = once_per \"1 s\", held_for")
        .write(toFile: place.folder + "/rules/suction_low.lua", atomically: true, encoding: .utf8)
      try place.start()
      try place.suction("P-101", 0.2)
      try eventually("the desk has an order of P-101") { place.desk.orders.count == 1 }
      try place.suction("P-101", 1.8)
      #expect(place.stop() == 0)

      try place.die("crash")
      try place.start()
      #expect(place.log.contains("the engine ended inside rule suction_low on asset \(Self.pump): signal 11"))
      #expect(try place.deaths.map(\.asset) == [Self.pump])
      try place.suction("P-101", 0.2)
      try eventually("one death does not silence the rule") { place.desk.orders.count == 2 }
      try place.suction("P-101", 1.8)
      #expect(place.stop() == 0)

      try place.die("overflow")
      try place.start()
      #expect(try place.deaths.count == 2)
      let conditions = try place.run("conditions", "--ledger", place.ledger)
      #expect(conditions.output.contains("quarantined"), "\(conditions.output)")
      try place.suction("P-101", 0.2)
      try place.suction("P-104", 0.2)
      try eventually("the desk has the order of P-104") { place.desk.orders.count == 3 }
      #expect(place.desk.orders.map(\.asset) == [Self.pump, Self.pump, "Riverside/Utilities/P-104"])
      #expect(place.stop() == 0)
      // A start with nothing to tell tells nothing, and the quarantine stands.
      try place.start()
      #expect(try place.deaths.count == 2)
      #expect(place.stop() == 0)
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
    await place.close()
  }

  @Test func a_crash_ends_the_process_by_its_signal_and_prints_nothing_of_its_memory() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      let engine = try #require(place.engine)
      Glibc.kill(engine.pid, SIGABRT)
      try eventually("the engine ends") { !engine.isRunning }
      #expect(engine.exitCode == 128 + SIGABRT)
      #expect(!place.log.lowercased().contains("backtrac"), "\(place.log.suffix(500))")
    }
    await place.close()
  }

  @Test func a_kill_in_the_middle_of_a_call_is_no_fault() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      #expect(place.stop() == 0)
      try place.die("kill")
      try place.start()
      #expect(place.log.contains("not held against it"))
      #expect(try place.deaths == [])
      #expect(place.stop() == 0)
    }
    await place.close()
  }

  @Test func a_third_start_after_two_deaths_while_recovering_is_refused_and_names_the_rule() async throws {
    let place = try await Workplace()
    try await onAThread {
      try place.start()
      #expect(place.stop() == 0)
      for _ in 0..<2 { try place.die("abort", phase: "recovering") }
      for _ in 0..<2 {
        let refused = try place.run(
          "run", place.arguments[0], "--rules", place.arguments[2], "--integrations", place.arguments[4])
        #expect(refused.code == 3)
        #expect(
          refused.output.contains("inside rule suction_low on asset \(Self.pump) (signal 6)"), "\(refused.output)")
      }
      try FileManager.default.removeItem(atPath: place.note)
      try place.start()
      #expect(try place.deaths == [])
      #expect(place.stop() == 0)
    }
    await place.close()
  }
}

extension Workplace {
  fileprivate var note: String { folder + "/site/state/calls.note" }

  /// A process that dies as the engine would if a call of the rule on P-101 could do it.
  fileprivate func die(_ how: String, phase: String = "live") throws {
    let configuration = try #require(try CallNote.read(path: note)).configuration
    // Without the backtrace that `swift test` asks for, which takes seconds.
    let doomed = try ChildProcess(
      "/usr/bin/env",
      [
        "SWIFT_BACKTRACE=enable=no", Self.root + "/.build/release/doomed", note, configuration.hex, phase, how, "60000",
        "rule", "suction_low", DeathInACallTests.pump,
      ],
      log: folder + "/doomed.log")
    guard doomed.wait(seconds: 60) else { throw DidNotHappen(what: "the process dies") }
    #expect((doomed.exitCode ?? 0) > 128)
  }

  /// What the journal has of them.
  fileprivate var deaths: [Fault] {
    get throws {
      var deaths: [Fault] = []
      try LedgerReader(path: ledger).replay(from: 1) { _, input in
        if case .death(let fault) = input { deaths.append(fault) }
      }
      return deaths
    }
  }
}
