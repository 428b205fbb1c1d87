/// What one rule knows about one asset.
package struct Condition: Sendable, Equatable {
  package enum Phase: Sendable, Equatable {
    /// `when` is not true.
    case normal
    /// `when` is true, but not yet for `held_for`. *Due* once that is over and changes may still come late.
    case pending(since: Instant)
    /// Fired at `since`; silent until it clears.
    case active(since: Instant)
    /// Still active, but `clears_when` has been true since then and `released_for` is running.
    case clearing(since: Instant, active: Instant)

    package var isActive: Bool {
      switch self {
      case .normal, .pending: false
      case .active, .clearing: true
      }
    }
    package var name: String {
      switch self {
      case .normal: "normal"
      case .pending: "pending"
      case .active: "active"
      case .clearing: "clearing"
      }
    }
  }

  package var phase: Phase = .normal
  /// Since when the phase has been what it is.
  package var entered: Instant = .distantPast
  /// Newest source time of what the rule reads and of the deadlines it has taken (S1).
  package var clock: Instant = .distantPast
  /// Since when the rule is blind on this asset; nil when it sees.
  package var blindSince: Instant?
  /// Index of the reading that blinds it.
  package var blindReading: Int = 0
  var blindTold = false
  /// Faults so far; at `Evaluator.strikes` the pair is quarantined.
  package var faults: Int = 0
  /// How often the process ended in a call for this pair; at `Evaluator.deathStrikes` it is quarantined.
  package var deaths: Int = 0
  /// When the rule last used up its instructions, memory or time here; `.distantPast`: never.
  var exhausted: Instant = .distantPast
  /// The rule is quarantined on all assets.
  var isWhole = false

  /// The earliest moment at which something of it may change by time alone.
  var due: Instant = .distantFuture
  /// When policy wants to know the readings.
  var wake: Instant = .distantFuture
  /// The earlier of both.
  var next: Instant { min(due, wake) }
  /// Whether the rule's calendars are open, and when that changes next; `.distantPast` until it was worked out.
  var isOpen = true
  var calendarChanges: Instant = .distantPast
  /// What was last told of `needs`, `suppressed_when` and the calendars, while it is active.
  var gate = Gate()
  /// The earliest entry of this condition in the heap of deadlines.
  var queued: Instant = .distantFuture
  /// Whether moments wait behind a deadline that is due.
  var waits = false
  /// Whether it is among the evaluator's changed ones.
  var isChanged = false
  /// Whether it has not been normal since a restore. Policy keeps it: it is not encoded here.
  var isUnsettled = false

  /// Whether an answer leaves it as it is, unless a deadline is taken: normal and not true, or pending or active and true.
  @inline(__always)
  func stays(at answer: Answer) -> Bool {
    guard blindSince == nil, !isUnsettled else { return false }
    return switch (phase, answer) {
    case (.normal, .no), (.pending, .yes), (.active, .yes): true
    default: false
    }
  }
}

/// A condition's place in the evaluator's list: by asset in tree order, then by rule name.
package struct ConditionID: Hashable, Comparable, Sendable {
  package var index: Int32
  package init(_ index: Int) { self.index = Int32(index) }
  package static func < (a: ConditionID, b: ConditionID) -> Bool { a.index < b.index }
}

/// What one input did to the conditions, in the order of S10.
package struct Step: Sendable {
  package struct Event: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// Fired; `when` was true since then, and these were its readings.
      case fired(since: Instant, readings: [ReadingValue], gate: Gate)
      case cleared
      /// Of an active condition: the moment at which policy wanted to know, or one at which the gate has changed.
      case looked(readings: [ReadingValue], gate: Gate)
    }
    package var condition: ConditionID
    package var time: Instant
    package var kind: Kind
    /// Of a condition that cleared, where its rule then does something: the readings of that moment.
    package var readings: [ReadingValue] = []
    /// A calendar that opened or closed brought it, the last of what happens at an instant (S6).
    package var isTurn = false
  }
  package var events: [Event] = []
  package var faults: [Fault] = []
  package var reports: [Report] = []
  /// A condition that was found normal, of those that have not been since a restore.
  package struct Settled: Sendable, Equatable {
    package var condition: ConditionID
    package var time: Instant
  }
  package var settled: [Settled] = []

  package var isEmpty: Bool { events.isEmpty && faults.isEmpty && reports.isEmpty && settled.isEmpty }
  /// By time, then by condition; what happened to one condition at one time keeps its order.
  mutating func order() {
    guard events.count > 1 else { return }
    for index in 1..<events.count {
      var place = index
      while place > 0,
        (events[place].time, events[place].condition) < (events[place - 1].time, events[place - 1].condition)
      {
        events.swapAt(place, place - 1)
        place -= 1
      }
    }
  }
}
