/// What the site says of money: its currency, fixed rates, what an hour, a kilowatt hour and a kilogram cost, and how
/// much may be claimed at most.
package struct Prices: Sendable, Equatable {
  /// ISO 4217: all accounts are in it.
  package var currency: String
  /// How much of the site's currency one unit of another is, and since when that is fixed (`2026-01-05`).
  package var rates: [String: Exchange]
  package var tariff: Rate?
  /// An hour of downtime, by asset path or class; the asset's goes first.
  package var downtime: [String: Rate]
  /// A kilogram of scrap, by asset path or class.
  package var scrap: [String: Rate]
  package var baselines: [Baseline]
  package var programme: [ProgrammeCost]
  package var promotion: PromotionAsk

  package struct Exchange: Sendable, Equatable {
    package var rate: Fixed
    package var on: String
    package init(rate: Fixed, on: String) {
      self.rate = rate
      self.on = on
    }
  }

  /// What failures of a class cost in a year before rules looked at it, signed by somebody: no more can be avoided.
  package struct Baseline: Sendable, Equatable {
    package var assetClass: String
    package var year: Int
    package var amount: Money
    package var signedBy: String
    package var on: String
    package init(assetClass: String, year: Int, amount: Money, signedBy: String, on: String) {
      self.assetClass = assetClass
      self.year = year
      self.amount = amount
      self.signedBy = signedBy
      self.on = on
    }
  }

  /// What the whole costs each month, from a month on.
  package struct ProgrammeCost: Sendable, Equatable {
    package var amount: Money
    /// Months since year 0 (year x 12 + month - 1).
    package var from: Int
    package init(amount: Money, from: Int) {
      self.amount = amount
      self.from = from
    }
  }

  /// What is asked of a rule before it may leave shadow.
  package struct PromotionAsk: Sendable, Equatable {
    package var reviewed: Int
    /// 0...1, held against the lower end of the interval.
    package var precision: Fixed
    package init(reviewed: Int = 20, precision: Fixed = Fixed(millionths: 700_000)) {
      self.reviewed = reviewed
      self.precision = precision
    }
  }

  package init(
    currency: String = "EUR", rates: [String: Exchange] = [:], tariff: Rate? = nil, downtime: [String: Rate] = [:],
    scrap: [String: Rate] = [:], baselines: [Baseline] = [], programme: [ProgrammeCost] = [],
    promotion: PromotionAsk = PromotionAsk()
  ) {
    self.currency = currency
    self.rates = rates
    self.tariff = tariff
    self.downtime = downtime
    self.scrap = scrap
    self.baselines = baselines
    self.programme = programme
    self.promotion = promotion
  }

  /// In the site's currency; nil when there is no rate for it.
  package func converted(_ money: Money) -> Money? {
    if money.currency == currency { return money }
    return rates[money.currency].map { Money(hundredths: money.times($0.rate).hundredths, currency: currency) }
  }

  /// What a unit costs on an asset; nil when neither the rule nor the site says.
  package func rate(_ unit: Measure, asset: String, assetClass: String) -> Rate? {
    switch unit {
    case .hour: downtime[asset] ?? downtime[assetClass]
    case .kilowattHour: tariff
    case .kilogram: scrap[asset] ?? scrap[assetClass]
    }
  }

  /// The baseline of a class in a year, in the site's currency; nil is no cap. Several are added.
  package func baseline(of assetClass: String, year: Int) -> Money? {
    let amounts = baselines.filter { $0.assetClass == assetClass && $0.year == year }.compactMap {
      converted($0.amount)
    }
    return amounts.isEmpty ? nil : amounts.reduce(.zero(currency), +)
  }
}

/// What one decision is worth by its rule's model and the site's prices at that time, in the site's currency.
package struct Valuation: Sendable, Equatable {
  package var column: AccountColumn
  /// What a caught failure saves here, less what is not avoidable; nil when the model does not say without a loss.
  package var modelled: Money?
  /// What its actions cost.
  package var cost: Money
  /// What it costs besides when it was needless.
  package var nuisance: Money
  package var author: String?
  package init(column: AccountColumn, modelled: Money?, cost: Money, nuisance: Money, author: String? = nil) {
    self.column = column
    self.modelled = modelled
    self.cost = cost
    self.nuisance = nuisance
    self.author = author
  }
}

