import Rules
import Site

/// One example of a rule, run with one set of limits.
package struct Proof {
  package var example: Example
  /// Whose limits they are and what they are, `P-103: vibration_high 8.5`; nil for the rule's own.
  package var limits: String?
  package var run: ExampleRun
}

extension Installation {
  /// Every example with the rule's own limits, and with each distinct set that the model's assets have instead; no
  /// further than a call that used up its time. `asked` counts the questions of all the rules of the folder: beyond the
  /// most that they may ask no more is run than the first moment of one.
  package func proofs(of rule: Rule, asked: inout Int) -> [Proof] {
    let overrides = overrides(of: rule)
    var proofs: [Proof] = []
    for example in rule.examples {
      for set in [nil] + overrides.map(Optional.some) {
        var asking = example
        let isOver = asked > ExampleRun.mostQuestionsOfAll
        if isOver { asking.lasting = .zero }
        var proof = Proof(example: example, limits: set?.words, run: run(rule, asking, set?.limits ?? [:]))
        asked += proof.run.questions
        if isOver {
          proof.run.failures = [
            "not run: the examples before it ask the rules more than \(ExampleRun.mostQuestionsOfAll) times, "
              + "with the limits of all assets; sample them less often (sampled = \"1 min\"), or let them be shorter"
          ]
        }
        proofs.append(proof)
        if proof.run.isOvertime || isOver { return proofs }
      }
    }
    return proofs
  }

  private func run(_ rule: Rule, _ example: Example, _ overrides: [String: LimitValue] = [:]) -> ExampleRun {
    rule.run(
      example, overrides: overrides, zone: site.zone, calendars: site.calendars, shifts: site.shifts)
  }

  private func overrides(of rule: Rule) -> [(words: String, limits: [String: LimitValue])] {
    var sets: [(words: String, limits: [String: LimitValue])] = []
    for asset in site.model.assets where site.model.classes[asset.classIndex].name == rule.appliesTo {
      guard let limits = asset.limits[rule.name], !limits.isEmpty, !sets.contains(where: { $0.limits == limits }) else {
        continue
      }
      let words = limits.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.plain)" }
      sets.append(("\(asset.name): \(words.joined(separator: ", "))", limits))
    }
    return sets
  }
}
