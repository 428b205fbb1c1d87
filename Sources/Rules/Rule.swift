/// One rule file, compiled: what it reads, when it fires, what it does, what it is worth, who owns it.
/// A rule never changes and knows nothing of one asset; what it knows about one asset is a `Condition`.
package struct Rule {
  /// The file's name without `.lua`; the rule's identity. That of a version that shadows ends in `~new`, which no
  /// file's name does: its conditions and decisions are its own.
  package var name: String
  package private(set) var role = Role.acting
  package var title: String
  package var owner: String
  /// Name of the asset class.
  package var appliesTo: String
  package var limits: [Limit]
  package var readings: [Reading]
  /// Tags made of tags, read like any tag of the asset.
  package var calculations: [Calculation]
  package var heldFor: Length
  package var releasedFor: Length
  /// Nil: a tenth of `heldFor`.
  package var tolerates: Length?
  package var every: Every
  package var atMost: AtMost?
  /// While it stays active, it is decided again this long after it fired, and so on.
  package var repeatsEvery: TimeSpan?
  /// Calendars of the site: a hold runs, and a decision is taken, only while one of `during` is open (all are, when it
  /// is empty) and none of `notDuring` is.
  package var during: [String]
  package var notDuring: [String]
  /// `clears_when = by_hand`: active until a named person resets it.
  package var clearsByHand: Bool
  package var hasClearsWhen: Bool
  /// A permissive: while it is not true a decision is held back.
  package var hasNeeds: Bool
  /// Suppression by design: while it is true a decision is held back.
  package var hasSuppressedWhen: Bool
  /// After its setpoint change was taken the plant needs this long to follow; meanwhile a decision is held back.
  package var settlesFor: TimeSpan?
  /// How long after its order was completed a condition that still stands is decided again; nil: 24 h.
  package var recheck: TimeSpan?
  /// Rules of one group on one asset tell of the same trouble: one decision, that of the first out.
  package var group: String?
  package var onClear: [OnClear]
  /// What it does at a decision; empty where `makeActions` says it.
  package var actions: [ActionTemplate]
  /// Kinds of action that it could ever take, whether listed or made by a function.
  package var couldDo: [ActionKind]
  /// Earlier names of the rule: what they left behind is its own.
  package var formerly: [String]
  package var consequence: Consequence?
  package var checkFirst: [String]
  /// `2027-06-30`, a date as written.
  package var reviewBy: String?
  package var value: ValueModel?
  package var examples: [Example]
  package var textHash: Digest
  package var logicHash: Digest
  /// Calls into the rule's own Lua state. Not Sendable on purpose: a rule belongs to the thread that made it.
  package var ask: Ask
  /// `actions` as a function, asked at a decision; nil where they are a list.
  package var makeActions: ((UnsafeBufferPointer<ReadingValue>, LimitTable) -> MadeActions)?
  /// Where the asset's number is left before `ask`: whoever finds the process dead inside the call can tell for which
  /// asset it was made. It lives as long as `ask`; nil when nobody looks.
  package var askedFor: UnsafeMutablePointer<UInt32>?

  package typealias Ask = (Question, UnsafeBufferPointer<ReadingValue>, LimitTable) -> Answer

  package init(
    name: String, title: String, owner: String, appliesTo: String, limits: [Limit] = [], readings: [Reading],
    calculations: [Calculation] = [], heldFor: Length = .zero, releasedFor: Length = .zero, tolerates: Length? = nil,
    every: Every? = nil, atMost: AtMost? = nil, repeatsEvery: TimeSpan? = nil, during: [String] = [],
    notDuring: [String] = [], settlesFor: TimeSpan? = nil, recheck: TimeSpan? = nil, group: String? = nil,
    onClear: [OnClear] = [], actions: [ActionTemplate] = [], couldDo: [ActionKind]? = nil, formerly: [String] = [],
    consequence: Consequence? = nil, checkFirst: [String] = [], reviewBy: String? = nil, value: ValueModel? = nil,
    examples: [Example] = [], textHash: Digest = .zero, logicHash: Digest = .zero, hasClearsWhen: Bool = false,
    clearsByHand: Bool = false, hasNeeds: Bool = false, hasSuppressedWhen: Bool = false,
    makeActions: ((UnsafeBufferPointer<ReadingValue>, LimitTable) -> MadeActions)? = nil, ask: @escaping Ask
  ) {
    self.name = name
    self.title = title
    self.owner = owner
    self.appliesTo = appliesTo
    self.limits = limits
    self.readings = readings
    self.calculations = calculations
    self.heldFor = heldFor
    self.releasedFor = releasedFor
    self.tolerates = tolerates
    self.every =
      every
      ?? .standard(
        heldFor: heldFor.span(in: limits), readings: readings + calculations.flatMap(\.readings))
    self.atMost = atMost
    self.repeatsEvery = repeatsEvery
    self.during = during
    self.notDuring = notDuring
    self.settlesFor = settlesFor
    self.recheck = recheck
    self.group = group
    self.onClear = onClear
    self.actions = actions
    self.couldDo = couldDo ?? actions.map(\.kind)
    self.formerly = formerly
    self.consequence = consequence
    self.checkFirst = checkFirst
    self.reviewBy = reviewBy
    self.value = value
    self.examples = examples
    self.textHash = textHash
    self.logicHash = logicHash
    self.hasClearsWhen = hasClearsWhen
    self.clearsByHand = clearsByHand
    self.hasNeeds = hasNeeds
    self.hasSuppressedWhen = hasSuppressedWhen
    self.makeActions = makeActions
    self.ask = ask
  }
}

