import Rules
import Testing

/// What is decided after a restore, when the same trouble may have an order that the ledger does not know.
@Suite struct RestorationTests {
  private static let order = ActionTemplate.workOrder(title: "look at {asset}", priority: 2, text: nil)
  private static var rule: Rule { Rule.over(heldFor: 10, actions: [order]) }
  private static let since = TestPlant.at(100)
  private static let doubt = Doubt(since: since, until: TestPlant.at(500))

  /// Quiet until 100 s, when the backup ends; restored at 500 s. The sources' sessions are lost as at a first start.
  private func restored(_ rules: Rule...) -> TestPlant {
    var plant = TestPlant(TestPlant.configuration(rules))
    plant.play("V", 5, from: 0, through: 100)
    plant.restore()
    return plant
  }

  @Test func what_fires_before_it_was_normal_may_have_been_made() {
    var plant = restored(Self.rule)
    plant.catchUp(at: 501)
    plant.play("V", 20, from: 510, through: 530)
    #expect(plant.decisions.map { $0.actions.map(\.doubt) } == [[Self.doubt]])
    #expect(plant.decisions.first?.actions.first?.standing == .ready)
  }

  @Test func what_was_normal_first_is_decided_as_ever() {
    var plant = restored(Self.rule)
    plant.catchUp(at: 501)
    plant.play("V", 5, from: 510, through: 520)
    plant.play("V", 20, from: 530, through: 550)
    #expect(plant.decisions.map { $0.actions.map(\.doubt) } == [[nil]])
  }

  @Test func while_a_source_has_not_caught_up_all_is_in_doubt() {
    var plant = restored(Self.rule)
    plant.link(.connected, at: 501)
    plant.play("V", 5, from: 510, through: 520)
    plant.send("V", 20, at: 530)
    plant.link(.caughtUp, at: 531)
    plant.tick(541)
    #expect(plant.decisions.map { $0.actions.map(\.doubt) } == [[nil]], "normal, and caught up before it fired")
    var other = restored(Rule.over(actions: [Self.order]))
    other.link(.connected, at: 501)
    other.send("V", 5, at: 510)
    other.send("V", 20, at: 520)
    #expect(other.decisions.map { $0.actions.map(\.doubt) } == [[Self.doubt]], "normal, and not caught up")
  }

  @Test func a_condition_is_in_doubt_until_all_it_reads_was_heard_again() {
    // It would look at the last good value of W for a minute.
    let rule = Rule.make(
      reads: [("v", "V", .latest), ("w", "W", .latest)], tolerates: 3_600, actions: [Self.order]
    ) { try $0("v") > 10 && $0("w") > 1 }
    var plant = TestPlant(TestPlant.configuration([rule]))
    plant.send("W", 0, at: 90)
    plant.play("V", 5, from: 0, through: 100)
    plant.restore()
    plant.catchUp(at: 501)
    plant.send("V", 20, at: 510)
    plant.send("W", 2, at: 520)
    #expect(plant.decisions.map { $0.actions.map(\.doubt) } == [[Self.doubt]])
  }

  @Test func what_stays_active_over_the_restore_decides_nothing_and_is_settled_when_it_clears() {
    var plant = TestPlant(TestPlant.configuration([Rule.over(actions: [Self.order])]))
    plant.send("V", 20, at: 90)
    plant.restore()
    plant.catchUp(at: 501)
    plant.send("V", 20, at: 510)
    #expect(plant.decisions.count == 1)
    plant.send("V", 5, at: 520)
    plant.send("V", 20, at: 530)
    #expect(plant.decisions.map { $0.actions.map(\.doubt) } == [[nil], [nil]])
  }

  @Test func the_hold_that_ran_when_the_backup_was_taken_is_abandoned() {
    var plant = TestPlant(TestPlant.configuration([Self.rule]))
    plant.send("V", 20, at: 95)
    plant.restore()
    plant.catchUp(at: 501)
    plant.tick(600)
    #expect(plant.decisions.isEmpty && plant.phase == "normal")
    #expect(plant.reports.contains { $0.kind == .possibleGap && $0.time == Self.since })
  }

  @Test func what_persons_must_approve_is_in_doubt_and_what_is_in_shadow_is_not() {
    let cases: [(Tier, Doubt?)] = [(.advise, Self.doubt), (.shadow, nil)]
    for (tier, doubt) in cases {
      var plant = TestPlant(TestPlant.configuration([Rule.over(actions: [Self.order])], tier: tier))
      plant.send("V", 5, at: 90)
      plant.restore()
      plant.catchUp(at: 501)
      plant.send("V", 20, at: 510)
      #expect(plant.decisions.map { $0.actions.map(\.doubt) } == [[doubt]])
    }
  }

  @Test func the_doubt_survives_a_snapshot_and_a_change_of_the_rules() throws {
    var plant = restored(Self.rule)
    plant.catchUp(at: 501)
    var copy = Decider(plant.decider.evaluator.configuration)
    var reader = ByteReader(plant.decider.encodedState())
    try copy.restore(from: &reader)
    #expect(copy.encodedState() == plant.decider.encodedState())
    #expect(copy.isInDoubt)

    var next = Decider(TestPlant.configuration([Self.rule, Rule.over("another", actions: [Self.order])]))
    next.adopt(copy, at: TestPlant.at(502))
    var later = TestPlant(next.evaluator.configuration)
    later.decider = next
    later.play("V", 20, from: 510, through: 530)
    #expect(later.decisions.map { $0.actions.map(\.doubt) } == [[Self.doubt], [Self.doubt]])
  }

  @Test func a_rule_that_is_new_after_all_is_settled_is_in_no_doubt() {
    var plant = restored(Self.rule)
    plant.catchUp(at: 501)
    plant.send("V", 5, at: 510)
    #expect(!plant.decider.isInDoubt)
    var next = Decider(TestPlant.configuration([Self.rule, Rule.over("another", actions: [Self.order])]))
    next.adopt(plant.decider, at: TestPlant.at(511))
    #expect(!next.isInDoubt)
  }

  @Test func a_restore_of_what_was_restored_reaches_back_to_the_first() {
    var plant = restored(Self.rule)
    plant.apply(
      .command(
        .instructed(
          .init(person: "restore", at: TestPlant.at(900), act: .restored(since: TestPlant.at(600), file: "b")))))
    plant.catchUp(at: 901)
    plant.play("V", 20, from: 910, through: 930)
    #expect(plant.decisions.first?.actions.first?.doubt == Doubt(since: Self.since, until: TestPlant.at(900)))
  }

  @Test func the_words_of_a_doubt_say_it_exactly() {
    let doubt = Doubt(since: Instant(microseconds: 1_772_366_400_123_456), until: Instant(seconds: 1_772_366_401))
    #expect(Doubt(words: doubt.words) == doubt)
    #expect(Doubt(words: "decided") == nil)
  }
}

extension TestPlant {
  fileprivate mutating func restore() {
    let since = TestPlant.at(100)
    apply(
      .command(
        .instructed(
          Instruction(person: "restore", at: TestPlant.at(500), act: .restored(since: since, file: "b.sqlite")))))
    link(.lost, at: 100)
    link(.newSession, at: 100)
  }
  fileprivate mutating func catchUp(at seconds: Double) {
    link(.connected, at: seconds)
    link(.caughtUp, at: seconds)
  }
}
