import Foundation
import Rules
import Testing

/// What becomes of firings, worked out the slow way: calendars, `needs`, `suppressed_when`, groups, `at_most`,
/// repetitions, limits of one asset and what persons silence. One asset with several rules on it; it goes from one
/// moment to the next, reads every value from the samples anew, and looks at every reason whenever anything happens.
/// Times are whole seconds, and nothing is late: what evaluator and policy must agree with.
struct PolicyModel {
  /// A sample, or what a person does once time has come there.
  struct Event {
    var time: Int
    var machine = 1
    var tag = ""
    /// Nil for a bad sample.
    var number: Double?
    var act: Instruction.Act?
  }

  /// Comparisons of readings, joined by `and` or by `or`, from left to right.
  struct Test {
    struct Term {
      var tag: String
      var isOver: Bool
      var threshold: Double
      /// The rule's limit says the threshold.
      var isByLimit = false
    }
    var terms: [Term]
    var isAll: Bool

    func told(_ limit: Double) -> String {
      terms.map { "\($0.tag)\($0.isOver ? ">" : "<")\($0.isByLimit ? limit : $0.threshold)" }
        .joined(separator: isAll ? " and " : " or ")
    }

    /// Nil when it looks at a value that is not good.
    func answer(_ value: (String) -> Double?, limit: Double) -> Bool? {
      for term in terms {
        guard let number = value(term.tag) else { return nil }
        let threshold = term.isByLimit ? limit : term.threshold
        if (term.isOver ? number > threshold : number < threshold) != isAll { return !isAll }
      }
      return isAll
    }
  }

  struct Span: Equatable {
    var from: Int
    var to: Int
  }

  /// A rule as the model knows it, on the asset at hand.
  struct Spec {
    var name: String
    var tags: [String]
    var when: Test
    var clears: Test?
    var needs: Test?
    var suppressed: Test?
    var heldFor = 0
    var releasedFor = 0
    var atMost: Int?
    var repeats: Int?
    var during: [String] = []
    var notDuring: [String] = []
    var isGrouped = false
    var isByHand = false
    /// The limit in force, where a term names one.
    var limit = 0.0

    var told: String {
      let functions = [("when", when), ("clears", clears), ("needs", needs), ("suppressed", suppressed)]
      return "\(name): "
        + functions.compactMap { $1?.told(limit) == nil ? nil : "\($0) \($1?.told(limit) ?? "")" }
        .joined(separator: ", ")
        + ", held \(heldFor), released \(releasedFor), at most \(atMost ?? 0), repeats \(repeats ?? 0), "
        + "during \(during) not \(notDuring)\(isGrouped ? ", of the group" : "")\(isByHand ? ", by hand" : "")"
    }
  }

  struct Found: Equatable, CustomStringConvertible {
    enum Kind: Equatable {
      case decided(deferredFrom: Int?, repeated: Int)
      case heldBack(HeldBackReason, count: Int)
      case cleared
    }
    var rule: String
    var time: Int
    var since: Int
    var kind: Kind
    var values: [Double?]
    /// Nil for what cleared.
    var isDecided: Bool? {
      switch kind {
      case .decided: true
      case .heldBack: false
      case .cleared: nil
      }
    }
    /// The same but for the values: one that another of its group set free in a gap of the data tells what was known
    /// when it was last looked at.
    func isLikeBut(_ other: Found) -> Bool {
      var other = other
      if kind != .decided(deferredFrom: nil, repeated: 0) { other.values = values }
      return self == other
    }
    var description: String { "\(rule) \(kind) at \(time) since \(since) with \(values.map { $0 ?? .nan })" }
  }

  private enum Phase: Equatable {
    case normal
    case pending(since: Int)
    case active
    case clearing(since: Int)
  }

  /// What is wanted of an active condition.
  private struct Wanted {
    var fired: Int
    var since: Int
    var hasDecided = false
    var waiting: Int?
    var told: [HeldBackReason] = []
    var gate: [Bool] = []
  }

  private struct Silence {
    var rule: String?
    var asset: String?
    var until: Int?
  }

  let rules: [Spec]
  let machine: Int
  let calendars: [String: [Span]]
  private let events: [Event]
  private var phases: [Phase]
  private var wanted: [Wanted?]
  private var silences: [Silence] = []
  private(set) var found: [Found] = []

  /// `rules` by name.
  init(_ rules: [Spec], machine: Int, _ calendars: [String: [Span]], _ events: [Event], until end: Int) {
    self.rules = rules
    self.machine = machine
    self.calendars = calendars
    self.events = events.filter { $0.act != nil || $0.machine == machine }
    phases = rules.map { _ in .normal }
    wanted = rules.map { _ in nil }
    var now = Int.min
    while let next = nextMoment(after: now), next <= end {
      now = next
      take(now)
    }
  }

  // MARK: Moments

