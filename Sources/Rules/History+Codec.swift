// A history as bytes, and back: to the bit, so that it goes on exactly as it would have.
extension History {
  func encode(into writer: inout ByteWriter) {
    writer.integer(marks.count - first)
    for mark in marks[first...] { mark.encode(into: &writer) }
    writer.double(forgottenGood)
    writer.integer(texts.count)
    for text in texts { writer.text(text) }
    if needs.contains(.totals) { for total in totals[first...] { total.encode(into: &writer) } }
    if needs.contains(.powers) { for power in powers[first...] { power.encode(into: &writer) } }
    for track in tracks { for item in track.items[first...] { item.encode(into: &writer) } }
    let thinned = max(0, Int(thinnedEnd) - first)
    writer.integer(thinned)
    writer.integer(Int(thinAt))
    for place in first..<(first + thinned) {
      blocks[place].encode(into: &writer)
      guard needs.contains(.extremes) else { continue }
      writer.double(lows.nodes[place].value)
      writer.double(highs.nodes[place].value)
    }
  }

  mutating func restore(from reader: inout ByteReader) throws(Unreadable) {
    let count = try reader.integer(in: 0...Int64(Int32.max))
    var marks: [Mark] = []
    for _ in 0..<count { marks.appendSparingly(try Mark(from: &reader)) }
    let forgottenGood = try reader.double()
    var texts: [String] = []
    for _ in 0..<(try reader.integer(in: 0...Int64(Int32.max))) { texts.append(try reader.text()) }
    restore(marks, forgottenGood: forgottenGood, texts)
    if needs.contains(.totals) {
      totals.removeAll()
      for _ in 0...count { totals.appendSparingly(try Totals(from: &reader)) }
    }
    if needs.contains(.powers) {
      powers.removeAll()
      for _ in 0...count { powers.appendSparingly(try Powers(from: &reader)) }
    }
    for index in tracks.indices {
      var items: [Track.Item] = []
      for _ in 0...count { items.appendSparingly(try Track.Item(from: &reader)) }
      tracks[index].restore(items)
    }
    let thinned = try reader.integer(in: 0...Int64(count))
    thinnedEnd = Int32(thinned)
    thinAt = Int32(try reader.integer(in: 0...Int64(Int32.max)))
    var lowest: [Double] = []
    var highest: [Double] = []
    for _ in 0..<thinned {
      blocks.append(try Sums(from: &reader))
      guard needs.contains(.extremes) else { continue }
      lowest.append(try reader.double())
      highest.append(try reader.double())
    }
    guard needs.contains(.extremes) else { return }
    for mark in marks[thinned...] {
      lowest.append(mark.countsInWindows ? mark.number : .infinity)
      highest.append(mark.countsInWindows ? -mark.number : .infinity)
    }
    replaceExtremes(lowest, highest)
  }
}

extension History.Mark {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.integer(time)
    writer.integer(sampledAt)
    writer.double(number)
    writer.integer(changedAt)
    writer.double(previous)
    writer.integer(badSince)
    writer.byte(quality.rawValue)
    writer.flag(aged)
    writer.integer(Int(ordinal))
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    let (time, sampledAt) = (try reader.integer() as Int64, try reader.integer() as Int64)
    let number = try reader.double()
    let changedAt: Int64 = try reader.integer()
    let previous = try reader.double()
    let badSince: Int64 = try reader.integer()
    guard let quality = Quality(rawValue: try reader.byte()) else { throw Unreadable(at: reader.offset) }
    let aged = try reader.flag()
    self.init(
      time: time, sampledAt: sampledAt, number: number, changedAt: changedAt, previous: previous, badSince: badSince,
      quality: quality, aged: aged, ordinal: Int32(truncatingIfNeeded: try reader.integer() as Int64))
  }
}

extension History.Totals {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.integer(good)
    integral.encode(into: &writer)
    sum.encode(into: &writer)
    for count in [samples, changes, huge] { writer.integer(Int(count)) }
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    good = try reader.integer()
    integral = try RunningSum(from: &reader)
    sum = try RunningSum(from: &reader)
    // They wrap around, like the differences taken of them.
    samples = Int32(truncatingIfNeeded: try reader.integer() as Int64)
    changes = Int32(truncatingIfNeeded: try reader.integer() as Int64)
    huge = Int32(truncatingIfNeeded: try reader.integer() as Int64)
  }
}

extension History.Powers {
  fileprivate func encode(into writer: inout ByteWriter) {
    squares.encode(into: &writer)
    products.encode(into: &writer)
    for number in [times, timeSquares] {
      writer.integer(Int64(truncatingIfNeeded: number >> 64))
      writer.integer(Int64(truncatingIfNeeded: number))
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    squares = try RunningSum(from: &reader)
    products = try RunningSum(from: &reader)
    times = try Int128(from: &reader)
    timeSquares = try Int128(from: &reader)
  }
}

extension Int128 {
  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    let high: Int64 = try reader.integer()
    let low: Int64 = try reader.integer()
    self = Int128(high) << 64 | Int128(UInt64(bitPattern: low))
  }
}

extension History.Sums {
  fileprivate func encode(into writer: inout ByteWriter) {
    for sum in [integral, sum, squares, products] { sum.encode(into: &writer) }
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    integral = try RunningSum(from: &reader)
    sum = try RunningSum(from: &reader)
    squares = try RunningSum(from: &reader)
    products = try RunningSum(from: &reader)
  }
}

extension Track.Item {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.integer(count)
    writer.double(level)
    hidden.encode(into: &writer)
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    count = try reader.integer()
    level = try reader.double()
    hidden = try RunningSum(from: &reader)
  }
}

extension RunningSum {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.double(high)
    writer.double(low)
  }

  fileprivate init(from reader: inout ByteReader) throws(Unreadable) {
    self.init(high: try reader.double(), low: try reader.double())
  }
}
