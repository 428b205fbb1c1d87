/// What the ledger must know of a site to keep its accounts.
package struct Bookkeeping: Sendable {
  package var prices: Prices
  /// Months are the site's.
  package var zone: Zone
  /// Rules that state what they are worth, for the losses they miss.
  package var rules: [BookedRule]
  /// By the asset's path.
  package var classes: [String: String]

  package init(prices: Prices = Prices(), zone: Zone = .utc, rules: [BookedRule] = [], classes: [String: String] = [:])
  {
    self.prices = prices
    self.zone = zone
    self.rules = rules
    self.classes = classes
  }

  package init(_ configuration: Configuration) {
    let model = configuration.model
    self.init(
      prices: configuration.prices, zone: configuration.zone,
      rules: configuration.rules.compactMap(BookedRule.init),
      classes: Dictionary(uniqueKeysWithValues: model.assets.map { ($0.path, model.classes[$0.classIndex].name) }))
  }
}

package struct BookedRule: Sendable {
  package var name: String
  package var owner: String
  package var assetClass: String
  package var column: AccountColumn
  package var lead: Lead
  package init(name: String, owner: String, assetClass: String, column: AccountColumn, lead: Lead) {
    self.name = name
    self.owner = owner
    self.assetClass = assetClass
    self.column = column
    self.lead = lead
  }

  init?(_ rule: Rule) {
    guard let value = rule.value, rule.role == .acting else { return nil }
    self.init(name: rule.name, owner: rule.owner, assetClass: rule.appliesTo, column: value.column, lead: value.lead)
  }
}

extension Zone {
  /// The month that a moment is in here: year x 12 + month - 1.
  package func month(at time: Instant) -> Int {
    let date = civil(fromDays: day(at: time))
    return Int(date.0 * 12 + date.1 - 1)
  }
}
