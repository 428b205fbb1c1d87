import ArgumentParser
import Benefit
import Foundation
import Ledger
import Rules
import Site

/// How a backtest is priced.
struct BacktestMoney: ParsableArguments {
  @Option(help: "a list of known losses: asset,start[,end][,cause][,cost][,planned]") var losses: String?
  @Option(help: "with --losses: what a check of every asset at this distance would have done, say 30d") var schedule:
    String?
  @Option(help: "tries one rule with several values: suction_low=0.2..0.6/5 or held_for=10min,30min,3h")
  var compare: String?
  @Option(help: "with --compare: how much of the history the values may be tuned on") var split = "70%"
  @Option(help: "writes what was priced as a page to this file") var html: String?
  @Flag(help: "keeps the figures in the site's ledger, as evidence for a promotion") var keep = false

  func losses(_ site: Site) throws -> [Loss]? {
    guard let losses else {
      if schedule != nil { throw Failure.usage("--schedule goes with --losses") }
      return nil
    }
    let list = LossFile(
      text: try Installation.text(at: losses), file: losses, assets: site.model.assets.map(\.path), zone: site.zone,
      currency: site.prices.currency)
    guard list.findings.isEmpty else { throw Failure.findings(list.findings.map(\.description)) }
    return list.losses
  }

  func comparison(_ wanted: Set<String>, _ configuration: Configuration) throws -> SweptValues? {
    guard let compare else { return nil }
    var comparison = try SweptValues(compare)
    guard wanted.count == 1, let rule = configuration.rules.first(where: { wanted.contains($0.name) }) else {
      throw Failure.usage("--compare tries one rule: name it with --rule")
    }
    try comparison.check(rule)
    comparison.rule = rule.name
    return comparison
  }

  private func pricing(_ configuration: Configuration, _ losses: [Loss]?) throws -> Pricing {
    let distance = try schedule.map { text in
      guard let span = TimeSpan(text), span >= .hours(1) else {
        throw Failure.usage("--schedule '\(text)' is no distance; write it as 30d, at least an hour")
      }
      return span
    }
    return Pricing(prices: configuration.prices, losses: losses, schedule: distance)
  }

  /// Nothing where there is nothing to price it by.
  func priced(
    _ result: BacktestResult, _ configuration: Configuration, _ wanted: Set<String>, losses: [Loss]?
  ) throws -> [Priced] {
    let rules = configuration.rules.filter { rule in
      guard wanted.contains(rule.name), result.ended[rule.name] == nil else { return false }
      if case .shortfall? = rule.value?.avoids { return true }
      return losses != nil || compare != nil
    }
    let pricing = try pricing(configuration, losses)
    return rules.map { pricing.price($0, result, configuration.model) }
  }

  func sweep(
    _ comparison: SweptValues, _ whole: BacktestResult, _ configuration: Configuration, losses: [Loss]?,
    replay: (LimitValue) throws -> BacktestResult
  ) throws -> Sweep {
    let digits = split.hasSuffix("%") ? Fixed(written: String(split.dropLast())) : nil
    guard let share = digits, share > .zero, share < Fixed(100) else {
      throw Failure.usage("--split '\(split)' is no part of the history; write it as 70%")
    }
    let times = whole.tags.compactMap { $0 }.flatMap { [$0.first, $0.last].compactMap { $0 } }
    guard let first = times.min(), let last = times.max() else {
      throw Failure.findings(["there is no history to try values on"])
    }
    let length = Double((last - first).microseconds) * Double(share.millionths) / 1e8
    let split = first + TimeSpan(microseconds: Int64(length))
    let pricing = try pricing(configuration, losses)
    let points = try comparison.values.map { value in
      let result = try replay(value)
      if let why = result.ended[comparison.rule] {
        throw Failure.findings([
          "rule '\(comparison.rule)' with \(value.written): \(why); its values cannot be compared"
        ])
      }
      let changed = try comparison.applied(value, configuration)
      guard let rule = changed.rules.first(where: { $0.name == comparison.rule }) else {
        preconditionFailure("the rule that is tried was looked up among these")
      }
      return SweepPoint(
        value: value.written, number: value.number,
        train: pricing.price(rule, result, changed.model, from: first, to: split),
        test: pricing.price(rule, result, changed.model, from: split, to: nil))
    }
    return Sweep(
      rule: comparison.rule, parameter: comparison.parameter, currency: configuration.prices.currency, split: split,
      current: configuration.rules.first { $0.name == comparison.rule }.flatMap(comparison.current), points: points)
  }

  func keepFigures(_ priced: [Priced], _ configuration: Configuration, _ folders: SiteFolders) throws {
    guard !priced.isEmpty else { throw Failure.usage("--keep keeps what was priced: it goes with --losses") }
    var place = LedgerPlace()
    place.site = folders.site
    place.ledger = nil
    for rule in priced {
      guard let version = configuration.rules.first(where: { $0.name == rule.rule }) else { continue }
      try ControlClient(place).tell(
        .backtested(
          BacktestFigures(
            rule: rule.rule, logic: version.logicHash, from: rule.from, to: rule.to, decisions: rule.decisions,
            losses: rule.losses, caught: rule.caught.count, falseAlarms: rule.falseAlarms.count,
            net: Money(hundredths: rule.net, currency: rule.currency))))
    }
  }
}
