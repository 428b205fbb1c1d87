/// The plant as the site describes it: classes of assets and the assets themselves.
/// `assets` is in tree order, depth first: a parent right before all that is below it, siblings by name. Ids are places
/// in these lists.
package struct Model: Sendable {
  package var classes: [AssetClass]
  package var assets: [Asset]
  /// Every tag of every asset, asset by asset in tree order, each in the order of its class.
  package var tags: [Tag]

  /// Sets the assets' `firstTag` and derives `tags`. `assets` must be in tree order already.
  package init(classes: [AssetClass], assets: [Asset], source: (Asset, TagDefinition) -> SourceID) {
    self.classes = classes
    self.assets = assets
    tags = []
    for index in assets.indices {
      self.assets[index].firstTag = Int32(tags.count)
      for (place, definition) in classes[assets[index].classIndex].tags.enumerated() {
        tags.append(Tag(asset: AssetID(index), place: place, source: source(assets[index], definition)))
      }
    }
  }

  package func definition(of tag: TagID) -> TagDefinition {
    let tag = tags[Int(tag.index)]
    return classes[assets[Int(tag.asset.index)].classIndex].tags[tag.place]
  }

  /// The tag of an asset by its name in the class; nil when the class has none of that name.
  package func tag(_ name: String, of asset: AssetID) -> TagID? {
    let asset = assets[Int(asset.index)]
    guard let place = classes[asset.classIndex].tags.firstIndex(where: { $0.name == name }) else { return nil }
    return TagID(Int(asset.firstTag) + place)
  }
}

/// ISA-95 EquipmentClass: what all assets of one kind have in common. Rules bind to it, never to one machine.
package struct AssetClass: Sendable, Equatable {
  package var name: String
  package var tags: [TagDefinition]
  /// What its assets may name others by, by name of the reference.
  package var references: [ReferenceDefinition]
  package init(name: String, tags: [TagDefinition], references: [ReferenceDefinition] = []) {
    self.name = name
    self.tags = tags
    self.references = references
  }
}

/// `standby: CentrifugalPump`: an asset of the class may name one of that class as its standby.
package struct ReferenceDefinition: Sendable, Equatable {
  package var name: String
  package var assetClass: String
  package init(name: String, assetClass: String) {
    self.name = name
    self.assetClass = assetClass
  }
}

/// ISA-95 Equipment.
package struct Asset: Sendable, Equatable {
  /// Its own name, unique among its siblings.
  package var name: String
  /// Enterprise-to-unit path, `Works/Utilities/P-101`; unique, and how records name the asset.
  package var path: String
  package var classIndex: Int
  /// Index of the parent in the model's list; nil for a root.
  package var parent: Int?
  /// Limits overridden for this asset: rule name, then limit name.
  package var limits: [String: [String: LimitValue]]
  /// What other systems call it: adapter name to id.
  package var ids: [String: String]
  /// The assets it names, by name of the reference; of the class that its own class says.
  package var references: [String: AssetID]
  package internal(set) var firstTag: Int32 = 0

  package init(
    name: String, path: String, classIndex: Int, parent: Int? = nil,
    limits: [String: [String: LimitValue]] = [:], ids: [String: String] = [:], references: [String: AssetID] = [:]
  ) {
    self.name = name
    self.path = path
    self.classIndex = classIndex
    self.parent = parent
    self.limits = limits
    self.ids = ids
    self.references = references
  }
}

/// One tag of one asset.
package struct Tag: Sendable, Equatable {
  package var asset: AssetID
  /// Its place in the class's list of tag definitions.
  package var place: Int
  package var source: SourceID
}

/// What a class says of one of its tags.
package struct TagDefinition: Sendable, Equatable {
  package var name: String
  package var type: TagType
  /// As written in the class, `bar g`; nil for boolean, text and states. Gauge and absolute are different units.
  package var unit: String?
  /// Outside it a number is not credible: a sample of bad quality (S4).
  package var credible: ClosedRange<Double>?
  package var life: Life
  /// Whether *uncertain* counts as good.
  package var uncertainIsGood: Bool

  package init(
    name: String, type: TagType, unit: String? = nil, credible: ClosedRange<Double>? = nil,
    life: Life = .device, uncertainIsGood: Bool = false
  ) {
    self.name = name
    self.type = type
    self.unit = unit
    self.credible = credible
    self.life = life
    self.uncertainIsGood = uncertainIsGood
  }
}

package enum TagType: Sendable, Equatable {
  case boolean
  case number
  /// A number that only grows, until it rolls over or is reset.
  case counter
  case text
  /// Named states; `codes` are the source's numbers for them, in the same order, where it sends numbers.
  case states(names: [String], codes: [Double])
}

/// How a tag shows that it is alive (S4).
package enum Life: Sendable, Equatable {
  /// Silent for longer than this is stale.
  case itself(staleAfter: TimeSpan)
  /// Report by exception: the last value is good while the source's session is.
  case device
  /// Report by exception: the last value is good while that tag of the same asset is not silent for longer.
  case heartbeat(tag: String, staleAfter: TimeSpan)
}
