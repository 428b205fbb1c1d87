import Rules

/// What the data of one tag were like. Takes the samples in the order in which the evaluator takes them, in constant
/// memory.
package struct TagQuality: Sendable {
  package private(set) var rows = 0
  /// Older than the newest before: kept out.
  package private(set) var late = 0
  /// Said again: same time, same value.
  package private(set) var doubled = 0
  /// NaN or infinite.
  package private(set) var notANumber = 0
  package private(set) var notCredible = 0
  /// No value at all, or one that is none of the tag's type.
  package private(set) var unreadable = 0
  /// Bad, stale or uncertain by the source's own word.
  package private(set) var markedBad = 0
  package private(set) var first: Instant?
  /// Stretches in which a number stood exactly still; the longest.
  package private(set) var frozen = 0
  package private(set) var longestFrozen: (since: Instant, span: TimeSpan)?
  package private(set) var longestStep: (since: Instant, span: TimeSpan)?

  /// A number of the plant that says exactly the same so often in a row is no measurement any more, or a setpoint.
  package static let frozenRows = 100

  private let definition: TagDefinition
  private let lowest: Double
  private let highest: Double
  private let isNumber: Bool
  /// Numbers that a person or a controller sets stand still by nature; those of a counter, too.
  private let mayFreeze: Bool

  private var newest = Int64.min
  private var newestValue = Value.null
  private var newestNumber = Double.nan
  private var steps = Steps()
  private var sameSince = Int64.min
  private var sameRows = 0

  package init(_ definition: TagDefinition) {
    self.definition = definition
    lowest = definition.credible?.lowerBound ?? -.greatestFiniteMagnitude
    highest = definition.credible?.upperBound ?? .greatestFiniteMagnitude
    switch definition.type {
    case .number: (isNumber, mayFreeze) = (true, true)
    case .counter: (isNumber, mayFreeze) = (true, false)
    case .boolean, .states, .text: (isNumber, mayFreeze) = (false, false)
    }
  }

  package var last: Instant? { newest == .min ? nil : Instant(microseconds: newest) }

  /// The step between samples that half of them keep to; nil before the second sample.
  package var medianStep: TimeSpan? { steps.median.map(TimeSpan.init(microseconds:)) }

  /// Steps longer than ten times the usual one, and than what the tag may be silent for.
  package var gaps: Int {
    guard let limit = gapLimit else { return 0 }
    return steps.count(over: limit)
  }

  private var gapLimit: Int64? {
    guard let median = steps.median else { return nil }
    let ten = median.multipliedReportingOverflow(by: 10)
    let silence: Int64 =
      switch definition.life {
      case .itself(let span), .heartbeat(_, let span): span.microseconds
      case .device: 0
      }
    return max(ten.overflow ? .max : ten.partialValue, silence)
  }

  /// The longest of the gaps.
  package var longestGap: (since: Instant, span: TimeSpan)? {
    guard let limit = gapLimit, let longest = longestStep, longest.span.microseconds > limit else { return nil }
    return longest
  }

  @inline(__always)
  package mutating func take(_ change: borrowing TagChange, isLate: Bool) {
    rows += 1
    if isLate {
      late += 1
      return
    }
    let time = change.time.microseconds
    if isNumber, case .number(let number) = change.value {
      if newest == time, number == newestNumber {
        doubled += 1
      } else {
        step(to: time)
        if number == newestNumber {
          sameRows += 1
        } else {
          thaw(time)
          newestNumber = number
        }
      }
      if !(number >= lowest && number <= highest) {
        if number.isFinite { notCredible += 1 } else { notANumber += 1 }
      }
    } else {
      takeOther(change.value, time)
    }
    if change.quality != .good { markedBad += 1 }
  }

  /// What is no number, which is rare or has no other side to look at.
  private mutating func takeOther(_ value: Value, _ time: Int64) {
    if newest == time, value == newestValue { doubled += 1 } else { step(to: time) }
    newestValue = value
    if isNumber {
      thaw(time)
      newestNumber = .nan
    }
    if case .number(let number) = value, !number.isFinite {
      notANumber += 1
    } else if value == .null || !definition.understands(value) {
      unreadable += 1
    }
  }

  @inline(__always)
  private mutating func step(to time: Int64) {
    if newest == .min {
      first = Instant(microseconds: time)
    } else if time > newest {
      let step = time - newest
      steps.add(step)
      if step > longestStep?.span.microseconds ?? 0 {
        longestStep = (Instant(microseconds: newest), TimeSpan(microseconds: step))
      }
    }
    newest = time
  }

  /// A number other than the one before: what stood still until now did so long enough to be told, or not.
  private mutating func thaw(_ time: Int64) {
    if sameRows + 1 >= Self.frozenRows, mayFreeze {
      frozen += 1
      let span = TimeSpan(microseconds: time - sameSince)
      if span > longestFrozen?.span ?? .zero { longestFrozen = (Instant(microseconds: sameSince), span) }
    }
    sameSince = time
    sameRows = 0
  }

  /// The end of the data ends what stands still.
  package mutating func finish() {
    if newest != .min, !newestNumber.isNaN { thaw(newest) }
  }
}

/// Lengths of steps and how often each came. Data of a plant keep to a few; where they do not, neighbouring lengths are
/// taken together so that there never are more than some thousands.
package struct Steps: Sendable {
  private var counts: [Int64: Int] = [:]
  private var latest: Int64 = -1
  private var run = 0
  /// Lengths are kept to so many leading bits; all of them at first.
  private var bits = 63

  package init() {}

  package mutating func add(_ step: Int64) {
    if step == latest {
      run += 1
    } else {
      change(to: step)
    }
  }

  private mutating func change(to step: Int64) {
    if run > 0 { counts[rounded(latest), default: 0] += run }
    (latest, run) = (step, 1)
    if counts.count > 4096 {
      bits = bits == 63 ? 8 : max(4, bits - 1)
      let finer = counts
      counts = [:]
      for (step, count) in finer { counts[rounded(step), default: 0] += count }
    }
  }

  private func rounded(_ step: Int64) -> Int64 {
    let cut = max(0, 64 - step.leadingZeroBitCount - bits)
    return (step >> Int64(cut)) << Int64(cut)
  }

  private var sorted: [(step: Int64, count: Int)] {
    var all = counts
    if run > 0 { all[rounded(latest), default: 0] += run }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The lower one of the two in the middle.
  package var median: Int64? {
    let sorted = sorted
    let half = (sorted.reduce(0) { $0 + $1.count } + 1) / 2
    var seen = 0
    for (step, count) in sorted {
      seen += count
      if seen >= half { return step }
    }
    return nil
  }

  package func count(over limit: Int64) -> Int { sorted.reduce(0) { $0 + ($1.step > limit ? $1.count : 0) } }
}
