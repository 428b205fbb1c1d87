import Rules

/// Which assets must be decided by one evaluator: those that a rule sees together. Assets that no rule connects know
/// nothing of each other, so parts can be decided side by side. Which part an asset is of depends on the model and the
/// rules alone, never on how many threads there are.
package struct ConnectedParts: Sendable {
  /// More parts than this share: each has a place in every evaluator.
  static let most = 256

  /// By asset.
  package let part: [Int]
  package let count: Int

  package init(_ model: Model, _ rules: [Rule]) {
    var roots = Array(model.assets.indices)
    func root(_ asset: Int) -> Int {
      var place = asset
      while roots[place] != place {
        roots[place] = roots[roots[place]]
        place = roots[place]
      }
      return place
    }
    for rule in rules {
      let subjects = (rule.readings + rule.calculations.flatMap(\.readings)).map(\.subject)
      for (index, asset) in model.assets.enumerated() where model.classes[asset.classIndex].name == rule.appliesTo {
        for subject in subjects where subject != .own {
          for other in model.assets(of: subject, from: AssetID(index)) {
            let (a, b) = (root(index), root(Int(other.index)))
            roots[max(a, b)] = min(a, b)
          }
        }
      }
    }
    // Numbered as the tree comes, over assets that have tags; areas are of the first.
    var numbers: [Int: Int] = [:]
    var parts = Array(repeating: 0, count: model.assets.count)
    for (index, asset) in model.assets.enumerated() where !model.classes[asset.classIndex].tags.isEmpty {
      let root = root(index)
      let number = numbers[root] ?? numbers.count
      numbers[root] = number
      parts[index] = number % Self.most
    }
    part = parts
    count = max(1, min(numbers.count, Self.most))
  }

  /// The configuration as a replay has it: each part is a source of its own, whose changes come when they say.
  package func replayed(_ configuration: Configuration) -> Configuration {
    var replayed = configuration
    replayed.sources = (0..<count).map { _ in SourceSettings(name: "data", lateness: .zero, skew: .zero) }
    for index in replayed.model.tags.indices {
      replayed.model.tags[index].source = SourceID(part[Int(replayed.model.tags[index].asset.index)])
    }
    return replayed
  }
}
