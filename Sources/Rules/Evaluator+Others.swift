// Rules that look at rules, and calculations (S10): what a condition writes in an input for itself or for others to
// read, and when those are turned to.

/// What conditions wrote in the input in hand. A broken rule takes it back: it leaves no trace in the input it failed
/// in (S11), and whoever looks at it has not yet looked.
struct Written: Sendable {
  struct Mark: Sendable {
    var history: Int32
    var time: Instant
    /// Of when the condition is active; else of a calculation.
    var isActivity: Bool
  }
  /// Who wrote, in order of the first time.
  private(set) var writers: [Int32] = []
  private var marks: [Int32: [Mark]] = [:]

  var isEmpty: Bool { writers.isEmpty }
  func marks(of condition: Int32) -> [Mark] { marks[condition] ?? [] }
  func moved(_ condition: Int32) -> Bool { marks[condition]?.contains(where: \.isActivity) ?? false }

  /// When conditions became active or ended to be, each moment once and in order.
  func moments(of conditions: [Int32]) -> [Instant] {
    var moments: [Instant] = []
    for time in conditions.flatMap(marks).filter(\.isActivity).map(\.time).sorted() where moments.last != time {
      moments.append(time)
    }
    return moments
  }

  mutating func add(_ mark: Mark, of condition: Int32) {
    if marks[condition] == nil { writers.append(condition) }
    marks[condition, default: []].append(mark)
  }

  mutating func remove(_ condition: Int32) -> [Mark] {
    guard let removed = marks.removeValue(forKey: condition) else { return [] }
    writers.removeAll { $0 == condition }
    return removed
  }

  mutating func removeAll() {
    writers.removeAll(keepingCapacity: true)
    marks.removeAll(keepingCapacity: true)
  }
}

/// A condition that looks at others and has something to see in the input in hand.
struct Deferred: Sendable {
  var condition: Int32
  /// The change of a tag that it reads; nil when it is turned to for another reason.
  var change: Instant?
  /// Its deadlines before this are taken, whatever its own clock says: whoever looks at it has come so far.
  var horizon: Instant
}

extension Evaluator {
  // MARK: Others

  /// Whoever looks at others is turned to at the end of the input, when those have seen it.
  mutating func `defer`(_ condition: Int, change: Instant? = nil, horizon: Instant = .distantPast) {
    let place = deferred.firstIndex { $0.condition >= Int32(condition) } ?? deferred.count
    if place < deferred.count, deferred[place].condition == Int32(condition) {
      deferred[place].change = deferred[place].change ?? change
      deferred[place].horizon = max(deferred[place].horizon, horizon)
    } else {
      deferred.insert(Deferred(condition: Int32(condition), change: change, horizon: horizon), at: place)
    }
  }

  /// A change of a tag of a condition that looks at others: those have taken what is over before it looks at them, as
  /// live their tick would have let them.
  mutating func deferForChange(_ condition: Int, at now: Instant) {
    `defer`(condition, change: now)
    let clock = max(newest(condition), now)
    settleReferences(of: condition, before: links.horizon(placements[condition].sourceSet, clock: clock))
  }

  private mutating func settleReferences(of condition: Int, before horizon: Instant) {
    for reference in references[Int32(condition)] ?? [] {
      let reference = Int(reference)
      if placements[reference].readsOthers {
        settleReferences(of: reference, before: horizon)
        `defer`(reference, horizon: horizon)
      } else if conditions[reference].next < horizon, skipped[Int32(reference)] == nil {
        settle(reference, before: horizon)
      }
    }
  }

  /// A condition became active or ended to be.
  mutating func noteActivity(_ condition: Int, isActive: Bool, at moment: Instant) {
    guard let history = activities[Int32(condition)] else { return }
    write(isActive ? 1 : 0, .good, to: history, of: condition, at: moment, isActivity: true)
  }

