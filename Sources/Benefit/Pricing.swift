import Rules

/// Prices what a replay came to: what was caught, missed and cried for nothing, and what of it is left as money.
package struct Pricing: Sendable {
  package var prices: Prices
  /// Known losses; nil where there is no list.
  package var losses: [Loss]?
  /// Beside the rule: a check of every asset at this distance.
  package var schedule: TimeSpan?
  package init(prices: Prices, losses: [Loss]?, schedule: TimeSpan? = nil) {
    self.prices = prices
    self.losses = losses
    self.schedule = schedule
  }

  /// A decision as the replay has it, with what ended it.
  private struct Taken {
    var asset: AssetID
    var time: Instant
    var cleared: Instant?
    var value: Valuation?
  }

  /// One rule on the part of the history in `from ..< to`; all of it where they are nil.
  package func price(
    _ rule: Rule, _ result: BacktestResult, _ model: Model, from: Instant? = nil, to: Instant? = nil
  ) -> Priced {
    let times = result.tags.compactMap { $0 }.flatMap { [$0.first, $0.last].compactMap { $0 } }
    let begin = from ?? times.min() ?? .distantPast
    let end = to ?? times.max() ?? .distantFuture
    var priced = Priced(rule, currency: prices.currency, from: begin, to: end)
    priced.assumptions = assumptions(of: rule)
    let part = { (time: Instant) in time >= begin && (to == nil ? time <= end : time < end) }
    let place = result.ruleNames.firstIndex(of: rule.name)
    let taken = taken(result.rows.filter { $0.rule == place }).filter { part($0.time) }
    priced.decisions = taken.count
    let assets = model.assets.indices.filter { model.classes[model.assets[$0].classIndex].name == rule.appliesTo }
    var incidents: [Int64] = []
    if let losses {
      let mine = losses.filter { loss in
        assets.contains { model.assets[$0].path == loss.asset } && (part(loss.start) || loss.planned)
      }
      priced.losses = mine.count { !$0.planned }
      for index in assets {
        match(
          taken.filter { Int($0.asset.index) == index }, mine.filter { $0.asset == model.assets[index].path },
          model.assets[index].path, rule, &priced, &incidents)
      }
      priced.withoutRule = mine.filter { !$0.planned }.reduce(0) { $0.saturatingPlus(cost(of: $1, rule) ?? 0) }
      priced.missedCost = priced.missed.reduce(0) { $0.saturatingPlus(cost(of: $1, rule) ?? 0) }
      if let schedule {
        priced.schedule = check(every: schedule, rule, mine, assets.map { model.assets[$0].path }, begin, end)
      }
    } else {
      measure(taken, rule, result, model, assets, end, &priced, &incidents)
    }
    priced.incidents = incidents.count
    if incidents.count >= 10 { priced.interval = bootstrap(incidents) }
    if losses == nil, priced.energy == nil {
      priced.assumptions.append("without a list of losses nothing is known of what was caught or missed")
    }
    return priced
  }

  private func taken(_ rows: [BacktestRow]) -> [Taken] {
    var taken: [Taken] = []
    for row in rows {
      switch row.event {
      case .fire: taken.append(Taken(asset: row.asset, time: row.time, cleared: nil, value: row.value))
      case .clear:
        if let last = taken.lastIndex(where: { $0.asset == row.asset }), taken[last].cleared == nil {
          taken[last].cleared = row.time
        }
      case .held: break
      }
    }
    return taken
  }

  // MARK: Against known losses

  private func match(
    _ taken: [Taken], _ losses: [Loss], _ asset: String, _ rule: Rule, _ priced: inout Priced,
    _ incidents: inout [Int64]
  ) {
    let lead = rule.value?.lead ?? Lead()
    let matching = Matching(decisions: taken.map(\.time), losses: losses, lead: lead)
    for (decision, finding) in zip(taken, matching.findings) {
      let at = Priced.At(asset: asset, time: decision.time)
      let cost = decision.value?.cost.hundredths ?? 0
      switch finding {
      case .caught(let loss):
        let lead = losses[loss].start - decision.time
        let worth = worth(of: losses[loss], rule, lead: lead)
        priced.caught.append(.init(decision: at, loss: losses[loss], lead: lead, worth: worth))
        priced.gross = priced.gross.saturatingPlus(worth ?? 0)
        priced.orderCost += cost
        incidents.append((worth ?? 0) - cost)
      case .sameIncident: priced.sameIncident.append(at)
      case .late:
        priced.late.append(at)
        priced.orderCost += cost
        incidents.append(-cost)
      case .falseAlarm:
        let nuisance = decision.value?.nuisance.hundredths ?? 0
        priced.falseAlarms.append(at)
        priced.orderCost += cost
        priced.nuisanceCost += nuisance
        incidents.append(-cost - nuisance)
      }
    }
    priced.missed += losses.indices.filter { !losses[$0].planned && matching.catches[$0] == nil }.map { losses[$0] }
  }

  /// What catching a loss so long ahead would have saved; nil when neither model nor list says.
  private func worth(of loss: Loss, _ rule: Rule, lead: TimeSpan?) -> Int64? {
    guard let model = rule.value else { return nil }
    guard model.avoids != nil else {
      return loss.cost.flatMap(prices.converted)?.times(model.share).hundredths
    }
    var measured: Fixed?
    if case .measure(.hour, nil, _) = model.avoids {
      measured = Fixed(measured: (loss.end - loss.start).seconds / 3600)
    }
    return model.worth(
      at: prices, asset: loss.asset, assetClass: rule.appliesTo, lead: lead, measured: measured)?.hundredths
  }

  /// What it did cost.
  private func cost(of loss: Loss, _ rule: Rule) -> Int64? {
    loss.cost.flatMap(prices.converted)?.hundredths ?? worth(of: loss, rule, lead: nil)
  }

  /// Every asset is looked at from the first moment on, whatever it shows.
  private func check(
    every distance: TimeSpan, _ rule: Rule, _ losses: [Loss], _ assets: [String], _ begin: Instant, _ end: Instant
  ) -> Priced.Schedule {
    let span = max(.zero, end - begin)
    let times = Int(span.microseconds / max(1, distance.microseconds)) + 1
    let lead = rule.value?.lead ?? Lead()
    let one =
      (rule.value?.costs[.workOrder] ?? rule.value?.costs.values.max { $0.hundredths < $1.hundredths })
      .flatMap(prices.converted)?.hundredths ?? 0
    var schedule = Priced.Schedule(every: distance, checks: times * assets.count, caught: 0, cost: 0, net: 0)
    schedule.cost = one * Int64(schedule.checks)
    var saved: Int64 = 0
    for loss in losses where !loss.planned {
      // The first check that is not too early.
      let earliest = max(begin, loss.start - lead.within)
      let before = (earliest - begin).microseconds
      let steps = before / distance.microseconds + (before % distance.microseconds == 0 ? 0 : 1)
      let check = begin + TimeSpan(microseconds: steps.saturatingTimes(distance.microseconds))
      guard check <= loss.start - lead.atLeast else { continue }
      schedule.caught += 1
      saved = saved.saturatingPlus(worth(of: loss, rule, lead: loss.start - check) ?? 0)
    }
    schedule.net = saved - schedule.cost
    return schedule
  }

  // MARK: Measured in the data

  private func measure(
    _ taken: [Taken], _ rule: Rule, _ result: BacktestResult, _ model: Model, _ assets: [Int], _ end: Instant,
    _ priced: inout Priced, _ incidents: inout [Int64]
  ) {
    guard case .shortfall(let shortfall)? = rule.value?.avoids else {
      for decision in taken {
        let cost = decision.value?.cost.hundredths ?? 0
        priced.orderCost += cost
        incidents.append(-cost)
      }
      return
    }
    var logs: [Int: (power: SampleLog, against: SampleLog)] = [:]
    for index in assets {
      guard let power = model.tag(shortfall.power, of: AssetID(index)).flatMap({ result.samples[$0] }),
        let against = model.tag(shortfall.against, of: AssetID(index)).flatMap({ result.samples[$0] })
      else { continue }
      logs[index] = (power, against)
    }
    let meter = ShortfallMeter(
      shortfall, limits: rule.limits, pairs: logs.keys.sorted().compactMap { logs[$0] })
    guard let meter else {
      priced.assumptions.append("the rule has no limit that is the curve its value names: no energy was measured")
      return
    }
    var energy = 0.0
    for decision in taken {
      let cost = decision.value?.cost.hundredths ?? 0
      var worth: Int64 = 0
      if let log = logs[Int(decision.asset.index)] {
        // What has not cleared by then goes on to the end.
        let missing = meter.energy(log.power, log.against, decided: decision.time, cleared: decision.cleared ?? end)
        energy += missing
        worth =
          Fixed(measured: missing).flatMap {
            rule.value?.worth(
              at: prices, asset: model.assets[Int(decision.asset.index)].path, assetClass: rule.appliesTo, measured: $0)
          }?.hundredths ?? 0
      }
      priced.gross = priced.gross.saturatingPlus(worth)
      priced.orderCost += cost
      incidents.append(worth - cost)
    }
    priced.energy = Fixed(measured: energy)
  }

  // MARK: How sure

  /// Incidents are drawn anew, with replacement, ten thousand times: the seed is fixed, so the answer is.
  /// B. Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7 (1979); percentile interval.
  private func bootstrap(_ incidents: [Int64]) -> (low: Int64, high: Int64) {
    let rounds = 10_000
    var dice = SplitMix(state: 20_260_301)
    var sums: [Int64] = []
    sums.reserveCapacity(rounds)
    for _ in 0..<rounds {
      var sum: Int64 = 0
      for _ in incidents.indices { sum += incidents[dice.below(incidents.count)] }
      sums.append(sum)
    }
    sums.sort()
    return (sums[rounds * 25 / 1000], sums[rounds * 975 / 1000 - 1])
  }

  // MARK: What it rests on

  private func assumptions(of rule: Rule) -> [String] {
    guard let value = rule.value else { return ["the rule states no value: nothing is saved by it"] }
    var lines: [String] = []
    switch value.avoids {
    case nil: lines.append("a caught loss saves what the list says it cost")
    case .money(let money):
      lines.append(
        "a caught loss saves \(money)\(value.growsOver.map { ", in full from \($0) ahead, in proportion below" } ?? "")"
      )
    case .measure(let unit, let quantity, let rate):
      let price = rate ?? prices.rate(unit, asset: "", assetClass: rule.appliesTo)
      lines.append(
        "a caught loss saves \(quantity.map { "\($0) \(unit.rawValue)" } ?? "its own \(unit.rawValue)") at "
          + (price.map { "\($0)" } ?? "a rate of each asset's own, if the site has one"))
    case .shortfall(let shortfall):
      let price = (shortfall.rate ?? prices.tariff).map { "\($0)" } ?? "no rate: nothing is saved"
      let curve: String =
        switch shortfall.curve {
        case .limit(let name): "limit \(name)"
        case .learned(let bin, let from, let to): "median of \(from) to \(to) by \(bin)"
        }
      lines.append(
        "energy missing in \(shortfall.power) against \(shortfall.against) (\(curve)), from \(shortfall.unavoidable) after "
          + "the decision to its clear, at \(price)")
    }
    lines.append("\(percent(value.share)) of it really avoidable")
    let costs = value.costs.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
    lines.append(
      costs.isEmpty ? "its actions cost nothing: 'costs' is not stated" : "cost: \(costs.joined(separator: ", "))")
    if let nuisance = value.nuisance { lines.append("a needless call costs \(nuisance) besides") }
    if losses != nil {
      lines.append("a decision helps from \(value.lead.atLeast) to \(value.lead.within) before a loss")
    }
    var source = "because: \(value.because ?? "not stated")"
    if let person = value.agreedBy { source += "; agreed by \(person)\(value.agreedOn.map { " on \($0)" } ?? "")" }
    lines.append(source)
    for (currency, exchange) in prices.rates.sorted(by: { $0.key < $1.key }) {
      lines.append("1 \(currency) is \(exchange.rate) \(prices.currency), fixed on \(exchange.on)")
    }
    return lines
  }

  private func percent(_ share: Fixed) -> String { "\(Fixed(millionths: share.millionths * 100)) %" }
}

/// Sebastiano Vigna's SplitMix64 (public domain).
private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func below(_ count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }
}
