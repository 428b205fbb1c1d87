/// Hears past inputs again for a configuration that is about to take over, as an evaluator of it that asks no rule. What
/// nobody read before, or not so far back, is then known as if the configuration had always been there; calculations
/// alone are not, because a rule is asked for them.
package struct Listener {
  /// So far back at least: a source that reports by exception may have said last long ago what a tag is that nobody
  /// read before.
  static let least = TimeSpan.hours(24)

  package private(set) var evaluator: Evaluator
  private let assets: [String: AssetID]
  private let places: [String: SourceID]
  // What the ids of the inputs mean here. Also of what nothing is kept: any tag can show that a source's clock was set.
  private var tags: [TagID?] = []
  private var sources: [SourceID?] = []

  package init(_ configuration: Configuration) {
    evaluator = Evaluator(configuration)
    evaluator.askNobody()
    assets = Dictionary(
      configuration.model.assets.enumerated().map { ($1.path, AssetID($0)) }, uniquingKeysWith: { first, _ in first })
    places = Dictionary(
      configuration.sources.enumerated().map { ($1.name, SourceID($0)) }, uniquingKeysWith: { first, _ in first })
  }

  /// How far back a configuration reads what `old` has not kept; nil when `old` kept all of it.
  package static func reach(of configuration: Configuration, beyond old: Decider) -> TimeSpan? {
    Evaluator(configuration).reach(beyond: old.evaluator).map { max($0, least) }
  }

  package var hash: Digest { evaluator.configuration.hash }

  /// The inputs from here on are of this configuration.
  package mutating func follow(_ earlier: Configuration) {
    let found = meanings(in: earlier)
    // What a tag was is not known across a time in which it was another, or none.
    if !Set(tags.compactMap(\.self)).isSubset(of: found.compactMap(\.self)) { forget() }
    tags = found
    sources = earlier.sources.map { places[$0.name] }
  }

  private func meanings(in earlier: Configuration) -> [TagID?] {
    earlier.model.tags.indices.map { index in
      let asset = earlier.model.assets[Int(earlier.model.tags[index].asset.index)]
      let was = earlier.model.definition(of: TagID(index))
      guard let tag = assets[asset.path].flatMap({ evaluator.configuration.model.tag(was.name, of: $0) }),
        evaluator.configuration.model.definition(of: tag).means(asMuchAs: was)
      else { return nil }
      return tag
    }
  }

  /// What was heard so far is not to be gone on from.
  package mutating func forget() { self = Listener(evaluator.configuration) }

  package mutating func hear(_ input: Input) {
    switch input {
    case .change(var change):
      guard tags.indices.contains(Int(change.tag.index)), let tag = tags[Int(change.tag.index)] else { return }
      change.tag = tag
      _ = evaluator.apply(.change(change))
    case .source(let source, let event, let time):
      guard sources.indices.contains(Int(source.index)), let source = sources[Int(source.index)] else { return }
      _ = evaluator.apply(.source(source, event, time))
    case .meaning: _ = evaluator.apply(input)
    case .tick, .partialTick, .bind, .config, .command, .fault, .death, .skipped: break
    }
  }
}

extension TagDefinition {
  /// Whether its numbers say the same: in another unit, or with codes of other states, they do not.
  func means(asMuchAs other: TagDefinition) -> Bool { type == other.type && unit == other.unit }
}

extension Evaluator {
  /// How far back histories are kept here of tags that were there before, and not kept so far; nil when there are none.
  fileprivate func reach(beyond old: Evaluator) -> TimeSpan? {
    let model = configuration.model
    let assets = old.configuration.model.assets.enumerated().map { ($1.path, AssetID($0)) }
    let before = Dictionary(assets, uniquingKeysWith: { first, _ in first })
    var longest: Int64?
    for index in tags.indices where tags[index].history >= 0 {
      let definition = model.definition(of: TagID(index))
      guard let asset = before[model.assets[Int(tags[index].asset)].path],
        let same = old.configuration.model.tag(definition.name, of: asset),
        old.configuration.model.definition(of: same).means(asMuchAs: definition),
        let lacking = lacking(Int(tags[index].history), of: old, Int(old.tags[Int(same.index)].history))
      else { continue }
      longest = max(longest ?? 0, lacking)
    }
    return longest.map { TimeSpan(microseconds: $0) }
  }

  /// How far back a history is kept, where that of the same tag in `old` (-1: none) was not, or did not follow what this
  /// one does; nil where it lacks nothing.
  func lacking(_ history: Int, of old: Evaluator, _ before: Int) -> Int64? {
    // As far as an evaluator that was always there has kept it: the edge of a window of many samples moves in steps.
    let keep = histories[history].keep.saturatingPlus(History.step(of: histories[history].keep))
    let follows = before >= 0 && old.histories[before].follows(all: histories[history])
    var lacking: Int64? = !follows || old.histories[before].keep < histories[history].keep ? keep : nil
    let known = before < 0 ? [] : old.edges(of: Int32(before))
    for edge in edges(of: Int32(history)) where !known.contains(edge) {
      lacking = max(lacking ?? 0, edge.reach.microseconds.saturatingPlus(keep))
    }
    return lacking
  }

  /// With what windows on a history begin, in words that any configuration understands.
  private func edges(of history: Int32) -> [NamedEdge] {
    (pinned[history] ?? []).map { edge in
      switch edge {
      case .period(let place): return .period(periods[Int(place)])
      case .anchor(let place):
        let anchor = anchors[Int(place)]
        let path = configuration.model.assets[Int(tags[Int(anchor.tag)].asset)].path
        return .anchor(path, configuration.model.definition(of: TagID(Int(anchor.tag))).name, anchor.value)
      }
    }
  }
}

private enum NamedEdge: Equatable {
  case period(Period)
  case anchor(_ asset: String, _ tag: String, Value?)

  /// How long ago such a window may have begun; a batch takes as long as it takes.
  var reach: TimeSpan {
    switch self {
    case .period: .hours(24)
    case .anchor: .hours(7 * 24)
    }
  }
}
