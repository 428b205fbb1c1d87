import Foundation
import Rules
import Testing

/// One rule on one machine, worked out the slow way: every sample is kept, and every reading is read from the
/// samples anew whenever the rule is asked. No lateness and no links: what the evaluator must agree with.
struct ReferenceModel {
  struct Sample {
    var time: Int64
    var number: Double
    var good: Bool
  }
  struct Found: Equatable, CustomStringConvertible {
    var time: Int64
    var since: Int64
    var deferredFrom: Int64?
    var evidence: [ReadingValue]
    var description: String { "\(time)<-\(since) \(deferredFrom.map { "deferred \($0) " } ?? "")\(evidence)" }
  }

  let rule: Rule
  private var samples: [String: [Sample]] = [:]
  private var firstHeard = Int64.max
  private var clock = Int64.min
  private var pendingSince: Int64?
  private var activeSince: Int64?
  private var clearingSince: Int64?
  private var next = Int64.max
  private var lastKnown: [ReadingValue?]
  private var unknownSince: [Int64?]
  private var lastDecision: Int64?
  private var held: (since: Int64, fired: Int64, until: Int64)?
  private(set) var decisions: [Found] = []
  private(set) var heldBack: [Int64] = []
  private(set) var cleared: [Int64] = []
  /// What every question saw, newest last.
  private(set) var values: [ReadingValue] = []

  init(_ rule: Rule) {
    self.rule = rule
    lastKnown = rule.readings.map { _ in nil }
    unknownSince = rule.readings.map { _ in nil }
  }

  mutating func take(_ tag: String, _ number: Double, good: Bool, at time: Int64) {
    firstHeard = min(firstHeard, time)
    if let newest = samples[tag]?.last {
      if time < newest.time { return }
      if time == newest.time, good == newest.good, !good || number == newest.number { return }
    }
    let concerns = rule.readings.contains { $0.tag == tag || $0.begins == tag || ($0.tag == "Beaten" && tag == "Beat") }
    if concerns { takeDeadlines(before: max(clock, time)) }
    samples[tag, default: []].append(Sample(time: time, number: number, good: good))
    guard concerns else { return }
    clock = max(clock, time)
    ask(at: clock, isDeadline: false)
  }

  mutating func finish() { if clock > .min { takeDeadlines(before: clock + 1) } }

  private mutating func takeDeadlines(before end: Int64) {
    while min(next, held?.until ?? .max) < end {
      let now = next
      // At one instant what the rule does comes first; and that a decision is taken asks the rule nothing.
      if let due = held, due.until < now {
        held = nil
        decide(at: due.until, since: due.since, deferredFrom: due.fired)
        continue
      }
      clock = max(clock, now)
      ask(at: now, isDeadline: true)
    }
  }

  private mutating func decide(at time: Int64, since: Int64, deferredFrom: Int64?) {
    lastDecision = time
    decisions.append(Found(time: time, since: since, deferredFrom: deferredFrom, evidence: values))
  }

  private mutating func fire(at now: Int64, since: Int64) {
    activeSince = now
    pendingSince = nil
    if let once = rule.atMost?.once.microseconds, let last = lastDecision, now < last + once {
      heldBack.append(now)
      held = (since, now, last + once)
    } else {
      decide(at: now, since: since, deferredFrom: nil)
    }
  }

  private mutating func clear(at now: Int64) {
    activeSince = nil
    clearingSince = nil
    held = nil
    cleared.append(now)
  }

  // MARK: Asking

  private var transition: Int64? {
    pendingSince.map { $0 + rule.heldFor.span(in: []).microseconds }
      ?? clearingSince.map { $0 + rule.releasedFor.span(in: []).microseconds }
  }

