/// A permitted path for changes of one tag (IEC 62443: a conduit between zones): through which adapter, to which
/// asset, between which values, by how much at once, and only while the plant itself permits it. Where there is none
/// nothing is changed: a rule asks, the site allows.
package struct Conduit: Sendable, Equatable {
  /// Where it leads.
  package enum End: Hashable, Sendable {
    case asset(path: String)
    /// Every asset of a class.
    case assetClass(String)
  }

  package var name: String
  package var adapter: String
  package var end: End
  /// One tag, by its name in the class; never a pattern.
  package var tag: String
  /// Lowest and highest target, in the tag's unit.
  package var range: ClosedRange<Double>
  /// How far a target may lie from the present value.
  package var largestStep: Double
  /// A boolean tag of the same asset, on the operators' own screen: not good, or false, is no permission.
  package var permissive: String
  /// How long after the decision's data time a request may still be sent.
  package var lifetime: TimeSpan

  package static let usualLifetime = TimeSpan.seconds(60)

  package init(
    name: String, adapter: String, end: End, tag: String, range: ClosedRange<Double>, largestStep: Double,
    permissive: String, lifetime: TimeSpan = Conduit.usualLifetime
  ) {
    self.name = name
    self.adapter = adapter
    self.end = end
    self.tag = tag
    self.range = range
    self.largestStep = largestStep
    self.permissive = permissive
    self.lifetime = lifetime
  }
}

/// The conduits of a site, found by where they lead.
package struct Conduits: Sendable {
  private struct Place: Hashable {
    var end: Conduit.End
    var tag: String
  }
  private let places: [Place: Conduit]

  package var isEmpty: Bool { places.isEmpty }

  /// Of two with the same end and tag the first counts; a site with such two is refused when it is read.
  package init(_ conduits: [Conduit]) {
    places = Dictionary(
      conduits.map { (Place(end: $0.end, tag: $0.tag), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The conduit to a tag of an asset: its own, else that of its class.
  package func conduit(to tag: String, of asset: String, _ assetClass: String) -> Conduit? {
    places[Place(end: .asset(path: asset), tag: tag)] ?? places[Place(end: .assetClass(assetClass), tag: tag)]
  }

  /// The tags that must be known for the envelope: those conduits lead to, and their permissives.
  func tags(in model: Model) -> [TagID] {
    guard !isEmpty else { return [] }
    return model.assets.indices.flatMap { index -> [TagID] in
      let asset = model.assets[index]
      let assetClass = model.classes[asset.classIndex]
      let conduits = assetClass.tags.compactMap { conduit(to: $0.name, of: asset.path, assetClass.name) }
      return conduits.flatMap { [$0.tag, $0.permissive] }.compactMap { model.tag($0, of: AssetID(index)) }
    }
  }
}
