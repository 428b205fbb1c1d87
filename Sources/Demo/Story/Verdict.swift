import Rules

/// What became of one fault written into the plant.
package enum Verdict: Equatable, Sendable {
  /// So long after its onset, by the rule of this title.
  case caught(after: TimeSpan, title: String)
  case missed
  /// The demo ended before anybody could have known.
  case tooSoon
  /// It was no fault, or nobody could know, and no decision came of it.
  case rightlyIgnored
  /// As above, and a rule said that it could not see.
  case seenAsBlind
  /// A decision came of what is no fault.
  case falseAlarm(title: String)
}

/// Sets what was found beside what was written.
package struct Comparison: Sendable {
  package var verdicts: [(fault: PlantFault, verdict: Verdict)]
  /// Decisions on machines that had no fault then.
  package var withoutFault: [Decision]
  /// Decisions on what was written into the plant as no fault.
  private var mistaken: [Decision]

  /// Whether a decision told of a real fault.
  package func wasFault(_ decision: Decision) -> Bool {
    !(withoutFault + mistaken).contains { $0.key == decision.key }
  }

  /// A decision belongs to a fault of the same machine from its onset until 15 minutes after its repair.
  package init(faults: [PlantFault], decisions: [Decision], blind: [ConditionRecord], until end: Instant) {
    let patience = TimeSpan.minutes(15)
    func belongs(_ asset: String, _ time: Instant, to fault: PlantFault) -> Bool {
      asset.split(separator: "/").last.map(String.init) == fault.asset && time >= fault.onset
        && time <= fault.repaired + patience
    }
    verdicts = faults.filter { $0.onset < end }.map { fault in
      let found = decisions.filter { belongs($0.key.asset, $0.key.time, to: fault) }.min { $0.key.time < $1.key.time }
      switch (fault.expected, found) {
      case (.decision, let found?): return (fault, .caught(after: found.key.time - fault.onset, title: found.title))
      case (.decision, nil): return (fault, end < fault.onset + patience ? .tooSoon : .missed)
      case (.blindness, let found?), (.nothing, let found?): return (fault, .falseAlarm(title: found.title))
      case (.blindness, nil), (.nothing, nil):
        let told = blind.contains { record in
          record.blindSince.map { belongs(record.asset, $0, to: fault) } ?? false
        }
        return (fault, told ? .seenAsBlind : .rightlyIgnored)
      }
    }
    mistaken = decisions.filter { decision in
      let own = faults.filter { belongs(decision.key.asset, decision.key.time, to: $0) }
      return !own.isEmpty && !own.contains { $0.expected == .decision }
    }
    withoutFault = decisions.filter { decision in
      !faults.contains { belongs(decision.key.asset, decision.key.time, to: $0) }
    }
  }
}