  /// The end of an input: turns to those that look at others, each after all it looks at, and forgets what nobody can
  /// ask about any more.
  mutating func turnToOthers() {
    for writer in written.writers where written.moved(writer) { deferDependents(of: writer) }
    while !deferred.isEmpty {
      let next = deferred.removeFirst()
      turn(Int(next.condition), change: next.change, horizon: next.horizon)
      if written.moved(next.condition) { deferDependents(of: next.condition) }
    }
    trimWritten()
  }

  mutating func deferDependents(of condition: Int32) {
    for dependent in dependents[condition] ?? [] { `defer`(Int(dependent)) }
  }

  /// The earliest moment at which one of those it looks at, or one that those look at, may still change: what they are
  /// from there on is not known yet. A hold of theirs that is due may still break.
  func unsettled(before condition: Int) -> Instant {
    var earliest = Instant.distantFuture
    for reference in references[Int32(condition)] ?? [] {
      let reference = Int(reference)
      guard conditions[reference].faults < Evaluator.strikes else { continue }
      earliest = min(earliest, conditions[reference].due)
      if placements[reference].readsOthers { earliest = min(earliest, unsettled(before: reference)) }
    }
    return earliest
  }

  /// No question to come is as of an earlier moment.
  func oldestQuestion(of condition: Int) -> Instant {
    let next = conditions[condition].next
    return placements[condition].readsOthers ? min(next, unsettled(before: condition)) : next
  }

  /// The newest moment it was told of: of one that looks at others the clock is as of when it was asked last.
  func newest(_ condition: Int) -> Instant {
    let clock = conditions[condition].clock
    guard conditions[condition].waits, let last = waiting[Int32(condition)]?.last else { return clock }
    return max(clock, last)
  }

  /// Lets a condition see what those it looks at did in the input, and the change of its own tag among it, and takes its
  /// deadlines, in order of time and as far as those it looks at are settled; what is later waits.
  mutating func turn(_ condition: Int, change: Instant?, horizon least: Instant = .distantPast) {
    guard conditions[condition].faults < Evaluator.strikes else {
      if let change { conditions[condition].clock = max(conditions[condition].clock, change) }
      return
    }
    var moments = written.moments(of: references[Int32(condition)] ?? [])
    if let change, !moments.contains(change) { moments.append(change) }
    let newest = moments.reduce(newest(condition), max)
    let horizon = max(links.horizon(placements[condition].sourceSet, clock: newest), least)
    guard !moments.isEmpty || conditions[condition].waits || conditions[condition].next < horizon else {
      return enqueue(condition)
    }
    snapshot(condition)
    // What is older than its clock is asked as of the clock (S1).
    for moment in moments { wait(condition, for: max(moment, conditions[condition].clock)) }
    settle(condition, before: horizon, clock: newest)
  }

  // MARK: Calculations

  /// Samples the calculations of a rule as of a moment; nil when one failed. Else the earliest moment at which one
  /// changes by silence, and whether one changes by time alone.
  mutating func calculate(_ condition: Int, _ rule: CompiledRule, at moment: Instant) -> (deadline: Int64, moves: Bool)?
  {
    let time = moment.microseconds
    var deadline = Int64.max
    var moves = false
    for (place, calculation) in rule.calculations.enumerated() {
      guard let placed = calculations[Int32(condition)]?[place] else { continue }
      for (index, reading) in calculation.readings.enumerated() {
        scratch[index] =
          read(
            reading, calculation.stateNames[index], placed.sights[index], condition, tolerates: 0, at: time,
            ends: false, &deadline, &moves
          ).value
        if calculation.calculation.readings[index].isOptional, scratch[index] == .notGood { scratch[index] = .absent }
      }
      let computed = scratch.withUnsafeBufferPointer { readings in
        calculation.calculation.compute(
          UnsafeBufferPointer(start: readings.baseAddress, count: calculation.readings.count), limitTables[condition])
      }
      let newest = histories[Int(placed.history)].newest
      switch computed {
      case .fault(let cause):
        fault(condition, at: moment, cause: cause)
        return nil
      case .number(let number) where number.isFinite:
        // The same again is a sample where something it reads was sampled.
        if let newest, newest.quality == .good, newest.number == number,
          !isSampled(placed, since: newest.time, by: time)
        {
          continue
        }
        write(number, .good, to: placed.history, of: condition, at: moment, isActivity: false)
      case .number, .nothing:
        if newest?.quality == .bad { continue }
        write(nil, .bad, to: placed.history, of: condition, at: moment, isActivity: false)
      case .blind(let reading):
        let quality = quality(placed.sights[reading], calculation.readings[reading], at: time)
        if newest?.quality == quality { continue }
        write(nil, quality, to: placed.history, of: condition, at: moment, isActivity: false)
      }
    }
    return (deadline, moves)
  }

