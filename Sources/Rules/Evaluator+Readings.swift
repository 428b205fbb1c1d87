// What the readings of a rule amount to at one moment (S4, S5).
extension Evaluator {
  /// Fills `scratch` with the readings as of `time`, and moves the deadline to the earliest moment at which one changes
  /// by silence; `moves` when one changes by time alone.
  mutating func look(
    _ placement: Placement, _ rule: CompiledRule, _ condition: Int, at time: Int64, _ ends: Bool,
    _ deadline: inout Int64, _ moves: inout Bool
  ) {
    for index in rule.readings.indices {
      if lookAtLatest(rule, index, placement, at: time, &deadline) { continue }
      let place = Int(placement.firstReading) + index
      var reading = read(
        rule.readings[index], rule.stateNames[index], sights[place], condition, tolerates: rule.tolerates, at: time,
        ends: ends, &deadline, &moves)
      scratchSince[index] = reading.since
      if reading.since != .max, rule.remembers, rule.readings[index].needsMemory {
        let state = readingStates[place]
        let until = min(state.unknownSince, reading.since).saturatingPlus(rule.tolerates)
        if time < until || (ends && time == until), state.lastGood != .notGood {
          reading.value = state.lastGood
          deadline = min(deadline, until)
        }
      }
      if rule.readings[index].isOptional, reading.value == .notGood { reading.value = .absent }
      scratch[index] = reading.value
    }
  }

  /// The one case that is nearly all of them, without the ceremony: a number in force now, good and not silent.
  @inline(__always)
  private mutating func lookAtLatest(
    _ rule: CompiledRule, _ index: Int, _ placement: Placement, at time: Int64, _ deadline: inout Int64
  ) -> Bool {
    let reading = rule.readings[index]
    guard reading.isPlain else { return false }
    let history = Int(sights[Int(placement.firstReading) + index].history)
    let newest = histories[history].marks.count - 1
    guard newest >= histories[history].first else { return false }
    let since = histories[history].marks[newest].time
    guard since <= time, histories[history].marks[newest].badSince == .max else { return false }
    if reading.staleAfter != .max {
      let silentFrom = since.saturatingPlus(reading.staleAfter)
      guard time <= silentFrom else { return false }
      deadline = min(deadline, silentFrom.saturatingPlus(1))
    }
    scratch[index] = .number(histories[history].marks[newest].number)
    scratchSince[index] = .max
    return true
  }

  /// Keeps what is known, and since when what is not. Only after the rule answered, so that a fault leaves no trace.
  mutating func remember(_ placement: Placement, _ rule: CompiledRule) {
    for index in rule.readings.indices {
      let place = Int(placement.firstReading) + index
      if scratchSince[index] == .max {
        readingStates[place].lastGood = scratch[index]
        readingStates[place].unknownSince = .max
      } else if readingStates[place].unknownSince == .max {
        readingStates[place].unknownSince = scratchSince[index]
      }
    }
  }

  /// One reading as of `time`; `since` says since when it is not good, `.max` when it is. `tolerates` is how long the
  /// last good value of a tag stands.
  @inline(__always)
  func read(
    _ reading: CompiledReading, _ states: [String], _ sight: Sight, _ condition: Int, tolerates: Int64,
    at time: Int64, ends: Bool, _ deadline: inout Int64, _ moves: inout Bool
  ) -> (value: ReadingValue, since: Int64) {
    if sight.group >= 0 { return readGroup(reading, states, sight, condition, at: time, &deadline, &moves) }
    return readOne(
      reading, states, sight, condition, tolerates: tolerates, at: time, ends: ends, &deadline, &moves)
  }

