/// Tags for which a change was decided that may still be sent: one at a time. Open until its time to live is over, by
/// data time, whatever its state is by then; what was sent without an answer may still be acted on until then.
struct OpenSetpoints: Sendable, Equatable {
  private var until: [TagID: Instant] = [:]

  /// When the open change of a tag is over; nil when there is none at `time`.
  func open(_ tag: TagID, at time: Instant) -> Instant? { until[tag].flatMap { $0 > time ? $0 : nil } }

  mutating func open(_ tag: TagID, until end: Instant) { until[tag] = max(until[tag] ?? .distantPast, end) }

  /// Takes over what was decided under earlier configurations; a tag that is no more is nobody's.
  mutating func take(_ earlier: [(asset: String, tag: String, until: Instant)], _ model: Model) {
    guard !earlier.isEmpty else { return }
    let assets = Dictionary(
      model.assets.enumerated().map { ($1.path, AssetID($0)) }, uniquingKeysWith: { first, _ in first })
    for (asset, name, end) in earlier {
      guard let tag = assets[asset].flatMap({ model.tag(name, of: $0) }) else { continue }
      open(tag, until: end)
    }
  }

  /// All that are open at `time`, in order.
  func all(at time: Instant) -> [TagID] { until.filter { $0.value > time }.keys.sorted() }

  func encode(into writer: inout ByteWriter) {
    writer.integer(until.count)
    for tag in until.keys.sorted() {
      writer.integer(Int(tag.index))
      writer.integer(until[tag]?.microseconds ?? 0)
    }
  }

  init() {}

  init(from reader: inout ByteReader, tags count: Int) throws(Unreadable) {
    for _ in 0..<(try reader.integer(in: 0...Int64(count))) {
      let tag = TagID(try reader.integer(in: 0...Int64(count - 1)))
      until[tag] = try Instant(from: &reader)
    }
  }
}

/// A setpoint request that may still be sent, and what its conduit's tags are now: what the second check needs.
package struct OpenSetpoint: Sendable, Equatable {
  /// The asset's path.
  package var asset: String
  package var tag: String
  package var conduit: Conduit
  package var present: CurrentValue?
  package var permissive: CurrentValue?
}

extension Decider {
  /// The setpoint requests that may still be sent at `now`.
  package func openSetpoints(at now: Instant) -> [OpenSetpoint] {
    let model = evaluator.configuration.model
    return policy.openSetpoints.all(at: now).compactMap { tag in
      let asset = model.assets[Int(model.tags[Int(tag.index)].asset.index)]
      let name = model.definition(of: tag).name
      guard let conduit = policy.conduits.conduit(to: name, of: asset.path, model.classes[asset.classIndex].name)
      else { return nil }
      let permissive = model.tag(conduit.permissive, of: model.tags[Int(tag.index)].asset)
      return OpenSetpoint(
        asset: asset.path, tag: name, conduit: conduit, present: evaluator.current(tag),
        permissive: permissive.flatMap(evaluator.current))
    }
  }
}