  private func isSampled(_ placed: PlacedCalculation, since: Int64, by time: Int64) -> Bool {
    placed.sights.contains { sight in
      (sight.group < 0 ? [sight] : groups[Int(sight.group)]).contains { sight in
        guard sight.history >= 0, let index = histories[Int(sight.history)].index(at: time) else { return false }
        return histories[Int(sight.history)].marks[index].sampledAt > since
      }
    }
  }

  /// The quality that a calculation takes from what blinds it.
  private func quality(_ sight: Sight, _ reading: CompiledReading, at time: Int64) -> Quality {
    guard sight.group < 0 else { return .bad }
    guard sight.history >= 0, let index = histories[Int(sight.history)].index(at: time) else { return .stale }
    let mark = histories[Int(sight.history)].marks[index]
    if mark.aged || time > silentFrom(mark, reading, sight, at: time) { return .stale }
    return mark.quality == .good ? .bad : mark.quality
  }

  // MARK: Writing

  private mutating func write(
    _ number: Double?, _ quality: Quality, to history: Int32, of condition: Int, at moment: Instant, isActivity: Bool
  ) {
    histories[Int(history)].push(time: moment.microseconds, number: number, quality: quality, aged: false)
    written.add(Written.Mark(history: history, time: moment, isActivity: isActivity), of: Int32(condition))
  }

  /// The rule failed: what it wrote in this input is taken back.
  mutating func unwrite(_ condition: Int) {
    guard !written.isEmpty else { return }
    for mark in written.remove(Int32(condition)) { histories[Int(mark.history)].removeLast(1) }
  }

  /// Only now, when none of it can be taken back.
  mutating func trimWritten() {
    for writer in written.writers {
      for mark in written.marks(of: writer) {
        var oldest = oldestQuestion(of: Int(writer))
        if mark.isActivity {
          oldest = .distantFuture
          for dependent in dependents[writer] ?? [] { oldest = min(oldest, oldestQuestion(of: Int(dependent))) }
        }
        trim(Int(mark.history), before: oldest.microseconds)
      }
    }
    written.removeAll()
  }

  /// A clock step back: what a condition wrote later leaves. Whether it is active does not change by that.
  mutating func stepBack(_ condition: Int, to now: Instant) {
    for placed in calculations[Int32(condition)] ?? [] {
      histories[Int(placed.history)].removeNewer(than: now.microseconds)
    }
    guard let activity = activities[Int32(condition)] else { return }
    histories[Int(activity)].removeNewer(than: now.microseconds)
    let isActive = conditions[condition].phase.isActive
    // It stays what it was, which no rule that fails takes back.
    if (histories[Int(activity)].newest?.number == 1) != isActive {
      histories[Int(activity)].push(
        time: now.microseconds, number: isActive ? 1 : 0, quality: .good, aged: false)
    }
  }
}

extension History {
  /// How often a condition became active in the span, given the history of when it is: ones and zeros in turn.
  func activations(_ span: Span) -> Int {
    let count = Int(marks[span.right].ordinal &- ordinal(before: span.left))
    return marks[span.right].number == 1 ? (count + 1) / 2 : count / 2
  }
}
