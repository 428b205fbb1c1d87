import Rules

/// Reads `money:`: currency and rates, what things cost, what may be claimed at most, what the programme costs.
struct MoneyReader {
  var file: String
  /// Nil when the asset file could not be read: then no class and no asset is called unknown.
  var classes: [String]?
  var assets: [String]?
  var report: Reporter

  func read(_ site: Fields) -> Prices {
    var prices = Prices()
    guard let fields = site.fields("money", "'money'") else { return prices }
    defer { fields.close() }
    if let (text, line) = fields.text("currency") {
      if Money(written: "1 " + text) == nil {
        fields.finding(line, "'currency' is three capital letters, as in EUR, not '\(text)'")
      } else {
        prices.currency = text
      }
    }
    for entry in fields.named("rates") {
      let rate = Fields(entry.value, "rate of '\(entry.key)'", line: entry.line, file: file, report)
      let (amount, on) = (fixed("rate", of: rate, needed: "0.92"), date("on", of: rate))
      if let amount, let on { prices.rates[entry.key] = .init(rate: amount, on: on) }
      rate.close()
    }
    prices.tariff = fields.entry("tariff").flatMap { rate($0, .kilowattHour, "0.08", prices) }
    prices.downtime = rates("downtime", of: fields, .hour, "600", prices)
    prices.scrap = rates("scrap", of: fields, .kilogram, "4.20", prices)
    for item in fields.list("baselines")?.items ?? [] { baseline(item, &prices) }
    for item in fields.list("programme")?.items ?? [] { programme(item, &prices) }
    if let promotion = fields.fields("promotion", "'promotion'") {
      prices.promotion.reviewed = promotion.integer("reviewed", in: 1...100_000) ?? prices.promotion.reviewed
      if let (text, line) = promotion.text("precision") {
        let percent = text.hasSuffix("%") ? Fixed(written: String(text.dropLast())) : nil
        if let percent, percent <= Fixed(100) {
          prices.promotion.precision = Fixed(millionths: percent.millionths / 100)
        } else {
          promotion.finding(line, "'precision' must be a percentage such as '80 %', not '\(text)'")
        }
      }
      promotion.close()
    }
    return prices
  }

  /// `{CentrifugalPump: 600 EUR/h, Works/Utilities/P-101: 900 EUR/h}`: by class, or by an asset's path.
  private func rates(
    _ key: String, of fields: Fields, _ unit: Measure, _ example: String, _ prices: Prices
  ) -> [String: Rate] {
    var rates: [String: Rate] = [:]
    for entry in fields.named(key) {
      if let classes, let assets, !classes.contains(entry.key), !assets.contains(entry.key) {
        let near = suggestion(for: entry.key, among: classes + assets)
        fields.finding(entry.line, "'\(key)' names '\(entry.key)', which is neither a class nor an asset's path\(near)")
      }
      rates[entry.key] = rate(entry, unit, example, prices)
    }
    return rates
  }

  private func rate(_ entry: YAML.Entry, _ unit: Measure, _ example: String, _ prices: Prices) -> Rate? {
    guard case .scalar(let text, _) = entry.value.kind, let rate = Rate(written: text), rate.unit == unit else {
      report.add(
        file, entry.line,
        "'\(entry.key)' must be a price such as '\(example) \(prices.currency)/\(unit.rawValue)'")
      return nil
    }
    check(rate.currency, entry.line, prices)
    return rate
  }

  private func baseline(_ item: YAML, _ prices: inout Prices) {
    let fields = Fields(item, "baseline", file: file, report)
    defer { fields.close() }
    let assetClass = fields.text("class", needed: "CentrifugalPump")
    if let classes, let (name, line) = assetClass, !classes.contains(name) {
      fields.finding(line, "unknown class '\(name)'\(suggestion(for: name, among: classes))")
    }
    if !fields.has("year") { fields.missing("year", "2026") }
    let year = fields.integer("year", in: 1970...9999)
    let amount = money("amount", of: fields, needed: "60 000 \(prices.currency)", prices)
    let signedBy = fields.text("signed_by", needed: "m.lindt")?.text
    let on = date("on", of: fields)
    guard let assetClass, let year, let amount, let signedBy, let on else { return }
    prices.baselines.append(
      .init(assetClass: assetClass.text, year: year, amount: amount, signedBy: signedBy, on: on))
  }

  /// `{per_month: 1 000 EUR, from: 2026-03}`
  private func programme(_ item: YAML, _ prices: inout Prices) {
    let fields = Fields(item, "programme", file: file, report)
    defer { fields.close() }
    let amount = money("per_month", of: fields, needed: "1 000 \(prices.currency)", prices)
    guard let (text, line) = fields.text("from", needed: "2026-03") else { return }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].count == 4, let year = Int(parts[0]), let month = Int(parts[1]),
      (1...12).contains(month)
    else {
      fields.finding(line, "'from' must be a month such as 2026-03, not '\(text)'")
      return
    }
    if let amount { prices.programme.append(.init(amount: amount, from: year * 12 + month - 1)) }
  }

  private func money(_ key: String, of fields: Fields, needed example: String, _ prices: Prices) -> Money? {
    guard let (text, line) = fields.text(key, needed: example) else { return nil }
    guard let money = Money(written: text) else {
      fields.finding(line, "'\(key)' must be an amount such as '\(example)', not '\(text)'")
      return nil
    }
    check(money.currency, line, prices)
    return money
  }

  private func check(_ currency: String, _ line: Int, _ prices: Prices) {
    if prices.converted(.zero(currency)) == nil {
      report.add(
        file, line, "there is no rate for \(currency); name one under 'rates', or write \(prices.currency)")
    }
  }

  private func fixed(_ key: String, of fields: Fields, needed example: String) -> Fixed? {
    guard let (text, line) = fields.text(key, needed: example) else { return nil }
    guard let number = Fixed(written: text), number > .zero else {
      fields.finding(line, "'\(key)' must be a decimal number such as \(example), not '\(text)'")
      return nil
    }
    return number
  }

  private func date(_ key: String, of fields: Fields) -> String? {
    guard let (text, line) = fields.text(key, needed: "2026-01-05") else { return nil }
    guard text.count == 10, Instant(rfc3339: text + "T00:00:00Z") != nil else {
      fields.finding(line, "'\(key)' must be a date such as 2026-01-05, not '\(text)'")
      return nil
    }
    return text
  }
}
