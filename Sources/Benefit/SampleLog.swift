import Rules

/// The good samples of one tag, kept for what is measured in the data.
package struct SampleLog: Sendable {
  package private(set) var times: [Int64] = []
  package private(set) var values: [Double] = []

  mutating func take(_ change: TagChange, _ definition: TagDefinition) {
    guard change.quality == .good, case .number(let number) = change.value, number.isFinite,
      definition.credible?.contains(number) ?? true
    else { return }
    // In the order of time; what comes late or again is passed over, as for the rules.
    guard change.time.microseconds > times.last ?? .min else { return }
    times.append(change.time.microseconds)
    values.append(number)
  }
}

/// Energy that is missing against a power curve, row by row (`Shortfall`).
struct ShortfallMeter {
  let shortfall: Shortfall
  /// By bin, or the curve itself.
  private let expected: Expected

  private enum Expected {
    case curve(Curve)
    case bins(width: Double, median: [Int: Double])
  }

  /// `pairs` are the samples of all assets of the rule's class: power, and what the curve goes by. Nil when the rule
  /// has no such curve.
  init?(_ shortfall: Shortfall, limits: [Limit], pairs: [(power: SampleLog, against: SampleLog)]) {
    self.shortfall = shortfall
    switch shortfall.curve {
    case .limit(let name):
      guard case .curve(let curve)? = limits.first(where: { $0.name == name })?.value else { return nil }
      expected = .curve(curve)
    case .learned(let width, let from, let to):
      var bins: [Int: [Double]] = [:]
      for (power, against) in pairs {
        for row in Self.rows(power, against, from: from.microseconds, to: to.microseconds) where row.power > 0 {
          bins[Self.bin(row.against, width), default: []].append(row.power)
        }
      }
      expected = .bins(width: width, median: bins.mapValues(Self.median))
    }
  }

  /// kWh that are missing from `unavoidable` after the decision (that row included) to the clear (not included).
  func energy(_ power: SampleLog, _ against: SampleLog, decided: Instant, cleared: Instant) -> Double {
    let from = decided + shortfall.unavoidable
    let hours = shortfall.row.seconds / 3600
    var sum = 0.0
    for row in Self.rows(power, against, from: from.microseconds, to: cleared.microseconds) {
      sum += max(0, expected(at: row.against) - max(row.power, 0)) * hours
    }
    return sum
  }

  private func expected(at against: Double) -> Double {
    switch expected {
    case .curve(let curve): curve.value(at: against)
    case .bins(let width, let median): median[Self.bin(against, width)] ?? 0
    }
  }

  private static func bin(_ number: Double, _ width: Double) -> Int {
    let place = (number / width).rounded(.down)
    return place.magnitude < 1e15 ? Int(place) : 0
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Moments in `from ..< to` at which both were sampled.
  private static func rows(
    _ power: SampleLog, _ against: SampleLog, from: Int64, to: Int64
  ) -> [(power: Double, against: Double)] {
    var rows: [(power: Double, against: Double)] = []
    var (a, b) = (firstPlace(power.times, from), firstPlace(against.times, from))
    while a < power.times.count, b < against.times.count, power.times[a] < to, against.times[b] < to {
      if power.times[a] == against.times[b] {
        rows.append((power.values[a], against.values[b]))
        a += 1
        b += 1
      } else if power.times[a] < against.times[b] {
        a += 1
      } else {
        b += 1
      }
    }
    return rows
  }

  private static func firstPlace(_ times: [Int64], _ from: Int64) -> Int {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < from { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