  @inline(__always)
  func readOne(
    _ reading: CompiledReading, _ states: [String], _ sight: Sight, _ condition: Int, tolerates: Int64,
    at time: Int64, ends: Bool, _ deadline: inout Int64, _ moves: inout Bool
  ) -> (value: ReadingValue, since: Int64) {
    let heard = min(firstHeard[Int(sight.asset)], time)
    // Where its window begins, if that hangs on the plant or on the calendar.
    var edge: Int64?
    switch reading.edge {
    case .none, .length: break
    case .anchor: if sight.edge >= 0 { edge = anchors[Int(sight.edge)].moment(at: time) }
    case .period:
      guard sight.edge >= 0 else { return (.notGood, heard) }
      let run = run(sight.edge, at: time)
      edge = run.isOn ? run.from : nil
      deadline = min(deadline, run.to)
      if reading.form == .elapsed || reading.form == .left {
        guard run.isOn else { return (.notGood, time) }
        moves = true
        return (.number(Double(reading.form == .elapsed ? time - run.from : run.to - time) / 1e6), .max)
      }
    }
    // The tree has no such asset, or the asset names none.
    guard sight.history >= 0 else { return (.notGood, heard) }
    if !unknownActivities.isEmpty, unknownActivities.contains(sight.history) { return (.notGood, time) }
    let historyIndex = Int(sight.history)
    var steps = 0
    defer { work.steps += steps }
    guard let index = histories[historyIndex].search(time, &steps) else {
      switch reading.form {
      case .quality: return (.text("stale"), .max)
      case .age: return (.number(.infinity), .max)
      case .stale: return (.boolean(true), .max)
      case .active: return (.boolean(false), .max)
      case .fired: return (.number(0), .max)
      default: return (.notGood, heard)
      }
    }
    let mark = histories[historyIndex].marks[index]

    // Silence.
    var since = mark.badSince
    let silentFrom = silentFrom(mark, reading, sight, at: time)
    if silentFrom != .max {
      if time > silentFrom {
        since = min(since, silentFrom)
      } else {
        deadline = min(deadline, silentFrom.saturatingPlus(1))
        // A silence that has ended since, when the question is of an earlier moment.
        if sight.beat >= 0, tags[Int(sight.beat)].newest > time,
          let silence = histories[historyIndex].silence(after: index)
        {
          deadline = min(deadline, silence)
        }
      }
    }
    // The newest moment at which what a window sees changed.
    let newest = time > silentFrom ? max(silentFrom, mark.time) : mark.time
    if reading.window > 0, newest.saturatingPlus(reading.window) > time { moves = true }
    if edge != nil { moves = true }

    switch reading.form {
    case .latest:
      if mark.number.isNaN { return (.notGood, min(since, time)) }
      if since != .max, !stands(since, tolerates, time, ends, &deadline) { return (.notGood, since) }
      return (typed(mark.number, reading.kind, states, historyIndex), since)
    case .previous:
      if mark.previous.isNaN { return (.notGood, min(since, time)) }
      if since != .max, !stands(since, tolerates, time, ends, &deadline) { return (.notGood, since) }
      return (typed(mark.previous, reading.kind, states, historyIndex), since)
    case .quality:
      if time > silentFrom || mark.aged { return (.text("stale"), .max) }
      return (.text("\(mark.quality)"), .max)
    case .age:
      moves = true
      return (.number(Double(time - mark.sampledAt) / 1e6), .max)
    case .stale:
      let end = mark.sampledAt.saturatingPlus(reading.span)
      if time > end || time > silentFrom || mark.quality == .stale || mark.aged { return (.boolean(true), .max) }
      deadline = min(deadline, end.saturatingPlus(1))
      return (.boolean(false), .max)
    case .unchangedFor:
      guard since == .max else { return (.notGood, since) }
      moves = true
      return (.number(Double(time - mark.changedAt) / 1e6), .max)
    case .active: return (.boolean(mark.number == 1), .max)
    case .smoothed:
      guard since == .max else { return (.notGood, since) }
      let lag = histories[historyIndex].lag(at: time, index, alive: silentFrom, sight.track, constant: reading.span)
      return lag.map { (.number($0), .max) } ?? (.notGood, time)
    case .average, .minimum, .maximum, .spread, .total, .mean, .count, .change, .rate, .increase, .crossings, .timeIn,
      .fired:
      let span: Span
      if reading.edge == .length {
        span = histories[historyIndex].span(reading.window, endingAt: time, index, alive: silentFrom, &steps)
      } else if let edge {
        span = histories[historyIndex].span(from: edge, to: time, index, alive: silentFrom, &steps)
      } else {
        return (.notGood, time)
      }
      if reading.form == .change {
        guard since == .max else { return (.notGood, since) }
        guard let old = histories[historyIndex].good(before: span) else { return (.notGood, time) }
        return (.number(mark.number - old), .max)
      }
      if reading.form == .fired {
        let count = histories[historyIndex].activations(span)
        if count > 0 { moves = true }
        return (.number(Double(count)), .max)
      }
      let number = histories[historyIndex].amount(of: reading, span, sight.track, &steps)
      return number.map { (.number($0), .max) } ?? (.notGood, time)
    case .elapsed, .left:
      preconditionFailure("loading refuses what is elapsed of a window that is no period")
    }
  }

  /// From when on a tag is silent for too long, as far as is known; `.max` when its silence says nothing.
  @inline(__always)
  func silentFrom(
    _ mark: History.Mark, _ reading: CompiledReading, _ sight: Sight, at time: Int64
  ) -> Int64 {
    guard reading.staleAfter != .max else { return .max }
    let lastSign = sight.beat < 0 ? mark.time : tags[Int(sight.beat)].newest
    return lastSign == .min
      ? min(firstHeard[Int(sight.asset)], time) : lastSign.saturatingPlus(reading.staleAfter)
  }

  /// Whether the last good value of a tag that is not good since then still stands.
  private func stands(_ since: Int64, _ tolerates: Int64, _ time: Int64, _ ends: Bool, _ deadline: inout Int64) -> Bool
  {
    let until = since.saturatingPlus(tolerates)
    guard time < until || (ends && time == until && tolerates > 0) else { return false }
    deadline = min(deadline, until)
    return true
  }

  @inline(__always)
  private func typed(
    _ number: Double, _ kind: CompiledReading.Kind, _ states: [String], _ history: Int
  ) -> ReadingValue {
    switch kind {
    case .number: .number(number)
    case .boolean: .boolean(number != 0)
    case .states: .text(states[Int(number)])
    case .text: .text(histories[history].texts[Int(number)])
    }
  }
}
