import Rules
import Site

/// What `check` says of the memory that a site takes, beside the most that it should.
struct MemoryReckoning {
  /// With a sample a second of each tag that is read, and with as many changes as the engine takes.
  var usual: MemoryCost
  var most: MemoryCost
  var bound: MemoryBound?

  init(_ installation: Installation) throws {
    let evaluator = Evaluator(try installation.configuration())
    usual = evaluator.cost(samplesASecond: 1)
    most = evaluator.cost()
    bound = MemoryBound.find(site: installation.site.memoryAtMost)
  }

  /// What is wrong with it: a finding of `check`, which keeps no engine from running.
  var finding: String? {
    guard let bound, most.peak > bound.bytes else { return nil }
    return "site.yaml: windows of rules may take \(size(most.windows)) and a snapshot \(size(most.snapshot)) more, the "
      + "engine \(size(most.peak)) in all, which is over \(size(bound.bytes)) (\(bound.origin)): shorten windows, or "
      + "give it more (memory_at_most, and MemoryMax of its unit)"
  }

  var line: String {
    func parts(_ cost: MemoryCost) -> String {
      "\(size(cost.peak)) (windows \(size(cost.windows)), a snapshot \(size(cost.snapshot)))"
    }
    let beside =
      bound.map { "bound \(size($0.bytes)): \($0.origin)" } ?? "no bound: neither the site nor this process has one"
    return "memory at a sample a second of each tag: \(parts(usual)); at most \(parts(most)); \(beside)"
  }

  var tree: Tree {
    func parts(_ cost: MemoryCost) -> Tree {
      .fields([
        "peak": .number(Double(cost.peak)), "windows": .number(Double(cost.windows)),
        "fixed": .number(Double(cost.fixed)), "snapshot": .number(Double(cost.snapshot)),
      ])
    }
    return .fields([
      "at_a_sample_a_second": parts(usual), "at_most": parts(most),
      "bound": bound.map { .number(Double($0.bytes)) } ?? .null,
    ])
  }
}
