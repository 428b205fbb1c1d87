import Engine
import Rules

/// One run of the campaign: a plant that sends, loses its links and comes back, an engine that commits, is killed and
/// starts again, a queue that claims late, and persons who approve. What it finds wrong is in `complaints`.
struct SetpointWorld {
  /// A request as the queue has it.
  private struct Queued {
    enum State { case waiting, ready, sent, refused, unknown }
    var decision: Decision
    var action: Action
    var state: State
  }

  private(set) var requests = 0
  private(set) var sent = 0
  private(set) var reasons: [String: Int] = [:]
  private(set) var complaints: [String] = []

  private var dice: SetpointDice
  private let site: SetpointSite
  private let configuration: Configuration
  private var decider: Decider
  private var gate: SetpointGate
  private var judge: SetpointJudge
  private var now = Instant(seconds: 1_772_366_400)

  // What is in the journal, and what is not yet.
  private var journal: [Input] = []
  private var batch: [Input] = []
  private var decided: [Decision] = []
  private var fresh: [Decision] = []
  private var opening: [Queued] = []
  private var queue: [Queued] = []
  private var committed: SetpointJudge
  /// What was decided before the configuration began.
  private var standing = Standing()
  private var clockIsTrusted = false

  init(seed: UInt64) {
    dice = SetpointDice(state: seed)
    site = SetpointSite(&dice)
    configuration = site.configuration
    decider = Decider(configuration)
    gate = SetpointGate(site.conduits)
    judge = SetpointJudge(site)
    committed = judge
  }

  mutating func run(steps: Int) {
    for source in 0..<2 { connect(source, newSession: false) }
    for _ in 0..<steps {
      now = now + TimeSpan(microseconds: Int64(dice.below(4_000_000)))
      switch dice.below(100) {
      case 0..<45: sample(1 + dice.below(SetpointSite.machines))
      case 45..<65: pull(1 + dice.below(SetpointSite.machines))
      case 65..<90: claim()
      case 90..<94: approve()
      case 94..<96: lose(dice.below(2))
      case 96..<99: connect(dice.below(2), newSession: dice.chance(30))
      default: dice.chance(70) ? restart() : reconfigure()
      }
      if dice.chance(80) { commit() }
    }
  }

  // MARK: The plant

  private mutating func send(_ machine: Int, _ tag: String, _ value: Value, _ quality: Quality = .good) {
    guard judge.up[judge.source(of: machine)] || dice.chance(10) else { return }
    guard let id = configuration.model.tag(tag, of: AssetID(machine - 1)) else { return }
    apply(.change(TagChange(id, value, quality: quality, time: now)))
    judge.hear(machine, tag, value, quality, at: now)
  }

  private mutating func sample(_ machine: Int) {
    for tag in SetpointSite.tags.dropFirst() where dice.chance(60) {
      let quality: Quality = dice.chance(96) ? .good : dice.one([.bad, .uncertain, .stale])
      switch tag {
      case "Speed": send(machine, tag, .number(dice.chance(97) ? Double(dice.below(200)) / 2 : 101), quality)
      case "Flow": send(machine, tag, .number(Double(dice.below(200)) / 2), quality)
      default: send(machine, tag, .boolean(dice.chance(92)), quality)
      }
    }
  }

  /// Makes every rule of a machine fire.
  private mutating func pull(_ machine: Int) {
    send(machine, "Trigger", .number(20))
    now = now + TimeSpan(microseconds: Int64(1 + dice.below(1_000_000)))
    send(machine, "Trigger", .number(1))
  }

  private mutating func lose(_ source: Int) {
    apply(.source(SourceID(source), .lost, now))
    judge.up[source] = false
  }

  private mutating func connect(_ source: Int, newSession: Bool) {
    apply(.source(SourceID(source), .connected, now))
    if newSession {
      apply(.source(SourceID(source), .newSession, now))
      judge.forget(source: source)
    }
    apply(.source(SourceID(source), .caughtUp, now))
    judge.up[source] = true
  }

  // MARK: The engine

  private mutating func apply(_ input: Input) {
    batch.append(input)
    guard let turn = decider.apply(input) else { return }
    for decision in turn.verdict.decisions { check(decision) }
  }

