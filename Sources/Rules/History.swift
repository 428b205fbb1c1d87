/// What is kept of one tag so that readings can be asked as of any moment a rule may still be asked about:
/// its samples within the longest window, with running totals, so that a window costs two look-ups however many
/// samples it holds. Times are microseconds since the epoch.
struct History: Sendable {
  /// A sample, or a change of quality by the session, in force from `time` to the next mark.
  struct Mark: Sendable {
    var time: Int64
    /// When the last sample came: `time`, unless this mark is of the session or of a heartbeat.
    var sampledAt: Int64
    /// The last good value: of this mark if it is good, else carried over. NaN before the first.
    var number: Double
    /// When the good value in `number` came up, and the good value before that (NaN: none).
    var changedAt: Int64
    var previous: Double
    /// Since when the tag has not been good; `.max` when it is.
    var badSince: Int64
    var quality: Quality
    /// Older than its `stale_after` when it arrived: counts in windows, does not make the tag good (S4).
    var aged: Bool

    var countsInWindows: Bool { quality == .good }
  }

  /// Running totals, by mark.
  struct Totals: Sendable {
    // Of everything before the mark's time: good microseconds, and value times microseconds.
    var good: Int64 = 0
    var integral = RunningSum()
    // Up to and including the mark.
    var sum = RunningSum()
    var samples: Int32 = 0
    var changes: Int32 = 0
  }

  private(set) var marks: [Mark] = []
  /// Beside each mark, if a window is read; else empty.
  private(set) var totals: [Totals] = []
  /// Whether a window is read.
  var hasWindows = false
  /// Marks before this index are forgotten, removed when they are half of the array.
  private(set) var first = 0
  /// The newest good value among the forgotten: `change` may reach back to it.
  private(set) var forgottenGood: Double = .nan
  /// Totals up to and including the newest forgotten mark.
  private(set) var forgotten = Totals()
  /// A tag of type text keeps its texts here; its numbers are places in this list.
  private(set) var texts: [String] = []
  /// How far back marks are needed: longest window and lateness of the rules that read the tag.
  var keep: Int64 = 0
  /// `.max` unless the tag shows life itself.
  let staleAfter: Int64

  init(staleAfter: Int64) { self.staleAfter = staleAfter }

  var isEmpty: Bool { first == marks.count }
  var newest: Mark? { marks.last }

  /// Whether a sample says again what the newest mark says: same time, quality and value (S3).
  func repeats(time: Int64, number: Double?, quality: Quality) -> Bool {
    guard let newest = marks.last, newest.time == time, newest.quality == quality else { return false }
    return number == nil || newest.number == number
  }

  /// A window of this length is asked for, as of any time within the lateness.
  mutating func keep(window: Int64, lateness: Int64) { keep = max(keep, window.saturatingPlus(lateness)) }

  // MARK: Writing

  /// Adds a sample, or a change of quality that is none; `time` is not before the newest sample.
  mutating func push(
    time: Int64, number: Double?, quality: Quality, aged: Bool, isSample: Bool = true, silentFrom: Int64 = .max
  ) {
    while marks.count > first, let last = marks.last, last.time > time, last.sampledAt < last.time {
      marks.removeLast()
      if hasWindows { totals.removeLast() }
    }
    var mark = Mark(
      time: time, sampledAt: isSample ? time : .min, number: .nan, changedAt: time, previous: .nan, badSince: .max,
      quality: quality, aged: aged)
    let last = marks.last
    if let last {
      mark.number = last.number
      mark.changedAt = last.changedAt
      mark.previous = last.previous
      if !isSample { mark.sampledAt = last.sampledAt }
    }
    if hasWindows { total(last, time, number, quality, isSample, silentFrom) }
    if quality == .good, let number {
      if mark.number != number {
        if !mark.number.isNaN { mark.previous = mark.number }
        mark.number = number
        mark.changedAt = time
      }
    }
    if quality != .good || aged || silentFrom != .max {
      mark.badSince = min(last?.notGoodSince(at: time, staleAfter) ?? .max, time, silentFrom)
    }
    marks.append(mark)
  }

  private mutating func total(
    _ last: Mark?, _ time: Int64, _ number: Double?, _ quality: Quality, _ isSample: Bool, _ silentFrom: Int64
  ) {
    var next = totals.last ?? Totals()
    if let last, last.countsInWindows {
      let stretch = min(time, last.time.saturatingPlus(staleAfter), max(silentFrom, last.time)) - last.time
      next.good += stretch
      next.integral.add(last.number * Double(stretch))
    }
    if quality == .good, let number {
      if let last, !last.number.isNaN, last.number != number { next.changes &+= 1 }
      if isSample {
        next.sum.add(number)
        next.samples &+= 1
      }
    }
    totals.append(next)
  }

