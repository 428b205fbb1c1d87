import Rules

/// Evaluates what the sources bring, batch by batch, on one thread that it never leaves. A batch is one
/// transaction: inputs, decisions and actions together; only then are the sources told that it is theirs to
/// acknowledge.
package final class Engine {
  /// A batch closes at this many inputs,
  package static let largestBatch = 8_192
  /// or this long after its first, or as soon as it holds a decision.
  package static let longestBatch = TimeSpan(microseconds: 10_000)
  /// What time has made due is taken in slices of this length: between two of them the sources are looked at, batches
  /// committed, and the engine looks whether it is to stop.
  package static let longestSlice = TimeSpan(microseconds: 5_000)

  /// Told of every batch that was committed, on the engine's thread.
  package typealias Committed = (Batch) -> Void
  /// Told of a configuration that has taken over and is on disk, on the engine's thread, before anything more is read.
  package typealias Reloaded = (Configuration) -> Void

  private let catalogue: any Catalogue
  private let journal: any Journal
  private let sources: [any Source]
  private let inbox: Inbox
  private let clock: WallClock
  private let steady: WallClock
  private let log: (String) -> Void
  private let committed: Committed
  private let reloaded: Reloaded
  private let board: HealthBoard
  private let gate: SetpointGate
  private let hand: (any HandNote)?

  private var memory: Memory
  private var batch: Batch
  private var opened: Instant?
  /// Whether the last slice ended before all that is due was taken.
  private var isBehind = false
  private var posted: [Inbox.Posted] = []
  /// Not yet in the journal.
  private var deaths: [Fault]
  private var trust: ClockTrust
  private var health: Health
  private var snapshots = SnapshotMaker()
  /// What is to take over hears the journal first.
  private var hearing: Hearing?
  /// By the steady clock: when the last snapshot was begun, and the journal last tidied.
  private var lastSnapshot: Instant
  private var lastTidy: Instant
  /// The first input that the newest snapshot does not hold, and that of the one before it.
  private var snapshotNext: Int64
  private var lastWholeSnapshot: Int64

  /// Brings the state back from the journal. Throws what the journal or the catalogue throw. `steady` is a clock that
  /// counts evenly from anywhere and is never set; `deaths` are the calls in which the process ended before.
  /// `recovering` is called again and again while the state is brought back. `hand` gets word of what is in hand.
  package init(
    catalogue: any Catalogue, journal: any Journal, sources: [any Source], inbox: Inbox,
    clock: @escaping WallClock, steady: @escaping WallClock, deaths: [Fault] = [], board: HealthBoard = HealthBoard(),
    gate: SetpointGate = SetpointGate([]), hand: (any HandNote)? = nil, recovering: () -> Void = {},
    log: @escaping (String) -> Void,
    reloaded: @escaping Reloaded = { _ in },
    committed: @escaping Committed
  ) throws {
    self.catalogue = catalogue
    self.journal = journal
    self.sources = sources
    self.inbox = inbox
    self.clock = clock
    self.steady = steady
    self.board = board
    self.gate = gate
    self.hand = hand
    self.log = log
    self.committed = committed
    self.reloaded = reloaded
    memory = try Memory.recover(catalogue, from: journal, noting: hand) {
      recovering()
      board.beat(steady(), .recovering)
      return inbox.isStopping
    }
    if memory.hasSuccessor { inbox.reload() }
    self.deaths = deaths
    batch = Batch(firstInput: try journal.nextInput)
    trust = ClockTrust(newest: memory.newest)
    health = Health(at: clock(), sources: memory.configuration.sources.map { Health.Source(name: $0.name) })
    lastSnapshot = steady()
    lastTidy = lastSnapshot
    snapshotNext = batch.firstInput
    lastWholeSnapshot = batch.firstInput
  }

  /// How many inputs were evaluated, for summaries.
  package var counts: IntakeCounts { memory.decider.evaluator.counts }

  /// Runs until the inbox is stopped; then what was read is committed and acknowledged, and the sources are
  /// stopped. Throws when a source cannot start.
  package func run() throws {
    let delivered = try journal.marks()
    defer { board.end() }
    open()
    board.beat(steady())
    postHealth()
    do {
      for source in sources {
        try source.start(delivered: delivered.filter { $0.source == source.id }, wake: inbox.wake)
      }
      while !inbox.isStopping {
        inbox.wait(patience)
        turn()
        if mustClose { closeOrRebuild() }
        if inbox.takeReload() { reload() } else { hearOn() }
        lookAround()
        board.beat(steady())
      }
      takeLastSnapshot()
      closeOrRebuild()
    } catch {
      for source in sources { source.stop() }
      throw error
    }
    for source in sources { source.stop() }
  }

  /// What a start itself is goes before everything else, and a new configuration first of all: replay begins with it.
  private func open() {
    health.know(memory.configuration)
    if let snapshot = memory.takeOpeningSnapshot(before: batch.firstInput + 1, at: clock()) {
      batch.inputs.append(.config(memory.configuration.hash))
      batch.pieces = snapshot
      batch.conditions = memory.decider.takeChanged()
      snapshotNext = batch.firstInput + 1
      lastWholeSnapshot = snapshotNext
    }
    let reports = memory.takeReports()
    batch.reports += reports
    for report in reports { log("\(report.kind.rawValue): \(report.text)") }
    for input in memory.takeOpening() { take(input) }
    for death in deaths { take(.death(death)) }
  }

  /// The state as bytes, for comparison.
  package var encodedState: [UInt8] { memory.decider.encodedState() }

  // MARK: - A turn

  /// How long nothing need be done if nothing comes: until the batch must close or a deadline can be taken.
  private var patience: TimeSpan {
    if hearing != nil || isBehind { return .zero }
    if let opened { return max(.zero, opened + Engine.longestBatch - clock()) }
    guard let deadline = memory.decider.evaluator.nextQueuedDeadline else { return .seconds(1) }
    return min(max(deadline - clock() + memory.slowestLateness, TimeSpan(microseconds: 1_000)), .seconds(1))
  }

  private var mustClose: Bool {
    guard !batch.isEmpty else { return false }
    if !batch.decisions.isEmpty || !batch.closings.isEmpty || !posted.isEmpty
      || batch.inputs.count >= Engine.largestBatch
    {
      return true
    }
    return opened.map { clock() >= $0 + Engine.longestBatch } ?? true
  }

  /// Takes what is there and what time has made due.
  private func turn() {
    let now = clock()
    let moment = steady()
    board.begin(.evaluating, moment)
    trust.look(wall: now, steady: moment)
    var intake = Intake()
    for source in sources {
      let before = (inputs: intake.inputs.count, letters: intake.deadLetters.count)
      source.take(into: &intake)
      guard intake.inputs.count > before.inputs || intake.deadLetters.count > before.letters else { continue }
      health.took(
        intake, from: before.inputs, of: source.id, wall: now, steady: moment, clockIsTrusted: trust.isTrusted)
    }
    take(intake)
    batch.deadLetters += intake.deadLetters
    batch.marks += intake.marks
    for post in inbox.takePosted() {
      posted.append(post)
      take(.command(post.command))
      take(post.message)
    }
    if trust.isTrusted { takeDue(at: now) } else { isBehind = false }
    if opened == nil, !batch.isEmpty { opened = now }
  }

  /// Takes what time has made due, as much of it as fits into a slice.
  private func takeDue(at now: Instant) {
    isBehind = false
    let ticks = memory.ticks(at: now)
    guard memory.decider.evaluator.isDue(ticks) else { return }
    let share = Engine.longestSlice / Int64(ticks.count)
    for tick in ticks {
      let end = steady() + share
      hand?.begin(.deadlines)
      let (input, turn) = memory.tick(tick.source, tick.time) { steady() < end }
      hand?.end()
      if case .partialTick = input { isBehind = true }
      add(input, turn)
    }
  }

  /// Evaluates what came, and leaves word of the message in hand.
  private func take(_ intake: Intake) {
    var next = 0
    for origin in intake.origins {
      while next < origin.inputs.lowerBound {
        take(intake.inputs[next])
        next += 1
      }
      hand?.begin(.message(origin.hash))
      while next < origin.inputs.upperBound {
        take(intake.inputs[next])
        next += 1
      }
      hand?.end()
    }
    while next < intake.inputs.count {
      take(intake.inputs[next])
      next += 1
    }
  }

  /// Evaluates one input and adds it, with what it caused, to the batch.
  private func take(_ input: Input) {
    var input = input
    if case .change(var change) = input {
      if let binding = memory.binding(for: change.tag) { take(binding) }
      trust.hear(change.time, wall: change.arrived)
      if !trust.isTrusted {
        // A wall clock that is not believed must not make a sample late, old or ahead of its time.
        change.arrived = change.time
        input = .change(change)
      }
    }
    health.note(input, memory.configuration)
    if case .skipped(let message) = input { batch.reports.append(message.report(memory.configuration)) }
    let takesDeadlines = input.takesDeadlines
    if takesDeadlines { hand?.begin(.deadlines) }
    add(input, memory.apply(input))
    if takesDeadlines { hand?.end() }
  }

  /// Adds an input that was evaluated to the batch, with what it caused.
  private func add(_ input: Input, _ turn: Decider.Turn?) {
    guard let turn else { return batch.inputs.append(input) }
    // A fault is journalled before the input in which it happened, so that replay need not run into it.
    batch.inputs += turn.step.faults.map(Input.fault)
    batch.inputs.append(input)
    batch.decisions += turn.verdict.decisions
    batch.heldBack += turn.verdict.heldBack
    batch.closings += turn.verdict.closings
    batch.expired += turn.verdict.expired
    batch.reports += turn.step.reports + turn.verdict.reports
  }

  // MARK: - Committing

  private func close() throws {
    for source in sources { source.hold() }
    turn()
    // Those of a new configuration are there already and go with its input.
    if batch.pieces.isEmpty { batch.pieces = snapshots.take() }
    guard !batch.isEmpty || !batch.pieces.isEmpty else {
      for source in sources { source.committed() }
      return
    }
    batch.conditions += memory.decider.takeChanged()
    let began = steady()
    board.begin(.committing, began)
    try journal.commit(batch)
    health.committed(began, steady())
    if case .config? = batch.inputs.first { reloaded(memory.configuration) }
    for source in sources { source.committed() }
    let done = batch
    let answered = posted
    batch = Batch(firstInput: done.firstInput + Int64(done.inputs.count))
    opened = nil
    posted.removeAll()
    deaths.removeAll()
    health.lastCommit = clock()
    if let last = done.pieces.last, last.isLast { health.lastSnapshot = last.taken }
    for post in answered { post.committed?() }
    gate.publish(memory.decider, clockIsTrusted: trust.isTrusted, at: clock())
    committed(done)
  }

  /// Commits, or, if the journal will not have it: nothing is acknowledged, and what was evaluated is forgotten
  /// by evaluating the journal anew.
  private func closeOrRebuild() {
    do {
      try close()
      health.failedCommits = 0
      health.lastFailure = nil
    } catch {
      health.failedCommits += 1
      health.lastFailure = "\(error)"
      log("cannot commit a batch of \(batch.inputs.count) inputs: \(error); nothing of it is acknowledged")
      for source in sources { source.refused() }
      inbox.giveBack(posted)
      posted.removeAll()
      opened = nil
      forgetSnapshot()
      board.post(health)
      // 0.1 s, then twice as long each time, at most 30 s: a full disk must not be answered by a storm of lines.
      let wait = min(Int64(100_000) << min(health.failedCommits - 1, 9), 30_000_000)
      board.beat(steady(), pause: TimeSpan(microseconds: wait))
      inbox.pause(TimeSpan(microseconds: wait))
      if !inbox.isStopping { rebuild() }
    }
  }

  private func rebuild() {
    var wait = TimeSpan.seconds(1)
    while true {
      do {
        memory = try Memory.recover(catalogue, from: journal, noting: hand) {
          board.beat(steady(), .recovering)
          return inbox.isStopping
        }
        // Who waits for the takeover is answered when there was one, by now or by hearing anew.
        if hearing != nil || memory.hasSuccessor { inbox.reload() }
        hearing = nil
        batch = Batch(firstInput: try journal.nextInput)
        snapshotNext = min(snapshotNext, batch.firstInput)
        lastWholeSnapshot = min(lastWholeSnapshot, batch.firstInput)
        open()
        return
      } catch {
        log("cannot read the journal: \(error); trying again")
        if inbox.isStopping { return }
        board.beat(steady(), pause: wait)
        inbox.pause(wait)
        wait = min(wait + wait, .seconds(30))
      }
    }
  }

  // MARK: - Another configuration

  /// Takes over another configuration between two batches. Its input, what it makes of the state and everything it
  /// took over are one batch: whoever brings the state back needs nothing from before it.
  private func reload() {
    // New logic begins its holds at the moment it is taken over, not at the last sample.
    if trust.isTrusted {
      let now = clock()
      takeDue(at: now)
      guard !isBehind else { return inbox.reload() }
      for tick in memory.ticks(at: now) { take(.tick(tick.source, tick.time)) }
    }
    if !batch.isEmpty { closeOrRebuild() }
    // A commit that failed has begun anew, and asked for the configuration already.
    guard batch.isEmpty, posted.isEmpty else { return inbox.reload() }
    do {
      guard let next = try catalogue.successor(to: memory.decider) else {
        hearing = nil
        return inbox.answerReload()
      }
      if hearing?.listener.hash != next.hash { hearing = Hearing(next, after: memory, journal, catalogue) }
      guard try hearing?.left(journal) ?? 0 <= Hearing.atOnce else { return }
      // Nothing comes between this and the takeover.
      try hearing?.goOn(journal, catalogue)
      forgetSnapshot()
      memory = memory.succeeded(by: next, hearing)
      hearing = nil
    } catch {
      hearing = nil
      log("cannot take over what was changed: \(error); everything stays as it was")
      return inbox.answerReload()
    }
    open()
    closeOrRebuild()
    inbox.answerReload()
  }

  /// A little more of the journal for what is to take over, and that when it has heard nearly all.
  private func hearOn() {
    guard hearing != nil else { return }
    do {
      try hearing?.goOn(journal, catalogue, atMost: Hearing.atOnce)
      if try hearing?.left(journal) == 0 { reload() }
    } catch {
      hearing = nil
      log("cannot take over what was changed: \(error); everything stays as it was")
      inbox.answerReload()
    }
  }

  // MARK: - Between batches

  /// What has time: a snapshot a minute, its pieces, tidying, and how we are.
  private func lookAround() {
    let now = steady()
    if batch.isEmpty, !snapshots.isUnderWay, now - lastSnapshot >= SnapshotMaker.interval {
      lastSnapshot = now
      beginSnapshot()
    }
    // Where nothing comes, pieces go alone.
    if batch.isEmpty, opened == nil, snapshots.isUnderWay { closeOrRebuild() }
    if now - lastTidy >= .seconds(1) {
      lastTidy = now
      do { try journal.tidy(now: clock()) } catch { log("cannot tidy the journal: \(error)") }
      postHealth()
    }
  }

  private func beginSnapshot() {
    guard batch.firstInput > snapshotNext else { return }
    lastWholeSnapshot = snapshotNext
    snapshotNext = batch.firstInput
    snapshots.begin(
      memory.frozen, before: batch.firstInput, of: memory.configuration.hash, at: clock(), done: inbox.wake)
  }

  /// The one under way will not be whole: the next may begin where it did.
  private func forgetSnapshot() {
    guard snapshots.isUnderWay else { return }
    snapshots.forget()
    snapshotNext = lastWholeSnapshot
  }

  /// The state at the end, so that the next start has nothing to replay.
  private func takeLastSnapshot() {
    if !batch.isEmpty { closeOrRebuild() }
    guard batch.isEmpty, health.failedCommits == 0 else { return }
    forgetSnapshot()
    beginSnapshot()
    snapshots.finish()
    while health.failedCommits == 0, snapshots.isUnderWay {
      closeOrRebuild()
      board.beat(steady())
    }
  }

  private func postHealth() {
    health.at = clock()
    health.steady = steady()
    health.clockDoubt = trust.doubt
    health.quarantined = memory.decider.evaluator.quarantined
    health.inputs = batch.firstInput - 1
    health.counts = memory.decider.evaluator.counts
    health.look(at: memory.decider.evaluator)
    for index in health.sources.indices { health.sources[index].look(at: memory, SourceID(index)) }
    board.post(health)
    health.beginAgain()
  }
}

extension Input {
  /// Whether time passes with it for conditions that it does not speak of.
  fileprivate var takesDeadlines: Bool {
    switch self {
    case .tick, .source: true
    default: false
    }
  }
}