  private mutating func check(_ decision: Decision) {
    fresh.append(decision)
    guard let machine = Int(decision.key.asset.suffix(1)), let rule = Int(decision.key.rule.dropFirst()) else { return }
    for (action, asked) in zip(decision.actions, site.rules[rule].targets) {
      requests += 1
      let expected = judge.decide(machine, asked.tag, asked.to, site.rules[rule].tier, at: decision.key.time)
      let standing: SetpointJudge.Standing =
        switch action.standing {
        case .ready: .ready
        case .waiting: .waiting
        case .shadow: .shadow
        case .refused(let why):
          { () -> SetpointJudge.Standing in
            reasons[why.filter(\.isLetter), default: 0] += 1
            return .refused
          }()
        }
      if standing != expected.standing { complain("\(action.standing), not \(expected.standing)", decision, action) }
      if action.setpoint?.validUntil != expected.validUntil { complain("another time to live", decision, action) }
      let target = action.setpoint?.target
      if target?.isFinite == true, abs((target ?? 0) - (expected.target ?? 1e9)) > 1e-9 {
        complain("another target", decision, action)
      }
      switch standing {
      case .ready: opening.append(Queued(decision: decision, action: action, state: .ready))
      case .waiting: opening.append(Queued(decision: decision, action: action, state: .waiting))
      case .refused, .shadow: break
      }
    }
  }

  private mutating func commit() {
    journal += batch
    decided += fresh
    queue = (queue + opening).suffix(40)
    (batch, fresh, opening) = ([], [], [])
    committed = judge
    clockIsTrusted = dice.chance(97)
    gate.publish(decider, clockIsTrusted: clockIsTrusted, at: now)
  }

  /// Killed: what was not committed never was. Brought back from the journal or from bytes.
  private mutating func restart() {
    (batch, fresh, opening) = ([], [], [])
    judge = committed
    var again = Decider(configuration, standing: standing)
    for input in journal { _ = again.apply(input) }
    decider = again
    if dice.chance(50) {
      var restored = Decider(configuration)
      var reader = ByteReader(again.encodedState())
      do { try restored.restore(from: &reader) } catch { complaints.append("the state cannot be restored: \(error)") }
      if restored.encodedState() != again.encodedState() { complaints.append("another state was restored") }
      decider = restored
    }
    beginWithoutKnowledge()
    for source in 0..<2 { lose(source) }
  }

  /// A new configuration begins with nothing but what was decided before.
  private mutating func reconfigure() {
    commit()
    standing = Standing()
    standing.decisions = decided.map(\.key)
    for decision in decided {
      for action in decision.actions {
        guard let setpoint = action.setpoint, let until = setpoint.validUntil else { continue }
        standing.setpoints.append((decision.key.asset, setpoint.tag, until))
      }
    }
    decider = Decider(configuration, standing: standing)
    journal = []
    judge.tags = [:]
    judge.up = [false, false]
    committed = judge
    beginWithoutKnowledge()
  }

  /// Until the first commit nothing may be sent.
  private mutating func beginWithoutKnowledge() {
    gate = SetpointGate(site.conduits)
    clockIsTrusted = false
  }

  // MARK: The queue and the persons

  private mutating func approve() {
    guard let place = queue.indices.filter({ queue[$0].state == .waiting }).randomElement(using: &dice) else { return }
    queue[place].state = .ready
  }

  private mutating func claim() {
    guard let place = queue.indices.filter({ queue[$0].state == .ready }).randomElement(using: &dice) else { return }
    let (decision, action) = (queue[place].decision, queue[place].action)
    guard let setpoint = action.setpoint, let machine = Int(decision.key.asset.suffix(1)) else { return }
    let wall = now + TimeSpan(microseconds: Int64(dice.below(dice.chance(80) ? 4_000_000 : 150_000_000)))
    let allowed = committed.maySend(
      machine, setpoint.tag, setpoint.target, decided: decision.key.time, clockIsTrusted: clockIsTrusted, at: wall)
    let refusal = gate.permit(decision, action, wall)
    if allowed != (refusal == nil) { complain(refusal ?? "sent at \(wall)", decision, action) }
    if let refusal {
      reasons[refusal.filter(\.isLetter), default: 0] += 1
      queue[place].state = .refused
      return
    }
    sent += 1
    // Settled, surely not taken and to be tried again, or nobody knows.
    queue[place].state = dice.one([.sent, .ready, .unknown])
  }

  private mutating func complain(_ what: String, _ decision: Decision, _ action: Action) {
    complaints.append("\(decision.key)/\(action.number) \(action.setpoint.map { "\($0)" } ?? "-"): \(what)")
  }
}
