extension Model {
  /// The assets that a subject stands for, seen from one asset. None where the tree has no such ancestor, the asset
  /// names none, or none is below it.
  package func assets(of subject: Subject, from asset: AssetID) -> [AssetID] {
    let place = Int(asset.index)
    switch subject {
    case .own: return [asset]
    case .ancestor(let assetClass):
      var above = assets[place].parent
      while let index = above, classes[assets[index].classIndex].name != assetClass { above = assets[index].parent }
      return above.map { [AssetID($0)] } ?? []
    case .reference(let name): return assets[place].references[name].map { [$0] } ?? []
    case .each(let assetClass):
      // Depth first: what is below an asset follows it, and ends with the first whose parent is before it.
      return assets.indices[(place + 1)...].prefix { assets[$0].parent.map { $0 >= place } ?? false }
        .filter { classes[assets[$0].classIndex].name == assetClass }.map(AssetID.init)
    }
  }

  /// The class whose tags a subject has, for a rule of the class at `classIndex`; nil where there is no such class or
  /// reference.
  package func assetClass(of subject: Subject, from classIndex: Int) -> Int? {
    switch subject {
    case .own: return classIndex
    case .ancestor(let name), .each(let name): return classes.firstIndex { $0.name == name }
    case .reference(let name):
      guard let reference = classes[classIndex].references.first(where: { $0.name == name }) else { return nil }
      return classes.firstIndex { $0.name == reference.assetClass }
    }
  }
}
