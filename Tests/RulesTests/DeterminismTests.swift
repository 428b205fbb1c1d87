import Crypto
import Foundation
import Rules
import Testing

/// S10: the same inputs give the same decisions, bit for bit.
@Suite struct DeterminismTests {
  /// A plant of eight machines and five rules, and an hour of seeded inputs of every kind.
  static func rules() -> [Rule] {
    [
      .over("hold", heldFor: 30, releasedFor: 20, tolerates: 5, atMost: 600),
      .over("alive", heldFor: 20, tolerates: 3, tag: "Alive"),
      .make(
        "mean", reads: [("m", "V", .average(.seconds(120))), ("c", "W", .change(.seconds(60)))], heldFor: 10,
        every: .span(.seconds(7))
      ) {
        try $0("m") > 5 && $0("c") > -50
      },
      .make(
        "swing",
        reads: [
          ("hi", "W", .maximum(.seconds(90))), ("lo", "W", .minimum(.seconds(90))), ("n", "W", .count(.seconds(90))),
        ]
      ) {
        try $0("hi") - $0("lo") > 25 && $0("n") > 3
      },
      .make("broken") { look in
        if try look("v") > 39.5 { throw Broken(cause: "too much") }
        return try look("v") < -39
      },
    ]
  }

  static func inputs(seed: UInt64, count: Int) -> [Input] {
    var random = SplitMix(seed: seed)
    var inputs: [Input] = [
      .source(SourceID(0), .connected, TestPlant.start), .source(SourceID(0), .caughtUp, TestPlant.start),
    ]
    var now = 0.0
    for _ in 0..<count {
      now += Double(random.next() % 2_000) / 1000
      let kind = random.next() % 100
      let tags = ["V", "W", "Alive"]
      let late = random.next() % 10 == 0 ? Double(random.next() % 3_000) / 1000 : 0
      switch kind {
      case 0..<92:
        inputs.append(
          .change(
            TagChange(
              TestPlant.tag(tags[Int(random.next() % 3)], machine: Int(random.next() % 8) + 1),
              .number(Double(Int64(random.next() % 800)) / 10 - 40), quality: kind < 4 ? .bad : .good,
              time: TestPlant.at(now - late), arrived: TestPlant.at(now))))
      case 92..<98: inputs.append(.tick(SourceID(0), TestPlant.at(now - 2)))
      case 98: inputs.append(.source(SourceID(0), .lost, TestPlant.at(now)))
      default:
        inputs.append(.source(SourceID(0), .connected, TestPlant.at(now)))
        if random.next() % 2 == 0 { inputs.append(.source(SourceID(0), .newSession, TestPlant.at(now))) }
        inputs.append(.source(SourceID(0), .caughtUp, TestPlant.at(now)))
      }
    }
    return inputs
  }

  /// SHA-256 over every decision, held-back firing and the final state.
  static func digest(seed: UInt64, count: Int) -> (digest: String, decisions: Int, faults: Int) {
    var decider = Decider(TestPlant.configuration(rules(), machines: 8, lateness: 2))
    var hash = SHA256()
    var decisions = 0
    var faults = 0
    for input in inputs(seed: seed, count: count) {
      guard let turn = decider.apply(input) else { continue }
      decisions += turn.verdict.decisions.count
      faults += turn.step.faults.count
      for decision in turn.verdict.decisions { hash.update(data: Data("\(decision)".utf8)) }
      for held in turn.verdict.heldBack { hash.update(data: Data("\(held)".utf8)) }
    }
    hash.update(data: decider.encodedState())
    return (hash.finalize().map { String(format: "%02x", $0) }.joined(), decisions, faults)
  }

