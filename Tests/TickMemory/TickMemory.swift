import CMemory
import Rules

/// Prints how many bytes more than before a tick holds at its peak, with so many conditions due at one moment:
/// `tickmemory CONDITIONS`. A process of its own, so that nothing else allocates meanwhile.
@main enum TickMemory {
  static func main() {
    guard CommandLine.arguments.count == 2, let conditions = Int(CommandLine.arguments[1]), conditions > 0 else {
      return print("usage: tickmemory CONDITIONS")
    }
    var decider = Decider(configuration(conditions))
    let start = Instant(seconds: 1_000_000)
    _ = decider.apply(.source(SourceID(0), .connected, start))
    _ = decider.apply(.source(SourceID(0), .caughtUp, start))
    for machine in 0..<conditions {
      _ = decider.apply(.change(TagChange(TagID(machine), .number(5), time: start, arrived: start)))
    }
    let before = memory_in_use()
    var peak = before
    _ = decider.tick(SourceID(0), start + .seconds(11)) {
      peak = max(peak, memory_in_use())
      return true
    }
    print(peak - before)
  }

  /// One rule over a window on so many machines; it is asked again every ten seconds. It tolerates gaps, so what its
  /// reading was is kept, in an array of all conditions' readings.
  private static func configuration(_ machines: Int) -> Configuration {
    let machine = AssetClass(name: "Machine", tags: [TagDefinition(name: "V", type: .number, unit: "A")])
    let model = Model(
      classes: [machine], assets: (0..<machines).map { Asset(name: "M\($0)", path: "M\($0)", classIndex: 0) }
    ) { _, _ in SourceID(0) }
    let rule = Rule(
      name: "mean", title: "mean", owner: "tests", appliesTo: "Machine",
      readings: [Reading(name: "m", tag: "V", form: .average(.length(.minutes(5))))], tolerates: .span(.minutes(1)),
      every: .span(.seconds(10))
    ) { _, readings, _ in
      guard case .number(let mean) = readings[0] else { return .blind(reading: 0) }
      return mean > 10 ? .yes : .no
    }
    return Configuration(
      hash: .zero, model: model, rules: [rule], policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "plant", lateness: .zero, skew: .seconds(5))])
  }
}
