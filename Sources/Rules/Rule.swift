/// One rule file, compiled: what it reads, when it fires, what it does, what it is worth, who owns it.
/// A rule never changes and knows nothing of one asset; what it knows about one asset is a `Condition`.
package struct Rule {
  /// The file's name without `.lua`; the rule's identity.
  package var name: String
  package var title: String
  package var owner: String
  /// Name of the asset class.
  package var appliesTo: String
  package var limits: [Limit]
  package var readings: [Reading]
  package var heldFor: TimeSpan
  package var releasedFor: TimeSpan
  package var tolerates: TimeSpan
  package var every: Every
  package var atMost: AtMost?
  package var actions: [ActionTemplate]
  package var consequence: Consequence?
  package var checkFirst: [String]
  /// `2027-06-30`, a date as written.
  package var reviewBy: String?
  package var value: ValueModel?
  package var examples: [Example]
  package var textHash: Digest
  package var logicHash: Digest
  package var hasClearsWhen: Bool
  /// Calls into the rule's own Lua state. Not Sendable on purpose: a rule belongs to the thread that made it.
  package var ask: (Question, UnsafeBufferPointer<ReadingValue>, UnsafeBufferPointer<Double>) -> Answer

  package init(
    name: String, title: String, owner: String, appliesTo: String, limits: [Limit] = [], readings: [Reading],
    heldFor: TimeSpan = .zero, releasedFor: TimeSpan = .zero, tolerates: TimeSpan? = nil, every: Every? = nil,
    atMost: AtMost? = nil, actions: [ActionTemplate] = [], consequence: Consequence? = nil,
    checkFirst: [String] = [], reviewBy: String? = nil, value: ValueModel? = nil, examples: [Example] = [],
    textHash: Digest = .zero, logicHash: Digest = .zero, hasClearsWhen: Bool = false,
    ask: @escaping (Question, UnsafeBufferPointer<ReadingValue>, UnsafeBufferPointer<Double>) -> Answer
  ) {
    self.name = name
    self.title = title
    self.owner = owner
    self.appliesTo = appliesTo
    self.limits = limits
    self.readings = readings
    self.heldFor = heldFor
    self.releasedFor = releasedFor
    self.tolerates = tolerates ?? heldFor / 10
    self.every = every ?? .standard(heldFor: heldFor, readings: readings)
    self.atMost = atMost
    self.actions = actions
    self.consequence = consequence
    self.checkFirst = checkFirst
    self.reviewBy = reviewBy
    self.value = value
    self.examples = examples
    self.textHash = textHash
    self.logicHash = logicHash
    self.hasClearsWhen = hasClearsWhen
    self.ask = ask
  }
}

/// Which of a rule's functions is called.
package enum Question: Sendable { case when, clearsWhen }

/// What a rule answered. A rule that looks at a reading that is not good ends there: it is blind.
package enum Answer: Equatable, Sendable {
  case yes
  case no
  /// Index into the rule's readings.
  case blind(reading: Int)
  /// File, line and cause, for people: `rules/pump.lua:12: attempt to compare nil with number`.
  case fault(String)
}

/// A threshold named in a rule, overridable per asset.
package struct Limit: Sendable, Equatable {
  package var name: String
  package var value: Double
  package init(name: String, value: Double) {
    self.name = name
    self.value = value
  }
}

/// What a rule looks at, under the name its author gave it.
package struct Reading: Sendable, Equatable {
  package var name: String
  /// Name of the tag in the class.
  package var tag: String
  package var form: ReadingForm
  package init(name: String, tag: String, form: ReadingForm) {
    self.name = name
    self.tag = tag
    self.form = form
  }
}

