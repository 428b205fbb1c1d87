import Campaigns
import Demo
import Foundation
import Ingest
import Ledger
import Rules
import Scripting
import Testing

/// A process that dies with a message, a deadline or an input of the journal in hand, and the starts of the real engine
/// after it.
@Suite(.serialized) struct DeathInAnInputTests {
  static let pump = "Riverside/Utilities/P-101"
  static let oven = "Riverside/HeatTreatment/F-301"

  /// Each question takes some milliseconds of the processor.
  static let slow = """
    rule {
      title = "Heater current high", owner = "rotating-equipment", applies_to = "Oven",
      reads = { current = latest "HeaterCurrent [A]" },
      when = function(oven)
        local n = 0
        for i = 1, 200000 do n = n + i end
        return oven.current > 900
      end,
      actions = { work_order { priority = 2, title = "Look at the heater of {asset}" } },
    }
    """

  /// A list of so many samples, a second apart; only the last is high.
  static func samples(_ count: Int) -> String {
    let first = Int64(Date().timeIntervalSince1970) - Int64(count)
    let elements = (1...count).map { number in
      let value = number == count ? 950 : 100 + Double(number) / 10
      return #"{"name": "HeaterCurrent", "v": \#(value), "t": \#(first + Int64(number)), "q": 192}"#
    }
    return "[\(elements.joined(separator: ","))]"
  }

  @Test func a_message_in_which_two_ends_came_is_skipped_and_told_and_a_person_gives_it_to_the_engine_again()
    async throws
  {
    let place = try await Workplace()
    try await place.use {
      try Self.slow.write(toFile: place.folder + "/rules/heater.lua", atomically: true, encoding: .utf8)
      try place.start()
      #expect(place.stop() == 0)
      let message = Self.samples(1_200)
      try place.publish("riverside/heat/F-301/state", message)
      for end in 1...2 {
        let engine = try place.begin()
        try eventually("the message has used two seconds of the processor") {
          try CallNote.read(path: place.note)?.strikes.values.first == end
        }
        engine.kill()
      }

      try place.start()
      #expect(place.log.contains("a message on riverside/heat/F-301/state is skipped"))
      let reader = try LedgerReader(path: place.ledger)
      let letter = try #require(try reader.waitingLetters().first)
      #expect(letter.letter.payload == Array(message.utf8))
      #expect(try place.skipped == ["riverside/heat/F-301/state"])
      #expect(try reader.reports().contains { $0.kind == .messageSkipped })
      let sources = try place.run("sources", "--ledger", place.ledger)
      #expect(sources.output.contains("! source plant: the message of"), "\(sources.output)")
      // The others go on.
      try place.suction("P-101", 0.2)
      try eventually("the desk has the order of P-101") { place.desk.orders.map(\.asset) == [Self.pump] }

      let listed = try place.run("sources", "dead-letters", "--ledger", place.ledger)
      #expect(listed.output.contains("the engine ended twice in it"), "\(listed.output)")
      let taken = try place.run("sources", "dead-letters", "take", "\(letter.id)", "--ledger", place.ledger)
      #expect(taken.code == 0, "\(taken.output)")
      let changes = try Workplace.values(in: reader)
      #expect(changes.count { $0 >= 100 } == 1_200)
      try eventually("the desk has the order of F-301") { place.desk.orders.map(\.asset) == [Self.pump, Self.oven] }
      #expect(try reader.waitingLetters().isEmpty)
      let after = try place.run("sources", "--ledger", place.ledger)
      #expect(!after.output.contains("is skipped"), "\(after.output)")
      let again = try place.run("sources", "dead-letters", "take", "\(letter.id)", "--ledger", place.ledger)
      #expect(again.code == 1 && again.output.contains("was taken already"), "\(again.output)")
      #expect(place.stop() == 0)

      // Nothing of it is left, and replay comes to the same.
      try place.start()
      #expect(try place.skipped.count == 1)
      #expect(try reader.reports().allSatisfy { $0.kind != .divergence })
      #expect(place.stop() == 0)
      let without = try place.run(
        "sources", "dead-letters", "take", "1", "--ledger", place.ledger, "--site", place.site)
      #expect(without.code == 3 && without.output.contains("no engine runs"), "\(without.output)")
      #expect(try place.run("verify", "--ledger", place.ledger).code == 0)
    }
  }