  /// The place of a text among this history's texts, appended when it is not the newest one's.
  mutating func place(of text: String) -> Double {
    if let newest = marks.last, !newest.number.isNaN, texts[Int(newest.number)] == text { return newest.number }
    if texts.count > 2 * (marks.count - first) + 64 { forgetTexts() }
    texts.append(text)
    return Double(texts.count - 1)
  }

  /// Forgets what no rule can ask about any more: all before the mark in force at `oldest - keep`, where `oldest`
  /// is the newest mark or, if that is earlier, the first deadline that waits.
  mutating func trim(before oldest: Int64) {
    guard let newest = marks.last else { return }
    let edge = min(newest.time, oldest).saturatingMinus(keep)
    var wasHuge = false
    while first + 1 < marks.count, marks[first + 1].time <= edge {
      if marks[first].number.magnitude > 1e15 { wasHuge = true }
      if !marks[first].number.isNaN { forgottenGood = marks[first].number }
      if hasWindows { forgotten = totals[first] }
      first += 1
    }
    if wasHuge, hasWindows { return recount() }
    if first > 16, first * 2 > marks.count {
      marks.removeFirst(first)
      if hasWindows { totals.removeFirst(first) }
      first = 0
    }
  }

  /// Sums anew what is kept: sums of values too great for the digits of a sum carry nothing else any more.
  private mutating func recount() {
    marks.removeFirst(first)
    first = 0
    forgotten = Totals()
    totals.removeAll(keepingCapacity: true)
    for (index, mark) in marks.enumerated() {
      total(
        index == 0 ? nil : marks[index - 1], mark.time, mark.number, mark.quality, mark.sampledAt == mark.time,
        mark.quality == .stale && mark.sampledAt < mark.time ? mark.badSince : .max)
    }
  }

  /// Takes back the newest marks.
  mutating func removeLast(_ count: Int) {
    marks.removeLast(count)
    if hasWindows { totals.removeLast(count) }
  }

  /// A clock step back to `time`: what is newer leaves.
  mutating func removeNewer(than time: Int64) {
    while first < marks.count, let last = marks.last, last.time > time {
      marks.removeLast()
      if hasWindows { totals.removeLast() }
    }
    // Nothing older is left to go on from: what was forgotten is newer, too.
    guard isEmpty else { return }
    marks.removeAll()
    totals.removeAll()
    first = 0
    forgotten = Totals()
    forgottenGood = .nan
  }

  private mutating func forgetTexts() {
    var kept: [String] = []
    var places: [Int: Double] = [:]
    func moved(_ number: Double) -> Double {
      guard !number.isNaN else { return number }
      if let place = places[Int(number)] { return place }
      places[Int(number)] = Double(kept.count)
      kept.append(texts[Int(number)])
      return Double(kept.count - 1)
    }
    forgottenGood = moved(forgottenGood)
    for index in marks.indices {
      marks[index].number = moved(marks[index].number)
      marks[index].previous = moved(marks[index].previous)
    }
    texts = kept
  }

  /// Takes over what a history of the same tag had.
  mutating func restore(
    _ marks: [Mark], _ totals: [Totals], _ forgotten: Totals, _ forgottenGood: Double, _ texts: [String]
  ) {
    self.marks = marks
    self.totals = totals
    first = 0
    self.forgotten = forgotten
    self.forgottenGood = forgottenGood
    self.texts = texts
  }

  /// Takes over what a history of the same tag had under another configuration. What only another window needs and was
  /// not counted is counted from the marks that are there.
  mutating func adopt(_ old: History) {
    restore(
      Array(old.marks[old.first...]), hasWindows && old.hasWindows ? Array(old.totals[old.first...]) : [],
      hasWindows ? old.forgotten : Totals(), old.forgottenGood, old.texts)
    if hasWindows, !old.hasWindows || staleAfter != old.staleAfter { recount() }
  }

  // MARK: Asking

  /// When the mark after this one began, if that is no sample.
  func silence(after index: Int) -> Int64? {
    guard index + 1 < marks.count, marks[index + 1].sampledAt < marks[index + 1].time else { return nil }
    return marks[index + 1].time
  }

  /// Index of the mark in force at `time`; nil before the first.
  @inline(__always)
  func index(at time: Int64) -> Int? {
    var high = marks.count - 1
    guard high >= first else { return nil }
    if marks[high].time <= time { return high }
    var low = first
    guard marks[low].time <= time else { return nil }
    while high - low > 1 {
      let middle = (low + high) / 2
      if marks[middle].time <= time { low = middle } else { high = middle }
    }
    return low
  }

