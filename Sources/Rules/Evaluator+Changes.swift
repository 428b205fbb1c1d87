// A change of a tag on its way in: its time, its quality, its history, and who is to see it (S3, S4).
extension Evaluator {
  mutating func apply(_ change: borrowing TagChange) {
    let index = Int(change.tag.index)
    guard tags.indices.contains(index) else { return }
    let tag = tags[index]
    var time = change.time.microseconds
    if time > change.arrived.microseconds.saturatingPlus(skews[Int(tag.source)]) {
      time = change.arrived.microseconds
      counts.ahead += 1
    }
    // Beyond any calendar: far enough from the limits that no sum or difference of times overflows.
    time = min(max(time, -Evaluator.endOfTime), Evaluator.endOfTime)
    if change.arrived.microseconds.saturatingMinus(time) > Evaluator.pastAfter.microseconds, isPast(index, change, time)
    {
      return
    }
    if !behind.isEmpty { behind[Int32(index)] = nil }
    if firstHeard[Int(tag.asset)] == .max { firstHeard[Int(tag.asset)] = time }
    if time < tag.newest, isLate(index, time) { return }
    tags[index].lateRun = 0

    let start = Int(readerStart[index])
    let end = Int(readerStart[index + 1])
    let history = Int(tag.history)
    guard start < end || history >= 0 || pulses[Int32(index)] != nil else {
      counts.taken += 1
      tags[index].newest = time
      return
    }

    let gate = gates[Int(tag.gate)]
    var number: Double?
    var quality = change.quality
    if gate.isNumber, quality == .good, case .number(let sent) = change.value {
      // Comparisons with NaN are false, so it is bad too.
      if sent >= gate.lowest, sent <= gate.highest { number = sent } else { quality = .bad }
    } else {
      if case .text(let text) = change.value, text.utf8.count > Value.longestText, meaning >= .growingSteps {
        quality = .bad
      }
      let admitted = definitions[Int(gate.definition)].admit(change.value, quality)
      quality = admitted.quality
      number = admitted.number
      if history >= 0, let text = admitted.text { number = histories[history].place(of: text) }
    }
    if change.retainedWithoutTime { quality = .stale }
    if history >= 0, time == tag.newest, histories[history].repeats(time: time, number: number, quality: quality) {
      counts.duplicate += 1
      return
    }
    counts.taken += 1
    if quality != .good { counts.notGood += 1 }
    let aged = gate.staleAfter != .max && time.saturatingPlus(gate.staleAfter) < change.arrived.microseconds

    // Deadlines the new clocks have passed are taken before the change is applied.
    let now = Instant(microseconds: time)
    var oldest = now
    for place in start..<end {
      let condition = Int(readerList[place])
      // Those that look at others come last; as of when they are asked, and those that look at this one, is still needed.
      if placements[condition].readsOthers {
        oldest = min(oldest, oldestQuestion(of: condition))
        continue
      }
      if placements[condition].isRead { oldest = min(oldest, conditions[condition].next) }
      let horizon = links.horizon(placements[condition].sourceSet, clock: max(conditions[condition].clock, now))
      if conditions[condition].next < horizon { settle(condition, before: horizon) }
      // Not taken: a source is down, or the rule failed. What was then is still needed.
      oldest = min(oldest, conditions[condition].next)
    }
    let previous = tags[index].newest
    tags[index].newest = time
    if history >= 0 {
      var silentFrom = Int64.max
      if !beats.isEmpty, let beat = beats[Int32(index)] {
        let isFirst = histories[history].newest == nil
        silentFrom = mute(Int32(index), from: tags[Int(beat)].newest, to: time) ?? .max
        // Never heard of before, and silent still: it has not been good since the asset's first input (S4).
        if isFirst, silentFrom != .max { silentFrom = min(silentFrom, firstHeard[Int(tag.asset)]) }
      }
      if !anchorsByTag.isEmpty, quality == .good, let number {
        noteAnchors(Int32(index), number, at: time, before: oldest.microseconds)
      }
      histories[history].push(time: time, number: number, quality: quality, aged: aged, silentFrom: silentFrom)
      trim(history, before: oldest.microseconds)
    }
    if !pulses.isEmpty { pulse(Int32(index), from: previous, to: time) }
    for place in start..<end {
      let condition = Int(readerList[place])
      if placements[condition].readsOthers { deferForChange(condition, at: now) } else { advance(condition, to: now) }
    }
  }

  /// A sample that is older on arrival than this and the longest window over its tag is past.
  package static let pastAfter = TimeSpan.hours(24)

