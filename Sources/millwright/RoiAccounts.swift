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
    accounts.sum(try reader.accounts(since: since, asOf: end))
    accounts.programme = Accounts.programmeCost(site.prices, since: since, asOf: end, in: site.zone)
    accounts.waiting = try reader.unjudged(since: since, asOf: end, limit: Self.listed)
    accounts.losses = try reader.losses(since: since, asOf: end, limit: Self.listed)
    accounts.remarks = try remarks(asOf: end)
    return accounts
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
