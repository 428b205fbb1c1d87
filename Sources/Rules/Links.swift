/// The state of the sources' links and how far their data time has come (S1, S2).
struct Links: Sendable {
  enum State: UInt8, Sendable {
    /// A file, or a source that never said anything of its link.
    case none
    case catchingUp, up, down
  }
  private(set) var states: [State]
  /// Newest tick, lateness already off; `.distantPast` before the first.
  private(set) var ticks: [Instant]
  private(set) var lostAt: [Instant?]
  private let latenesses: [Int64]

  /// The distinct sets of sources that rules read, and for each the slowest lateness.
  private(set) var sets: [[SourceID]] = []
  private var slowest: [Int64] = []
  /// The only source of a set that has one: nearly all of them, and asked for at every change. -1 where there are more.
  private var only: [Int32] = []

  init(_ sources: [SourceSettings]) {
    states = Array(repeating: .none, count: sources.count)
    ticks = Array(repeating: .distantPast, count: sources.count)
    lostAt = Array(repeating: nil, count: sources.count)
    latenesses = sources.map(\.lateness.microseconds)
  }

  /// The set with exactly these sources, made if there is none.
  mutating func set(of sources: [SourceID]) -> Int32 {
    var distinct: [SourceID] = []
    for source in sources.sorted() where distinct.last != source { distinct.append(source) }
    if let known = sets.firstIndex(of: distinct) { return Int32(known) }
    sets.append(distinct)
    slowest.append(distinct.map { latenesses[Int($0.index)] }.max() ?? 0)
    only.append(distinct.count == 1 ? distinct[0].index : -1)
    return Int32(sets.count - 1)
  }

  func lateness(_ set: Int32) -> Int64 { slowest[Int(set)] }
  func reads(_ set: Int32, _ source: SourceID) -> Bool { sets[Int(set)].contains(source) }
  @inline(__always)
  func isUp(_ source: SourceID) -> Bool {
    states[Int(source.index)] == .none || states[Int(source.index)] == .up
  }

  /// The lowest tick of a set's sources.
  func lowestTick(_ set: Int32) -> Instant {
    var lowest = Instant.distantFuture
    for source in sets[Int(set)] { lowest = min(lowest, ticks[Int(source.index)]) }
    return lowest
  }

  /// Deadlines before this may be taken by a rule of this set whose clock stands there; none while a source is
  /// down or catching up.
  @inline(__always)
  func horizon(_ set: Int32, clock: Instant) -> Instant {
    let source = Int(only[Int(set)])
    if source >= 0 {
      guard states[source] == .none || states[source] == .up else { return .distantPast }
      return max(Instant(microseconds: clock.microseconds.saturatingMinus(slowest[Int(set)])), ticks[source])
    }
    // Who reads no tag at all has no time.
    guard !sets[Int(set)].isEmpty else { return .distantPast }
    for source in sets[Int(set)] where !isUp(source) { return .distantPast }
    let byData = Instant(microseconds: clock.microseconds.saturatingMinus(slowest[Int(set)]))
    return max(byData, lowestTick(set))
  }

  /// Whether a link or a tick was ever told of: from then on deadlines are queued.
  var haveSpoken: Bool { states.contains { $0 != .none } || ticks.contains { $0 != .distantPast } }

  mutating func restore(_ source: SourceID, _ state: State, tick: Instant, lostAt: Instant?) {
    states[Int(source.index)] = state
    ticks[Int(source.index)] = tick
    self.lostAt[Int(source.index)] = lostAt
  }

  mutating func tick(_ source: SourceID, _ time: Instant) {
    ticks[Int(source.index)] = max(ticks[Int(source.index)], time)
  }

  /// A tick that ended early has come so far, and no farther.
  mutating func setTick(_ source: SourceID, _ time: Instant) { ticks[Int(source.index)] = time }

  mutating func take(_ event: LinkEvent, of source: SourceID, at time: Instant) {
    let index = Int(source.index)
    switch event {
    case .connected: states[index] = .catchingUp
    case .caughtUp: states[index] = .up
    case .newSession: break
    case .lost:
      states[index] = .down
      if lostAt[index] == nil { lostAt[index] = time }
    }
    if event == .caughtUp { lostAt[index] = nil }
  }
}
