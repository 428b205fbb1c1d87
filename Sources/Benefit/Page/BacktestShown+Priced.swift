import Rules

extension BacktestShown {
  /// What was priced, and what was tried, as the page shows it.
  package init(site: String, currency: String, priced: [Priced], sweep: Sweep?, remarks: [String]) {
    self.init(
      site: site, currency: currency, from: priced.map(\.from).min() ?? .distantPast,
      to: priced.map(\.to).max() ?? .distantPast)
    rules = priced.map(RuleShown.init)
    assumptions = priced.flatMap { rule in rule.assumptions.map { "\(rule.rule): \($0)" } }
    self.remarks = remarks
    sweeps = sweep.map { [SweepShown($0)] } ?? []
    evidence = priced.flatMap(\.evidence)
  }
}

extension RuleShown {
  fileprivate init(_ priced: Priced) {
    self.init(name: priced.rule, column: priced.column)
    decisions = Int64(priced.decisions)
    losses = Int64(priced.losses)
    caught = Int64(priced.caught.count)
    falseAlarms = Int64(priced.falseAlarms.count)
    gross = priced.gross
    cost = priced.cost
    interval = priced.interval.map { $0.low...$0.high }
    meanLead = priced.meanLead
    unwatched = priced.losses > 0 ? priced.withoutRule : nil
    scheduled = priced.schedule?.net
    because = priced.because
    agreed = priced.agreed
    let caught = priced.caught.map {
      (IncidentShown(asset: $0.decision.asset, decided: $0.decision.time, loss: $0.loss), $0.decision.time)
    }
    let missed = priced.missed.map { (IncidentShown(asset: $0.asset, decided: nil, loss: $0), $0.start) }
    let calls = priced.falseAlarms.map { (IncidentShown(asset: $0.asset, decided: $0.time, loss: nil), $0.time) }
    incidents = (caught + missed + calls).sorted { ($0.1, $0.0.asset) < ($1.1, $1.0.asset) }.map(\.0)
  }
}

extension SweepShown {
  fileprivate init(_ sweep: Sweep) {
    self.init(
      rule: sweep.rule, limit: sweep.parameter, column: sweep.points.first?.train.column ?? .avoided,
      points: sweep.points.sorted { $0.number < $1.number }.map {
        Point(
          value: $0.value, number: $0.number, decisions: Int64($0.train.decisions + $0.test.decisions),
          learned: $0.train.net, tested: $0.test.net)
      }, split: sweep.split, current: sweep.current)
  }
}
