import Rules
import Testing

/// A configuration that takes over hears what was before it.
@Suite struct ListenerTests {
  static let looks: [(String, String, ReadingForm)] = [
    ("v", "V", .latest), ("state", "Running", .latest), ("beaten", "Beaten", .latest), ("before", "W", .previous),
    ("average", "V", .average(.seconds(600))), ("spread", "W", .spread(.seconds(400))),
    ("lowest", "W", .minimum(.seconds(500))), ("highest", "V", .maximum(.seconds(300))),
    ("lag", "W", .smoothed(.seconds(60))), ("mean", "Alive", .mean(.seconds(200))),
    ("count", "W", .count(.seconds(300))), ("moved", "V", .change(.seconds(120))),
    ("slope", "W", .rate(.seconds(400), per: .hours(1))), ("crossed", "W", .crossings(.number(5), .seconds(300))),
    ("on", "Running", .timeIn(.boolean(true), .seconds(300))), ("amps", "Beaten", .average(.seconds(300))),
    ("batch", "V", .average(.since(tag: "Batch", value: nil))), ("today", "W", .total(.this(.span(.minutes(15))))),
  ]

  /// Decides at once above 30, and says what it saw; the readings blind nobody.
  static var seeing: Rule {
    Rule(
      name: "seeing", title: "seeing", owner: "tests", appliesTo: "Machine",
      readings: looks.map { Reading(name: $0.0, tag: $0.1, form: $0.2, isOptional: $0.0 != "v") }
    ) { _, readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      return value > 30 ? .yes : .no
    }
  }
  static var other: Rule { .over("other", tag: "Unsure") }

  /// Some twenty minutes of three machines: late, bad and silent stretches, lost sessions.
  static func inputs(seed: UInt64) -> [Input] {
    var random = SplitMix(seed: seed)
    var inputs = [LinkEvent.connected, .caughtUp].map { Input.source(SourceID(0), $0, TestPlant.at(0)) }
    var now = 0.0
    for _ in 0..<900 {
      now += Double(random.next() % 2_500) / 1000
      let machine = Int(random.next() % 3) + 1
      func send(_ tag: String, _ value: Value) {
        let late = random.next() % 12 == 0 ? Double(random.next() % 3_000) / 1000 : 0
        let quality: Quality = random.next() % 25 == 0 ? .bad : .good
        inputs.append(
          .change(
            TagChange(
              TestPlant.tag(tag, machine: machine), value, quality: quality, time: TestPlant.at(now - late),
              arrived: TestPlant.at(now))))
      }
      switch random.next() % 40 {
      case 0: send("Batch", .text("B\(random.next() % 5)"))
      case 1...4: send("Running", .boolean(random.next() % 2 == 0))
      case 5...8: send("Beat", .number(now))
      case 9...12: send("Beaten", .number(Double(random.next() % 100)))
      case 13: send("Unsure", .number(1))
      case 14 where random.next() % 4 == 0:
        inputs += [LinkEvent.lost, .connected, .newSession, .caughtUp].map {
          .source(SourceID(0), $0, TestPlant.at(now))
        }
      case 15...18: inputs.append(.tick(SourceID(0), TestPlant.at(now - 2)))
      case 19...24: send("Alive", .number(Double(random.next() % 100)))
      case 25...32: send("V", .number(Double(random.next() % 300) / 10))
      default: send("W", .number(Double(random.next() % 100) / 10))
      }
    }
    return inputs
  }

  /// What the rule sees on each machine a second later.
  static func seen(_ decider: inout Decider, after inputs: [Input]) -> [[Evidence]] {
    let end = inputs.reduce(TestPlant.start) { newest, input in
      if case .change(let change) = input { max(newest, change.arrived) } else { newest }
    }
    return (1...3).map { machine in
      var evidence: [Evidence] = []
      for (offset, value) in [(1, 0.0), (2, 31.0)] {
        let time = end + .seconds(Int64(offset))
        let change = TagChange(TestPlant.tag("V", machine: machine), .number(value), time: time, arrived: time)
        evidence = decider.apply(.change(change))?.verdict.decisions.first?.evidence ?? evidence
      }
      return evidence
    }
  }

