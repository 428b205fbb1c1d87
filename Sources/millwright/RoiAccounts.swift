import Benefit
import Ledger
import Rules
import Site

/// The ledger's sums as accounts.
struct RoiAccounts {
  var reader: LedgerReader
  var site: Site
  /// Of waiting decisions and losses as many are listed.
  static let listed = 50

  /// `asOf` nil is all there is.
  func accounts(by grouping: AccountGrouping, since: Instant?, asOf: Instant?) throws -> Accounts {
    let end = try asOf ?? reader.lastRecorded() ?? Instant(microseconds: 0)
    var accounts = Accounts(
      site: site.title, currency: site.prices.currency, asOf: end, since: since, grouping: grouping)
    accounts.sum(try reader.accounts(since: since, asOf: end).map(entry))
    accounts.programme = Accounts.programmeCost(site.prices, since: since, asOf: end, in: site.zone)
    accounts.waiting = try reader.unjudged(since: since, asOf: end, limit: Self.listed).map {
      WaitingDecision(id: $0.id, key: $0.key, title: $0.title, owner: $0.owner, tier: $0.tier, modelled: $0.modelled)
    }
    accounts.losses = try reader.losses(since: since, asOf: end, limit: Self.listed)
    accounts.remarks = try remarks(asOf: end)
    return accounts
  }

  private func entry(_ row: AccountRow) -> AccountEntry {
    var sum = AccountSum(name: "", column: row.column)
    if row.tier == .shadow {
      sum.shadowDecisions = row.decisions
      sum.wouldSave = row.modelled
      sum.wouldCost = row.plannedCost
    } else {
      sum.decisions = row.decisions
      sum.modelled = row.modelled + row.modelledChange
      sum.unproven = row.modelled + row.unproven
      sum.cost = row.plannedCost + row.cost
      sum.measured = row.measured
      sum.over = row.over
    }
    sum.judged = row.judged
    sum.confirmed = row.confirmed
    sum.falseAlarms = row.falseAlarms
    sum.missed = row.missed
    sum.responded = row.responded
    sum.response = TimeSpan(microseconds: row.response)
    return AccountEntry(
      rule: row.rule, owner: row.owner, assetClass: row.assetClass, asset: row.asset, tier: row.tier,
      month: row.month, sum: sum)
  }

  private func remarks(asOf end: Instant) throws -> [String] {
    var remarks: [String] = []
    let earlier = try reader.decisionsWithoutAccounts()
    if earlier > 0 {
      remarks.append(
        "\(count(earlier, "decision")) from before accounts were kept \(earlier == 1 ? "is" : "are") not in it")
    }
    for found in try reader.costs(notIn: [site.prices.currency] + site.prices.rates.keys, asOf: end) {
      remarks.append(
        "\(count(found.count, "amount")) in \(found.currency) \(found.count == 1 ? "is" : "are") in no account: the site "
          + "has no rate for it ('money: {rates: ...}' in site.yaml)")
    }
    return remarks
  }
}
