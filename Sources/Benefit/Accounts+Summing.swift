import Rules

/// `2026-03`
package func monthName(_ month: Int) -> String {
  let (year, rest) = month.quotientAndRemainder(dividingBy: 12)
  return "\(year)-\(rest < 9 ? "0" : "")\(rest + 1)"
}

extension AccountEntry {
  func name(by grouping: AccountGrouping) -> String {
    switch grouping {
    case .rule: rule
    case .owner: owner
    case .assetClass: assetClass
    case .asset: asset
    case .tier: tier.rawValue
    case .month: monthName(month)
    }
  }
}

extension Accounts {
  /// Each entry is in one group of every grouping, so that all groupings come to the same.
  package mutating func sum(_ entries: [AccountEntry]) {
    groups = Self.groups(entries, by: grouping)
    rules = Self.groups(entries, by: .rule)
    months = Self.groups(entries, by: .month)
    totals = Self.totals(entries)
  }

  private static func groups(_ entries: [AccountEntry], by grouping: AccountGrouping) -> [AccountSum] {
    struct Key: Hashable {
      var name: String
      var column: AccountColumn
    }
    var sums: [Key: AccountSum] = [:]
    for entry in entries {
      let key = Key(name: entry.name(by: grouping), column: entry.sum.column)
      sums[key, default: AccountSum(name: key.name, column: key.column)].add(entry.sum)
    }
    if grouping == .month { return sums.values.sorted { ($0.name, $0.column) < ($1.name, $1.column) } }
    // What loses money comes first and the worst of it before all; then what saves most.
    return sums.values.sorted { a, b in
      if a.losesMoney != b.losesMoney { return a.losesMoney }
      if a.net != b.net { return a.losesMoney ? a.net < b.net : a.net > b.net }
      return (a.name, a.column) < (b.name, b.column)
    }
  }

  private static func totals(_ entries: [AccountEntry]) -> [AccountSum] {
    AccountColumn.allCases.compactMap { column in
      let mine = entries.filter { $0.sum.column == column }
      guard !mine.isEmpty else { return nil }
      var total = AccountSum(name: "", column: column)
      for entry in mine { total.add(entry.sum) }
      return total
    }
  }

  /// What the programme costs from `since`, or its beginning, to the month of `asOf`, in whole months.
  package static func programmeCost(_ prices: Prices, since: Instant?, asOf: Instant, in zone: Zone) -> Int64 {
    let costs = prices.programme.sorted { $0.from < $1.from }
    let last = zone.month(at: asOf)
    var sum: Int64 = 0
    for (place, cost) in costs.enumerated() {
      let end = place + 1 < costs.count ? min(costs[place + 1].from, last + 1) : last + 1
      let begin = max(cost.from, since.map(zone.month(at:)) ?? cost.from)
      guard begin < end, let amount = prices.converted(cost.amount) else { continue }
      sum = sum.saturatingPlus(amount.times(end - begin).hundredths)
    }
    return sum
  }
}

extension AccountSum {
  /// It has cost more than was shown to be saved.
  package var losesMoney: Bool { net < 0 }
}

/// The interval of a proportion in which its true value lies in 95 of 100 cases, by Wilson's formula: E. B. Wilson,
/// "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927). Nil of nothing.
package func wilsonInterval(_ hits: Int, of count: Int) -> (low: Double, high: Double)? {
  guard count > 0 else { return nil }
  let (n, p, z) = (Double(count), Double(hits) / Double(count), 1.959963984540054)
  let middle = p + z * z / (2 * n)
  let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
  let scale = 1 + z * z / n
  return (max(0, (middle - half) / scale), min(1, (middle + half) / scale))
}