  @Test func one_trap_in_a_message_is_forgotten_when_it_is_evaluated_and_two_skip_it() async throws {
    let place = try await Workplace()
    try await place.use {
      try place.start()
      #expect(place.stop() == 0)
      func message(_ value: Double) -> (topic: String, text: String, hash: UInt64) {
        let time = Int64(Date().timeIntervalSince1970 * 1000)
        let text = #"{"value": \#(value), "ts": \#(time), "quality": "good"}"#
        let topic = "riverside/utilities/P-101/SuctionPressure"
        return (topic, text, MessageHash(source: "plant")(topic, Array(text.utf8)))
      }
      let (once, twice) = (message(1.7), message(1.8))
      try place.die("trap", "message", String(once.hash, radix: 16))
      for _ in 0..<2 { try place.die("abort", "message", String(twice.hash, radix: 16)) }
      for sent in [once, twice] { try place.publish(sent.topic, sent.text) }
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      #expect(try Workplace.values(in: reader) == [1.7])
      #expect(try reader.waitingLetters().map(\.letter.payload) == [Array(twice.text.utf8)])
      #expect(try CallNote.read(path: place.note)?.strikes == [:])
      let dropped = try place.run("sources", "dead-letters", "drop", "1", "--why", "a test", "--ledger", place.ledger)
      #expect(dropped.code == 0, "\(dropped.output)")
      // What a person dropped is skipped again when its source sends it again.
      #expect(place.stop() == 0)
      try place.publish(twice.topic, twice.text)
      try place.start()
      #expect(try Workplace.values(in: reader) == [1.7])
      #expect(try place.skipped.count == 2)
      #expect(try reader.waitingLetters().isEmpty)
      #expect(place.stop() == 0)
    }
  }

  @Test func a_deadline_in_which_two_ends_came_quarantines_its_condition_and_others_go_on() async throws {
    let place = try await Workplace()
    try await place.use {
      try place.start()
      #expect(place.stop() == 0)
      for _ in 0..<2 { try place.die("trap", "deadline", "suction_low", Self.pump, "1760000000") }
      try place.start()
      #expect(place.log.contains("the engine ended in the deadline of rule suction_low on asset \(Self.pump)"))
      let conditions = try place.run("conditions", "--ledger", place.ledger)
      #expect(conditions.output.contains("quarantined"), "\(conditions.output)")
      try place.suction("P-101", 0.2)
      try place.suction("P-104", 0.2)
      try eventually("the desk has the order of P-104") { !place.desk.orders.isEmpty }
      #expect(place.desk.orders.map(\.asset) == ["Riverside/Utilities/P-104"])
      #expect(place.stop() == 0)
    }
  }

  @Test func a_third_start_after_two_ends_in_one_input_of_the_journal_is_refused_and_says_which() async throws {
    let place = try await Workplace()
    try await place.use {
      try place.start()
      try place.suction("P-101", 1.5)
      try eventually("it is in the journal") {
        try Workplace.values(in: LedgerReader(path: place.ledger)) == [1.5]
      }
      #expect(place.stop() == 0)
      var number: Int64 = 0
      try LedgerReader(path: place.ledger).replay(from: 1) { found, input in
        if case .change = input { number = found }
      }
      for _ in 0..<2 { try place.die("crash", phase: "recovering", "input", "\(number)") }
      let refused = try place.run(["run"] + place.arguments)
      #expect(refused.code == 3)
      let named = "both in input \(number) of the journal, a change of SuctionPressure of \(Self.pump) to 1.5"
      #expect(refused.output.contains(named), "\(refused.output)")
      try FileManager.default.removeItem(atPath: place.note)
      try place.start()
      #expect(place.stop() == 0)
    }
  }