extension ValueModel {
  /// By the site's prices, for one decision that takes actions of these kinds. An amount in a currency without a rate
  /// counts as not stated; `objections` says so beforehand.
  package func valuation(
    at prices: Prices, asset: String, assetClass: String, actions: [ActionKind]
  ) -> Valuation {
    let none = Money.zero(prices.currency)
    return Valuation(
      column: column, modelled: worth(at: prices, asset: asset, assetClass: assetClass),
      cost: actions.compactMap { costs[$0].flatMap(prices.converted) }.reduce(none, +),
      nuisance: nuisance.flatMap(prices.converted) ?? none, author: author)
  }

  /// What a failure caught so long ahead (nil: long enough) saves, in the site's currency. `measured` is how much the
  /// loss had of what the model counts. Nil when that or a price is not known.
  package func worth(
    at prices: Prices, asset: String, assetClass: String, lead: TimeSpan? = nil, measured: Fixed? = nil
  ) -> Money? {
    let whole: Money?
    switch avoids {
    case nil: whole = nil
    case .money(let money): whole = prices.converted(money)
    case .measure(let unit, let quantity, let rate):
      let price = rate ?? prices.rate(unit, asset: asset, assetClass: assetClass)
      whole = (measured ?? quantity).flatMap { much in price.flatMap { prices.converted($0.times(much)) } }
    case .shortfall(let shortfall):
      let price = shortfall.rate ?? prices.tariff
      whole = measured.flatMap { much in price.flatMap { prices.converted($0.times(much)) } }
    }
    guard let whole else { return nil }
    guard let growsOver, let lead else { return whole.times(share) }
    return whole.times(min(max(lead, .zero), growsOver), of: growsOver).times(share)
  }
}

extension Rule {
  /// Why its value cannot be had at the site's prices: each the field that it is about, and a sentence for people.
  package func objections(
    at prices: Prices, people: [String], model: Model
  ) -> [(field: String, why: String)] {
    guard let value else { return [] }
    var objections: [(field: String, why: String)] = []
    var currencies = (value.costs.values + [value.nuisance].compactMap { $0 }).map(\.currency)
    var unit: Measure?
    switch value.avoids {
    case nil: break
    case .money(let money): currencies.append(money.currency)
    case .measure(let measure, _, let rate):
      if let rate { currencies.append(rate.currency) } else { unit = measure }
    case .shortfall(let shortfall):
      if let rate = shortfall.rate { currencies.append(rate.currency) } else { unit = .kilowattHour }
      if case .limit(let name) = shortfall.curve {
        let curves = limits.filter { if case .curve = $0.value { true } else { false } }.map(\.name)
        if !curves.contains(name) {
          objections.append(
            (
              "value.avoids.curve",
              "'value.avoids.curve' names '\(name)', which is no curve among the rule's limits"
                + suggestion(for: name, among: curves)
            ))
        }
      }
    }
    for currency in Set(currencies).sorted() where prices.converted(.zero(currency)) == nil {
      objections.append(
        (
          "value",
          "'value' has amounts in \(currency), and the site has no rate for it; name one under 'rates' of 'money'"
        ))
    }
    if let unit {
      let assets = model.assets.filter { model.classes[$0.classIndex].name == appliesTo }
      if assets.contains(where: { prices.rate(unit, asset: $0.path, assetClass: appliesTo) == nil }) {
        let key = [Measure.hour: "downtime", .kilowattHour: "tariff", .kilogram: "scrap"][unit] ?? ""
        objections.append(
          (
            "value.avoids",
            "'value.avoids' counts \(unit.rawValue), and the site does not say what one costs on '\(appliesTo)'; name it "
              + "under '\(key)' of 'money', or here, as in "
              + "\"6 \(unit.rawValue) at 600 \(prices.currency)/\(unit.rawValue)\""
          ))
      }
    }
    if let author = value.author, !people.contains(author) {
      objections.append(
        (
          "value.author",
          "'value.author' is '\(author)', who is not among the site's people\(suggestion(for: author, among: people))"
        ))
    }
    return objections
  }
}
