// `each`: one reading of many assets.
extension Evaluator {
  /// What the known members amount to together. Not good since the last of them was lost; whoever is not known is left
  /// out at once, for the others still tell.
  func readGroup(
    _ reading: CompiledReading, _ states: [String], _ sight: Sight, _ condition: Int, at time: Int64,
    _ deadline: inout Int64, _ moves: inout Bool
  ) -> (value: ReadingValue, since: Int64) {
    var known: [(asset: Int32, number: Double)] = []
    var lost = Int64.min
    for member in groups[Int(sight.group)] {
      let one = readOne(
        reading, states, member, condition, tolerates: 0, at: time, ends: false, &deadline, &moves)
      switch one.value {
      case .number(let number): known.append((member.asset, number))
      case .boolean(let flag): known.append((member.asset, flag ? 1 : 0))
      case .notGood, .absent, .text, .group: lost = max(lost, one.since)
      }
    }
    guard let group = GroupReading(known.map { (configuration.model.assets[Int($0.asset)].name, $0.number) }) else {
      // Without any member it was never known.
      return (.notGood, lost == .min ? min(firstHeard[Int(sight.asset)], time) : min(lost, time))
    }
    return (.group(group), .max)
  }
}

extension GroupReading {
  /// Nil for none, and where a sum is beyond all numbers. Of members equally far from the mean the first is worst.
  init?(_ members: [(name: String, number: Double)]) {
    guard let first = members.first else { return nil }
    self.init(
      highest: first.number, lowest: first.number, spread: 0, mean: 0, howMany: members.count, worst: first.name)
    for member in members {
      highest = max(highest, member.number)
      lowest = min(lowest, member.number)
      mean += member.number
    }
    mean /= Double(members.count)
    var farthest = -1.0
    var squares = 0.0
    for member in members {
      let distance = (member.number - mean).magnitude
      squares += distance * distance
      if distance > farthest { (farthest, worst) = (distance, member.name) }
    }
    spread = (squares / Double(members.count)).squareRoot()
    guard mean.isFinite, spread.isFinite else { return nil }
  }
}