  /// Whether a change that came more than a day after its time is past (S4): it moves no clock, opens no window and does
  /// not count as a sign of life. The first past sample of a tag is reported, and the first after one that was not past.
  private mutating func isPast(_ index: Int, _ change: borrowing TagChange, _ time: Int64) -> Bool {
    guard meaning >= .growingSteps else { return false }
    let behindBy = change.arrived.microseconds.saturatingMinus(time)
    let history = Int(tags[index].history)
    let longest = history < 0 ? 0 : longestWindow(over: Int32(history))
    guard behindBy > Evaluator.pastAfter.microseconds.saturatingPlus(longest) else { return false }
    counts.past += 1
    if behind[Int32(index)] == nil {
      let asset = configuration.model.assets[Int(tags[index].asset)]
      let tag = configuration.model.definition(of: TagID(index)).name
      step.reports.append(
        Report(
          .past, time: change.arrived, asset: asset.path,
          text: "\(tag) is \(TimeSpan(microseconds: behindBy).inWords) behind: is the clock of its device set?"))
    }
    behind[Int32(index)] = time
    return true
  }

  /// How far back the longest window over a history may begin; one that begins when a tag changed says nothing of that.
  private func longestWindow(over history: Int32) -> Int64 {
    let lengths = histories[Int(history)].windows.max() ?? 0
    let hasPeriod = (pinned[history] ?? []).contains { if case .period = $0 { true } else { false } }
    return hasPeriod ? max(lengths, TimeSpan.hours(24).microseconds) : lengths
  }

  /// Tags whose newest sample was past, in order, with its time: their devices' clocks are not set, or what they kept is
  /// too old to be of use.
  package var tagsBehind: [(tag: TagID, time: Instant)] {
    behind.keys.sorted().map { (TagID(Int($0)), Instant(microseconds: behind[$0] ?? 0)) }
  }

  /// Whether a change stamped before the newest of its tag is to be kept out. The sixth in a row that advances is
  /// a clock step, and is taken.
  private mutating func isLate(_ index: Int, _ time: Int64) -> Bool {
    let advances = tags[index].lateRun > 0 && time > tags[index].lateNewest
    tags[index].lateRun = advances ? tags[index].lateRun + 1 : 1
    tags[index].lateNewest = time
    guard tags[index].lateRun > 5 else {
      counts.late += 1
      return true
    }
    clockStep(of: SourceID(Int(tags[index].source)), to: time)
    return false
  }

  /// A heartbeat after a silence: the tags that live by it were stale in between, and are again what they were.
  private mutating func pulse(_ tag: Int32, from previous: Int64, to time: Int64) {
    for dependent in pulses[tag] ?? [] {
      let history = Int(tags[Int(dependent)].history)
      guard history >= 0, let newest = histories[history].newest else { continue }
      let wasSilent = mute(dependent, from: previous, to: time) != nil
      let isGood = newest.quality == .good
      guard newest.quality != .stale, wasSilent || (isGood && newest.badSince != .max) else { continue }
      histories[history].push(
        time: max(time, newest.time), number: isGood ? newest.number : nil, quality: newest.quality,
        aged: newest.aged, isSample: false)
    }
  }

  /// Marks the silence of the heartbeat that a tag lives by, last heard at `beat`, up to `time`; since when it
  /// has been silent, nil when it is not.
  private mutating func mute(_ tag: Int32, from beat: Int64, to time: Int64) -> Int64? {
    guard case .heartbeat(_, let staleAfter) = configuration.model.definition(of: TagID(Int(tag))).life else {
      return nil
    }
    let history = Int(tags[Int(tag)].history)
    let end = beat == .min ? firstHeard[Int(tags[Int(tag)].asset)] : beat.saturatingPlus(staleAfter.microseconds)
    guard end < time else { return nil }
    if history >= 0, let newest = histories[history].newest, newest.quality != .stale, newest.time < time {
      histories[history].push(
        time: max(end + 1, newest.time), number: nil, quality: .stale, aged: false, isSample: false, silentFrom: end)
    }
    return end
  }

  /// More than five late samples in a row that advance among themselves: the source's clock was set back (S3).
  private mutating func clockStep(of source: SourceID, to time: Int64) {
    counts.clockSteps += 1
    let now = Instant(microseconds: time)
    for index in tags.indices where configuration.model.tags[index].source == source {
      guard tags[index].newest > time else { continue }
      tags[index].newest = time
      if tags[index].history >= 0 { histories[Int(tags[index].history)].removeNewer(than: time) }
      for anchor in anchorsByTag[Int32(index)] ?? [] { anchors[Int(anchor)].removeNewer(than: time) }
    }
    for condition in conditions.indices where links.reads(placements[condition].sourceSet, source) {
      guard newest(condition) > now else { continue }
      conditions[condition].clock = now
      waiting[Int32(condition)] = nil
      conditions[condition].waits = false
      abandon(condition, at: now)
      stepBack(condition, to: now)
      if let since = conditions[condition].blindSince, since > now { conditions[condition].blindSince = now }
      guard conditions[condition].faults < Evaluator.strikes else { continue }
      conditions[condition].due = now
      conditions[condition].calendarChanges = .distantPast
      enqueue(condition)
    }
    step.reports.append(
      Report(
        .clockStep, time: now,
        text:
          "the clock of source \(configuration.sources[Int(source.index)].name) was set back; \(now) is taken from here"
      ))
  }
}
