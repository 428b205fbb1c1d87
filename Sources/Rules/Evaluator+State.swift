// The evaluator's whole state as bytes: two evaluators with the same bytes give the same steps from there on.
extension Evaluator {
  package func encodeState(into writer: inout ByteWriter) {
    writer.integer(tags.count)
    for tag in tags where tag.newest != .min {
      writer.integer(tag.newest)
      writer.integer(tag.lateNewest)
      writer.byte(tag.lateRun)
    }
    for history in histories { history.encode(into: &writer) }
    for heard in firstHeard { writer.integer(heard) }
    links.encode(into: &writer)
    for condition in conditions { condition.encode(into: &writer) }
    for state in readingStates {
      state.lastGood.encode(into: &writer)
      writer.integer(state.unknownSince)
    }
    for table in [waiting.mapValues { Array($0.left) }, activations] {
      writer.integer(table.count)
      for key in table.keys.sorted() {
        writer.integer(Int(key))
        writer.integer(table[key]?.count ?? 0)
        for moment in table[key] ?? [] { writer.integer(moment.microseconds) }
      }
    }
    for count in [counts.taken, counts.late, counts.duplicate, counts.ahead, counts.notGood, counts.clockSteps] {
      writer.integer(count)
    }
  }
}

extension History {
  func encode(into writer: inout ByteWriter) {
    writer.integer(marks.count - first)
    for mark in marks[first...] {
      writer.integer(mark.time)
      writer.integer(mark.sampledAt)
      writer.double(mark.number)
      writer.integer(mark.changedAt)
      writer.double(mark.previous)
      writer.integer(mark.badSince)
      writer.byte(mark.quality.rawValue)
      writer.flag(mark.aged)
    }
    if hasWindows {
      for total in totals[first...] {
        writer.integer(total.good)
        for sum in [total.integral, total.sum] {
          writer.double(sum.high)
          writer.double(sum.low)
        }
        writer.integer(Int(total.samples))
        writer.integer(Int(total.changes))
      }
    }
    writer.double(forgottenGood)
    writer.integer(texts.count)
    for text in texts { writer.text(text) }
  }
}

extension Links {
  func encode(into writer: inout ByteWriter) {
    for index in states.indices {
      writer.byte(states[index].rawValue)
      writer.integer(ticks[index].microseconds)
      writer.optional(lostAt[index]) { $0.integer($1.microseconds) }
    }
  }
}

extension Condition {
  func encode(into writer: inout ByteWriter) {
    switch phase {
    case .normal: writer.byte(0)
    case .pending(let since):
      writer.byte(1)
      writer.integer(since.microseconds)
    case .active(let since):
      writer.byte(2)
      writer.integer(since.microseconds)
    case .clearing(let since, let active):
      writer.byte(3)
      writer.integer(since.microseconds)
      writer.integer(active.microseconds)
    }
    writer.integer(entered.microseconds)
    writer.integer(clock.microseconds)
    writer.optional(blindSince) { $0.integer($1.microseconds) }
    writer.integer(blindReading)
    writer.flag(blindTold)
    writer.integer(faults)
    writer.integer(deaths)
    writer.integer(next.microseconds)
    writer.integer(wake.microseconds)
  }
}

extension ReadingValue {
  package func encode(into writer: inout ByteWriter) {
    switch self {
    case .notGood: writer.byte(0)
    case .boolean(let flag): writer.byte(flag ? 2 : 1)
    case .number(let number):
      writer.byte(3)
      writer.double(number)
    case .text(let text):
      writer.byte(4)
      writer.text(text)
    }
  }
}
