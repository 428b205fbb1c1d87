import Foundation
import Rules

/// Replays the past through the rules: one thread reads, others decide, each some parts of the plant. The same inputs
/// give the same table with any number of threads (S10).
package struct Backtest: Sendable {
  let parts: ConnectedParts
  let threads: Int
  let wantsTrails: Bool
  /// Compiles the rules on the thread that asks: a rule belongs to the thread that made it.
  let configuration: @Sendable () throws -> Configuration

  package init(
    parts: ConnectedParts, threads: Int, wantsTrails: Bool,
    configuration: @escaping @Sendable () throws -> Configuration
  ) {
    self.parts = parts
    self.threads = max(1, min(threads, parts.count))
    self.wantsTrails = wantsTrails
    self.configuration = configuration
  }

  /// Reads all of `past` and decides. `progress` is called between blocks, on the calling thread.
  package func run(_ past: any PastInputs, progress: () -> Void = {}) throws -> BacktestResult {
    let lanes = (0..<threads).map { _ in Lane() }
    for lane in lanes {
      let thread = Thread { [self] in lane.run(self) }
      thread.stackSize = 8 << 20
      thread.name = "backtest"
      thread.start()
    }
    do {
      try distribute(past, lanes, progress)
    } catch {
      for lane in lanes { lane.handOver.abandon() }
      for lane in lanes { lane.handOver.end() }
      for lane in lanes { lane.done.wait() }
      throw error
    }
    for lane in lanes { lane.handOver.end() }
    for lane in lanes { lane.done.wait() }
    return try merge(lanes)
  }

  private func distribute(_ past: any PastInputs, _ lanes: [Lane], _ progress: () -> Void) throws {
    var goesOn = true
    if lanes.count == 1 {
      while goesOn {
        var block = lanes[0].handOver.empty()
        goesOn = try past.read(into: &block)
        lanes[0].handOver.give(block)
        progress()
      }
      return
    }
    let model = try configuration().model
    let laneOf = model.tags.map { parts.part[Int($0.asset.index)] % lanes.count }
    var block: [Input] = []
    var shares = lanes.map { $0.handOver.empty() }
    while goesOn {
      block.removeAll(keepingCapacity: true)
      goesOn = try past.read(into: &block)
      for input in block {
        if case .change(let change) = input {
          guard laneOf.indices.contains(Int(change.tag.index)) else { continue }
          shares[laneOf[Int(change.tag.index)]].append(input)
        } else {
          // What is of no single tag is for all.
          for lane in shares.indices { shares[lane].append(input) }
        }
      }
      for lane in shares.indices where shares[lane].count >= 4096 || !goesOn {
        lanes[lane].handOver.give(shares[lane])
        shares[lane] = lanes[lane].handOver.empty()
      }
      progress()
    }
  }

  private func merge(_ lanes: [Lane]) throws -> BacktestResult {
    var result = BacktestResult()
    for (number, lane) in lanes.enumerated() {
      switch lane.outcome {
      case .failed(let error): throw error
      case .finished(let shard, let names, let parts):
        result.ruleNames = names
        result.rows += shard.rows
        result.reports += shard.reports
        result.ended.merge(shard.ended) { first, _ in first }
        for (tag, log) in shard.samples { result.samples[tag] = log }
        result.changes += shard.changes
        if result.tags.isEmpty { result.tags = Array(repeating: nil, count: shard.tags.count) }
        for (tag, quality) in shard.tags.enumerated() where parts[tag] % lanes.count == number && quality.rows > 0 {
          result.tags[tag] = quality
        }
      case .none: preconditionFailure("a lane that is done has an outcome")
      }
    }
    // Within one rule and asset the order is the one in which things happened: the sort is stable.
    result.rows = result.rows.enumerated().sorted { a, b in
      (a.element.time, a.element.asset, a.element.rule, a.offset) < (
        b.element.time, b.element.asset, b.element.rule, b.offset
      )
    }.map(\.element)
    result.reports.sort {
      ($0.time, $0.rule ?? "", $0.asset ?? "", $0.text) < ($1.time, $1.rule ?? "", $1.asset ?? "", $1.text)
    }
    return result
  }
}

/// One deciding thread and what it came to.
// `outcome` is written by that thread before it signals `done`, and read by the one that waited for it.
private final class Lane: @unchecked Sendable {
  enum Outcome {
    case finished(Shard, ruleNames: [String], partOfTag: [Int])
    case failed(any Error)
  }
  let handOver = HandOver()
  let done = DispatchSemaphore(value: 0)
  private(set) var outcome: Outcome?

  func run(_ backtest: Backtest) {
    defer { done.signal() }
    do {
      let configuration = backtest.parts.replayed(try backtest.configuration())
      var shard = Shard(configuration, wantsTrails: backtest.wantsTrails)
      while var block = handOver.take() {
        shard.take(block)
        block.removeAll(keepingCapacity: true)
        handOver.giveBack(block)
      }
      shard.finish()
      outcome = .finished(
        shard, ruleNames: configuration.rules.map(\.name).sorted(),
        partOfTag: configuration.model.tags.map { backtest.parts.part[Int($0.asset.index)] })
    } catch {
      handOver.abandon()
      outcome = .failed(error)
    }
  }
}