  @Test func killed_again_and_again_in_a_backlog_the_engine_skips_no_message() async throws {
    let kills = Campaign.size(15, large: 200)
    let place = try await Workplace()
    try await place.use {
      try Self.slow.write(toFile: place.folder + "/rules/heater.lua", atomically: true, encoding: .utf8)
      try place.start()
      #expect(place.stop() == 0)
      let count = 4 * kills
      // Not so old that they are past.
      let first = Int(Date().timeIntervalSince1970) - 10_000
      let lines = (1...count).map { number in
        #"[{"name": "HeaterCurrent", "v": \#(Double(number) / 10), "t": \#(first + number), "q": 192}]"#
      }
      try place.publish(lines, to: "riverside/heat/F-301/state")
      var dice = Dice(Campaign.seed)
      var inHand = 0
      for _ in 0..<kills {
        let engine = try place.begin()
        try eventually("a message is in hand") {
          if case .message? = try CallNote.read(path: place.note)?.work.first?.subject { return true }
          return try Workplace.values(in: LedgerReader(path: place.ledger)).count == count
        }
        // Now, or a little later.
        for _ in 0..<dice.below(40) { _ = try CallNote.read(path: place.note) }
        engine.kill()
        if case .message? = try CallNote.read(path: place.note)?.work.first?.subject { inHand += 1 }
      }
      try place.start()
      let reader = try LedgerReader(path: place.ledger)
      try eventually("everything is in the journal") { try Workplace.values(in: reader).count >= count }
      #expect(try Workplace.values(in: reader) == (1...count).map { Double($0) / 10 })
      #expect(try reader.deadLetterCounts() == [] && place.skipped == [])
      #expect(inHand > kills / 3, "\(inHand) of \(kills) kills found a message in hand")
      #expect(place.stop() == 0)
      print("killed \(kills) times, \(inHand) times with a message in hand, seed \(Campaign.seed)")
    }
  }
}

extension Workplace {
  fileprivate var note: String { folder + "/site/state/calls.note" }
  fileprivate var site: String { folder + "/site" }

  /// Starts the engine and does not wait for it.
  fileprivate func begin() throws -> ChildProcess {
    try ChildProcess(Self.command, ["run"] + arguments, log: folder + "/engine.log")
  }

  /// A process that dies as the engine would with this in hand.
  fileprivate func die(_ how: String, phase: String = "live", _ hand: String...) throws {
    let configuration = try #require(try CallNote.read(path: note)).configuration
    // Without the backtrace that `swift test` asks for, which takes seconds.
    let doomed = try ChildProcess(
      "/usr/bin/env",
      [
        "SWIFT_BACKTRACE=enable=no", Self.root + "/.build/release/doomed", note, configuration.hex, phase, how, "60000",
      ] + hand, log: folder + "/doomed.log")
    guard doomed.wait(seconds: 60) else { throw DidNotHappen(what: "the process dies") }
    #expect((doomed.exitCode ?? 0) > 128)
  }

  /// Publishes one message a line, over one connection.
  fileprivate func publish(_ lines: [String], to topic: String) throws {
    let tool = try #require(executable("mosquitto_pub"), "mosquitto-clients is not installed")
    let file = folder + "/lines.txt"
    try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: false, encoding: .utf8)
    let child = try ChildProcess(
      "/bin/sh", ["-c", "exec \(tool) -h 127.0.0.1 -p \(broker.port) -q 1 -t \(topic) -l < \(file)"],
      log: folder + "/pub.log")
    #expect(child.wait(seconds: 60) && child.exitCode == 0)
  }

  /// Topics of the messages that the journal says are skipped.
  fileprivate var skipped: [String] {
    get throws {
      var topics: [String] = []
      try LedgerReader(path: ledger).replay(from: 1) { _, input in
        if case .skipped(let message) = input { topics.append(message.topic) }
      }
      return topics
    }
  }
}
