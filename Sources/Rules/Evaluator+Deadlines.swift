// Time passing: deadlines, ticks and links (S1, S2), and what waits behind a due deadline.
extension Evaluator {
  /// Takes the deadlines before `horizon` in order of time, and between them the moments that waited: both only as far
  /// as those are settled that it looks at. `clock` is how far it has come if the rule fails.
  mutating func settle(_ condition: Int, before horizon: Instant, clock: Instant? = nil) {
    guard conditions[condition].faults < Evaluator.strikes else { return }
    snapshot(condition)
    let rule = rules[Int(placements[condition].rule)]
    let settled = placements[condition].readsOthers ? unsettled(before: condition) : .distantFuture
    let horizon = min(horizon, settled)
    while true {
      let (due, wake) = (conditions[condition].due, conditions[condition].wake)
      rule.deadlines?.take(asset: placements[condition].asset, at: min(due, wake))
      if conditions[condition].waits, let moment = waiting[Int32(condition)]?.first {
        let blocked = moment >= settled || rule.transition(of: conditions[condition].phase).map { $0 < moment } ?? false
        if !blocked, due < moment, due >= horizon {
          guard pass(condition, rule, to: moment) else { return restore(condition, clock: clock) }
          continue
        }
        if !blocked, moment <= due, moment <= wake || wake >= horizon {
          waiting[Int32(condition)]?.removeFirst()
          if waiting[Int32(condition)]?.first == nil {
            waiting[Int32(condition)] = nil
            conditions[condition].waits = false
          }
          conditions[condition].clock = max(conditions[condition].clock, moment)
          guard evaluate(condition, rule, at: moment) else { return restore(condition, clock: clock) }
          continue
        }
      }
      guard min(due, wake) < horizon else { break }
      if wake < due {
        guard look(condition, at: wake) else { return restore(condition, clock: clock) }
        continue
      }
      conditions[condition].clock = max(conditions[condition].clock, due)
      guard evaluate(condition, rule, at: due, taking: true) else { return restore(condition, clock: clock) }
    }
    enqueue(condition)
    // They may have waited for it, even if it has not changed.
    if placements[condition].isRead { deferDependents(of: Int32(condition)) }
  }

  /// A change of what the condition reads, stamped `time`, has been applied.
  mutating func advance(_ condition: Int, to time: Instant) {
    let clock = max(conditions[condition].clock, time)
    guard conditions[condition].faults < Evaluator.strikes else {
      conditions[condition].clock = clock
      return
    }
    let rule = rules[Int(placements[condition].rule)]
    let next = conditions[condition].due
    if next < clock, next < rule.transition(of: conditions[condition].phase) ?? .distantFuture {
      snapshot(condition)
      conditions[condition].clock = clock
      guard pass(condition, rule, to: clock) else {
        restore(condition, clock: clock)
        return enqueue(condition)
      }
    }
    if let due = rule.transition(of: conditions[condition].phase), due < clock {
      if time > due {
        conditions[condition].clock = clock
        return wait(condition, for: time)
      }
      // Late, but in time for the deadline: it may still break the hold.
      snapshot(condition)
      conditions[condition].clock = clock
      guard evaluate(condition, rule, at: due) else {
        restore(condition, clock: clock)
        return enqueue(condition)
      }
      if conditions[condition].waits {
        settle(condition, before: links.horizon(placements[condition].sourceSet, clock: clock))
      }
    } else if !evaluate(condition, rule, at: clock) {
      // A rule that fails has changed nothing yet, but for what this input settled before.
      snapshot(condition)
      restore(condition, clock: clock)
    } else {
      conditions[condition].clock = clock
    }
    enqueue(condition)
  }

  /// Asks as of the moments before `time` at which something changed by time alone, as far as no hold or release
  /// ends before them. Data has passed them, if not yet by the lateness: a silence, a tolerance or a window that
  /// moved is seen although the change in hand hides it, the same with any lateness and in a backlog.
  private mutating func pass(_ condition: Int, _ rule: CompiledRule, to time: Instant) -> Bool {
    while true {
      let due = conditions[condition].due
      guard due < time, due < rule.transition(of: conditions[condition].phase) ?? .distantFuture else { return true }
      guard evaluate(condition, rule, at: due, passing: true) else { return false }
    }
  }

  /// What a condition was before the input in hand: a broken rule leaves it so (S11).
  struct Before: Sendable {
    var condition: Condition
    /// Its own copy: a slice would hold all conditions' readings, and each change of them copy them all.
    var readings: [ReadingState]
    var moments: Moments?
    var activations: [Instant]?
  }

  mutating func snapshot(_ condition: Int) {
    guard settled[Int32(condition)] == nil else { return }
    let first = Int(placements[condition].firstReading)
    let count = rules[Int(placements[condition].rule)].readings.count
    settled[Int32(condition)] = Before(
      condition: conditions[condition], readings: Array(readingStates[first..<(first + count)]),
      moments: waiting[Int32(condition)],
      activations: activations[Int32(condition)])
  }

