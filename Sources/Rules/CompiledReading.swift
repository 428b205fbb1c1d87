/// A reading resolved against the class of its tag. Plain bits, without a text or a list: it is copied for every reading
/// of every change. What it names it has as places in lists of the evaluator's.
struct CompiledReading {
  /// As `ReadingForm`, without what goes with it.
  enum Form: UInt8 {
    case latest, previous, quality, age, stale, unchangedFor
    case average, minimum, maximum, spread, total, smoothed, mean, count, change, rate, increase, crossings, timeIn
    case elapsed, left, active, fired
  }
  enum Kind: UInt8 { case number, boolean, states, text }
  /// What the left edge of its window hangs on; `none` without a window.
  enum Edge: UInt8 { case none, length, anchor, period }
  enum Coverage {
    case fourFifths
    case share(Double)
    case samples(Int32)
  }

  var form: Form
  var kind = Kind.number
  var edge: Edge
  var coverage: Coverage
  /// The tag's place in the class of the subject; -1 when it looks at a calculation or at no tag.
  var place: Int32 = -1
  /// The calculation it looks at, by its place in the rule's; -1 when it looks at a tag.
  var calculation: Int32 = -1
  /// Of all assets of a class below.
  var isGroup = false
  /// Longest silence in which the tag (or its heartbeat) is good; `.max` when silence says nothing.
  var staleAfter = Int64.max
  /// The tag whose silence counts; -1 when it is the tag itself.
  var heartbeat: Int32 = -1
  /// For how long after the newest change of its tag it changes by time: the length of its window.
  var window: Int64
  /// The one length of time that it names beside: until stale, time constant of the lag, time that a rate is per.
  var span: Int64
  /// The latest value of a number of the asset itself that lives by itself or by its link.
  var isPlain = false
  var isOptional: Bool
  /// Whether what it was when last known must be remembered (S5).
  var needsMemory: Bool

  /// What the reading says by itself; where it looks comes after that.
  init(_ reading: Reading) {
    form = Form(reading.form)
    switch reading.form.window {
    case nil: edge = .none
    case .length: edge = .length
    case .since: edge = .anchor
    case .this: edge = .period
    }
    switch reading.atLeast {
    case nil: coverage = .fourFifths
    case .share(let share): coverage = .share(share)
    case .samples(let count): coverage = .samples(Int32(clamping: count))
    }
    window = min(reading.form.window?.length?.microseconds ?? 0, Evaluator.endOfTime)
    span = 0
    switch reading.form {
    case .stale(let after): span = after.microseconds
    case .rate(_, let per): span = per.microseconds
    case .smoothed(let constant):
      span = max(1, constant.microseconds)
      // After that nothing is left of the lag that a number could hold.
      window = min(span.saturatingTimes(40), Evaluator.endOfTime)
    default: break
    }
    isOptional = reading.isOptional
    needsMemory = reading.form.needsMemory
    if case .each = reading.subject {
      isGroup = true
      needsMemory = true
    }
  }

  /// It looks at the tag at this place of its subject's class.
  mutating func look(at place: Int32, of tags: [TagDefinition], isOwn: Bool) {
    self.place = place
    let definition = tags[Int(place)]
    switch definition.life {
    case .itself(let span): staleAfter = span.microseconds
    case .device: break
    case .heartbeat(let tag, let span):
      staleAfter = span.microseconds
      heartbeat = tags.firstIndex { $0.name == tag }.map(Int32.init) ?? place
    }
    switch definition.type {
    case .number, .counter: kind = .number
    case .boolean: kind = .boolean
    case .states: kind = .states
    case .text: kind = .text
    }
    isPlain = form == .latest && kind == .number && heartbeat < 0 && isOwn
  }

  /// Whether it may change by time alone for as long as its tag is silent. One over a window of some length stands still
  /// once the newest change has left it.
  var movesWithoutEnd: Bool {
    switch form {
    case .age, .unchangedFor, .elapsed, .left: true
    default: edge == .anchor || edge == .period
    }
  }

  /// What must be kept of its tag beside the marks.
  var needs: History.Needs {
    switch form {
    case .average, .total, .mean, .count, .increase, .crossings, .timeIn: .totals
    case .minimum, .maximum: [.totals, .extremes]
    case .spread, .rate: [.totals, .powers]
    default: []
    }
  }
}

extension CompiledReading.Form {
  init(_ form: ReadingForm) {
    self =
      switch form {
      case .latest: .latest
      case .previous: .previous
      case .quality: .quality
      case .age: .age
      case .stale: .stale
      case .unchangedFor: .unchangedFor
      case .average: .average
      case .minimum: .minimum
      case .maximum: .maximum
      case .spread: .spread
      case .total: .total
      case .smoothed: .smoothed
      case .mean: .mean
      case .count: .count
      case .change: .change
      case .rate: .rate
      case .increase: .increase
      case .crossings: .crossings
      case .timeIn: .timeIn
      case .elapsed: .elapsed
      case .left: .left
      case .active: .active
      case .fired: .fired
      }
  }
}

extension Reading {
  /// What is kept along the marks of its tag for it alone; nil when it needs no such thing.
  func track(of definition: TagDefinition?, _ rule: Rule, _ limits: LimitTable) -> Track.Kind? {
    switch form {
    case .smoothed(let constant): return .lag(max(1, constant.microseconds))
    case .increase: return .counter(definition?.credible)
    case .crossings(.number(let number), _): return .crossings(of: number)
    case .crossings(.limit(let name), _):
      return .crossings(of: rule.limits.firstIndex { $0.name == name }.map { limits[$0] } ?? .nan)
    case .timeIn(let value, _):
      switch (value, definition?.type) {
      case (.text(let text), .text?): return .timeInText(text)
      case (.text(let name), .states(let names, _)?):
        return .time(in: names.firstIndex(of: name).map { Double($0) } ?? .nan)
      case (.boolean(let flag), _): return .time(in: flag ? 1 : 0)
      case (.number(let number), _): return .time(in: number)
      case (.text, _), (.null, _): return .time(in: .nan)
      }
    default: return nil
    }
  }
}