  private func nextMoment(after now: Int) -> Int? {
    var moments = events.map(\.time) + calendars.values.joined().flatMap { [$0.from, $0.to] }
    moments += silences.compactMap(\.until)
    for (place, rule) in rules.enumerated() {
      switch phases[place] {
      case .pending(let since): moments.append(since + rule.heldFor)
      case .clearing(let since): moments.append(since + rule.releasedFor)
      case .normal, .active: break
      }
      if let once = rule.atMost, let last = lastDecision(place) { moments.append(last + once) }
      if let span = rule.repeats, let fired = wanted[place]?.fired, now >= fired {
        moments.append(fired + ((now - fired) / span + 1) * span)
      }
    }
    return moments.filter { $0 > now }.min()
  }

  /// At one instant: samples one after the other, what persons do, holds and releases, repetitions, calendars; and then
  /// what a reason that has ended leads to.
  private mutating func take(_ now: Int) {
    for (index, event) in events.enumerated() where event.time == now && event.act == nil {
      let asked = rules.indices.filter { rules[$0].tags.contains(event.tag) }
      for place in asked { ask(place, at: now, after: index) }
      for place in asked where isNew(place, at: now, after: index) { judge(place, at: now, after: index) }
    }
    let last = events.lastIndex { $0.time <= now } ?? -1
    for event in events where event.time == now { obey(event.act, at: now) }
    for place in rules.indices { end(place, at: now, after: last) }
    for place in rules.indices where isNew(place, at: now, after: last) { judge(place, at: now, after: last) }
    for place in rules.indices {
      guard let span = rules[place].repeats, let fired = wanted[place]?.fired, now > fired, (now - fired) % span == 0,
        // One that waited until now is enough.
        wanted[place]?.waiting == nil, lastDecision(place) != now
      else { continue }
      wanted[place]?.waiting = now
      wanted[place]?.told = []
      judge(place, at: now, after: last)
    }
    for place in rules.indices { turn(place, at: now, after: last) }
    for place in rules.indices { judge(place, at: now, after: last, isTurned: true) }
  }

  // MARK: Conditions

  private func value(_ tag: String, after index: Int) -> Double? {
    guard index >= 0 else { return nil }
    return events[...index].last { $0.tag == tag }?.number
  }
  private func values(_ place: Int, after index: Int) -> [Double?] { rules[place].tags.map { value($0, after: index) } }
  private func answer(_ test: Test?, _ place: Int, after index: Int) -> Bool? {
    test?.answer({ value($0, after: index) }, limit: rules[place].limit)
  }

  /// A span begins and ends after all else at that instant.
  private func isOpen(_ place: Int, at now: Int, isTurned: Bool) -> Bool {
    func covers(_ name: String) -> Bool {
      (calendars[name] ?? []).contains { isTurned ? $0.from <= now && now < $0.to : $0.from < now && now <= $0.to }
    }
    let rule = rules[place]
    return (rule.during.isEmpty || rule.during.contains(where: covers)) && !rule.notDuring.contains(where: covers)
  }

  private mutating func ask(_ place: Int, at now: Int, after index: Int) {
    let rule = rules[place]
    let isTrue = answer(rule.when, place, after: index)
    switch phases[place] {
    case .normal: if isTrue == true, isOpen(place, at: now, isTurned: false) { begin(place, at: now) }
    case .pending: if isTrue != true { phases[place] = .normal }
    case .active, .clearing:
      guard isOver(place, after: index), !rule.isByHand else {
        phases[place] = .active
        return
      }
      if rule.releasedFor == 0 {
        clear(place, at: now, after: index)
      } else if phases[place] == .active {
        phases[place] = .clearing(since: now)
      }
    }
  }

  private func isOver(_ place: Int, after index: Int) -> Bool {
    answer(rules[place].when, place, after: index) == false
      && (rules[place].clears == nil || answer(rules[place].clears, place, after: index) == true)
  }

  private mutating func begin(_ place: Int, at now: Int) {
    if rules[place].heldFor == 0 { fire(place, since: now, at: now) } else { phases[place] = .pending(since: now) }
  }

  private mutating func fire(_ place: Int, since: Int, at now: Int) {
    phases[place] = .active
    wanted[place] = Wanted(fired: now, since: since, waiting: now)
  }

  private mutating func clear(_ place: Int, at now: Int, after index: Int) {
    phases[place] = .normal
    found.append(
      Found(rule: rules[place].name, time: now, since: wanted[place]?.since ?? 0, kind: .cleared, values: []))
    wanted[place] = nil
  }

  private mutating func end(_ place: Int, at now: Int, after index: Int) {
    switch phases[place] {
    case .pending(let since) where since + rules[place].heldFor == now: fire(place, since: since, at: now)
    case .clearing(let since) where since + rules[place].releasedFor == now: clear(place, at: now, after: index)
    default: break
    }
  }

  private mutating func turn(_ place: Int, at now: Int, after index: Int) {
    let isOpen = isOpen(place, at: now, isTurned: true)
    if case .pending = phases[place], !isOpen { phases[place] = .normal }
    guard phases[place] == .normal, isOpen, !self.isOpen(place, at: now, isTurned: false) else { return }
    if answer(rules[place].when, place, after: index) == true { begin(place, at: now) }
  }

  // MARK: Reasons

