import Rules

/// Evaluates what the sources bring, batch by batch, on one thread that it never leaves. A batch is one
/// transaction: inputs, decisions and actions together; only then are the sources told that it is theirs to
/// acknowledge.
package final class Engine {
  /// A batch closes at this many inputs,
  package static let largestBatch = 8_192
  /// or this long after its first, or as soon as it holds a decision.
  package static let longestBatch = TimeSpan(microseconds: 10_000)

  /// Told of every batch that was committed, on the engine's thread.
  package typealias Committed = (Batch) -> Void

  private let configuration: Configuration
  private let journal: any Journal
  private let sources: [any Source]
  private let inbox: Inbox
  private let clock: WallClock
  private let log: (String) -> Void
  private let committed: Committed

  private var memory: Memory
  private var batch: Batch
  private var opened: Instant?
  private var attempts: [Attempt] = []
  /// Commits that failed in a row.
  private var failures = 0

  /// Brings the state back from the journal. Throws what the journal or the catalogue throw.
  package init(
    catalogue: any Catalogue, hash: Digest, journal: any Journal, sources: [any Source], inbox: Inbox,
    clock: @escaping WallClock, log: @escaping (String) -> Void, committed: @escaping Committed
  ) throws {
    self.journal = journal
    self.sources = sources
    self.inbox = inbox
    self.clock = clock
    self.log = log
    self.committed = committed
    configuration = try catalogue.configuration(hash)
    memory = try Memory.recover(configuration, from: journal) { inbox.isStopping }
    batch = Batch(firstInput: try journal.nextInput)
  }

  /// How many inputs were evaluated and how long the journal is, for summaries.
  package var counts: IntakeCounts { memory.decider.evaluator.counts }

  /// Runs until the inbox is told to stop; then what was read is committed and acknowledged, and the sources are
  /// stopped. Throws when a source cannot start.
  package func run() throws {
    for input in memory.opening { take(input) }
    do {
      for source in sources { try source.start(delivered: [], wake: inbox.wake) }
      while !inbox.isStopping {
        inbox.wait(patience)
        turn()
        if mustClose { closeOrRebuild() }
      }
      closeOrRebuild()
    } catch {
      for source in sources { source.stop() }
      throw error
    }
    for source in sources { source.stop() }
  }

  // MARK: - A turn

  /// How long nothing need be done if nothing comes: until the batch must close or a deadline can be taken.
  private var patience: TimeSpan {
    if let opened { return max(.zero, opened + Engine.longestBatch - clock()) }
    guard let deadline = memory.decider.evaluator.nextQueuedDeadline else { return .seconds(1) }
    return min(max(deadline - clock() + memory.slowestLateness, TimeSpan(microseconds: 1_000)), .seconds(1))
  }

  private var mustClose: Bool {
    guard !batch.isEmpty else { return false }
    if !batch.decisions.isEmpty || !attempts.isEmpty || batch.inputs.count >= Engine.largestBatch { return true }
    return opened.map { clock() >= $0 + Engine.longestBatch } ?? true
  }

  /// Takes what is there and what time has made due.
  private func turn() {
    var intake = Intake()
    for source in sources { source.take(into: &intake) }
    for input in intake.inputs { take(input) }
    batch.deadLetters += intake.deadLetters
    batch.marks += intake.marks
    for attempt in inbox.takeAttempts() {
      attempts.append(attempt)
      take(.command(.attempted(attempt)))
    }
    let ticks = memory.ticks(at: clock())
    if memory.decider.evaluator.isDue(ticks) {
      for tick in ticks { take(.tick(tick.source, tick.time)) }
    }
    if opened == nil, !batch.isEmpty { opened = clock() }
  }

  /// Evaluates one input and adds it, with what it caused, to the batch.
  private func take(_ input: Input) {
    if case .change(let change) = input, let binding = memory.binding(for: change.tag) { take(binding) }
    guard let turn = memory.apply(input) else { return batch.inputs.append(input) }
    // A fault is journalled before the input in which it happened, so that replay need not run into it.
    batch.inputs += turn.step.faults.map(Input.fault)
    batch.inputs.append(input)
    batch.decisions += turn.verdict.decisions
    batch.heldBack += turn.verdict.heldBack
    batch.expired += turn.verdict.expired
    batch.reports += turn.step.reports
  }

  // MARK: - Committing

  private func close() throws {
    for source in sources { source.hold() }
    turn()
    guard !batch.isEmpty else {
      for source in sources { source.committed() }
      return
    }
    batch.conditions = memory.decider.takeChanged()
    try journal.commit(batch)
    for source in sources { source.committed() }
    let done = batch
    batch = Batch(firstInput: done.firstInput + Int64(done.inputs.count))
    opened = nil
    attempts.removeAll()
    committed(done)
  }

  /// Commits, or, if the journal will not have it: nothing is acknowledged, and what was evaluated is forgotten
  /// by evaluating the journal anew.
  private func closeOrRebuild() {
    do {
      try close()
      failures = 0
    } catch {
      failures += 1
      log("cannot commit a batch of \(batch.inputs.count) inputs: \(error); nothing of it is acknowledged")
      for source in sources { source.refused() }
      for attempt in attempts { inbox.post(attempt) }
      attempts.removeAll()
      opened = nil
      // 0.1 s, then twice as long each time, at most 30 s: a full disk must not be answered by a storm of lines.
      inbox.pause(TimeSpan(microseconds: min(100_000 << Int64(min(failures - 1, 9)), 30_000_000)))
      if !inbox.isStopping { rebuild() }
    }
  }

  private func rebuild() {
    var wait = TimeSpan.seconds(1)
    while true {
      do {
        memory = try Memory.recover(configuration, from: journal) { inbox.isStopping }
        batch = Batch(firstInput: try journal.nextInput)
        for input in memory.opening { take(input) }
        return
      } catch {
        log("cannot read the journal: \(error); trying again")
        if inbox.isStopping { return }
        inbox.pause(wait)
        wait = min(wait + wait, .seconds(30))
      }
    }
  }
}