/// What one version of a rule may do beside another.
package enum Role: String, Sendable {
  case acting
  /// Decides and records, in shadow, beside the version that acts, until a named person releases it.
  case shadowing
}

extension Rule {
  /// Behind the name of a version that shadows.
  package static let shadowMark = "~new"

  /// The name that the site and other rules know it by.
  package var plainName: String {
    role == .acting ? name : String(name.dropLast(Rule.shadowMark.count))
  }

  /// The same version in the shadow of the one that acts.
  package func shadowing() -> Rule {
    guard role == .acting else { return self }
    var rule = self
    rule.role = .shadowing
    rule.name += Rule.shadowMark
    return rule
  }

  /// How long a reading may be not good, by the limits as the rule has them or as they are in force.
  package func toleratesSpan(_ table: LimitTable? = nil) -> TimeSpan {
    tolerates?.span(in: limits, table) ?? heldFor.span(in: limits, table) / 10
  }
}

/// A tag made of tags: sampled whenever what it reads changes. Not Sendable, as a rule is not.
package struct Calculation {
  package var name: String
  package var unit: String?
  package var readings: [Reading]
  /// Its value from its own readings and the rule's limits.
  package var compute: (UnsafeBufferPointer<ReadingValue>, LimitTable) -> Computed
  package init(
    name: String, unit: String?, readings: [Reading],
    compute: @escaping (UnsafeBufferPointer<ReadingValue>, LimitTable) -> Computed
  ) {
    self.name = name
    self.unit = unit
    self.readings = readings
    self.compute = compute
  }
}

package enum Computed: Equatable, Sendable {
  case number(Double)
  /// It says nothing for now: `only_when` is false, or the function gave nil. Windows leave the stretch out.
  case nothing
  /// It looked at a reading that is not good; index into the calculation's readings.
  case blind(reading: Int)
  /// File, line and cause, for people.
  case fault(FaultCause)
}

package enum MadeActions: Equatable, Sendable {
  case actions([ActionTemplate])
  case blind(reading: Int)
  case fault(FaultCause)
}

/// What is done when a condition clears.
package enum OnClear: Equatable, Sendable {
  /// Said on the open order.
  case comment(String)
  /// Its setpoints go back to what they were before the decision.
  case restore
  /// What has not been sent, or nobody began, is cancelled.
  case cancel
}

/// Which of a rule's functions is called.
package enum Question: Sendable, CaseIterable { case when, clearsWhen, needs, suppressedWhen }

/// What a rule answered. A rule that looks at a reading that is not good ends there: it is blind.
package enum Answer: Equatable, Sendable {
  case yes
  case no
  /// Index into the rule's readings.
  case blind(reading: Int)
  /// File, line and cause, for people: `rules/pump.lua:12: attempt to compare nil with number`.
  case fault(FaultCause)
}

/// `once_per "8 h"`.
package struct AtMost: Sendable, Equatable {
  package var once: TimeSpan
  package init(oncePer span: TimeSpan) { once = span }
}

package enum Consequence: String, Sendable, CaseIterable { case economic, quality, environment, safety }

/// SHA-256 of something, as 64 hexadecimal digits. Rules only carries it.
package struct Digest: Hashable, Codable, Sendable, CustomStringConvertible {
  package var hex: String
  package init(hex: String) { self.hex = hex }
  package static let zero = Digest(hex: String(repeating: "0", count: 64))
  package var description: String { hex }
}