  @Test(arguments: UInt64(1)...24)
  func what_is_heard_is_what_would_have_been_kept_had_the_rule_been_there(seed: UInt64) {
    let inputs = Self.inputs(seed: seed)
    let before = TestPlant.configuration([Self.other], machines: 3, lateness: 2)
    let after = TestPlant.configuration([Self.other, Self.seeing], machines: 3, lateness: 2)
    var always = Decider(after)
    var old = Decider(before)
    var listener = Listener(after)
    listener.follow(before)
    for input in inputs {
      _ = always.apply(input)
      _ = old.apply(input)
      listener.hear(input)
    }
    #expect(Listener.reach(of: after, beyond: old) != nil)
    var taken = Decider(after)
    taken.adopt(old, at: TestPlant.at(0), heard: listener)
    var empty = Decider(after)
    empty.adopt(old, at: TestPlant.at(0))
    let expected = Self.seen(&always, after: inputs)
    #expect(expected.allSatisfy { $0.count == Self.looks.count })
    for (machine, (heard, expected)) in zip(Self.seen(&taken, after: inputs), expected).enumerated() {
      for (heard, expected) in zip(heard, expected) { #expect(heard == expected, "seed \(seed), M\(machine + 1)") }
    }
    let isKnownAnyway = Self.seen(&empty, after: inputs) == expected
    #expect(!isKnownAnyway, "without hearing it is not known")
  }

  @Test func what_was_kept_as_far_back_already_is_not_heard_again() {
    let mean = { (seconds: Int64) in
      Rule.make("mean", reads: [("m", "V", .average(.length(.seconds(seconds))))]) { try $0("m") > 5 }
    }
    let old = Decider(TestPlant.configuration([mean(600)]))
    #expect(Listener.reach(of: TestPlant.configuration([mean(600)]), beyond: old) == nil)
    #expect(Listener.reach(of: TestPlant.configuration([mean(60)]), beyond: old) == nil)
    #expect(Listener.reach(of: TestPlant.configuration([mean(601)]), beyond: old) == .hours(24))
    let month: Int64 = 30 * 86_400
    let edge = TimeSpan.seconds(month + month / 256)
    let far = Listener.reach(of: TestPlant.configuration([mean(month)]), beyond: old)
    #expect(far == edge, "as far as the edge of such a window lies behind")
    #expect(Listener.reach(of: TestPlant.configuration([mean(60), .over(tag: "W")]), beyond: old) == .hours(24))
  }

  /// Every ten seconds for 33 hours, with one spike and some crossings long ago; of what is older than `reach` nothing
  /// is heard.
  @Test(arguments: [
    ReadingForm.maximum(.length(.hours(30))), .crossings(.number(15), .length(.hours(26))),
    .spread(.length(.hours(29))),
  ])
  func what_was_thinned_before_is_heard_again_for_whoever_counts_something_else(new: ReadingForm) {
    let reads: [(String, ReadingForm)] = [("average", .average(.length(.hours(30)))), ("v", .latest), ("new", new)]
    func rule(_ count: Int) -> Rule {
      Rule(
        name: "seeing", title: "seeing", owner: "tests", appliesTo: "Machine",
        readings: reads[..<count].map { Reading(name: $0.0, tag: "V", form: $0.1, isOptional: $0.0 != "v") }
      ) { _, readings, _ in
        guard case .number(let value) = readings[1] else { return .blind(reading: 1) }
        return value > 30 ? .yes : .no
      }
    }
    let (before, after) = (TestPlant.configuration([rule(2)]), TestPlant.configuration([rule(3)]))
    func value(_ index: Int) -> Double {
      switch index {
      case 2_000: 29
      case 3_000..<3_020: Double(index % 2) * 20
      default: Double(index % 10)
      }
    }
    var inputs: [Input] = []
    for index in 0..<11_880 {
      let time = TestPlant.at(Double(index) * 10)
      inputs.append(.change(TagChange(TestPlant.tag("V"), .number(value(index)), time: time, arrived: time)))
    }
    var (always, old, listener) = (Decider(after), Decider(before), Listener(after))
    listener.follow(before)
    let reach = Listener.reach(of: after, beyond: old)
    for (index, input) in inputs.enumerated() {
      _ = always.apply(input)
      _ = old.apply(input)
      if TimeSpan.seconds(Int64(inputs.count - index) * 10) <= reach ?? .zero { listener.hear(input) }
    }
    var taken = Decider(after)
    taken.adopt(old, at: TestPlant.at(0), heard: listener)
    func seen(_ decider: inout Decider) -> [Evidence] {
      let time = TestPlant.at(118_801)
      let change = TagChange(TestPlant.tag("V"), .number(31), time: time, arrived: time)
      return decider.apply(.change(change))?.verdict.decisions.first?.evidence ?? []
    }
    let (heard, expected) = (seen(&taken), seen(&always))
    #expect(expected.count == 3)
    #expect(heard == expected)
  }

  /// Five late samples in a row may be late; with the sixth the clock was set back, for every tag of the source (S3).
  @Test func a_clock_set_back_is_heard_from_a_tag_that_nobody_reads() {
    let (before, after) = (TestPlant.configuration([Self.other]), TestPlant.configuration([Self.other, Self.seeing]))
    func change(_ tag: String, _ value: Double, at seconds: Double) -> Input {
      let time = TestPlant.at(seconds)
      return .change(TagChange(TestPlant.tag(tag), .number(value), time: time, arrived: time))
    }
    let quiet = "Alive2"
    #expect(!after.rules.flatMap(\.readings).contains { $0.tag == quiet }, "no rule reads it")
    var inputs = (0..<100).map { change("V", Double($0), at: 1_000 + Double($0)) }
    inputs.append(change(quiet, 1, at: 1_100))
    inputs += (0..<8).map { change(quiet, 1, at: 500 + Double($0)) }
    inputs += (0..<20).map { change("V", 7, at: 510 + Double($0)) }
    var (always, old, listener) = (Decider(after), Decider(before), Listener(after))
    listener.follow(before)
    for input in inputs {
      _ = always.apply(input)
      _ = old.apply(input)
      listener.hear(input)
    }
    var taken = Decider(after)
    taken.adopt(old, at: TestPlant.at(0), heard: listener)
    let tag = TestPlant.tag("V")
    #expect(always.evaluator.marks(of: tag) == 20, "what was stamped later is gone")
    #expect(taken.evaluator.marks(of: tag) == 20)
    #expect(taken.evaluator.good(tag, at: TestPlant.at(530)) == .number(7))
  }

  @Test func a_tag_that_was_another_for_a_time_is_heard_from_then_on() {
    let after = TestPlant.configuration([Self.seeing])
    var machine = TestPlant.classes[0]
    machine.tags[0].unit = "degF"
    var between = TestPlant.configuration([Self.other])
    between.model = Model(classes: [machine], assets: after.model.assets) { _, _ in SourceID(0) }
    var listener = Listener(after)
    listener.follow(after)
    for index in 0..<10 {
      let time = TestPlant.at(Double(index))
      listener.hear(.change(TagChange(TestPlant.tag("V"), .number(20), time: time, arrived: time)))
    }
    #expect(listener.evaluator.marks(of: TestPlant.tag("V")) > 0)
    listener.follow(between)
    listener.follow(after)
    #expect(listener.evaluator.marks(of: TestPlant.tag("V")) == 0)
  }

  @Test func numbers_of_another_unit_are_not_heard() {
    let before = TestPlant.configuration([Self.other])
    var machine = TestPlant.classes[0]
    machine.tags[0].unit = "degF"
    var after = TestPlant.configuration([Self.seeing])
    after.model = Model(classes: [machine], assets: [Asset(name: "M1", path: "Works/M1", classIndex: 0)]) { _, _ in
      SourceID(0)
    }
    var listener = Listener(after)
    listener.follow(before)
    var old = Decider(before)
    for index in 0..<100 {
      let time = TestPlant.at(Double(index) * 10)
      let input = Input.change(TagChange(TestPlant.tag("V"), .number(20), time: time, arrived: time))
      _ = old.apply(input)
      listener.hear(input)
    }
    var taken = Decider(after)
    taken.adopt(old, at: TestPlant.at(1_000), heard: listener)
    #expect(taken.evaluator.marks(of: TestPlant.tag("V")) == 0)
  }
}