/// A window is `(now - w, now]`.
package enum ReadingForm: Sendable, Equatable {
  /// The value in force.
  case latest
  /// The last good value that differed from the one in force.
  case previous
  /// `"good"`, `"uncertain"`, `"bad"` or `"stale"`. Always known.
  case quality
  /// Seconds since the last sample; always known once the tag was heard of, else infinite.
  case age
  /// Whether the tag's last sample is older than this, or the tag is stale. Always known.
  case stale(after: TimeSpan)
  /// Seconds since the value in force came up.
  case unchangedFor
  /// Time-weighted over the window, the value in force at its left edge included.
  case average(TimeSpan)
  case minimum(TimeSpan)
  case maximum(TimeSpan)
  /// Arithmetic mean of the good samples in the window.
  case mean(TimeSpan)
  /// How often the value changed within the window.
  case count(TimeSpan)
  /// Now minus the newest good value at or before `now - w`.
  case change(TimeSpan)

  package var window: TimeSpan? {
    switch self {
    case .average(let w), .minimum(let w), .maximum(let w), .mean(let w), .count(let w), .change(let w): w
    case .latest, .previous, .quality, .age, .stale, .unchangedFor: nil
    }
  }

  /// Whether it is worked out from running totals over a window.
  package var needsTotals: Bool {
    switch self {
    case .average, .minimum, .maximum, .mean, .count: true
    default: false
    }
  }

  /// Whether what it was when last known must be remembered, because the tag's history does not say it (S5).
  var needsMemory: Bool {
    switch self {
    case .latest, .previous, .quality, .age, .stale: false
    default: true
    }
  }

  /// Whether it is known whatever the tag's quality.
  package var alwaysKnown: Bool {
    switch self {
    case .quality, .age, .stale: true
    default: false
    }
  }

  /// Whether the reading's value can change by time alone.
  package var movesWithTime: Bool {
    switch self {
    case .latest, .previous, .quality: false
    default: true
    }
  }
}

/// What a reading amounts to at one moment.
package enum ReadingValue: Hashable, Sendable {
  /// Not good or not known: a rule that looks at it is blind.
  case notGood
  case boolean(Bool)
  case number(Double)
  case text(String)
}

/// When a rule is re-evaluated while nothing arrives.
package enum Every: Sendable, Equatable {
  case never
  /// On multiples of this since the epoch.
  case span(TimeSpan)

  /// A tenth of the shortest window or of `held_for`, 1 s to 1 min; 1 min with neither.
  package static func standard(heldFor: TimeSpan, readings: [Reading]) -> Every {
    let spans = readings.compactMap(\.form.window) + (heldFor > .zero ? [heldFor] : [])
    guard let shortest = spans.min() else { return .span(.minutes(1)) }
    return .span(min(max(shortest / 10, .seconds(1)), .minutes(1)))
  }
}

/// `once_per "8 h"`.
package struct AtMost: Sendable, Equatable {
  package var once: TimeSpan
  package init(oncePer span: TimeSpan) { once = span }
}

package enum Consequence: String, Sendable, CaseIterable { case economic, quality, environment, safety }

/// What a caught failure is worth. Money stays as written, decimal with its currency: `14000 EUR`.
package struct ValueModel: Sendable, Equatable {
  package var avoids: Money?
  package var because: String?
  /// Fraction of those failures that is really avoidable when caught here, 0...1.
  package var share: Double?
  package var nuisance: Money?
  package init(avoids: Money?, because: String?, share: Double?, nuisance: Money?) {
    self.avoids = avoids
    self.because = because
    self.share = share
    self.nuisance = nuisance
  }
}

/// A proof the author wrote beside the rule: these readings, for so long, and what must come of it.
package struct Example: Sendable, Equatable {
  /// The name of the field: `fires`, `stays_calm`, `fires_when_hot`.
  package var name: String
  /// Names beginning with `fires` expect a decision, with `stays_calm` none.
  package var fires: Bool
  /// Constant values by reading name, in the order of the rule's readings.
  package var values: [(reading: String, value: Value)]
  package var lasting: TimeSpan
  package var line: Int
  package init(name: String, fires: Bool, values: [(reading: String, value: Value)], lasting: TimeSpan, line: Int) {
    self.name = name
    self.fires = fires
    self.values = values
    self.lasting = lasting
    self.line = line
  }
  package static func == (a: Example, b: Example) -> Bool {
    a.name == b.name && a.fires == b.fires && a.lasting == b.lasting && a.line == b.line
      && a.values.elementsEqual(b.values) { $0 == $1 }
  }
}

/// SHA-256 of something, as 64 hexadecimal digits. Rules only carries it.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
  package var hex: String
  package init(hex: String) { self.hex = hex }
  package static let zero = Digest(hex: String(repeating: "0", count: 64))
  package var description: String { hex }
}
