extension History {
  /// Running totals up to a mark.
  struct Totals: Sendable {
    // Of everything before the mark's time: good microseconds, and value times microseconds.
    var good: Int64 = 0
    var integral = RunningSum()
    // Up to and including the mark. Counts wrap around, like the differences taken of them.
    var sum = RunningSum()
    var samples: Int32 = 0
    var changes: Int32 = 0
    /// How many values beyond what leaves a sum its digits.
    var huge: Int32 = 0

    /// `last` was good for `stretch`; `good` is the value of the new mark, nil when it is not good.
    @inline(__always)
    mutating func add(_ last: Mark?, _ stretch: Int64, _ good: Double?, isSample: Bool) {
      if let last, stretch > 0 {
        self.good += stretch
        integral.add(RunningSum(last.number, times: Double(stretch)))
      }
      guard let good else { return }
      if let last, !last.number.isNaN, last.number != good { changes &+= 1 }
      if isSample {
        sum.add(good)
        samples &+= 1
      }
      if good.magnitude > History.huge { huge &+= 1 }
    }
  }

  /// Running totals of a higher order, for the readings that need them.
  struct Powers: Sendable {
    /// Before the mark's time: value squared times microseconds.
    var squares = RunningSum()
    // Of the good samples up to and including the mark: their times, the squares of those, and time times value. The
    // integers wrap around; their differences do not, so no digit is lost however far the epoch is.
    var times: Int128 = 0
    var timeSquares: Int128 = 0
    var products = RunningSum()

    @inline(__always)
    mutating func add(
      _ last: Mark?, _ stretch: Int64, _ time: Int64, _ good: Double?, isSample: Bool
    ) {
      if let last, stretch > 0 {
        squares.add(RunningSum(last.number, times: last.number).times(Double(stretch)))
      }
      guard let good, isSample else { return }
      times &+= Int128(time)
      timeSquares &+= Int128(time) &* Int128(time)
      products.add(RunningSum(Double(time), times: good))
    }
  }

  /// Beyond this its square takes the digits of what is summed beside it.
  static let huge = 1e9

  /// The sums among them, of one mark or of several.
  struct Sums: Sendable {
    var integral = RunningSum()
    var sum = RunningSum()
    var squares = RunningSum()
    var products = RunningSum()

    mutating func add(_ other: Sums) {
      integral.add(other.integral)
      sum.add(other.sum)
      squares.add(other.squares)
      products.add(other.products)
    }
  }

  /// What the mark at `index` adds to the sums.
  func sums(ofMarkAt index: Int) -> Sums {
    let mark = marks[index]
    let last = index > first ? marks[index - 1] : nil
    let isSample = isSample(index)
    let silentFrom = mark.quality == .stale && !isSample ? mark.badSince : .max
    let stretch = last.map { $0.stretch(until: mark.time, staleAfter, alive: silentFrom) } ?? 0
    let good = mark.quality == .good ? mark.number : nil
    var totals = Totals()
    totals.add(last, stretch, good, isSample: isSample)
    var powers = Powers()
    if needs.contains(.powers) { powers.add(last, stretch, mark.time, good, isSample: isSample) }
    return Sums(integral: totals.integral, sum: totals.sum, squares: powers.squares, products: powers.products)
  }

  /// Sums anew what is kept.
  mutating func sumAnew() {
    var sums = Sums()
    for index in first...marks.count {
      totals[index].integral = sums.integral
      totals[index].sum = sums.sum
      if needs.contains(.powers) {
        powers[index].squares = sums.squares
        powers[index].products = sums.products
      }
      if index < marks.count { sums.add(index < blocks.count ? blocks[index] : self.sums(ofMarkAt: index)) }
    }
  }
}
