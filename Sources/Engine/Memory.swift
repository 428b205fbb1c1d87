import Rules

/// The engine was asked to end while it brought its state back.
package struct Stopped: Error {}

/// What the engine knows between batches: all of it follows from the journal.
struct Memory {
  var decider: Decider
  /// Tags whose binding is in the journal since the configuration was.
  private var bound: Set<TagID> = []
  private let configuration: Configuration
  /// Inputs that a start itself is: a new configuration, links that are not up yet.
  private(set) var opening: [Input] = []
  private var up: [Bool]
  let slowestLateness: TimeSpan

  private init(_ configuration: Configuration, _ standing: Standing) {
    self.configuration = configuration
    decider = Decider(configuration, standing: standing)
    up = configuration.sources.map { _ in false }
    slowestLateness = configuration.sources.map(\.lateness).max() ?? .zero
  }

  /// Replays the journal since this configuration began to decide. Nothing is emitted: what was decided stands.
  /// A configuration that the journal does not end with begins anew, and says so in the journal.
  static func recover(
    _ configuration: Configuration, from journal: any Journal, isStopping: () -> Bool
  ) throws -> Memory {
    guard let last = try journal.lastConfiguration(), last.hash == configuration.hash else {
      var memory = Memory(configuration, try journal.standing(before: try journal.nextInput))
      memory.opening = [.config(configuration.hash)]
      return memory
    }
    var memory = Memory(configuration, try journal.standing(before: last.number))
    var newest = Instant.distantPast
    try journal.replay(from: last.number) { number, input in
      if number % 1_000 == 0, isStopping() { throw Stopped() }
      _ = memory.apply(input)
      switch input {
      case .bind(let tag, _, _, _): memory.bound.insert(tag)
      case .change(let change): newest = max(newest, change.arrived)
      case .tick(_, let time), .source(_, _, let time): newest = max(newest, time)
      case .config, .command, .fault, .death: break
      }
    }
    // A start is the return of every link: until they are back nothing is decided by time alone.
    if newest > .distantPast {
      memory.opening = configuration.sources.indices.map { .source(SourceID($0), .lost, newest) }
    }
    return memory
  }

  mutating func apply(_ input: Input) -> Decider.Turn? {
    if case .source(let source, let event, _) = input, up.indices.contains(Int(source.index)) {
      switch event {
      case .caughtUp: up[Int(source.index)] = true
      case .connected, .lost: up[Int(source.index)] = false
      case .newSession: break
      }
    }
    return decider.apply(input)
  }

  /// The binding to journal before the first change of a tag; nil when it is there already.
  mutating func binding(for tag: TagID) -> Input? {
    guard bound.insert(tag).inserted, configuration.model.tags.indices.contains(Int(tag.index)) else { return nil }
    let entry = configuration.model.tags[Int(tag.index)]
    let asset = configuration.model.assets[Int(entry.asset.index)]
    let assetClass = configuration.model.classes[asset.classIndex]
    return .bind(tag, asset: asset.path, tag: assetClass.tags[entry.place].name, assetClass: assetClass.name)
  }

  /// The wall clock less the lateness of each source that is up.
  func ticks(at now: Instant) -> [(source: SourceID, time: Instant)] {
    configuration.sources.indices.filter { up[$0] }.map { (SourceID($0), now - configuration.sources[$0].lateness) }
  }
}