  @Test func two_processes_with_different_hash_seeds_agree_on_decisions_and_state() throws {
    let here = Self.digest(seed: 7, count: 20_000)
    #expect(here.decisions > 100 && here.faults > 0, "the inputs must exercise what is compared")
    if ProcessInfo.processInfo.environment["MILLWRIGHT_PRINT_DIGEST"] != nil {
      print("digest \(here.digest)")
      return
    }
    let other = Process()
    other.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    other.arguments =
      Array(CommandLine.arguments.dropFirst()).filter { !$0.hasPrefix("--filter") } + [
        "--filter", "two_processes_with_different_hash_seeds",
      ]
    var environment = ProcessInfo.processInfo.environment
    environment["MILLWRIGHT_PRINT_DIGEST"] = "1"
    environment["SWIFT_DETERMINISTIC_HASHING"] = nil
    other.environment = environment
    let pipe = Pipe()
    other.standardOutput = pipe
    try other.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    other.waitUntilExit()
    #expect(output.contains("digest \(here.digest)"), "the other process said:\n\(output)")
  }

  @Test func a_copy_made_anywhere_goes_on_exactly_like_the_original() {
    let inputs = Self.inputs(seed: 11, count: 4_000)
    var whole = Decider(TestPlant.configuration(Self.rules(), machines: 8, lateness: 2))
    for input in inputs { _ = whole.apply(input) }
    for cut in [1, 999, 2_500, 3_999] {
      var first = Decider(TestPlant.configuration(Self.rules(), machines: 8, lateness: 2))
      for input in inputs[..<cut] { _ = first.apply(input) }
      var second = first
      for input in inputs[cut...] { _ = second.apply(input) }
      #expect(second.encodedState() == whole.encodedState())
    }
  }

  @Test func a_snapshot_restored_anywhere_goes_on_exactly_like_the_original() throws {
    let inputs = Self.inputs(seed: 12, count: 4_000)
    let configuration = TestPlant.configuration(Self.rules(), machines: 8, lateness: 2)
    var whole = Decider(configuration)
    for (count, input) in inputs.enumerated() {
      if count % 97 == 0 {
        var reader = ByteReader(whole.encodedState())
        var restored = Decider(configuration)
        try restored.restore(from: &reader)
        #expect(reader.atEnd)
        #expect(restored.encodedState() == whole.encodedState(), "after \(count) inputs")
        var original = whole
        for next in inputs[count..<min(count + 300, inputs.count)] {
          #expect(original.apply(next)?.verdict == restored.apply(next)?.verdict)
        }
        #expect(original.encodedState() == restored.encodedState(), "300 inputs after input \(count)")
      }
      _ = whole.apply(input)
    }
  }

  @Test func the_state_of_another_configuration_is_refused() throws {
    var decider = Decider(TestPlant.configuration(Self.rules(), machines: 8, lateness: 2))
    for input in Self.inputs(seed: 12, count: 500) { _ = decider.apply(input) }
    let state = decider.encodedState()
    var other = Decider(TestPlant.configuration(Self.rules(), machines: 7, lateness: 2))
    #expect(throws: Unreadable.self) {
      var reader = ByteReader(state)
      try other.restore(from: &reader)
    }
    for length in [0, 1, 100, state.count - 1] {
      #expect(throws: Unreadable.self) {
        var cut = Decider(TestPlant.configuration(Self.rules(), machines: 8, lateness: 2))
        var reader = ByteReader(Array(state[..<length]))
        try cut.restore(from: &reader)
      }
    }
  }

  @Test func other_machines_do_not_influence_a_machines_decisions() {
    let inputs = Self.inputs(seed: 3, count: 6_000)
    var together = Decider(TestPlant.configuration(Self.rules(), machines: 8, lateness: 2))
    var alone = Decider(TestPlant.configuration(Self.rules(), machines: 8, lateness: 2))
    var a: [Decision] = []
    var b: [Decision] = []
    for input in inputs {
      a += together.apply(input)?.verdict.decisions.filter { $0.key.asset == "Works/M3" } ?? []
      if case .change(let change) = input, !(20..<30).contains(change.tag.index) { continue }
      b += alone.apply(input)?.verdict.decisions.filter { $0.key.asset == "Works/M3" } ?? []
    }
    #expect(!a.isEmpty)
    #expect(a == b)
  }
}
