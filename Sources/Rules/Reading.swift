/// What a rule looks at, under the name its author gave it.
package struct Reading: Sendable, Equatable {
  package var name: String
  /// Whose tag it is.
  package var subject: Subject
  /// Name of the tag in the class of the subject, or of a calculation of the rule or class. Empty for the forms that
  /// look at another rule or at the calendar alone.
  package var tag: String
  package var form: ReadingForm
  /// How much must be known for a window to be known; nil is four fifths of it.
  package var atLeast: Coverage?
  /// Not good gives nothing (`nil` in Lua) instead of blinding the rule.
  package var isOptional: Bool

  package init(
    name: String, subject: Subject = .own, tag: String, form: ReadingForm, atLeast: Coverage? = nil,
    isOptional: Bool = false
  ) {
    self.name = name
    self.subject = subject
    self.tag = tag
    self.form = form
    self.atLeast = atLeast
    self.isOptional = isOptional
  }
}

/// Whose tag a reading looks at, or an action works on.
package enum Subject: Sendable, Equatable {
  /// The asset the rule is asked for.
  case own
  /// `:of "Line"`: the nearest asset above it that is of this class.
  case ancestor(assetClass: String)
  /// `:of_pair "standby"`: the asset that the model names so for this one.
  case reference(String)
  /// `each("OvenZone", ...)`: all assets of this class below it, taken together.
  case each(assetClass: String)
}

/// How a window is known.
package enum Coverage: Sendable, Equatable {
  /// Good values cover at least this fraction of the window, 0...1.
  case share(Double)
  /// At least this many good samples lie in it.
  case samples(Int)
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
  case average(Window)
  case minimum(Window)
  case maximum(Window)
  /// Time-weighted standard deviation over the window (of the whole, not of a sample).
  case spread(Window)
  /// Integral over the window per hour: kW gives kWh.
  case total(Window)
  /// First-order lag with this time constant, over the value held between samples.
  case smoothed(TimeSpan)
  /// Arithmetic mean of the good samples in the window.
  case mean(Window)
  /// How often the value changed within the window.
  case count(Window)
  /// Now minus the newest good value at or before `now - w`.
  case change(Window)
  /// Slope of the least-squares line through the good samples in the window, per this length of time.
  case rate(Window, per: TimeSpan)
  /// How far a counter went on in the window: what it fell by is a roll-over or a reset, and taken as such.
  case increase(Window)
  /// How often the value passed the limit, in either direction, within the window.
  case crossings(Bound, Window)
  /// Seconds of the window in which the tag was this: a state, or true or false.
  case timeIn(Value, Window)
  /// Seconds since the beginning of the window, and to its end; `this` windows only. Always known.
  case elapsed(Window)
  case left(Window)
  /// Whether another rule is active on the same asset.
  case active(rule: String)
  /// How often another rule became active on the same asset within the window, held back or not.
  case fired(rule: String, Window)

  package var window: Window? {
    switch self {
    case .average(let w), .minimum(let w), .maximum(let w), .mean(let w), .count(let w), .change(let w),
      .spread(let w), .total(let w), .rate(let w, _), .increase(let w), .crossings(_, let w), .timeIn(_, let w),
      .elapsed(let w), .left(let w), .fired(_, let w):
      w
    case .latest, .previous, .quality, .age, .stale, .unchangedFor, .smoothed, .active: nil
    }
  }

  /// The length of its window, as far as it has one of its own: a lag's time constant, a period's length.
  fileprivate var length: TimeSpan? {
    switch (self, window) {
    case (.smoothed(let constant), _): constant
    case (_, .length(let span)?), (_, .this(.span(let span))?): span
    default: nil
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
    case .quality, .age, .stale, .elapsed, .left, .active, .fired: true
    default: false
    }
  }

  /// Whether the reading's value can change by time alone.
  package var movesWithTime: Bool {
    switch self {
    case .latest, .previous, .quality, .active: false
    default: true
    }
  }
}

/// From when to now a reading looks.
package enum Window: Sendable, Equatable {
  case length(TimeSpan)
  /// Since that tag of the same asset last changed; with a value: since it last became that.
  case since(tag: String, value: Value?)
  /// From the beginning of the running period, in the site's zone.
  case this(Period)

  package static let zero = Window.length(.zero)
  package static func seconds(_ count: Int64) -> Window { .length(.seconds(count)) }
  package static func minutes(_ count: Int64) -> Window { .length(.minutes(count)) }
  package static func hours(_ count: Int64) -> Window { .length(.hours(count)) }

  /// Nil where it hangs on the plant or the calendar.
  package var length: TimeSpan? { if case .length(let span) = self { span } else { nil } }
}

/// A part of the site's day.
package enum Period: Sendable, Equatable {
  /// `"15 min"`, `"hour"`: counted from the local midnight; it divides the day.
  case span(TimeSpan)
  /// The shift of the site's calendar that is on; outside all shifts nothing is known.
  case shift
  case day
}

/// A number as written, or a limit of the rule by name.
package enum Bound: Sendable, Equatable {
  case number(Double)
  case limit(String)
}

/// What a reading amounts to at one moment.
package enum ReadingValue: Hashable, Sendable {
  /// Not good or not known: a rule that looks at it is blind.
  case notGood
  /// Not good, and optional: `nil` in Lua.
  case absent
  case boolean(Bool)
  case number(Double)
  case text(String)
  /// Of many assets at once.
  indirect case group(GroupReading)
}

/// `each`: what the known values of many assets amount to together. True counts as 1 and false as 0.
package struct GroupReading: Hashable, Sendable {
  package var highest: Double
  package var lowest: Double
  package var spread: Double
  package var mean: Double
  /// How many are known; the others are left out.
  package var howMany: Int
  /// Name of the asset whose value lies farthest from the mean.
  package var worst: String
  package init(highest: Double, lowest: Double, spread: Double, mean: Double, howMany: Int, worst: String) {
    self.highest = highest
    self.lowest = lowest
    self.spread = spread
    self.mean = mean
    self.howMany = howMany
    self.worst = worst
  }
}

/// When a rule is re-evaluated while nothing arrives.
package enum Every: Sendable, Equatable {
  case never
  /// On multiples of this since the epoch.
  case span(TimeSpan)

  /// A tenth of the shortest window or of `held_for`, 1 s to 1 min; 1 min with neither.
  package static func standard(heldFor: TimeSpan, readings: [Reading]) -> Every {
    let spans = readings.compactMap(\.form.length) + (heldFor > .zero ? [heldFor] : [])
    guard let shortest = spans.min() else { return .span(.minutes(1)) }
    return .span(min(max(shortest / 10, .seconds(1)), .minutes(1)))
  }
}