  private mutating func ask(at now: Int64, isDeadline: Bool) {
    let ends = isDeadline && transition == now
    var again: [Int64] = []
    var moves = false
    values = []
    for index in rule.readings.indices {
      let reading = rule.readings[index]
      let read = self.read(reading, at: now)
      var value = read.value
      again += read.changesAt
      moves = moves || read.moves
      if value == .notGood {
        let isOfSamples = reading.form == .latest || reading.form == .previous
        let since = isOfSamples ? read.notGoodSince : min(unknownSince[index] ?? .max, read.notGoodSince)
        let until = since + rule.toleratesSpan().microseconds
        if now < until || (ends && now == until && rule.toleratesSpan() > .zero) {
          if case .latest = reading.form {
            value = lastGood(reading.tag, at: now)
          } else if case .previous = reading.form {
            value = previous(reading.tag, at: now)
          } else {
            value = lastKnown[index] ?? .notGood
          }
          if value != .notGood { again.append(until) }
        }
        unknownSince[index] = since
        if value == .notGood, reading.isOptional { value = .absent }
      } else {
        lastKnown[index] = value
        unknownSince[index] = nil
      }
      values.append(value)
    }

    let isTrue = answer(.when)
    var clears: Bool? = isTrue.map { !$0 }
    if isTrue == false, activeSince != nil, rule.hasClearsWhen { clears = answer(.clearsWhen) }
    if activeSince == nil {
      if isTrue != true {
        pendingSince = nil
      } else if let since = pendingSince {
        if ends { fire(at: now, since: since) }
      } else if rule.heldFor == .zero {
        fire(at: now, since: now)
      } else {
        pendingSince = now
      }
    } else if clears != true {
      clearingSince = nil
    } else if clearingSince != nil {
      if ends { clear(at: now) }
    } else if rule.releasedFor == .zero {
      clear(at: now)
    } else {
      clearingSince = now
    }

    if moves, case .span(let every) = rule.every {
      let step = step(of: every.microseconds, at: now)
      again.append((now / step + 1) * step)
    }
    if let transition { again.append(transition) }
    next = again.filter { $0 >= now && ($0 > now || $0 == transition || ends) }.min() ?? .max
  }

  /// How far apart questions are: where a reading moves for ever by itself, the least multiple of `every` that is not
  /// under a thousandth of the time since the newest sample.
  private func step(of every: Int64, at now: Int64) -> Int64 {
    let movesForEver = rule.readings.contains { reading in
      switch reading.form {
      case .age, .unchangedFor, .elapsed, .left: true
      default: reading.form.window.map { $0.length == nil } ?? false
      }
    }
    let heard = rule.readings.filter { !$0.tag.isEmpty }.compactMap { samples($0.tag, upTo: now).last?.time }
    guard movesForEver, let newest = heard.max() else { return every }
    var step = every
    while step * 1_000 < now - newest { step += every }
    return step
  }

  private func answer(_ question: Question) -> Bool? {
    let answer = values.withUnsafeBufferPointer { values in
      rule.ask(question, values, LimitTable([Double]()))
    }
    switch answer {
    case .yes: return true
    case .no: return false
    case .blind, .fault: return nil
    }
  }

  // MARK: Reading

  private func life(_ tag: String) -> Life { TestPlant.classes[0].tags.first { $0.name == tag }?.life ?? .device }
  private func samples(_ tag: String, upTo now: Int64) -> [Sample] { (samples[tag] ?? []).filter { $0.time <= now } }

  /// Stretches in which a sample of the tag was in force and good, one after another.
  private func stretches(_ tag: String, upTo now: Int64) -> [(from: Int64, to: Int64, number: Double)] {
    let all = samples(tag, upTo: now)
    var found: [(from: Int64, to: Int64, number: Double)] = []
    for (index, sample) in all.enumerated() where sample.good {
      let end = index + 1 < all.count ? all[index + 1].time : now
      switch life(tag) {
      case .device: found.append((sample.time, end, sample.number))
      case .itself(let span): found.append((sample.time, min(end, sample.time + span.microseconds), sample.number))
      case .heartbeat(let beat, let span):
        var from = sample.time
        for beat in samples(beat, upTo: now) {
          let (low, high) = (max(beat.time, from), min(beat.time + span.microseconds, end))
          if low < high { found.append((low, high, sample.number)) }
          from = max(from, high)
        }
      }
    }
    return found
  }

  /// Since when the tag has not been good, as of now; nil when it is.
  private func notGoodSince(_ tag: String, at now: Int64) -> Int64? {
    let all = samples(tag, upTo: now)
    guard !all.isEmpty else { return min(firstHeard, now) }
    var since: Int64?
    var events = all.map { ($0.time, Optional($0)) }
    var silentFrom = Int64.max
    var span = Int64.max
    switch life(tag) {
    case .device: break
    case .itself(let after): span = after.microseconds
    case .heartbeat(let beat, let after):
      span = after.microseconds
      silentFrom = min(firstHeard, now)
      // Never heard of, it is not good since the asset's first input (S4), and a sample in a silence does not change that.
      since = silentFrom
      events += samples(beat, upTo: now).map { ($0.time, nil) }
      events.sort { $0.0 < $1.0 }
    }
    var isGood: Bool?
    let isBeaten = silentFrom != .max
    for (time, sample) in events {
      if time > silentFrom { since = min(since ?? .max, silentFrom) }
      if let sample { isGood = sample.good }
      if !isBeaten || sample == nil { if span != .max { silentFrom = time + span } }
      if time <= silentFrom, isGood == true { since = nil }
      if isGood == false { since = min(since ?? .max, time) }
    }
    if now > silentFrom { since = min(since ?? .max, silentFrom) }
    return since
  }

