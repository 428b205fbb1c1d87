// Which rules and calculations read each other, and the order that follows (S10).

extension ReadingForm {
  /// The other rule it looks at: `active`, `fired`.
  package var otherRule: String? {
    switch self {
    case .active(let rule), .fired(let rule, _): rule
    default: nil
    }
  }
}

extension Rule {
  /// Those it looks at itself and those its calculations look at.
  package var allReadings: [Reading] { readings + calculations.flatMap(\.readings) }

  /// The other rules it looks at, each once, in the order of the file.
  package var otherRules: [String] {
    var names: [String] = []
    for name in allReadings.compactMap(\.form.otherRule) where !names.contains(name) { names.append(name) }
    return names
  }

  /// Its calculations, each after those it reads.
  var calculationsInOrder: [Calculation] {
    let sorted = Names(calculations.map { ($0.name, $0.readings.filter { $0.subject == .own }.map(\.tag)) })
    return sorted.order.map { calculations[$0] }
  }

  /// Calculations that read each other in a ring, `["a", "b", "a"]`; nil when none do.
  package var cycleOfCalculations: [String]? {
    Names(calculations.map { ($0.name, $0.readings.filter { $0.subject == .own }.map(\.tag)) }).cycle
  }
}

/// Rules after those they look at, else by name.
package func inOrder(_ rules: [Rule]) -> [Rule] {
  let byName = rules.sorted { $0.name < $1.name }
  return Names(byName.map { ($0.name, $0.otherRules) }).order.map { byName[$0] }
}

/// What rules say wrongly of each other: another rule that is not there or is of another class, and rules that look at
/// each other in a ring. `broken` are names of rules that could not be read.
package func findings(among rules: [Rule], broken: [String] = []) -> [Finding] {
  let byName = rules.sorted { $0.name < $1.name }
  let names = byName.map(\.name)
  var findings: [Finding] = []
  for rule in byName {
    func find(_ message: String) {
      findings.append(Finding(file: "rules/\(rule.name).lua", line: nil, message: message))
    }
    for reading in rule.allReadings {
      guard let name = reading.form.otherRule else { continue }
      guard let other = byName.first(where: { $0.name == name }) else {
        if broken.contains(name) { continue }
        let near = suggestion(for: name, among: names.filter { $0 != rule.name })
        find("reading '\(reading.name)' looks at rule '\(name)', which is not there\(near)")
        continue
      }
      if other.appliesTo != rule.appliesTo {
        find(
          "reading '\(reading.name)' looks at rule '\(name)', which applies to \(other.appliesTo) and not to "
            + "\(rule.appliesTo): it looks at the same asset")
      }
    }
  }
  if let cycle = Names(byName.map { ($0.name, $0.otherRules) }).cycle {
    findings.append(
      Finding(
        file: "rules/\(cycle[0]).lua", line: nil,
        message: cycle.count == 2
          ? "the rule looks at itself; 'clears_when' says when it ends"
          : "rules look at each other in a ring: \(cycle.joined(separator: " looks at "))"))
  }
  return findings
}

/// Names and whom each refers to.
private struct Names {
  /// Places of the names, each after those it refers to, as far as there is no ring; else in the order given.
  private(set) var order: [Int] = []
  /// One ring, from its first name in the order given back to it.
  private(set) var cycle: [String]?

  init(_ entries: [(name: String, references: [String])]) {
    var places: [String: Int] = [:]
    for (place, entry) in entries.enumerated() where places[entry.name] == nil { places[entry.name] = place }
    let references = entries.map { entry in entry.references.compactMap { places[$0] } }
    var isPlaced = Array(repeating: false, count: entries.count)
    func isFree(_ place: Int) -> Bool { !isPlaced[place] && references[place].allSatisfy { isPlaced[$0] } }
    while let next = entries.indices.first(where: isFree) {
      isPlaced[next] = true
      order.append(next)
    }
    let left = entries.indices.filter { !isPlaced[$0] }
    order += left
    guard let start = left.first else { return }
    // Each that is left refers to another that is left: following them comes back somewhere.
    var trail = [start]
    while let next = references[trail[trail.count - 1]].first(where: { !isPlaced[$0] }) {
      if let begin = trail.firstIndex(of: next) {
        let ring = trail[begin...]
        let first = ring.firstIndex(of: ring.min() ?? next) ?? begin
        cycle = (ring[first...] + ring[..<first] + [trail[first]]).map { entries[$0].name }
        return
      }
      trail.append(next)
    }
  }
}
