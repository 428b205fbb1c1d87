import Engine
import Rules
import Testing

/// What the engine says that it has in hand.
@Suite struct InHandTests {
  /// Says after each word how many times the rule was asked meanwhile.
  private final class Note: HandNote {
    var words: [String] = []
    var asked = 0
    func begin(_ work: WorkInHand) {
      asked = 0
      words.append("\(work)")
    }
    func end() { words.append("asked \(asked)") }
    var isRecovering = false
    var recoveries = 0
    func setRecovering(_ recovering: Bool) {
      isRecovering = recovering
      if recovering { recoveries += 1 }
    }
  }

  /// Gives what it has at once, and again when it is refused; once it is committed the engine is stopped.
  private final class OneIntake: Source {
    let id = SourceID(0)
    // Used by the engine's thread alone.
    nonisolated(unsafe) private var intake: Intake
    // Used by the engine's thread alone.
    nonisolated(unsafe) private var given = Intake()
    private let inbox: Inbox
    init(_ intake: Intake, _ inbox: Inbox) { (self.intake, self.inbox) = (intake, inbox) }
    func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) { wake() }
    func take(into other: inout Intake) {
      guard !intake.inputs.isEmpty else { return }
      (other, given, intake) = (intake, intake, Intake())
    }
    func hold() {}
    func committed() { inbox.stop() }
    func refused() { intake = given }
    func stop() {}
  }

  private func change(_ tag: Int, _ second: Int64) -> Input {
    .change(TagChange(TagID(tag), .number(1), time: Instant(seconds: 1_000_000 + second)))
  }

  @Test func each_message_is_in_hand_with_all_its_inputs_and_so_is_one_that_a_person_gives() throws {
    var intake = Intake()
    intake.inputs = [.source(SourceID(0), .newSession, Instant(seconds: 1)), change(0, 1), change(1, 1), change(2, 1)]
    intake.origins = [Intake.Origin(hash: 1, inputs: 1..<3), Intake.Origin(hash: 2, inputs: 3..<4)]
    var given = Intake()
    given.inputs = [change(3, 1), change(0, 2)]
    given.origins = [Intake.Origin(hash: 3, inputs: 0..<2)]
    let note = Note()
    let journal = MemoryJournal()
    let inbox = Inbox()
    let ticking = Ticking()
    var configuration = Script.configuration(hash: "a", atMost: nil, faulty: false)
    let ask = configuration.rules[0].ask
    configuration.rules[0].ask = { question, readings, limits in
      note.asked += 1
      return ask(question, readings, limits)
    }
    inbox.post(
      .instructed(Instruction(person: "p", at: Instant(seconds: 1), act: .takeLetter(1))), message: given)
    let engine = try Engine(
      catalogue: Script.Fixed(configuration), journal: journal, sources: [OneIntake(intake, inbox)], inbox: inbox,
      clock: ticking.now, steady: ticking.now, hand: note, log: { _ in }, committed: { _ in })
    try engine.run()
    #expect(
      note.words == [
        "deadlines", "asked 0", "message(1)", "asked 2", "message(2)", "asked 1", "message(3)", "asked 2",
      ])
    let inputs = journal.batches.flatMap(\.inputs)
    #expect(inputs.filter(\.isChange) == intake.inputs.dropFirst() + given.inputs)

    // A start replays them one by one, where it has no snapshot.
    note.words = []
    let bare = MemoryJournal()
    for var batch in journal.batches where !batch.inputs.isEmpty {
      batch.pieces = []
      try bare.commit(batch)
    }
    _ = try Engine(
      catalogue: Script.Fixed(configuration), journal: bare, sources: [], inbox: Inbox(),
      clock: ticking.now, steady: ticking.now, hand: note, log: { _ in }, committed: { _ in })
    let replayed = note.words.filter { $0.hasPrefix("input") }
    #expect(replayed == inputs.indices.map { "input(\($0 + 1))" })
  }
  @Test func what_is_asked_to_bring_the_state_back_is_not_clocked_at_a_start_or_after_a_refused_commit() throws {
    let note = Note()
    var (toBringBack, live) = (0, 0)
    var configuration = Script.configuration(hash: "a", atMost: nil, faulty: false)
    let ask = configuration.rules[0].ask
    configuration.rules[0].ask = { question, readings, limits in
      if note.isRecovering { toBringBack += 1 } else { live += 1 }
      return ask(question, readings, limits)
    }
    let journal = MemoryJournal(failing: [2])
    var batch = Batch(firstInput: 1)
    batch.inputs = [.config(configuration.hash), change(0, 1), change(1, 1)]
    try journal.commit(batch)
    var intake = Intake()
    intake.inputs = [change(2, 2), change(3, 2)]
    let inbox = Inbox()
    let ticking = Ticking()
    let engine = try Engine(
      catalogue: Script.Fixed(configuration), journal: journal, sources: [OneIntake(intake, inbox)], inbox: inbox,
      clock: ticking.now, steady: ticking.now, hand: note, log: { _ in }, committed: { _ in })
    #expect((toBringBack, live) == (2, 0))
    try engine.run()
    // Refused once, so the start's two were asked again, and what came since was asked twice.
    #expect((note.recoveries, toBringBack, live) == (2, 4, 4))
  }
}
