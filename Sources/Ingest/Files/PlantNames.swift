import Rules

/// Assets and tags by the names that files use for them. An asset goes by its path, by its own name where no other has
/// it, or by its key at a source; a tag by its name in the class.
package struct PlantNames: Sendable {
  let model: Model
  private var assets = ByteTable()
  /// Places in the class, by class.
  private var tags: [ByteTable]
  let assetNames: [String]

  package init(_ model: Model, bindings: [Binding]) {
    self.model = model
    var candidates: [(name: String, asset: Int)] = []
    for (index, asset) in model.assets.enumerated() { candidates.append((asset.name, index)) }
    for binding in bindings {
      let asset = Int(model.tags[Int(binding.tag.index)].asset.index)
      if candidates.last.map({ $0 != (binding.asset, asset) }) ?? true { candidates.append((binding.asset, asset)) }
    }
    var meant: [String: Int] = [:]
    for (name, asset) in candidates { meant[name] = (meant[name] ?? asset) == asset ? asset : -1 }
    // What could be two assets is neither, unless it is the whole path of one.
    for (name, asset) in meant.sorted(by: { $0.key < $1.key }) where asset >= 0 { assets.set(Array(name.utf8), asset) }
    for (index, asset) in model.assets.enumerated() { assets.set(Array(asset.path.utf8), index) }
    assetNames = model.assets.filter { !model.classes[$0.classIndex].tags.isEmpty }.map(\.name)
    tags = model.classes.map { assetClass in
      var table = ByteTable()
      for (place, tag) in assetClass.tags.enumerated() { table.set(Array(tag.name.utf8), place) }
      return table
    }
  }

  func asset(_ name: UnsafeBufferPointer<UInt8>) -> Int? { assets[name] }
  func asset(_ name: String) -> Int? { assets[name] }

  /// The tag's place in the class.
  func place(_ name: String, inClass assetClass: Int) -> Int? { tags[assetClass][name] }
  func place(_ name: UnsafeBufferPointer<UInt8>, inClass assetClass: Int) -> Int? { tags[assetClass][name] }
}
