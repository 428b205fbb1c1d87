import Engine
import Rules
import Synchronization

/// An engine whose clocks and source the test moves, a step a turn, and whose rules change under it.
enum ReloadWorld {
  static let start = Instant(seconds: 1_000_000)

  enum Step {
    case up
    /// Of machine M0, or of another one; stamped with the wall clock.
    case value(Double, of: Int = 0)
    case pass(TimeSpan)
    /// From here on the versions of that place are wanted.
    case reload(Int)
  }

  /// `over` fires above the limit. Its logic is its limit and its hold; `comment` is the rest of its text.
  static func over(
    _ limit: Double = 10, heldFor: TimeSpan = .zero, name: String = "over", comment: String = "",
    formerly: [String] = [], atMost: TimeSpan? = nil
  ) -> Rule {
    Rule(
      name: name, title: "over", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "v", tag: "V", form: .latest)], heldFor: .span(heldFor),
      atMost: atMost.map(AtMost.init(oncePer:)),
      actions: [.workOrder(title: "look at {asset}", priority: 2, text: nil, on: .own)], formerly: formerly,
      textHash: Digest(hex: "\(limit) \(heldFor.microseconds) \(comment)"),
      logicHash: Digest(hex: "\(limit) \(heldFor.microseconds)")
    ) { _, readings, _ in
      guard case .number(let value) = readings[0] else { return .blind(reading: 0) }
      return value > limit ? .yes : .no
    }
  }

  /// `machines` by name. Orders may be sent.
  static func configuration(_ rules: [Rule], machines: [String] = ["M0", "M1"]) -> Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A")])
    let model = Model(
      classes: [machine], assets: machines.map { Asset(name: $0, path: $0, classIndex: 0) }
    ) { _, _ in SourceID(0) }
    let versions = rules.map { "\($0.name)=\($0.textHash)" }.sorted().joined(separator: ",")
    return Configuration(
      hash: Digest(hex: versions + " on " + machines.joined(separator: ",")), model: model,
      rules: rules.sorted { $0.name < $1.name },
      policy: PolicySettings(
        tiers: [.init(rule: nil, assetClass: nil, kind: nil, tier: .act)],
        routes: [.init(kind: .workOrder, assetClass: nil, adapter: "desk")]),
      sources: [SourceSettings(name: "script", lateness: .zero, skew: .seconds(5))])
  }

  /// All versions there ever were; one is wanted.
  final class Versions: Catalogue {
    struct Gone: Error {}
    private let all: [Configuration]
    private let wanted: Wanted
    init(_ all: [Configuration], _ wanted: Wanted) {
      self.all = all
      self.wanted = wanted
    }
    func configuration(_ hash: Digest) throws -> Configuration {
      guard let found = all.first(where: { $0.hash == hash }) else { throw Gone() }
      return found
    }
    func successor(to decider: Decider?) -> Configuration? {
      let next = all[wanted.place]
      return decider?.evaluator.configuration.hash == next.hash ? nil : next
    }
  }

  final class Wanted: Sendable {
    private let state: Mutex<Int>
    init(_ place: Int) { state = Mutex(place) }
    var place: Int { state.withLock { $0 } }
    func want(_ place: Int) { state.withLock { $0 = place } }
  }

  /// Plays the steps, beginning with the first version unless told otherwise.
  @discardableResult
  static func play(
    _ steps: [Step], _ versions: [Configuration], _ journal: MemoryJournal = MemoryJournal(), from: TimeSpan = .zero,
    beginningWith place: Int = 0, answered: (@Sendable () -> Void)? = nil
  ) throws -> MemoryJournal {
    let (clocks, inbox, wanted) = (Clocks(start + from), Inbox(), Wanted(place))
    let engine = try Engine(
      catalogue: Versions(versions, wanted), journal: journal,
      sources: [Player(steps, clocks, wanted, inbox, answered)],
      inbox: inbox, clock: clocks.wall, steady: clocks.steady, log: { _ in }, committed: { _ in })
    try engine.run()
    return journal
  }

  /// The state to which a start comes that finds this journal and the version it ends with.
  static func state(of journal: MemoryJournal, _ versions: [Configuration]) throws -> [UInt8] {
    let last = journal.lastConfiguration()
    let place = versions.firstIndex { $0.hash == last?.hash } ?? 0
    let clocks = Clocks(start)
    return try Engine(
      catalogue: Versions(versions, Wanted(place)), journal: journal, sources: [], inbox: Inbox(), clock: clocks.wall,
      steady: clocks.steady, log: { _ in }, committed: { _ in }
    ).encodedState
  }

  /// The state by another way: every input from the beginning, no snapshot.
  static func reference(_ journal: MemoryJournal, _ versions: [Configuration]) throws -> Decider? {
    var decider: Decider?
    var newest = Instant.distantPast
    try journal.replay(from: 1) { _, input in
      switch input {
      case .config(let hash):
        guard let next = versions.first(where: { $0.hash == hash }) else { throw Versions.Gone() }
        var new = Decider(next)
        if let decider { new.adopt(decider, at: newest) }
        decider = new
      case .change(let change): newest = max(newest, change.arrived)
      case .tick(_, let time), .source(_, _, let time): newest = max(newest, time)
      default: break
      }
      _ = decider?.apply(input)
    }
    return decider
  }

  final class Clocks: Sendable {
    private let now: Mutex<(wall: Instant, steady: Instant)>
    init(_ wall: Instant) { now = Mutex((wall, Instant(seconds: 5))) }
    @Sendable func wall() -> Instant { now.withLock { $0.wall } }
    @Sendable func steady() -> Instant { now.withLock { $0.steady } }
    func pass(_ span: TimeSpan) { now.withLock { $0 = ($0.wall + span, $0.steady + span) } }
  }

  /// Takes a step each time it is asked, and some turns later ends the engine.
  final class Player: Source {
    let id = SourceID(0)
    private let steps: [Step]
    private let clocks: Clocks
    private let wanted: Wanted
    private let inbox: Inbox
    private let answered: (@Sendable () -> Void)?
    private let state = Mutex((next: 0, held: false))

    init(
      _ steps: [Step], _ clocks: Clocks, _ wanted: Wanted, _ inbox: Inbox, _ answered: (@Sendable () -> Void)? = nil
    ) {
      self.steps = steps
      self.clocks = clocks
      self.wanted = wanted
      self.inbox = inbox
      self.answered = answered
    }

    func start(delivered: [MessageMark], wake: @escaping @Sendable () -> Void) { wake() }
    func take(into intake: inout Intake) {
      let step: Step? = state.withLock { state in
        guard !state.held else { return nil }
        defer { state.next += 1 }
        if state.next >= steps.count + 4 { inbox.stop() }
        return steps.indices.contains(state.next) ? steps[state.next] : nil
      }
      inbox.wake()
      let wall = clocks.wall()
      switch step {
      case .up?: intake.inputs += [LinkEvent.connected, .caughtUp].map { .source(id, $0, wall) }
      case .value(let value, let machine)?:
        intake.inputs.append(.change(TagChange(TagID(machine), .number(value), time: wall, arrived: wall)))
      case .pass(let span)?: clocks.pass(span)
      case .reload(let place)?:
        wanted.want(place)
        inbox.reload(done: answered)
      case nil: break
      }
    }
    func hold() { state.withLock { $0.held = true } }
    func committed() { state.withLock { $0.held = false } }
    func refused() { state.withLock { $0.held = false } }
    func stop() {}
  }
}

extension MemoryJournal {
  var decisions: [Decision] { batches.flatMap(\.decisions) }
  var times: [TimeSpan] { decisions.map { $0.key.time - ReloadWorld.start } }
  var divergences: Int { batches.flatMap(\.reports).count { $0.kind == .divergence } }
  /// What the ledger would show of a rule's condition.
  func phase(_ rule: String = "over", _ asset: String = "M0") -> String? {
    var phase: String?
    for batch in batches {
      if batch.inputs.contains(where: { if case .config = $0 { true } else { false } }) { phase = nil }
      phase = batch.conditions.last { $0.rule == rule && $0.asset == asset }?.phase ?? phase
    }
    return phase
  }
}
