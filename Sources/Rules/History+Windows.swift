/// The part of a history that a reading looks at: `(from, to]`, and the value in force at its left edge.
struct Span {
  var from: Int64
  var to: Int64
  /// The mark in force at `from`, nil when the history begins later; and the one in force at `to`.
  var left: Int?
  var right: Int
  /// Until when the newest value is good by a heartbeat.
  var alive: Int64

  var length: Int64 { to - from }
}

extension History {
  /// The span of a window that ends at `time`, where `right` is in force.
  @inline(__always)
  func span(_ window: Int64, endingAt time: Int64, _ right: Int, alive: Int64, _ steps: inout Int) -> Span {
    var span = span(from: time.saturatingMinus(window), to: time, right, alive: alive, &steps)
    if marks[right].ordinal &- ordinal(before: span.left) > History.manySamples {
      let step = History.step(of: window)
      span.from = span.from.flooredQuotient(step) * step
      span.left = search(span.from, &steps)
    }
    return span
  }

  @inline(__always)
  func span(from: Int64, to: Int64, _ right: Int, alive: Int64, _ steps: inout Int) -> Span {
    Span(from: from, to: to, left: search(from, &steps), right: right, alive: alive)
  }

  /// How many samples there were up to a mark, or before the first one.
  func ordinal(before left: Int?) -> Int32 {
    if let left { return marks[left].ordinal }
    return isSample(first) ? marks[first].ordinal &- 1 : marks[first].ordinal
  }

  // MARK: What is known

  /// Good microseconds of the span.
  @inline(__always)
  func good(_ span: Span) -> Int64 {
    good(at: span.to, span.right, span.alive) - good(at: span.from, span.left, span.alive)
  }

  /// How many good samples lie in it.
  @inline(__always)
  func samples(_ span: Span) -> Int32 { totals[span.right + 1].samples &- totals[place(span.left)].samples }

  /// Whether enough of the span is good.
  @inline(__always)
  func covers(_ span: Span, _ coverage: CompiledReading.Coverage) -> Bool {
    switch coverage {
    case .fourFifths: good(span) >= span.length / 5 * 4
    case .share(let share): Double(good(span)) >= share * Double(span.length)
    case .samples(let count): samples(span) >= count
    }
  }

  // MARK: What it amounts to

  /// What a reading of the span amounts to; nil when it is not known.
  func amount(of reading: CompiledReading, _ span: Span, _ track: Int32, _ steps: inout Int) -> Double? {
    guard covers(span, reading.coverage) else { return nil }
    return switch reading.form {
    case .average: average(span)
    case .total: total(span)
    case .spread: spread(span)
    case .mean: mean(span)
    case .count: changes(span)
    case .rate: slope(span).flatMap { finite($0 * Double(reading.span)) }
    case .minimum: minimum(span, &steps)
    case .maximum: maximum(span, &steps)
    case .timeIn: Double(time(span, track)) / 1e6
    case .crossings: crossings(span, track)
    case .increase: increase(span, track)
    case .latest, .previous, .quality, .age, .stale, .unchangedFor, .smoothed, .change, .elapsed, .left, .active,
      .fired:
      preconditionFailure("\(reading.form) is no total over a window")
    }
  }

  /// The newest good value at or before the left edge.
  func good(before span: Span) -> Double? {
    let number = span.left.map { marks[$0].number } ?? forgottenGood
    return number.isNaN ? nil : number
  }

  /// Time-weighted mean.
  func average(_ span: Span) -> Double? {
    let good = good(span)
    guard good > 0 else { return nil }
    let right = integral(at: span.to, span.right, span.alive)
    return finite(right.minus(integral(at: span.from, span.left, span.alive)) / Double(good))
  }

  /// Value times hours.
  func total(_ span: Span) -> Double? {
    let right = integral(at: span.to, span.right, span.alive)
    return finite(right.minus(integral(at: span.from, span.left, span.alive)) / 3.6e9)
  }

  /// Time-weighted standard deviation. Mean of the squares less square of the mean, in twice the digits; what even
  /// those cannot tell from rounding, a million-millionth of the mean, is none.
  func spread(_ span: Span) -> Double? {
    let good = Double(self.good(span))
    guard good > 0 else { return nil }
    let integral = integral(at: span.to, span.right, span.alive).less(integral(at: span.from, span.left, span.alive))
    let squares = squares(at: span.to, span.right, span.alive).less(squares(at: span.from, span.left, span.alive))
    let square = integral.times(integral)
    let difference = squares.times(good).minus(square)
    if difference <= square.value * 0x1p-80 { return square.value.isFinite ? 0 : nil }
    return finite(difference.squareRoot() / good)
  }

  /// Mean of the good samples; nil without one.
  func mean(_ span: Span) -> Double? {
    let count = samples(span)
    guard count > 0 else { return nil }
    return finite(totals[span.right + 1].sum.minus(totals[place(span.left)].sum) / Double(count))
  }

  /// How often the good value changed.
  func changes(_ span: Span) -> Double { Double(totals[span.right + 1].changes &- totals[place(span.left)].changes) }

