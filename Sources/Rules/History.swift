/// What is kept of one tag so that readings can be asked as of any moment a rule may still be asked about: its samples
/// within the longest window, with running totals, so that a window costs two look-ups however many samples it holds.
/// Times are microseconds since the epoch.
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
    /// How many samples there were up to here. It wraps around, like the differences taken of it.
    var ordinal: Int32

    var countsInWindows: Bool { quality == .good }
  }

  /// What the readings of the tag ask after beside its marks.
  struct Needs: OptionSet, Sendable {
    let rawValue: UInt8
    static let totals = Needs(rawValue: 1)
    static let powers = Needs(rawValue: 2)
    static let extremes = Needs(rawValue: 4)
    /// A window whose left edge stands still for a time: the evaluator says how far back it reaches.
    static let pins = Needs(rawValue: 8)
  }

  var marks: [Mark] = []
  // Beside the marks, where they are needed, and one more than there are marks: the first is of what came before.
  var totals: [Totals] = []
  var powers: [Powers] = []
  var tracks: [Track] = []
  // Beside the marks, one each. Highs are kept as lows of the opposite.
  var lows = Extremes()
  var highs = Extremes()
  /// Beside the thinned marks: what each adds to the sums, of what was left out before it as well.
  var blocks: [Sums] = []
  /// A tag of type text keeps its texts here; its numbers are places in this list.
  private(set) var texts: [String] = []
  /// The newest good value among the forgotten: `change` may reach back to it.
  private(set) var forgottenGood: Double = .nan
  /// `.max` unless the tag shows life itself.
  let staleAfter: Int64
  /// How far back a question may be asked: lateness of the rules that read the tag; and how far back marks are needed
  /// for that: it and the longest window.
  private(set) var lateness: Int64 = 0
  private(set) var keep: Int64 = 0
  /// The lengths of the windows that are read, each once.
  private(set) var windows: [Int64] = []
  private var firstMark: Int32 = 0
  /// Marks before this place have been thinned, and how many may follow before the next time.
  var thinnedEnd: Int32 = 0
  var thinAt = History.firstThinning
  private(set) var needs: Needs = []

  init(staleAfter: Int64) { self.staleAfter = staleAfter }

  /// Of so many marks or more: its memory counts, of a shorter one the work of moving what is left.
  static let longArray = 1_024

  /// Marks before this index are forgotten, removed when they are half of the array, in a long one a third.
  var first: Int { Int(firstMark) }
  var isEmpty: Bool { first == marks.count }
  var newest: Mark? { marks.last }

  /// Whether a sample says again what the newest mark says: same time, quality and value (S3).
  func repeats(time: Int64, number: Double?, quality: Quality) -> Bool {
    guard let newest = marks.last, newest.time == time, newest.quality == quality else { return false }
    return number == nil || newest.number == number
  }

  // MARK: What is read

  /// That questions are asked as of moments up to `lateness` ago, over a window of this length.
  mutating func keep(window: Int64, lateness: Int64) {
    self.lateness = max(self.lateness, lateness)
    if window > 0, !windows.contains(window) { windows.append(window) }
    keep = (windows.max() ?? 0).saturatingPlus(self.lateness)
  }

  mutating func need(_ more: Needs) {
    needs.formUnion(more)
    removeAll()
  }

  /// The place of a track of this kind, made if there is none.
  mutating func track(_ kind: Track.Kind) -> Int32 {
    if let known = tracks.firstIndex(where: { $0.kind == kind }) { return Int32(known) }
    tracks.append(Track(kind))
    return Int32(tracks.count - 1)
  }

  // MARK: Writing

  /// Adds a sample, or a change of quality that is none; `time` is not before the newest sample.
  mutating func push(
    time: Int64, number: Double?, quality: Quality, aged: Bool, isSample: Bool = true, silentFrom: Int64 = .max
  ) {
    while marks.count > first, let last = marks.last, last.time > time, last.sampledAt < last.time { removeLast() }
    var mark = Mark(
      time: time, sampledAt: isSample ? time : .min, number: .nan, changedAt: time, previous: .nan, badSince: .max,
      quality: quality, aged: aged, ordinal: 0)
    let last = marks.last
    if let last {
      mark.number = last.number
      mark.changedAt = last.changedAt
      mark.previous = last.previous
      mark.ordinal = last.ordinal
      if !isSample { mark.sampledAt = last.sampledAt }
    }
    if isSample { mark.ordinal &+= 1 }
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
    if !needs.isDisjoint(with: [.totals, .powers, .extremes]) || !tracks.isEmpty {
      grow(last, mark, hasValue: number != nil, isSample: isSample, silentFrom)
    }
    marks.appendSparingly(mark)
  }

  /// What is kept beside the marks, for one more.
  mutating func grow(_ last: Mark?, _ mark: Mark, hasValue: Bool, isSample: Bool, _ silentFrom: Int64) {
    let stretch = last.map { $0.stretch(until: mark.time, staleAfter, alive: silentFrom) } ?? 0
    let good = mark.quality == .good && hasValue ? mark.number : nil
    if needs.contains(.totals) {
      var next = totals[totals.count - 1]
      next.add(last, stretch, good, isSample: isSample)
      totals.appendSparingly(next)
    }
    if needs.contains(.powers) {
      var next = powers[powers.count - 1]
      next.add(last, stretch, mark.time, good, isSample: isSample)
      powers.appendSparingly(next)
    }
    if needs.contains(.extremes) {
      lows.append(good ?? .infinity)
      highs.append(good.map { -$0 } ?? .infinity)
    }
    for index in tracks.indices { tracks[index].append(last, stretch, good, texts) }
  }

  /// The place of a text among this history's texts, appended when it is not the newest one's.
  mutating func place(of text: String) -> Double {
    if let newest = marks.last, !newest.number.isNaN, texts[Int(newest.number)] == text { return newest.number }
    if texts.count > 2 * (marks.count - first) + 64 { forgetTexts() }
    texts.append(text)
    return Double(texts.count - 1)
  }

  /// Forgets what no rule can ask about any more: all before the mark in force at `oldest - keep`, where `oldest`
  /// is the newest mark or, if that is earlier, the first deadline that waits; but not what is in force at `pins`, the
  /// left edges of windows that stand still. Gives how many marks it moved.
  @discardableResult
  mutating func trim(before oldest: Int64, pins: [Int64] = []) -> Int {
    guard let newest = marks.last else { return 0 }
    var edge = min(newest.time, oldest).saturatingMinus(keep)
    // The edge of a window of many samples moves in steps, and may lie one behind.
    if marks.count - first > History.manySamples / 2 { edge = edge.saturatingMinus(History.step(of: keep)) }
    for pin in pins { edge = min(edge, pin) }
    let start = first
    while first + 1 < marks.count, marks[first + 1].time <= edge {
      if !marks[first].number.isNaN { forgottenGood = marks[first].number }
      firstMark += 1
    }
    var moved = first - start
    // Values too great for the digits of a sum leave nothing else in it: with the last of them it is added up again from
    // the samples.
    if needs.contains(.totals), first > start, totals[first].huge != totals[start].huge,
      totals[first].huge == totals[marks.count].huge
    {
      sumAnew()
      moved += marks.count - first
    }
    if first > 16, first * (marks.count < History.longArray ? 2 : 3) > marks.count {
      moved += marks.count - first
      removeForgotten()
    }
    if marks.count - max(first, Int(thinnedEnd)) > Int(thinAt) {
      moved += marks.count - first
      thin(before: oldest, pins: pins)
    }
    return moved
  }

  /// Removes the forgotten marks from the arrays.
  mutating func removeForgotten() {
    guard first > 0 else { return }
    marks.removeFirst(first)
    if !totals.isEmpty { totals.removeFirst(first) }
    if !powers.isEmpty { powers.removeFirst(first) }
    for index in tracks.indices { tracks[index].removeFirst(first) }
    blocks.removeFirst(min(first, blocks.count))
    if needs.contains(.extremes) {
      replaceExtremes(lows.nodes[first...].map(\.value), highs.nodes[first...].map(\.value))
    }
    thinnedEnd = max(0, thinnedEnd - firstMark)
    firstMark = 0
  }

  mutating func replaceExtremes(_ lowest: [Double], _ highest: [Double]) {
    lows.replace(lowest)
    highs.replace(highest)
  }

  /// Takes back the newest marks.
  mutating func removeLast(_ count: Int) {
    for _ in 0..<count { removeLast() }
  }

  private mutating func removeLast() {
    marks.removeLast()
    if needs.contains(.totals) { totals.removeLast() }
    if needs.contains(.powers) { powers.removeLast() }
    if needs.contains(.extremes) {
      lows.removeLast()
      highs.removeLast()
    }
    for index in tracks.indices { tracks[index].removeLast() }
    if blocks.count > marks.count { blocks.removeLast() }
    thinnedEnd = min(thinnedEnd, Int32(marks.count))
  }

  /// A clock step back to `time`: what is newer leaves.
  mutating func removeNewer(than time: Int64) {
    while first < marks.count, let last = marks.last, last.time > time { removeLast() }
    // Nothing older is left to go on from: what was forgotten is newer, too.
    if isEmpty { removeAll() }
  }

  private mutating func removeAll() {
    marks.removeAll()
    firstMark = 0
    totals = needs.contains(.totals) ? [Totals()] : []
    powers = needs.contains(.powers) ? [Powers()] : []
    for index in tracks.indices { tracks[index].removeAll() }
    lows.removeAll()
    highs.removeAll()
    blocks.removeAll()
    thinnedEnd = 0
    thinAt = History.firstThinning
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

  /// Takes over the marks of a history of the same tag; what is kept beside them is set after it.
  mutating func restore(_ marks: [Mark], forgottenGood: Double, _ texts: [String]) {
    removeAll()
    self.marks = marks
    self.forgottenGood = forgottenGood
    self.texts = texts
  }

  // MARK: Asking

  /// Whether a mark that was not thinned is a sample.
  func isSample(_ index: Int) -> Bool {
    index > first ? marks[index].ordinal != marks[index - 1].ordinal : marks[index].sampledAt == marks[index].time
  }

  /// When the mark after this one began, if that is no sample.
  func silence(after index: Int) -> Int64? {
    guard index + 1 < marks.count, marks[index + 1].sampledAt < marks[index + 1].time else { return nil }
    return marks[index + 1].time
  }

  /// Index of the mark in force at `time`; nil before the first.
  @inline(__always)
  func index(at time: Int64) -> Int? {
    let high = marks.count - 1
    guard high >= first else { return nil }
    if marks[high].time <= time { return high }
    var steps = 0
    return search(time, &steps)
  }

  /// The mark in force before the newest. Sought from both ends in growing strides: a question is of what just passed
  /// or, for the edge of the longest window, of the first marks, so that it is found at once however many there are.
  func search(_ time: Int64, _ steps: inout Int) -> Int? {
    var low = first
    var high = marks.count - 1
    guard high >= low, marks[low].time <= time else { return nil }
    steps += 1
    if marks[high].time <= time { return high }
    var stride = 1
    while high - low > 2 * stride {
      steps += 2
      if marks[low + stride].time > time {
        high = low + stride
        break
      }
      low += stride
      if marks[high - stride].time <= time {
        low = high - stride
        break
      }
      high -= stride
      stride *= 2
    }
    while high - low > 1 {
      steps += 1
      let middle = (low + high) / 2
      if marks[middle].time <= time { low = middle } else { high = middle }
    }
    return low
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

  /// For how long it was in force and good until `time`; `alive` is until when by a heartbeat.
  @inline(__always)
  func stretch(until time: Int64, _ staleAfter: Int64, alive: Int64) -> Int64 {
    guard countsInWindows else { return 0 }
    return min(time, self.time.saturatingPlus(staleAfter), max(alive, self.time)) - self.time
  }
}
