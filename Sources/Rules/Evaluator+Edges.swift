// The left edges of windows that hang on the plant or on the calendar: since a tag changed, from the beginning of the
// running period.

/// When a tag of one asset changed, or became a value: where windows of `since` begin.
struct Anchor: Sendable {
  let tag: Int32
  /// Only when it became that; nil for every change.
  let value: Value?
  /// In order; the last of those that no question is before, and what came after it.
  private(set) var moments: [Int64] = []

  init(tag: Int32, value: Value?) {
    self.tag = tag
    self.value = value
  }

  /// The last one not after `time`; nil when none is known.
  func moment(at time: Int64) -> Int64? { moments.last { $0 <= time } }

  mutating func add(_ time: Int64, before oldest: Int64) {
    if moments.last != time { moments.append(time) }
    if let place = moments.lastIndex(where: { $0 <= oldest }), place > 0 { moments.removeFirst(place) }
  }

  mutating func removeNewer(than time: Int64) { moments.removeAll { $0 > time } }
  mutating func restore(_ moments: [Int64]) { self.moments = moments }
}

/// The stretch of a period that was last asked for.
struct Run: Sendable {
  var from = Int64.max
  var to = Int64.min
  /// Outside all shifts it is not.
  var isOn = false
}

extension Evaluator {
  /// A change of the anchor's tag may come after newer samples of the tag whose window it begins (S1): so much more of
  /// that tag is kept.
  static let anchorSlack: Int64 = 60_000_000

  enum LeftEdge {
    case anchor(Int32)
    case period(Int32)
  }

  /// The place of an anchor, made if there is none.
  mutating func anchor(_ tag: Int32, _ value: Value?) -> Int32 {
    if let known = anchorsByTag[tag]?.first(where: { anchors[Int($0)].value == value }) { return known }
    let place = Int32(anchors.count)
    anchors.append(Anchor(tag: tag, value: value))
    anchorsByTag[tag, default: []].append(place)
    return place
  }

  /// The place of a period, made if there is none.
  mutating func period(_ period: Period) -> Int32 {
    if let known = periods.firstIndex(of: period) { return Int32(known) }
    periods.append(period)
    runs.append(Run())
    return Int32(periods.count - 1)
  }

  /// The run of a period that holds `time`; outside all shifts, the time to the next one.
  @inline(__always)
  func run(_ period: Int32, at time: Int64) -> Run {
    let known = runs[Int(period)]
    if known.from <= time, time < known.to { return known }
    return findRun(period, at: time)
  }

  private func findRun(_ period: Int32, at time: Int64) -> Run {
    let moment = Instant(microseconds: time)
    if let found = periods[Int(period)].running(at: moment, in: configuration.zone, configuration.shifts) {
      return Run(from: found.from.microseconds, to: found.to.microseconds, isOn: true)
    }
    let next = periods[Int(period)].beginning(after: moment, in: configuration.zone, configuration.shifts)
    return Run(from: time, to: next.microseconds, isOn: false)
  }

  /// Where the window begins as of `time`; nil where it has no beginning that is known.
  @inline(__always)
  func leftEdge(_ edge: LeftEdge, at time: Int64) -> Int64? {
    switch edge {
    case .anchor(let place): return anchors[Int(place)].moment(at: time)
    case .period(let place):
      let run = run(place, at: time)
      return run.isOn ? run.from : nil
    }
  }

  /// Forgets what no question as of `oldest` or later can need of a history.
  @inline(__always)
  mutating func trim(_ history: Int, before oldest: Int64) {
    if histories[history].needs.contains(.pins) {
      let pins = pins(of: history, before: oldest)
      work.steps += histories[history].trim(before: oldest, pins: pins)
    } else {
      work.steps += histories[history].trim(before: oldest)
    }
  }

  /// The left edges that questions as of `oldest` (less the lateness) or later may need of a history.
  private mutating func pins(of history: Int, before oldest: Int64) -> [Int64] {
    guard let newest = histories[history].newest else { return [] }
    let earliest = min(newest.time, oldest).saturatingMinus(histories[history].lateness)
    var pins: [Int64] = []
    for edge in pinned[Int32(history)] ?? [] {
      if case .period(let place) = edge { runs[Int(place)] = run(place, at: earliest) }
      if let pin = leftEdge(edge, at: earliest) { pins.append(pin) }
    }
    return pins
  }

  /// A good value of a tag is about to be pushed: whether windows begin with it.
  mutating func noteAnchors(_ tag: Int32, _ number: Double, at time: Int64, before oldest: Int64) {
    guard let places = anchorsByTag[tag], case let history = Int(tags[Int(tag)].history),
      histories[history].newest?.number != number
    else { return }
    for place in places {
      let isMeant =
        anchors[Int(place)].value.map { stands(tag, number, $0) } ?? true
      if isMeant { anchors[Int(place)].add(time, before: oldest.saturatingMinus(histories[history].lateness)) }
    }
  }

  /// Whether a tag's number stands for this value.
  func stands(_ tag: Int32, _ number: Double, _ value: Value) -> Bool {
    switch (value, configuration.model.definition(of: TagID(Int(tag))).type) {
    case (.boolean(let flag), _): number == (flag ? 1 : 0)
    case (.number(let wanted), _): number == wanted
    case (.text(let text), .text): histories[Int(tags[Int(tag)].history)].texts[Int(number)] == text
    case (.text(let name), .states(let names, _)): names[Int(number)] == name
    case (.text, _), (.null, _): false
    }
  }
}

extension Period {
  /// When the next one begins, where none is on; never when there is none.
  func beginning(after time: Instant, in zone: Zone, _ shifts: [Shift]) -> Instant {
    guard case .shift = self else { return .distantFuture }
    let today = zone.day(at: time)
    for day in today...(today + 8) {
      let begin = shifts.filter { $0.days.contains(Weekdays(of: day)) }.map { $0.span.run(on: day, in: zone) }
        .filter { $0.from > time && $0.from < $0.to }.map(\.from).min()
      if let begin { return begin }
    }
    return .distantFuture
  }
}

extension Evaluator {
  /// How many samples and changes of quality are kept of a tag.
  package func marks(of tag: TagID) -> Int {
    let history = Int(tags[Int(tag.index)].history)
    return history < 0 ? 0 : histories[history].marks.count
  }
}

/// How many marks were looked at or moved for readings: work, counted rather than timed.
package final class Work {
  // One thread adds to it, once a change: checking that nobody else does would cost more than the count.
  @exclusivity(unchecked) package internal(set) var steps = 0
}