  /// Slope of the least-squares line through the good samples, per microsecond; nil with fewer than two moments.
  func slope(_ span: Span) -> Double? {
    let count = samples(span)
    guard count > 1 else { return nil }
    let (left, right) = (powers[place(span.left)], powers[span.right + 1])
    // About the middle of their times: whole numbers, so nothing is lost however far the epoch is.
    let times = right.times &- left.times
    let middle = times / Int128(count)
    let rest = times - middle * Int128(count)
    let square = (right.timeSquares &- left.timeSquares) &- 2 &* middle &* times &+ middle &* middle &* Int128(count)
    let sum = totals[span.right + 1].sum.less(totals[place(span.left)].sum)
    let product = right.products.less(left.products).minus(sum.times(Double(middle)))
    let spread = Double(square) - Double(rest) * Double(rest) / Double(count)
    guard spread > 0 else { return nil }
    return finite((product - Double(rest) * sum.value / Double(count)) / spread)
  }

  /// The least good value in force; nil without one.
  func minimum(_ span: Span, _ steps: inout Int) -> Double? {
    let least = min(leastAfterEdge(lows, span, &steps), edge(span) ?? .infinity)
    return least < .infinity ? least : nil
  }

  func maximum(_ span: Span, _ steps: inout Int) -> Double? {
    let least = min(leastAfterEdge(highs, span, &steps), edge(span).map { -$0 } ?? .infinity)
    return least < .infinity ? -least : nil
  }

  private func leastAfterEdge(_ extremes: Extremes, _ span: Span, _ steps: inout Int) -> Double {
    let from = span.left.map { $0 + 1 } ?? first
    return from <= span.right ? extremes.least(from, span.right, &steps) : .infinity
  }

  /// The good value in force at the left edge, if only for the last time.
  private func edge(_ span: Span) -> Double? {
    guard let left = span.left, marks[left].countsInWindows else { return nil }
    let end = marks[left].time + marks[left].stretch(until: .max, staleAfter, alive: span.alive)
    return end > span.from || (end == span.from && span.alive >= end) ? marks[left].number : nil
  }

  /// Microseconds for which it was what the track asks after.
  func time(_ span: Span, _ track: Int32) -> Int64 {
    time(at: span.to, span.right, span.alive, track) - time(at: span.from, span.left, span.alive, track)
  }

  func crossings(_ span: Span, _ track: Int32) -> Double {
    let items = tracks[Int(track)].items
    return Double(items[span.right + 1].count - items[place(span.left)].count)
  }

  /// How far a counter went on, from the value in force at the left edge or, if it began later, from its first.
  func increase(_ span: Span, _ track: Int32) -> Double? {
    let items = tracks[Int(track)].items
    var from = span.left ?? first
    while from < span.right, marks[from].number.isNaN { from += 1 }
    let increase =
      (marks[span.right].number - marks[from].number) + items[span.right + 1].hidden.minus(items[from + 1].hidden)
    return finite(increase)
  }

  /// The lag as of `time`, where the mark at `index` is in force.
  func lag(at time: Int64, _ index: Int, alive: Int64, _ track: Int32, constant: Int64) -> Double? {
    let level = tracks[Int(track)].items[index + 1].level
    let stretch = marks[index].stretch(until: time, staleAfter, alive: alive)
    let lag = stretch > 0 ? Track.lag(level, towards: marks[index].number, stretch, constant) : level
    return lag.isNaN ? nil : lag
  }

  // MARK: Totals at a moment

  /// Where the totals up to a mark stand, or of what came before the first.
  @inline(__always)
  private func place(_ index: Int?) -> Int { index.map { $0 + 1 } ?? first }

  @inline(__always)
  private func stretch(_ index: Int, _ time: Int64, _ alive: Int64) -> Int64 {
    marks[index].stretch(until: time, staleAfter, alive: alive)
  }

  @inline(__always)
  private func good(at time: Int64, _ index: Int?, _ alive: Int64) -> Int64 {
    guard let index else { return totals[first + 1].good }
    return totals[index + 1].good + stretch(index, time, alive)
  }

  @inline(__always)
  private func integral(at time: Int64, _ index: Int?, _ alive: Int64) -> RunningSum {
    guard let index else { return totals[first + 1].integral }
    var integral = totals[index + 1].integral
    let stretch = stretch(index, time, alive)
    if stretch > 0 { integral.add(RunningSum(marks[index].number, times: Double(stretch))) }
    return integral
  }

  private func squares(at time: Int64, _ index: Int?, _ alive: Int64) -> RunningSum {
    guard let index else { return powers[first + 1].squares }
    var squares = powers[index + 1].squares
    let stretch = stretch(index, time, alive)
    let number = marks[index].number
    if stretch > 0 { squares.add(RunningSum(number, times: number).times(Double(stretch))) }
    return squares
  }

  private func time(at time: Int64, _ index: Int?, _ alive: Int64, _ track: Int32) -> Int64 {
    let items = tracks[Int(track)].items
    guard let index else { return items[first + 1].count }
    return items[index + 1].count + (items[index + 1].level == 1 ? stretch(index, time, alive) : 0)
  }

  private func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
}
