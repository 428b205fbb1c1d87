/// One thing a rule may do, as its author wrote it. `{asset}`, `{reading name}` and `{limit name}` in texts are
/// filled in when the decision is made.
/// It works on the rule's own asset unless `on` says another.
package enum ActionTemplate: Sendable, Equatable {
  case workOrder(title: String, priority: Int, text: String?, on: Subject = .own)
  case setpoint(tag: String, to: SetpointTarget, on: Subject = .own)
  case notification(title: String, text: String?, on: Subject = .own)

  package var on: Subject {
    switch self {
    case .workOrder(_, _, _, let on), .setpoint(_, _, let on), .notification(_, _, let on): on
    }
  }

  package var kind: ActionKind {
    switch self {
    case .workOrder: .workOrder
    case .setpoint: .setpoint
    case .notification: .notification
    }
  }
}

package enum SetpointTarget: Sendable, Equatable {
  /// An absolute value in the tag's unit.
  case value(Double)
  /// Added to the tag's latest value.
  case step(Double)
  /// A fraction of the tag's latest value: -0.1 for `"-10 %"`.
  case fraction(Double)
}

package enum ActionKind: String, Sendable, CaseIterable, Hashable {
  case workOrder = "work_order"
  case setpoint
  case notification
}

/// How far a rule may go.
package enum Tier: String, Sendable, CaseIterable, Comparable {
  /// Decide and record.
  case shadow
  /// A person approves.
  case advise
  case act
  package static func < (a: Tier, b: Tier) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

/// One action of a decision, filled in: what the adapter is asked to do.
package struct Action: Sendable, Equatable {
  /// Its place among the decision's actions, from 1.
  package var number: Int
  package var kind: ActionKind
  package var title: String
  package var text: String
  /// 1 (highest) to 5; work orders only.
  package var priority: Int?
  /// Setpoints only: the tag and the absolute target fixed at the decision.
  package var setpoint: Setpoint?
  /// The asset it works on, where that is another than the decision's.
  package var on: Place?
  /// Made when the condition cleared: the number of the decision's action that it undoes (a setpoint), or on whose
  /// order it is said (a work order).
  package var closes: Int?
  /// Name of the adapter the site sends this kind to; nil when the site names none.
  package var adapter: String?
  package var standing: ActionStanding
  /// Decided in the doubt that a restore leaves: it is *unknown*, and looked up before it is sent.
  package var doubt: Doubt?

  package struct Place: Sendable, Equatable {
    /// The asset's path.
    package var path: String
    package var assetClass: String
    /// What the adapter's system calls it.
    package var id: String?
    package init(path: String, assetClass: String, id: String?) {
      self.path = path
      self.assetClass = assetClass
      self.id = id
    }
  }

  package struct Setpoint: Sendable, Equatable {
    package var tag: String
    package var target: Double
    /// Wall clock: from here on it must not be sent any more.
    package var validUntil: Instant?
    package init(tag: String, target: Double, validUntil: Instant? = nil) {
      self.tag = tag
      self.target = target
      self.validUntil = validUntil
    }
  }

  package init(
    number: Int, kind: ActionKind, title: String, text: String, priority: Int? = nil, setpoint: Setpoint? = nil,
    on: Place? = nil, closes: Int? = nil, adapter: String?, standing: ActionStanding, doubt: Doubt? = nil
  ) {
    self.number = number
    self.kind = kind
    self.title = title
    self.text = text
    self.priority = priority
    self.setpoint = setpoint
    self.on = on
    self.closes = closes
    self.adapter = adapter
    self.standing = standing
    self.doubt = doubt
  }
}

/// Where an action stands when its decision is made.
package enum ActionStanding: Sendable, Equatable {
  /// May be sent.
  case ready
  /// A person must approve; unanswered it expires then, by data time.
  case waiting(expires: Instant)
  /// Recorded only: the tier is shadow.
  case shadow
  /// Never to be sent, and why: `no conduit`.
  case refused(String)

  /// Whether it will be sent, or may be, so that it may have been sent before.
  var canBeDoubted: Bool {
    switch self {
    case .ready, .waiting: true
    case .shadow, .refused: false
    }
  }
}

/// The life of an action that is to be sent. `settled`, `refused`, `expired`, `cancelled` and `dead` are final.
package enum ActionState: String, Sendable, CaseIterable {
  /// For a person's approval.
  case waiting
  /// To be sent when due.
  case ready
  /// Claimed: committed before the first byte.
  case sending
  /// The other system has it; there is a receipt.
  case settled
  /// Counted on an open order, and perhaps said there, instead of an order of its own.
  case merged
  /// The other system or our own policy will not have it.
  case refused
  /// Bytes were sent and no answer came, or it may have been made between a backup and its restore.
  case unknown
  case expired
  case cancelled
  /// Every try failed; a person decides.
  case dead
  /// Recorded only, by tier.
  case shadow
}

/// The other system's answer to one attempt: a closed set.
package enum Receipt: Sendable, Equatable {
  /// It made the thing; its reference.
  case accepted(reference: String)
  /// It had it already, by our key.
  case already(reference: String)
  /// It will never take this; why.
  case rejected(String)
  /// Not now; again no earlier than after this long (nil: our own schedule), and why.
  case tryAgain(after: TimeSpan?, why: String)
  /// Bytes were sent and we cannot tell.
  case unknown(String)
}

/// One attempt to deliver an action, reported by the dispatcher and journalled as an input.
package struct Attempt: Sendable, Equatable {
  package var action: ActionKey
  /// From 1.
  package var number: Int
  /// Wall clock: when it was claimed and when it ended.
  package var began: Instant
  package var ended: Instant
  /// HTTP status; nil when there was no answer.
  package var status: Int?
  package var receipt: Receipt
  /// The state the dispatcher's schedule gives it from here, and when it is due if that is `ready` or, for the first
  /// look-up, `unknown`.
  package var next: ActionState
  package var due: Instant?
  package init(
    action: ActionKey, number: Int, began: Instant, ended: Instant, status: Int?, receipt: Receipt,
    next: ActionState, due: Instant?
  ) {
    self.action = action
    self.number = number
    self.began = began
    self.ended = ended
    self.status = status
    self.receipt = receipt
    self.next = next
    self.due = due
  }
}
