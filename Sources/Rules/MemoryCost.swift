/// What the state of a site takes in memory, in bytes, reckoned from its configuration.
///
/// A tag that is read keeps a mark for each of its samples within `keep`, the longest window over it and the lateness of
/// who reads it, and beside each mark what its readings ask after:
///
///     a mark = 56, + 56 with totals (average, mean, count, total), + 64 with powers (spread, rate), + 48 with extremes
///              (minimum, maximum), + 32 for each smoothed, increase, crossings, time_in of its own
///
/// At r samples a second that are `s = keep × r + 2` marks; beyond 2,048 of them the edge moves in steps, and s/256 more
/// are kept. However often a tag sends, thinning leaves at most `t`: 6,144 marks (or 6,144 and those within the lateness,
/// where these are many) and 259 for each length of window. Marks that are forgotten stay until they are a third of the
/// array, of one of less than 1,024 a half, and arrays grow by a quarter. With m = min(s, t):
///
///     windows  = Σ over tags of 1.25 × max(17 + m, min(2 × m, max(1,024, 1.5 × m))) × a mark
///     snapshot = the greater of 1/1.25 of that, which is copied as it changes meanwhile, and the bytes of the snapshot
///     fixed    = 300 × tags + 1,024 × conditions
package struct MemoryCost: Sendable, Equatable {
  /// What an engine takes with a site of no tags: program, libraries, SQLite's pages, rules.
  package static let program: Int64 = 52_000_000
  /// So many changes a second are taken at most, spread evenly over the tags that are read.
  package static let mostChanges = 100_000.0

  package var windows: Int64 = 0
  package var fixed: Int64 = 0
  /// What a snapshot adds while it is made.
  package var snapshot: Int64 = 0

  /// The process at its peak.
  package var peak: Int64 { MemoryCost.program + windows + fixed + snapshot }
}

extension Evaluator {
  /// What its state takes when each tag that is read sends so many samples a second; nil: as many as the engine takes
  /// at most.
  package func cost(samplesASecond: Double? = nil) -> MemoryCost {
    let rate = samplesASecond ?? max(1, MemoryCost.mostChanges / Double(max(1, histories.count)))
    var cost = MemoryCost()
    var (copied, encoded) = (0.0, 0.0)
    for history in histories {
      let marks = history.mostMarks(samplesASecond: rate)
      let array = max(17 + marks, min(2 * marks, max(Double(History.longArray), 1.5 * marks)))
      // Short arrays grow by doubling.
      cost.windows += Int64(max(array * 1.25, min(2 * array, 128)) * Double(history.bytesAMark))
      copied += array * Double(history.bytesAMark)
      encoded += marks * Double(history.encodedBytesAMark)
    }
    cost.fixed = 300 * Int64(tags.count) + 1_024 * Int64(conditions.count)
    cost.snapshot = Int64(max(copied, encoded)) + cost.fixed / 2
    return cost
  }

  /// What the arrays of its histories hold at this moment, used or not.
  package var windowBytes: Int {
    histories.reduce(0) { $0 + $1.bytesHeld }
  }
}

extension History {
  /// What is kept for each mark.
  var bytesAMark: Int {
    var bytes = MemoryLayout<Mark>.stride + tracks.count * MemoryLayout<Track.Item>.stride
    if needs.contains(.totals) { bytes += MemoryLayout<Totals>.stride }
    if needs.contains(.powers) { bytes += MemoryLayout<Powers>.stride }
    if needs.contains(.extremes) { bytes += 2 * MemoryLayout<Extremes.Node>.stride }
    return bytes
  }

  /// At most so many of a snapshot's bytes are of one mark: integers take up to ten bytes, times of our days eight.
  var encodedBytesAMark: Int {
    var bytes = 3 * 8 + 2 * 8 + 10 + 2 + 5 + tracks.count * 34
    if needs.contains(.totals) { bytes += 8 + 4 * 8 + 3 * 5 }
    if needs.contains(.powers) { bytes += 4 * 8 + 4 * 10 }
    return bytes
  }

  /// The marks that are kept at this rate, without those that are forgotten and still there.
  func mostMarks(samplesASecond rate: Double) -> Double {
    var samples = Double(keep) / 1e6 * rate + 2
    if samples > Double(History.manySamples) / 2 { samples += Double(History.step(of: keep)) / 1e6 * rate }
    let late = Double(lateness) / 1e6 * rate
    let thinAt = max(
      Double(History.firstThinning), Double(History.manySamples) + late + Double(History.nextThinning))
    return min(samples, thinAt + 259 * Double(windows.count) + 2)
  }

  /// What its arrays have room for.
  var bytesHeld: Int {
    marks.capacity * MemoryLayout<Mark>.stride + totals.capacity * MemoryLayout<Totals>.stride
      + powers.capacity * MemoryLayout<Powers>.stride
      + (lows.nodes.capacity + highs.nodes.capacity) * MemoryLayout<Extremes.Node>.stride
      + tracks.reduce(0) { $0 + $1.items.capacity * MemoryLayout<Track.Item>.stride }
      + blocks.capacity * MemoryLayout<Sums>.stride
  }
}
