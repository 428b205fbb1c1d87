/// Whatever a person or another system changes. Their times are of the wall clock.
package enum Command: Equatable, Sendable {
  /// An adapter's answer, brought by the dispatcher.
  case attempted(Attempt)
  /// What a look-up of an *unknown* action found.
  case lookedUp(LookUp)
  /// What became of an order, as its system says: only when it changed.
  case followed(OrderStatus)
  /// What a person told us to do.
  case instructed(Instruction)
}

/// One look-up of an action whose attempt had no answer.
package struct LookUp: Sendable, Equatable {
  package enum Answer: Sendable, Equatable {
    /// The other system has it; its reference.
    case found(reference: String)
    /// It surely does not have it: it may be sent again.
    case absent
    /// It could not say, and why.
    case unknown(String)
  }
  package var action: ActionKey
  /// From 1.
  package var number: Int
  /// When it was asked and when the answer was there.
  package var began: Instant
  package var ended: Instant
  /// HTTP status; nil when there was no answer.
  package var status: Int?
  package var answer: Answer
  /// Where the action stands from here, and when it is due if that is `ready` or, for the next look-up, `unknown`.
  package var next: ActionState
  package var due: Instant?
  package init(
    action: ActionKey, number: Int, began: Instant, ended: Instant, status: Int?, answer: Answer, next: ActionState,
    due: Instant?
  ) {
    self.action = action
    self.number = number
    self.began = began
    self.ended = ended
    self.status = status
    self.answer = answer
    self.next = next
    self.due = due
  }
}

/// What an order is, in the system that has it: a closed set, whatever that system calls it.
package enum OrderStanding: String, Sendable, CaseIterable {
  case open
  case inProgress = "in_progress"
  case done
  case cancelled
  /// It says something we cannot place: it stays that, it is never taken for done.
  case unknown
  /// Nothing more is to be expected of it.
  package var isFinal: Bool { self == .done || self == .cancelled }
}

/// What a system says of one order.
package struct OrderStatus: Sendable, Equatable {
  package var action: ActionKey
  /// When it said so.
  package var at: Instant
  package var standing: OrderStanding
  /// Its own words for what was found.
  package var cause: String?
  package var cost: Money?
  /// When work on it began and when it was done, where the system knows.
  package var started: Instant?
  package var done: Instant?
  package init(
    action: ActionKey, at: Instant, standing: OrderStanding, cause: String? = nil, cost: Money? = nil,
    started: Instant? = nil, done: Instant? = nil
  ) {
    self.action = action
    self.at = at
    self.standing = standing
    self.cause = cause
    self.cost = cost
    self.started = started
    self.done = done
  }
}

/// What the world found a decision to have been.
package enum Verdict: String, Sendable, CaseIterable {
  case confirmed
  case falseAlarm = "false_alarm"
  case noFaultFound = "no_fault_found"
  case alreadyKnown = "already_known"
}

/// A person's order to Millwright.
package struct Instruction: Sendable, Equatable {
  package enum Act: Sendable, Equatable {
    /// A *waiting* action may be sent.
    case approve(ActionKey)
    case reject(ActionKey, why: String)
    /// A *dead* or *unknown* action is sent again: the person knows that it is not there.
    case retry(ActionKey)
    /// A *dead*, *unknown*, *ready* or *waiting* action will not be sent.
    case drop(ActionKey, why: String)
    /// `cost` is what the work cost, `worth` what it saved, where the person knows.
    case verdict(DecisionKey, Verdict, cost: Money?, worth: Money? = nil, note: String)
    /// Nothing more is sent until `resume`.
    case halt(why: String)
    case resume
    /// Until then, by data time, the rule decides nothing: on this asset (its path), or on all where it is nil. A later
    /// one of the same rule and asset takes the place of an earlier one.
    case shelve(rule: String, asset: String?, until: Instant, why: String)
    /// Ends the shelving on this asset; where it is nil, every shelving of the rule.
    case unshelve(rule: String, asset: String?)
    /// Nothing is decided on the asset and all below it until it is put back.
    case takeOut(asset: String, why: String)
    case putBack(asset: String)
    /// Ends an active condition of a rule that clears by hand.
    case reset(rule: String, asset: String)
    /// The version of a rule with this logic, which shadows beside the one that acts, takes its place.
    case release(rule: String, logic: Digest)
    /// What assets have lost, from a list or a system of that name. One that is known already is not taken twice.
    case losses([Loss], origin: String)
    /// What a rule came to on history, as evidence for its promotion.
    case backtested(BacktestFigures)
    /// A skipped message, by its number in the ledger, is given to the engine again: its inputs follow.
    case takeLetter(Int64)
    /// A skipped message stays left out, and is no trouble any more.
    case dropLetter(Int64, why: String)
    /// A backup, whose last input came at `since`, took the place of the ledger. `file` is where it was.
    case restored(since: Instant, file: String)
  }
  /// Their id in the site file.
  package var person: String
  package var at: Instant
  package var act: Act
  package init(person: String, at: Instant, act: Act) {
    self.person = person
    self.at = at
    self.act = act
  }
}
