// The parts of the evaluator's state as bytes, and back.

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
      for total in totals[first...] { total.encode(into: &writer) }
      forgotten.encode(into: &writer)
    }
    writer.double(forgottenGood)
    writer.integer(texts.count)
    for text in texts { writer.text(text) }
  }

  mutating func restore(from reader: inout ByteReader) throws(Unreadable) {
    let count = try reader.integer(in: 0...Int64(Int32.max))
    var marks: [Mark] = []
    for _ in 0..<count { marks.append(try Mark(from: &reader)) }
    var totals: [Totals] = []
    var forgotten = Totals()
    if hasWindows {
      for _ in 0..<count { totals.append(try Totals(from: &reader)) }
      forgotten = try Totals(from: &reader)
    }
    let forgottenGood = try reader.double()
    var texts: [String] = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { texts.append(try reader.text()) }
    restore(marks, totals, forgotten, forgottenGood, texts)
  }
}

extension History.Mark {
  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    let (time, sampledAt) = (try reader.integer() as Int64, try reader.integer() as Int64)
    let number = try reader.double()
    let changedAt: Int64 = try reader.integer()
    let previous = try reader.double()
    let badSince: Int64 = try reader.integer()
    guard let quality = Quality(rawValue: try reader.byte()) else { throw Unreadable(at: reader.offset) }
    self.init(
      time: time, sampledAt: sampledAt, number: number, changedAt: changedAt, previous: previous, badSince: badSince,
      quality: quality, aged: try reader.flag())
  }
}

extension History.Totals {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.integer(good)
    for sum in [integral, sum] {
      writer.double(sum.high)
      writer.double(sum.low)
    }
    writer.integer(Int(samples))
    writer.integer(Int(changes))
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    good = try reader.integer()
    integral = RunningSum(high: try reader.double(), low: try reader.double())
    sum = RunningSum(high: try reader.double(), low: try reader.double())
    // They wrap around, like the differences taken of them.
    samples = Int32(truncatingIfNeeded: try reader.integer() as Int64)
    changes = Int32(truncatingIfNeeded: try reader.integer() as Int64)
  }
}

extension Links {
  func encode(into writer: inout ByteWriter) {
    for index in states.indices {
      writer.byte(states[index].rawValue)
      writer.integer(ticks[index].microseconds)
      writer.optional(lostAt[index]) { (writer, time) in time.encode(into: &writer) }
    }
  }

  mutating func restore(from reader: inout ByteReader) throws(Unreadable) {
    for index in states.indices {
      guard let state = State(rawValue: try reader.byte()) else { throw Unreadable(at: reader.offset) }
      let tick = try Instant(from: &reader)
      let lost = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
      restore(SourceID(index), state, tick: tick, lostAt: lost)
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
    writer.integer(due.microseconds)
    writer.integer(wake.microseconds)
    writer.flag(isOpen)
    writer.integer(calendarChanges.microseconds)
    gate.encode(into: &writer)
  }

  init(from reader: inout ByteReader) throws(Unreadable) {
    switch try reader.byte() {
    case 0: phase = .normal
    case 1: phase = .pending(since: try Instant(from: &reader))
    case 2: phase = .active(since: try Instant(from: &reader))
    case 3:
      let since = try Instant(from: &reader)
      phase = .clearing(since: since, active: try Instant(from: &reader))
    default: throw Unreadable(at: reader.offset)
    }
    entered = try Instant(from: &reader)
    clock = try Instant(from: &reader)
    blindSince = try reader.optional { (reader) throws(Unreadable) in try Instant(from: &reader) }
    blindReading = try reader.integer(in: 0...Int64(Int32.max))
    blindTold = try reader.flag()
    faults = try reader.integer(in: 0...Int64(Int32.max))
    deaths = try reader.integer(in: 0...Int64(Int32.max))
    due = try Instant(from: &reader)
    wake = try Instant(from: &reader)
    isOpen = try reader.flag()
    calendarChanges = try Instant(from: &reader)
    gate = try Gate(from: &reader)
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
    case .absent: writer.byte(5)
    case .group(let group):
      writer.byte(6)
      for number in [group.highest, group.lowest, group.spread, group.mean] { writer.double(number) }
      writer.integer(group.howMany)
      writer.text(group.worst)
    }
  }

  package init(from reader: inout ByteReader) throws(Unreadable) {
    switch try reader.byte() {
    case 0: self = .notGood
    case 1: self = .boolean(false)
    case 2: self = .boolean(true)
    case 3: self = .number(try reader.double())
    case 4: self = .text(try reader.text())
    case 5: self = .absent
    case 6:
      self = .group(
        GroupReading(
          highest: try reader.double(), lowest: try reader.double(), spread: try reader.double(),
          mean: try reader.double(), howMany: try reader.integer(in: 0...Int64(Int32.max)), worst: try reader.text()))
    default: throw Unreadable(at: reader.offset)
    }
  }
}