  private func gate(_ place: Int, at now: Int, after index: Int, isTurned: Bool) -> [Bool] {
    let rule = rules[place]
    return [
      isOpen(place, at: now, isTurned: isTurned), answer(rule.suppressed, place, after: index) != true,
      rule.needs == nil || answer(rule.needs, place, after: index) == true,
    ]
  }

  /// Whether it has fired just now, or its own functions say something else than before.
  private func isNew(_ place: Int, at now: Int, after index: Int) -> Bool {
    guard let wanted = wanted[place] else { return false }
    return wanted.gate != gate(place, at: now, after: index, isTurned: false)
  }

  private func lastDecision(_ place: Int) -> Int? {
    found.last { if case .decided = $0.kind { $0.rule == rules[place].name } else { false } }?.time
  }

  private func ownReasons(_ place: Int, at now: Int, after index: Int, isTurned: Bool) -> [HeldBackReason] {
    let rule = rules[place]
    var reasons: [HeldBackReason] = silences.compactMap { silence in
      if let until = silence.until, now >= until { return nil }
      let isMeant = silence.asset == nil || silence.asset == "Works/M\(machine)" || silence.asset == "Works"
      guard isMeant, silence.rule == nil || silence.rule == rule.name else { return nil }
      guard silence.rule != nil else { return .outOfService(asset: silence.asset ?? "", by: "h.weber") }
      return .shelved(until: TestPlant.at(Double(silence.until ?? 0)), by: "h.weber")
    }
    let gate = gate(place, at: now, after: index, isTurned: isTurned)
    if !gate[0] { reasons.append(.calendar) }
    if !gate[1] { reasons.append(.suppressed) }
    if !gate[2] { reasons.append(.needs) }
    if let once = rule.atMost, let last = lastDecision(place), now < last + once {
      reasons.append(.atMost(until: TestPlant.at(Double(last + once))))
    }
    return reasons
  }

  /// Who of the group has the decision, or is to have it: the first pending of those that nothing else holds back.
  private func firstOut(at now: Int, after index: Int, isTurned: Bool) -> Int? {
    let members = rules.indices.filter { rules[$0].isGrouped }
    if let decided = members.first(where: { wanted[$0]?.hasDecided == true }) { return decided }
    let free = members.filter {
      wanted[$0]?.waiting != nil && ownReasons($0, at: now, after: index, isTurned: isTurned).isEmpty
    }
    return free.min { (wanted[$0]?.since ?? 0, $0) < (wanted[$1]?.since ?? 0, $1) }
  }

  private mutating func judge(_ place: Int, at now: Int, after index: Int, isTurned: Bool = false) {
    let gate = gate(place, at: now, after: index, isTurned: isTurned)
    wanted[place]?.gate = gate
    guard let wants = wanted[place], let waiting = wants.waiting else { return }
    var reasons = ownReasons(place, at: now, after: index, isTurned: isTurned)
    if rules[place].isGrouped, let first = firstOut(at: now, after: index, isTurned: isTurned), first != place {
      reasons.append(.group(first: rules[first].name))
    }
    let name = rules[place].name
    let kind: Found.Kind
    if reasons.isEmpty {
      wanted[place]?.hasDecided = true
      wanted[place]?.waiting = nil
      let repeated = found.count { if case .decided = $0.kind { $0.rule == name && $0.time == now } else { false } }
      kind = .decided(deferredFrom: wants.told.isEmpty ? nil : waiting, repeated: repeated)
    } else {
      // Told again only when all that was told has ended.
      guard wants.told.allSatisfy({ !reasons.contains($0) }), wants.told.count < 64 else { return }
      wanted[place]?.told.append(reasons[0])
      let earlier = found.reversed().filter { $0.rule == name && $0.kind != .cleared }.prefix {
        if case .heldBack(reasons[0], _) = $0.kind { true } else { false }
      }
      kind = .heldBack(reasons[0], count: earlier.count + 1)
    }
    found.append(
      Found(rule: name, time: now, since: wants.since, kind: kind, values: values(place, after: index)))
  }

  private mutating func obey(_ act: Instruction.Act?, at now: Int) {
    func seconds(_ time: Instant) -> Int { Int((time - TestPlant.start).microseconds / 1_000_000) }
    switch act {
    case .shelve(let rule, let asset, let until, _):
      silences.removeAll { $0.rule == rule && $0.asset == asset }
      silences.append(Silence(rule: rule, asset: asset, until: seconds(until)))
    case .unshelve(let rule, let asset):
      silences.removeAll { $0.rule == rule && (asset == nil || $0.asset == asset) }
    case .takeOut(let asset, _):
      silences.removeAll { $0.rule == nil && $0.asset == asset }
      silences.append(Silence(rule: nil, asset: asset, until: nil))
    case .putBack(let asset): silences.removeAll { $0.rule == nil && $0.asset == asset }
    case .reset(let rule, let asset):
      guard asset == "Works/M\(machine)", let place = rules.firstIndex(where: { $0.name == rule }),
        rules[place].isByHand, wanted[place] != nil
      else { return }
      let last = events.lastIndex { $0.time <= now } ?? -1
      if isOver(place, after: last) { clear(place, at: now, after: last) }
    default: break
    }
  }
}