  /// The rule failed: the condition is what it was before this input, but for its clock and its count of faults.
  /// Replay, which does not call the rule for this input at all, comes to the same state.
  mutating func restore(_ condition: Int, clock: Instant? = nil) {
    guard let before = settled[Int32(condition)] else { return }
    unwrite(condition)
    step.events.removeAll { $0.condition.index == Int32(condition) }
    step.settled.removeAll { $0.condition.index == Int32(condition) }
    let failed = conditions[condition]
    conditions[condition] = before.condition
    conditions[condition].keepFaults(of: failed)
    if let clock { conditions[condition].clock = max(before.condition.clock, clock) }
    let first = Int(placements[condition].firstReading)
    for (place, state) in before.readings.enumerated() { readingStates[first + place] = state }
    waiting[Int32(condition)] = before.moments
    activations[Int32(condition)] = before.activations
    if failed.faults >= Evaluator.strikes {
      conditions[condition].due = .distantFuture
      conditions[condition].wake = .distantFuture
      conditions[condition].waits = false
      waiting[Int32(condition)] = nil
    }
  }

  mutating func wait(_ condition: Int, for time: Instant) {
    waiting[Int32(condition), default: Moments()].insert(time)
    conditions[condition].waits = true
  }

  // MARK: Ticks and links

  mutating func tick(_ source: SourceID, _ time: Instant) {
    guard links.ticks.indices.contains(Int(source.index)) else { return }
    startQueueing()
    links.tick(source, time)
    takeDueDeadlines(of: source)
  }

  /// Applies a tick, but ends it early, between two deadlines, when there is no more time for it: work that is due
  /// together must not keep the engine from what comes meanwhile. Gives the input that does the same wherever it is
  /// applied.
  package mutating func tick(_ source: SourceID, _ time: Instant, while hasTime: () -> Bool) -> (Input, Step?) {
    beginInput()
    guard links.ticks.indices.contains(Int(source.index)) else { return (.tick(source, time), nil) }
    startQueueing()
    let before = links.ticks[Int(source.index)]
    links.tick(source, time)
    let last = takeDueDeadlines(of: source, while: hasTime)
    var input = Input.tick(source, time)
    if let last {
      // What came before it is taken; more of this tick is not known to anybody.
      links.setTick(source, max(before, last.time))
      input = .partialTick(source, last.time, through: ConditionID(Int(last.condition)))
    }
    return (input, endInput())
  }

  mutating func partialTick(_ source: SourceID, _ time: Instant, through last: ConditionID) {
    guard links.ticks.indices.contains(Int(source.index)) else { return }
    startQueueing()
    let before = links.ticks[Int(source.index)]
    links.tick(source, time + TimeSpan(microseconds: 1))
    takeDueDeadlines(of: source, through: DeadlineQueue.Entry(time: time, condition: last.index))
    links.setTick(source, max(before, time))
  }

  mutating func link(_ source: SourceID, _ event: LinkEvent, _ time: Instant) {
    guard links.ticks.indices.contains(Int(source.index)) else { return }
    startQueueing()
    let lostAt = links.lostAt[Int(source.index)]
    let wasThere = links.states[Int(source.index)] != .none && links.states[Int(source.index)] != .down
    links.take(event, of: source, at: time)
    let name = configuration.sources[Int(source.index)].name
    switch event {
    case .connected, .caughtUp: takeDueDeadlines(of: source)
    case .lost where !wasThere: break
    case .lost:
      step.reports.append(Report(.linkLost, time: time, text: "the link to source \(name) is lost"))
    case .newSession:
      let since = lostAt ?? time
      // What came meanwhile is gone: nothing of this source is known from the loss until its next sample.
      var touched: [Int32] = []
      for index in tags.indices where configuration.model.tags[index].source == source {
        let history = Int(tags[index].history)
        guard history >= 0, let newest = histories[history].newest else { continue }
        histories[history].push(
          time: max(newest.time, since.microseconds), number: nil, quality: .stale, aged: false,
          isSample: false)
        touched.append(Int32(index))
      }
      if !touched.isEmpty {
        step.reports.append(
          Report(
            .possibleGap, time: since,
            text: "the session with source \(name) was not kept: a possible gap since \(since)"))
      }
      for condition in conditions.indices
      where conditions[condition].clock != .distantPast && links.reads(placements[condition].sourceSet, source) {
        let now = max(conditions[condition].clock, since)
        if placements[condition].readsOthers { `defer`(condition, change: now) } else { advance(condition, to: now) }
      }
    }
  }

