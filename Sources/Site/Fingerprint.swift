import Rules

extension Site {
  /// Everything of the site that decides, one line a fact, in an order of its own: the same site, the same text.
  /// No secret, no address, no comment changes it.
  package var fingerprint: String {
    var lines = ["site 1"]
    for source in sources.map(\.settings) {
      lines.append("source \(quoted(source.name)) \(source.lateness.microseconds) \(source.skew.microseconds)")
    }
    for assetClass in model.classes {
      lines.append("class \(quoted(assetClass.name))")
      for tag in assetClass.tags {
        let credible = tag.credible.map { "\($0.lowerBound)...\($0.upperBound)" } ?? "-"
        let unit = tag.unit.map(quoted) ?? "-"
        lines.append(
          "tag \(quoted(tag.name)) \(text(tag.type)) \(unit) \(credible) \(text(tag.life)) \(tag.uncertainIsGood)")
      }
      for reference in assetClass.references.sorted(by: { $0.name < $1.name }) {
        lines.append("reference \(quoted(reference.name)) \(quoted(reference.assetClass))")
      }
    }
    for asset in model.assets {
      let source =
        model.tags.indices.contains(Int(asset.firstTag))
        ? "\(model.tags[Int(asset.firstTag)].source.index)" : "-"
      let hasTags = !model.classes[asset.classIndex].tags.isEmpty
      lines.append(
        "asset \(quoted(asset.path)) \(asset.classIndex) \(asset.parent.map(String.init) ?? "-") "
          + "\(hasTags ? source : "-")"
      )
      for (rule, limits) in asset.limits.sorted(by: { $0.key < $1.key }) {
        for (limit, value) in limits.sorted(by: { $0.key < $1.key }) {
          lines.append("limit \(quoted(rule)) \(quoted(limit)) \(text(value))")
        }
      }
      for (adapter, id) in asset.ids.sorted(by: { $0.key < $1.key }) {
        lines.append("id \(quoted(adapter)) \(quoted(id))")
      }
      for (name, other) in asset.references.sorted(by: { $0.key < $1.key }) {
        lines.append("reference \(quoted(name)) \(quoted(model.assets[Int(other.index)].path))")
      }
    }
    for tier in policy.tiers {
      lines.append(
        "tier \(tier.rule.map(quoted) ?? "*") \(tier.assetClass.map(quoted) ?? "*") "
          + "\(tier.kind?.rawValue ?? "*") \(tier.tier.rawValue)"
      )
    }
    for route in policy.routes {
      lines.append("route \(route.kind.rawValue) \(route.assetClass.map(quoted) ?? "*") \(quoted(route.adapter))")
    }
    for conduit in policy.conduits {
      let end =
        switch conduit.end {
        case .asset(let path): "asset \(quoted(path))"
        case .assetClass(let name): "class \(quoted(name))"
        }
      lines.append(
        "conduit \(quoted(conduit.name)) \(quoted(conduit.adapter)) \(end) \(quoted(conduit.tag)) "
          + "\(conduit.range.lowerBound)...\(conduit.range.upperBound) \(conduit.largestStep) "
          + "\(quoted(conduit.permissive)) \(conduit.lifetime.microseconds)")
    }
    lines += timeLines
    lines.append("approve_within \(policy.approveWithin.microseconds)")
    lines.append("blind_after \(policy.blindAfter.microseconds)")
    if let quiet = policy.quietAfterNoFault { lines.append("quiet_after_no_fault \(quiet.microseconds)") }
    lines += priceLines
    return lines.joined(separator: "\n") + "\n"
  }

  /// What a decision is worth is written down with it, and what is booked goes by the baselines. Nothing said of money
  /// adds nothing.
  private var priceLines: [String] {
    func lines(_ word: String, _ rates: [String: Rate]) -> [String] {
      rates.sorted { $0.key < $1.key }.map { "\(word) \(quoted($0.key)) \($0.value)" }
    }
    return (prices.currency == Prices().currency ? [] : ["currency \(prices.currency)"])
      + prices.rates.sorted { $0.key < $1.key }.map { "rate \($0.key) \($0.value.rate)" }
      + (prices.tariff.map { ["tariff \($0)"] } ?? []) + lines("downtime", prices.downtime)
      + lines("scrap", prices.scrap)
      + prices.baselines.map { "baseline \(quoted($0.assetClass)) \($0.year) \($0.amount)" }
      + prices.programme.map { "programme \($0.from) \($0.amount)" }
  }

  /// UTC without shifts and calendars adds nothing.
  private var timeLines: [String] {
    var lines: [String] = []
    if zone != .utc {
      let changes = zone.changes.map { " \($0.at.microseconds)=\($0.offset.microseconds)" }.joined()
      lines.append("zone \(quoted(zone.name)) \(zone.offset.microseconds)\(changes)")
    }
    for shift in shifts {
      lines.append("shift \(quoted(shift.name)) \(shift.days.rawValue) \(text(shift.span))")
    }
    for calendar in calendars {
      lines.append("calendar \(quoted(calendar.name))")
      lines += calendar.weekly.map { "open \($0.days.rawValue) \(text($0.span))" }
      lines += calendar.exceptions.map { "except \($0.day) \($0.spans.map(text).joined(separator: " "))" }
      lines += calendar.shutdowns.map { "shutdown \($0.from.microseconds)...\($0.to.microseconds)" }
    }
    return lines
  }

  private func text(_ span: DaySpan) -> String { "\(span.from.microseconds)...\(span.to.microseconds)" }

  private func quoted(_ text: String) -> String { text.debugDescription }

  private func text(_ value: LimitValue) -> String {
    switch value {
    case .number(let number): "\(number)"
    case .duration(let span): "\(span.microseconds) us"
    case .state(let name): quoted(name)
    case .curve(let curve): "curve" + curve.points.map { " \($0.x),\($0.y)" }.joined()
    }
  }

  private func text(_ type: TagType) -> String {
    switch type {
    case .boolean: "boolean"
    case .number: "number"
    case .counter: "counter"
    case .text: "text"
    case .states(let names, let codes): "states \(names.map(quoted)) \(codes)"
    }
  }

  private func text(_ life: Life) -> String {
    switch life {
    case .itself(let span): "itself \(span.microseconds)"
    case .device: "device"
    case .heartbeat(let tag, let span): "heartbeat \(quoted(tag)) \(span.microseconds)"
    }
  }
}
