/// A sum that does not drift: the rounding errors are summed beside it (Knuth's two-sum), so that a year of
/// samples added and a window taken as a difference of two such sums are still exact to the last digit.
struct RunningSum: Sendable, Equatable {
  private(set) var high = 0.0
  private(set) var low = 0.0

  init(high: Double = 0, low: Double = 0) {
    self.high = high
    self.low = low
  }

  /// The product of two numbers with all its digits.
  @inline(__always)
  init(_ a: Double, times b: Double) {
    high = a * b
    low = high.isFinite ? (-high).addingProduct(a, b) : 0
  }

  var value: Double { high + low }

  @inline(__always)
  mutating func add(_ value: Double) {
    let sum = high + value
    let shadow = sum - high
    low += (high - (sum - shadow)) + (value - shadow)
    high = sum
  }

  @inline(__always)
  mutating func add(_ other: RunningSum) {
    add(other.high)
    low += other.low
  }

  @inline(__always)
  func minus(_ other: RunningSum) -> Double { (high - other.high) + (low - other.low) }

  /// The difference with its digits, to be worked on.
  func less(_ other: RunningSum) -> RunningSum {
    var difference = self
    difference.add(-other.high)
    difference.low -= other.low
    return difference
  }

  func times(_ factor: Double) -> RunningSum {
    var product = RunningSum(high, times: factor)
    product.low += low * factor
    return product
  }

  func times(_ other: RunningSum) -> RunningSum {
    var product = RunningSum(high, times: other.high)
    product.low += high * other.low + low * other.high
    return product
  }
}