  /// Good microseconds and integral (value times microseconds) from the beginning to `time`, given the index in force.
  /// `alive` is until when the newest value is good by its heartbeat.
  @inline(__always)
  private func totals(at time: Int64, _ index: Int?, _ alive: Int64) -> (good: Int64, integral: RunningSum) {
    guard let index else { return isEmpty ? (0, RunningSum()) : (totals[first].good, totals[first].integral) }
    var (good, integral) = (totals[index].good, totals[index].integral)
    guard marks[index].countsInWindows else { return (good, integral) }
    let stretch =
      min(time, marks[index].time.saturatingPlus(staleAfter), max(alive, marks[index].time)) - marks[index].time
    good += stretch
    integral.add(marks[index].number * Double(stretch))
    return (good, integral)
  }

  /// Whether good values cover four fifths of the window that ends at `time`.
  func covers(_ window: Int64, endingAt time: Int64, alive: Int64) -> Bool {
    let good =
      totals(at: time, index(at: time), alive).good - totals(at: time - window, index(at: time - window), alive).good
    return good >= window / 5 * 4
  }

  /// Time-weighted mean over `(time - window, time]`; nil when good values cover less than four fifths of it.
  func average(over window: Int64, endingAt time: Int64, alive: Int64) -> Double? {
    let left = totals(at: time - window, index(at: time - window), alive)
    let right = totals(at: time, index(at: time), alive)
    let good = right.good - left.good
    guard good >= window / 5 * 4, good > 0 else { return nil }
    let average = right.integral.minus(left.integral) / Double(good)
    return average.isFinite ? average : nil
  }

  /// Mean of the good samples in the window; nil without one, or when it is not covered.
  func mean(over window: Int64, endingAt time: Int64, alive: Int64) -> Double? {
    guard covers(window, endingAt: time, alive: alive), let right = index(at: time) else { return nil }
    let left = index(at: time - window)
    let count = totals[right].samples &- (left.map { totals[$0].samples } ?? forgotten.samples)
    guard count > 0 else { return nil }
    let mean = totals[right].sum.minus(left.map { totals[$0].sum } ?? forgotten.sum) / Double(count)
    return mean.isFinite ? mean : nil
  }

  /// How often the good value changed in the window; nil when it is not covered.
  func changes(over window: Int64, endingAt time: Int64, alive: Int64) -> Double? {
    guard covers(window, endingAt: time, alive: alive), let right = index(at: time) else { return nil }
    let left = index(at: time - window)
    return Double(totals[right].changes &- (left.map { totals[$0].changes } ?? forgotten.changes))
  }

  /// Smallest or largest good value in force in the window; nil when it is not covered.
  func extreme(_ better: (Double, Double) -> Bool, over window: Int64, endingAt time: Int64, alive: Int64) -> Double? {
    guard covers(window, endingAt: time, alive: alive), let right = index(at: time) else { return nil }
    let edge = time - window
    var best: Double?
    for index in (index(at: edge) ?? first)...right {
      let mark = marks[index]
      guard mark.countsInWindows, mark.time > edge || mark.time.saturatingPlus(staleAfter) > edge else { continue }
      if best.map({ better(mark.number, $0) }) ?? true { best = mark.number }
    }
    return best
  }

  /// The newest good value at or before `time`.
  func good(atOrBefore time: Int64) -> Double? {
    let number = index(at: time).map { marks[$0].number } ?? forgottenGood
    return number.isNaN ? nil : number
  }
}

extension History.Mark {
  /// Since when the tag is not good, asked at `time` while this mark is in force; `.max` when it is good.
  @inline(__always)
  func notGoodSince(at time: Int64, _ staleAfter: Int64) -> Int64 {
    if badSince != .max { return badSince }
    let end = self.time.saturatingPlus(staleAfter)
    return time > end ? end : .max
  }
}

/// A sum that does not drift: the rounding errors are summed beside it (Knuth's two-sum), so that a year of
/// samples added and a window taken as a difference of two such sums are still exact to the last digit.
struct RunningSum: Sendable, Equatable {
  private(set) var high = 0.0
  private(set) var low = 0.0

  init(high: Double = 0, low: Double = 0) {
    self.high = high
    self.low = low
  }

  @inline(__always)
  mutating func add(_ value: Double) {
    let sum = high + value
    let shadow = sum - high
    low += (high - (sum - shadow)) + (value - shadow)
    high = sum
  }

  @inline(__always)
  func minus(_ other: RunningSum) -> Double { (high - other.high) + (low - other.low) }
}
