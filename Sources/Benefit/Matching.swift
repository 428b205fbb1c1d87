import Rules

/// Which decisions came before which losses, on one asset.
///
/// - A decision helps against a loss when it comes within `lead` before its start: early enough to act, and not so early
///   that it has nothing to do with it.
/// - One to one: losses in the order of their starts, each is caught by the earliest helpful decision that caught none
///   before it.
/// - Further decisions from the catching one to the end of the loss are of the same incident: they make no order of
///   their own.
/// - What comes too late for a loss, or while it lasts, is *late*: it costs, and is neither caught nor false.
/// - A planned loss is neither caught nor missed. Everything else is a false alarm.
package struct Matching: Sendable, Equatable {
  package enum Finding: Sendable, Equatable {
    /// Index among the losses.
    case caught(loss: Int)
    case sameIncident(loss: Int)
    case late
    case falseAlarm
  }
  /// By decision.
  package private(set) var findings: [Finding]
  /// By loss: the decision that caught it. Nil for missed and planned ones.
  package private(set) var catches: [Int?]

  /// `decisions` in the order of time.
  package init(decisions: [Instant], losses: [Loss], lead: Lead) {
    var caught = Array(repeating: Int?.none, count: decisions.count)
    catches = Array(repeating: nil, count: losses.count)
    let order = losses.indices.filter { !losses[$0].planned }.sorted { a, b in
      (losses[a].start, a) < (losses[b].start, b)
    }
    for index in order {
      let window = (losses[index].start - lead.within)...(losses[index].start - lead.atLeast)
      guard let first = decisions.indices.first(where: { caught[$0] == nil && window.contains(decisions[$0]) }) else {
        continue
      }
      caught[first] = index
      catches[index] = first
    }
    let catches = catches
    findings = decisions.indices.map { place in
      let time = decisions[place]
      if let loss = caught[place] { return .caught(loss: loss) }
      if let loss = order.first(where: { index in
        catches[index].map { decisions[$0] <= time && time <= losses[index].end } ?? false
      }) {
        return .sameIncident(loss: loss)
      }
      let isLate = losses.contains { loss in
        let begins = loss.planned ? loss.start : loss.start - lead.atLeast
        return begins <= time && time <= loss.end && (loss.end > loss.start || lead.atLeast > .zero || loss.planned)
      }
      return isLate ? .late : .falseAlarm
    }
  }
}
