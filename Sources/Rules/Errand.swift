/// One thing to do for an adapter.
package enum Errand: Sendable {
  /// Send the action's request. It is *sending*.
  case send(Claim)
  /// A recurrence: if that order is still open, the action is merged into it and said there; if not, it is sent. It is
  /// *sending*.
  case join(Claim, OpenOrder)
  /// The condition is over: the action's text is said on that order, if it is still open. It is *sending*.
  case comment(Claim, OpenOrder)
  /// Ask whether the other system has this *unknown* action; the number of the look-up, from 1.
  case lookUp(Claim, number: Int)
  /// Ask what became of this *settled* order.
  case follow(Claim, OpenOrder)
}

/// An order that the other system has.
package struct OpenOrder: Sendable, Equatable {
  /// The action that made it, and its key on the wire.
  package var action: ActionKey
  package var wireKey: String
  /// As the system named it.
  package var reference: String
  /// How often its trouble has come again, the recurrence in hand included.
  package var recurrences: Int
  /// What was last known of it; nil when it was never asked for.
  package var known: OrderStatus?
  /// When that was reported, or when the order was accepted.
  package var since: Instant
  package init(
    action: ActionKey, wireKey: String, reference: String, recurrences: Int, known: OrderStatus?, since: Instant
  ) {
    self.action = action
    self.wireKey = wireKey
    self.reference = reference
    self.recurrences = recurrences
    self.known = known
    self.since = since
  }
}

/// Something that was asked for: its key on the wire, and what the system named it, if it said.
package struct KnownOrder: Sendable, Equatable {
  package var key: String
  package var reference: String?
  package init(key: String, reference: String?) {
    self.key = key
    self.reference = reference
  }
}

/// An action with all that is needed to speak of it.
package struct Claim: Sendable {
  package var key: ActionKey
  /// The key on the wire: unique across ledgers, the same for every attempt; at most 64 of `[A-Za-z0-9_-]`.
  package var wireKey: String
  package var decision: Decision
  package var action: Action
  /// The number of the attempt in hand, from 1; of the last one, where nothing is sent.
  package var attempt: Int
  /// Kept from an earlier attempt.
  package var request: HTTPRequest?
  /// Of a look-up: the newest restore, where the action is from before it or was decided in its doubt.
  package var doubt: Doubt?
  /// Of a look-up in doubt: what this ledger has made on the same asset, newest first. None of it is what was lost.
  package var known: [KnownOrder] = []
  /// Whether the same trouble may have an order under a key that this ledger does not have. Once it was sent from here,
  /// that was settled.
  package var isInDoubt: Bool { action.doubt != nil && attempt == 0 }
  package init(
    key: ActionKey, wireKey: String, decision: Decision, action: Action, attempt: Int, request: HTTPRequest?
  ) {
    self.key = key
    self.wireKey = wireKey
    self.decision = decision
    self.action = action
    self.attempt = attempt
    self.request = request
  }
}
