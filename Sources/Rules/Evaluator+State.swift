// The parts of the evaluator's state as bytes, and back.

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