  private func lastGood(_ tag: String, at now: Int64) -> ReadingValue {
    samples(tag, upTo: now).last { $0.good }.map { .number($0.number) } ?? .notGood
  }
  private func previous(_ tag: String, at now: Int64) -> ReadingValue {
    let good = samples(tag, upTo: now).filter(\.good)
    return good.last { $0.number != good.last?.number }.map { .number($0.number) } ?? .notGood
  }

  private func mean(_ weights: [(Double, Double)]) -> Double {
    weights.reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0) { $0 + $1.0 }
  }

  /// Where a window begins that has no length; nil where that is not known.
  private func beginning(of window: Window, at now: Int64) -> Int64? {
    switch window {
    case .length(let length): return now - length.microseconds
    case .this(.span(let span)): return now / span.microseconds * span.microseconds
    case .this: preconditionFailure("the model has no calendar")
    case .since(let tag, let value):
      let goods = samples(tag, upTo: now).filter(\.good)
      let last = goods.indices.last { place in
        (place == 0 || goods[place].number != goods[place - 1].number)
          && (value == nil || value == .number(goods[place].number))
      }
      return last.map { goods[$0].time }
    }
  }

  private func read(
    _ reading: Reading, at now: Int64
  ) -> (value: ReadingValue, notGoodSince: Int64, changesAt: [Int64], moves: Bool) {
    let all = samples(reading.tag, upTo: now)
    let since = notGoodSince(reading.tag, at: now)
    var changesAt: [Int64] = []
    if case .this(.span(let span))? = reading.form.window {
      let begin = now / span.microseconds * span.microseconds
      let end = begin + span.microseconds
      changesAt.append(end)
      if case .elapsed = reading.form { return (.number(Double(now - begin) / 1e6), now, changesAt, true) }
      if case .left = reading.form { return (.number(Double(end - now) / 1e6), now, changesAt, true) }
    }
    guard let newest = all.last else {
      switch reading.form {
      case .quality: return (.text("stale"), 0, [], false)
      case .age: return (.number(.infinity), 0, [], false)
      case .stale: return (.boolean(true), 0, [], false)
      default: return (.notGood, since ?? now, changesAt, false)
      }
    }
    var silentFrom = Int64.max
    switch life(reading.tag) {
    case .device: break
    case .itself(let span): silentFrom = newest.time + span.microseconds
    case .heartbeat(let beat, let span):
      silentFrom = samples(beat, upTo: now).last.map { $0.time + span.microseconds } ?? min(firstHeard, now)
    }
    if silentFrom != .max { changesAt.append(silentFrom + 1) }
    var moves = false
    var window = reading.form.window?.length?.microseconds ?? 0
    if case .smoothed(let constant) = reading.form { window = 40 * constant.microseconds }
    // A window stands still once it holds one stretch only, or none.
    let beats: [Int64] =
      if case .heartbeat(let beat, _) = life(reading.tag) { samples(beat, upTo: now).map(\.time) } else { [] }
    let edges = ([newest.time] + beats + [silentFrom]).filter { $0 <= now }
    if window > 0, (edges.max() ?? 0) + window > now { moves = true }
    var from = now - window
    if let other = reading.form.window, other.length == nil {
      guard let begin = beginning(of: other, at: now) else { return (.notGood, now, changesAt, moves) }
      from = begin
      moves = true
    }
    let covered = stretches(reading.tag, upTo: now).map { ($0.0, $0.1, $0.2) }.filter { $0.1 > from }
    let weights = covered.map { (Double($0.1 - max($0.0, from)), $0.2) }
    let good = covered.reduce(0) { $0 + $1.1 - max($1.0, from) }
    let inWindow = all.filter { $0.good && $0.time > from }
    // The value in force at the left edge belongs to it, also one that is good there for the last time.
    let atEdge =
      notGoodSince(reading.tag, at: from) == nil ? samples(reading.tag, upTo: from).last.map { [$0.number] } ?? [] : []
    let isCovered =
      switch reading.atLeast {
      case nil: good >= (now - from) / 5 * 4
      case .share(let share)?: Double(good) >= share * Double(now - from)
      case .samples(let count)?: inWindow.count >= count
      }
    let goods = all.filter(\.good)
    let before = goods.last { $0.time <= from }
    let steps = zip(goods, goods.dropFirst()).filter { $0.1.time > from }
    func result(_ number: Double?) -> (value: ReadingValue, notGoodSince: Int64, changesAt: [Int64], moves: Bool) {
      (number.map { .number($0) } ?? .notGood, since ?? now, changesAt, moves)
    }
    func windowed(_ number: Double?) -> (value: ReadingValue, notGoodSince: Int64, changesAt: [Int64], moves: Bool) {
      (isCovered ? number.map { .number($0) } ?? .notGood : .notGood, now, changesAt, moves)
    }
    switch reading.form {
    case .latest: return result(since == nil ? newest.number : nil)
    case .previous:
      if case .number(let number) = previous(reading.tag, at: now), since == nil { return result(number) }
      return result(nil)
    case .quality:
      let word = now > silentFrom ? "stale" : newest.good ? "good" : "bad"
      return (.text(word), now, changesAt, false)
    case .age: return (.number(Double(now - newest.time) / 1e6), now, changesAt, true)
    case .stale(let after):
      let end = newest.time + after.microseconds
      if now <= silentFrom { changesAt.append(end + 1) }
      return (.boolean(now > end || now > silentFrom), now, changesAt, false)
    case .unchangedFor:
      guard since == nil else { return result(nil) }
      moves = true
      var changed = newest.time
      for sample in all.filter(\.good).reversed() {
        if sample.number != newest.number { break }
        changed = sample.time
      }
      return result(Double(now - changed) / 1e6)
    case .average: return windowed(good == 0 ? nil : mean(weights))
    case .spread:
      return windowed(good == 0 ? nil : mean(weights.map { ($0.0, pow($0.1 - mean(weights), 2)) }).squareRoot())
    case .total: return windowed(weights.reduce(0) { $0 + $1.0 * $1.1 } / 3.6e9)
    case .mean:
      return windowed(inWindow.isEmpty ? nil : inWindow.reduce(0) { $0 + $1.number } / Double(inWindow.count))
    case .minimum: return windowed((atEdge + covered.map(\.2) + inWindow.map(\.number)).min())
    case .maximum: return windowed((atEdge + covered.map(\.2) + inWindow.map(\.number)).max())
    case .count: return windowed(Double(steps.count { $0.0.number != $0.1.number }))
    case .rate(_, let per):
      let middle = inWindow.reduce(0) { $0 + Double($1.time - from) } / Double(inWindow.count)
      let deviations = inWindow.map { (Double($0.time - from) - middle, $0.number) }
      let squares = deviations.reduce(0) { $0 + $1.0 * $1.0 }
      guard Set(inWindow.map(\.time)).count > 1 else { return windowed(nil) }
      return windowed(deviations.reduce(0) { $0 + $1.0 * $1.1 } / squares * Double(per.microseconds))
    case .increase:
      guard before != nil || !inWindow.isEmpty else { return windowed(nil) }
      // V begins anew from the lower end of its range, the others from nought; 0...31 is too little to roll over.
      let lowest = reading.tag == "V" ? -100.0 : 0
      return windowed(
        steps.reduce(0) { $0 + $1.1.number - ($1.1.number < $1.0.number ? lowest : $1.0.number) })
    case .crossings(.number(let limit), _):
      let sides = goods.filter { $0.number != limit }
      return windowed(
        Double(zip(sides, sides.dropFirst()).count { $1.time > from && ($0.number > limit) != ($1.number > limit) }))
    case .timeIn(.number(let state), _):
      return windowed(weights.filter { $0.1 == state }.reduce(0) { $0 + $1.0 } / 1e6)
    case .smoothed(let constant):
      guard since == nil, let first = goods.first else { return result(nil) }
      return result(
        stretches(reading.tag, upTo: now).reduce(first.number) {
          $1.number + ($0 - $1.number) * exp(-Double($1.to - $1.from) / Double(constant.microseconds))
        })
    case .change:
      guard since == nil, let before else { return (.notGood, since ?? now, changesAt, moves) }
      return result(newest.number - before.number)
    default: preconditionFailure("the model does not know \(reading.form)")
    }
  }
}

extension Reading {
  /// The tag with whose change its window begins.
  var begins: String? { if case .since(let tag, _)? = form.window { tag } else { nil } }
}
