/// Something kept of a tag along its marks for readings that ask after a value of their own: time in a state, crossings
/// of a limit, a lag. Readings that ask the same share one.
struct Track: Sendable {
  enum Kind: Sendable, Equatable {
    /// The time for which the tag was this number (true is 1, a state its place), or this text.
    case time(in: Double)
    case timeInText(String)
    case crossings(of: Double)
    /// With this time constant, in microseconds.
    case lag(Int64)
    /// A counter that rolls over at the ends of this range; nil where it is not known.
    case counter(ClosedRange<Double>?)
  }
  struct Item: Sendable, Equatable {
    /// Microseconds before the mark, or crossings up to it.
    var count: Int64 = 0
    /// At the mark: 1 while it is the state; the side of the limit, -1 or 1, 0 before it was on one; the lag, NaN
    /// before the first value.
    var level: Double
    /// What a counter's falls hid: its value and this together only grow.
    var hidden = RunningSum()
  }

  let kind: Kind
  /// One more than there are marks: the first is of what came before them.
  private(set) var items: [Item]

  init(_ kind: Kind) {
    self.kind = kind
    items = [Track.start(kind)]
  }

  private static func start(_ kind: Kind) -> Item {
    if case .lag = kind { Item(level: .nan) } else { Item(level: 0) }
  }

  /// `last` was in force and good for `stretch`; `good` is the value of the new mark, nil when it is not good.
  mutating func append(_ last: History.Mark?, _ stretch: Int64, _ good: Double?, _ texts: [String]) {
    var item = items[items.count - 1]
    switch kind {
    case .time(let state):
      if item.level == 1 { item.count += stretch }
      if let good { item.level = good == state ? 1 : 0 }
    case .timeInText(let state):
      if item.level == 1 { item.count += stretch }
      if let good { item.level = texts[Int(good)] == state ? 1 : 0 }
    case .crossings(let limit):
      if let good, good != limit {
        let side: Double = good > limit ? 1 : -1
        if item.level == -side { item.count += 1 }
        item.level = side
      }
    case .lag(let constant):
      if let last, stretch > 0 { item.level = Track.lag(item.level, towards: last.number, stretch, constant) }
      if item.level.isNaN, let good { item.level = good }
    case .counter(let range):
      guard let good, let last, last.number > good else { break }
      item.hidden.add(last.number)
      item.hidden.add(-good)
      item.hidden.add(Track.increase(from: last.number, to: good, range))
    }
    items.appendSparingly(item)
  }

  /// A first-order lag that stood at `level`, after a stretch of a steady value.
  static func lag(_ level: Double, towards value: Double, _ stretch: Int64, _ constant: Int64) -> Double {
    let lag = value + (level - value) * decay(Double(stretch) / Double(constant))
    return lag.isFinite ? lag : value
  }

  /// How far a counter went on when it fell. That is a roll-over if going on over the end of its range is a way of less
  /// than half of it; else it began anew, from the lower end of its range or from nought.
  private static func increase(from old: Double, to new: Double, _ range: ClosedRange<Double>?) -> Double {
    guard let range else { return max(0, new) }
    let way = (range.upperBound - old) + (new - range.lowerBound)
    if way >= 0, way < (range.upperBound - range.lowerBound) / 2 { return way }
    return max(0, new - range.lowerBound)
  }

  mutating func removeLast() { items.removeLast() }
  mutating func removeFirst(_ count: Int) { items.removeFirst(count) }
  mutating func removeAll() { items = [Track.start(kind)] }
  mutating func restore(_ items: [Item]) { self.items = items }

  /// Leaves out the marks at these places, in order.
  mutating func remove(_ dropped: [Int]) { items.remove(dropped, 1) }
}

extension Array {
  /// Appends. What is full grows by a quarter, where an append alone would double it: nearly all memory of a site is in
  /// such arrays.
  @inline(__always)
  mutating func appendSparingly(_ element: Element) {
    if count == capacity, count >= 64 { reserveCapacity(count + count / 4) }
    append(element)
  }

  /// Leaves out what stands at these places, in order, each `offset` further on.
  mutating func remove(_ dropped: [Int], _ offset: Int = 0) {
    guard let first = dropped.first else { return }
    var (next, place) = (0, first + offset)
    for index in place..<count {
      if next < dropped.count, dropped[next] + offset == index {
        next += 1
      } else {
        self[place] = self[index]
        place += 1
      }
    }
    removeLast(count - place)
  }
}
