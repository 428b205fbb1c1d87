// A window that holds more than 4,096 samples moves its left edge in steps of 1/256 of its length, on multiples since
// the epoch. So of the marks behind the newest 4,096 only those are needed in which such a step lies: the others are
// left out, and memory and work have a bound however long a window is. Running totals are not touched by that.
extension History {
  /// So many samples a window may hold before its left edge moves in steps.
  static let manySamples: Int32 = 4_096
  /// So many marks that were not thinned may lie together before it is done,
  static let firstThinning: Int32 = manySamples + nextThinning
  /// and so many more before it is done again.
  static let nextThinning: Int32 = manySamples / 2

  /// By how much the left edge of a window of many samples moves.
  static func step(of window: Int64) -> Int64 { max(1, window / 256) }

  /// Leaves out the marks that no question as of `oldest` (less the lateness) or later can need.
  mutating func thin(before oldest: Int64, pins: [Int64]) {
    removeForgotten()
    defer { thinAt = max(History.firstThinning, Int32(marks.count) - thinnedEnd + History.nextThinning) }
    guard let newest = marks.last,
      case let earliest = min(newest.time, oldest).saturatingMinus(lateness),
      let inForce = index(at: earliest)
    else { return }
    // Behind these lie more than 4,096 samples of any window that begins in them.
    let end = marks[..<inForce].partitioned { marks[inForce].ordinal &- $0.ordinal <= History.manySamples }
    guard end > 1 else { return }

    var dropped: [Int] = []
    var kept: [Sums] = []
    var sums = Sums()
    var lowest = lows.nodes.map(\.value)
    var highest = highs.nodes.map(\.value)
    for place in 0..<end {
      sums.add(place < blocks.count ? blocks[place] : self.sums(ofMarkAt: place))
      if place == 0 || place == end - 1 || isNeeded(place, from: earliest, pins) {
        kept.append(sums)
        sums = Sums()
      } else {
        dropped.append(place)
        guard needs.contains(.extremes) else { continue }
        lowest[place + 1] = min(lowest[place], lowest[place + 1])
        highest[place + 1] = min(highest[place], highest[place + 1])
      }
    }
    blocks = kept
    marks.remove(dropped)
    if needs.contains(.totals) { totals.remove(dropped, 1) }
    if needs.contains(.powers) { powers.remove(dropped, 1) }
    for index in tracks.indices { tracks[index].remove(dropped) }
    if needs.contains(.extremes) {
      lowest.remove(dropped)
      highest.remove(dropped)
      replaceExtremes(lowest, highest)
    }
    thinnedEnd = Int32(kept.count)
  }

  /// Whether the left edge of a window asked at `earliest` or later may lie where this mark is in force.
  private func isNeeded(_ place: Int, from earliest: Int64, _ pins: [Int64]) -> Bool {
    let (from, to) = (marks[place].time, marks[place + 1].time)
    for pin in pins where from <= pin && pin < to { return true }
    for window in windows {
      let step = History.step(of: window)
      let oldest = max(from, earliest.saturatingMinus(window).saturatingMinus(step))
      if (oldest - 1).flooredQuotient(step) != (to - 1).flooredQuotient(step), oldest < to { return true }
    }
    return false
  }
}

extension ArraySlice {
  /// The first place from which on it holds; it holds nowhere before that.
  fileprivate func partitioned(_ holds: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
