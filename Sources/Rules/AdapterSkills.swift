/// What an adapter can do beside making things.
package struct AdapterSkills: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Find a thing by our key.
  package static let lookUp = AdapterSkills(rawValue: 1)
  /// Tell what became of an order.
  package static let status = AdapterSkills(rawValue: 2)
  /// Add a text to an order.
  package static let comment = AdapterSkills(rawValue: 4)
  /// Tell what assets have lost.
  package static let losses = AdapterSkills(rawValue: 8)
  /// Find an open order on an asset that was made since a moment, under a key that we do not know.
  package static let lookUpOpen = AdapterSkills(rawValue: 16)
}

/// What the answer to a look-up means.
package enum LookUpAnswer: Sendable, Equatable {
  case found(reference: String)
  case absent
  case unknown(String)
  /// Not now; again no earlier than after this long, and why.
  case tryAgain(after: TimeSpan?, why: String)
}

/// What the answer to a question for an order's status means.
package enum StatusAnswer: Sendable, Equatable {
  case status(OrderReport)
  /// Not now; again no earlier than after this long, and why.
  case tryAgain(after: TimeSpan?, why: String)
}

/// What a system says of an order of its own.
package struct OrderReport: Sendable, Equatable {
  package var standing: OrderStanding
  package var cause: String?
  package var cost: Money?
  package var started: Instant?
  package var done: Instant?
  package init(
    standing: OrderStanding, cause: String? = nil, cost: Money? = nil, started: Instant? = nil, done: Instant? = nil
  ) {
    self.standing = standing
    self.cause = cause
    self.cost = cost
    self.started = started
    self.done = done
  }
}

/// What the answer to a question for losses means.
package enum LossesAnswer: Sendable, Equatable {
  /// In the order of the question; none at all after the last of them.
  case losses([ReportedLoss])
  /// Not now; again no earlier than after this long, and why.
  case tryAgain(after: TimeSpan?, why: String)
}

/// A loss as the system that booked it tells of it.
package struct ReportedLoss: Sendable, Equatable {
  /// What that system calls the asset.
  package var asset: String
  /// What it calls the loss: never the same for two.
  package var reference: String
  package var started: Instant
  /// When it was over; the start, where that is all that is known.
  package var done: Instant?
  package var cause: String?
  package var cost: Money?
  package var planned: Bool
  package init(
    asset: String, reference: String, started: Instant, done: Instant? = nil, cause: String? = nil, cost: Money? = nil,
    planned: Bool = false
  ) {
    self.asset = asset
    self.reference = reference
    self.started = started
    self.done = done
    self.cause = cause
    self.cost = cost
    self.planned = planned
  }
}
