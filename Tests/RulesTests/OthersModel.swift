import Rules
import Testing

/// Several rules on one asset that look at other assets, at each other and at what they calculate, worked out the slow
/// way: each rule is followed through all of its moments, one rule after another, and each reading is read from the
/// samples anew. No lateness, no links: what the evaluator must agree with.
struct OthersModel {
  struct Event {
    var asset: String
    var tag: String
    var number: Double
    var good: Bool
    var time: Int64
  }
  struct Found {
    var time: Int64
    var since: Int64
    var evidence: [ReadingValue]
  }

  let rules: [Rule]
  let asset: String
  let events: [Event]
  /// By rule: when it became active (true) or ended to be.
  private var activity: [String: [(time: Int64, isOn: Bool)]] = [:]
  private(set) var decisions: [String: [Found]] = [:]

  /// `rules` in the order in which they look at each other.
  init(_ rules: [Rule], on asset: String, _ events: [Event], until end: Int64) {
    self.rules = rules
    self.asset = asset
    self.events = events
    for rule in rules { follow(rule, until: end) }
  }

  // MARK: Following a rule

  private func assets(_ subject: Subject) -> [String] {
    switch subject {
    case .own: [asset]
    case .ancestor: asset.hasPrefix("P-") && asset != "P-9" ? ["L-1"] : []
    case .reference: asset == "P-1" ? ["P-2"] : asset == "P-2" ? ["P-1"] : []
    case .each: asset == "O-1" ? (1...5).map { "Z-\($0)" } : []
    }
  }

  /// Moments at which a tag changed that the rule reads, itself or by another rule.
  private func changes(_ rule: Rule) -> Set<Int64> {
    var moments: Set<Int64> = []
    for reading in rule.allReadings {
      let seen = assets(reading.subject)
      for event in events where seen.contains(event.asset) && event.tag == reading.tag { moments.insert(event.time) }
      guard let other = rules.first(where: { $0.name == reading.form.otherRule }) else { continue }
      moments.formUnion(changes(other))
    }
    return moments
  }

  /// And those at which a rule that it looks at itself became active or ended to be.
  private func moments(_ rule: Rule) -> Set<Int64> {
    changes(rule).union(rule.otherRules.flatMap { activity[$0] ?? [] }.map(\.time))
  }

  private mutating func follow(_ rule: Rule, until end: Int64) {
    let heldFor = rule.heldFor.span(in: []).microseconds
    let start = TestPlant.start.microseconds
    var moments = moments(rule)
    guard let first = moments.min() else { return }
    if case .span(let every) = rule.every {
      // Multiples since the epoch; asking once too often does no harm.
      var next = ((start + first) / every.microseconds + 1) * every.microseconds - start
      while next <= end {
        moments.insert(next)
        next += every.microseconds
      }
    }
    var left = moments.filter { $0 <= end }.sorted()[...]
    var pendingSince: Int64?
    var isActive = false
    while let now = [left.first, pendingSince.map { $0 + heldFor }].compactMap({ $0 }).min(), now <= end {
      if left.first == now { left.removeFirst() }
      let values = rule.readings.map { value($0, rule, at: now) }
      let answer = values.withUnsafeBufferPointer { rule.ask(.when, $0, LimitTable([Double]())) }
      switch answer {
      case .yes where !isActive:
        let since = pendingSince ?? now
        pendingSince = since
        guard now >= since + heldFor else { continue }
        isActive = true
        pendingSince = nil
        activity[rule.name, default: []].append((now, true))
        decisions[rule.name, default: []].append(Found(time: now, since: since, evidence: values))
      case .yes: break
      case .no:
        pendingSince = nil
        if isActive { activity[rule.name, default: []].append((now, false)) }
        isActive = false
      case .blind, .fault: pendingSince = nil
      }
    }
  }

  // MARK: Reading

  private func latest(_ asset: String, _ tag: String, at now: Int64) -> Double? {
    guard let last = events.last(where: { $0.asset == asset && $0.tag == tag && $0.time <= now }) else { return nil }
    return last.good ? last.number : nil
  }

  private func value(_ reading: Reading, _ rule: Rule, at now: Int64) -> ReadingValue {
    switch reading.form {
    case .active(let name): return .boolean(activity[name]?.last { $0.time <= now }?.isOn ?? false)
    case .fired(let name, let window):
      let from = now - (window.length?.microseconds ?? 0)
      return .number(Double((activity[name] ?? []).count { $0.isOn && $0.time > from && $0.time <= now }))
    case .latest:
      if let calculation = rule.calculations.first(where: { $0.name == reading.tag }) {
        return computed(calculation, rule, at: now).map(ReadingValue.number) ?? .notGood
      }
      if case .each = reading.subject { return group(reading, at: now) }
      guard let number = assets(reading.subject).first.flatMap({ latest($0, reading.tag, at: now) }) else {
        return .notGood
      }
      return reading.tag == "On" ? .boolean(number == 1) : .number(number)
    case .average(let window):
      guard let calculation = rule.calculations.first(where: { $0.name == reading.tag }) else { return .notGood }
      return average(calculation, rule, over: window.length?.microseconds ?? 0, at: now)
    default: preconditionFailure("the model does not know \(reading.form)")
    }
  }

  private func group(_ reading: Reading, at now: Int64) -> ReadingValue {
    let known = assets(reading.subject).compactMap { name in
      latest(name, reading.tag, at: now).map { (name: name, number: $0) }
    }
    guard !known.isEmpty else { return .notGood }
    let numbers = known.map(\.number)
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let variance = numbers.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(numbers.count)
    let distance = numbers.map { abs($0 - mean) }.max() ?? 0
    return .group(
      GroupReading(
        highest: numbers.max() ?? 0, lowest: numbers.min() ?? 0, spread: variance.squareRoot(), mean: mean,
        howMany: numbers.count, worst: known.first { abs($0.number - mean) == distance }?.name ?? ""))
  }

  private func computed(_ calculation: Calculation, _ rule: Rule, at now: Int64) -> Double? {
    let values = calculation.readings.map { value($0, rule, at: now) }
    let computed = values.withUnsafeBufferPointer { calculation.compute($0, LimitTable([Double]())) }
    if case .number(let number) = computed { return number }
    return nil
  }

  private func average(_ calculation: Calculation, _ rule: Rule, over window: Int64, at now: Int64) -> ReadingValue {
    var edges = [now - window, now]
    for reading in rule.calculations.flatMap(\.readings) {
      let seen = assets(reading.subject)
      edges += events.filter { seen.contains($0.asset) && $0.tag == reading.tag }.map(\.time)
        .filter { $0 > now - window && $0 < now }
    }
    edges.sort()
    var known: Int64 = 0
    var sum = 0.0
    for (from, to) in zip(edges, edges.dropFirst()) {
      guard let number = computed(calculation, rule, at: from) else { continue }
      known += to - from
      sum += number * Double(to - from)
    }
    return known > 0 && known >= window / 5 * 4 ? .number(sum / Double(known)) : .notGood
  }
}