  /// Takes the deadlines that the lowest ticks of sets with this source have passed, in order of time and then of
  /// conditions: all of them, or those up to one, or as many as there is time for. Gives the last one it took when it
  /// left some.
  @discardableResult
  private mutating func takeDueDeadlines(
    of source: SourceID, through end: DeadlineQueue.Entry? = nil, while hasTime: () -> Bool = { true }
  ) -> DeadlineQueue.Entry? {
    let sets = links.sets.indices.filter { links.reads(Int32($0), source) }
    var retried: [Int] = []
    var last: DeadlineQueue.Entry?
    var isWhole = true
    while let set = earliestDue(of: sets), let first = queues[set].first {
      if let end, DeadlineQueue.Entry.before(end, first) { break }
      if last != nil, !hasTime() {
        isWhole = false
        break
      }
      queues[set].removeFirst()
      last = first
      let condition = Int(first.condition)
      if conditions[condition].queued == first.time { conditions[condition].queued = .distantFuture }
      // No further than this moment, so that between any two deadlines all conditions have come equally far.
      let horizon = first.time + TimeSpan(microseconds: 1)
      if placements[condition].readsOthers {
        `defer`(condition, horizon: horizon)
      } else if conditions[condition].next <= first.time {
        settle(condition, before: horizon)
        // A rule that failed keeps its deadline and is asked again at the next tick, not for ever in this one.
        if conditions[condition].next < horizon { retried.append(condition) }
      } else {
        enqueue(condition)
      }
    }
    for condition in retried { enqueue(condition) }
    return isWhole ? nil : last
  }

  /// Of these sets of sources, the one whose first deadline comes first of those that its lowest tick has passed.
  private func earliestDue(of sets: [Int]) -> Int? {
    var earliest: (set: Int, entry: DeadlineQueue.Entry)?
    for set in sets {
      guard let first = queues[set].first, first.time < links.horizon(Int32(set), clock: .distantPast) else { continue }
      if let known = earliest, !DeadlineQueue.Entry.before(first, known.entry) { continue }
      earliest = (set, first)
    }
    return earliest?.set
  }

  /// Whether ticks at these times would take a deadline. A tick that would not is not applied and not journalled:
  /// it would change nothing.
  package func isDue(_ ticks: [(source: SourceID, time: Instant)]) -> Bool {
    guard !ticks.isEmpty else { return false }
    var after = links
    for tick in ticks where links.ticks.indices.contains(Int(tick.source.index)) { after.tick(tick.source, tick.time) }
    return queues.indices.contains { set in
      queues[set].first.map { $0.time < after.horizon(Int32(set), clock: .distantPast) } ?? false
    }
  }

  /// No deadline is earlier than this; nil when there is none, or nothing ticks yet.
  package var nextQueuedDeadline: Instant? {
    queues.compactMap { $0.first?.time }.min().flatMap { $0 == .distantFuture ? nil : $0 }
  }

  /// Deadlines are queued only once there are ticks to take them by: a replay never pays for it.
  mutating func startQueueing() {
    guard queues.isEmpty else { return }
    queues = Array(repeating: DeadlineQueue(), count: links.sets.count)
    for condition in conditions.indices { enqueue(condition) }
  }

  @inline(__always)
  mutating func enqueue(_ condition: Int) {
    guard !queues.isEmpty else { return }
    let next = conditions[condition].next
    guard next < conditions[condition].queued else { return }
    conditions[condition].queued = next
    queues[Int(placements[condition].sourceSet)].insert(next, Int32(condition))
  }

  /// Whether the condition was asked as of a later moment already, so that it can no longer be asked as of this.
  func hasPassed(_ time: Instant, _ condition: ConditionID) -> Bool {
    let state = conditions[Int(condition.index)]
    guard time < state.clock else { return false }
    // Data has come further than the questions: behind a deadline that is due, what comes first is still to be asked.
    guard state.waits, let first = waiting[condition.index]?.first else { return true }
    return time < min(state.due, first)
  }

  /// Policy asks for the readings as of `time`, in place of any it asked for before: the step then says `looked`.
  package mutating func wake(_ condition: ConditionID, at time: Instant) {
    let index = Int(condition.index)
    conditions[index].wake = time
    enqueue(index)
  }
}

/// Moments in order of time. There may be as many as a backlog has changes, so none is moved to take another.
struct Moments: Sendable {
  private var times: [Instant] = []
  private var taken = 0

  init(_ times: [Instant] = []) { self.times = times }

  var first: Instant? { taken < times.count ? times[taken] : nil }
  var last: Instant? { left.last }
  var left: ArraySlice<Instant> { times[taken...] }

  mutating func removeFirst() { taken += 1 }
  mutating func insert(_ time: Instant) {
    let place = left.lastIndex { $0 <= time }.map { $0 + 1 } ?? taken
    if place == taken || times[place - 1] != time { times.insert(time, at: place) }
  }
}

/// A binary heap of deadlines: earliest first, then in the order of conditions. An entry may be earlier than its
/// condition's deadline (it moved since), never later.
struct DeadlineQueue: Sendable {
  struct Entry: Sendable {
    var time: Instant
    var condition: Int32
    static func before(_ a: Entry, _ b: Entry) -> Bool { (a.time, a.condition) < (b.time, b.condition) }
  }
  private var entries: [Entry] = []

  var first: Entry? { entries.first }

  mutating func insert(_ time: Instant, _ condition: Int32) {
    entries.append(Entry(time: time, condition: condition))
    var child = entries.count - 1
    while child > 0, Entry.before(entries[child], entries[(child - 1) / 2]) {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && Entry.before(entries[child], entries[least]) { least = child }
      guard least != parent else { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
