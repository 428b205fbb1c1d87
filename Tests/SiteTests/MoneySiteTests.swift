import Foundation
import Rules
import Site
import Testing

private let money = """
  money:
    currency: EUR
    rates: {USD: {rate: 0.92, on: 2026-01-05}}
    tariff: 0.085 EUR/kWh
    downtime: {CentrifugalPump: 600 EUR/h, Riverside/Utilities/P-101: 1 000 USD/h}
    scrap: {Oven: 4.20 EUR/kg}
    baselines:
      - {class: CentrifugalPump, year: 2026, amount: 60 000 EUR, signed_by: m.lindt, on: 2026-01-10}
    programme: [{per_month: 1 000 EUR, from: 2026-03}]
    promotion: {reviewed: 30, precision: 85 %}

  """

private func site(_ text: String = money) throws -> Site {
  let scratch = try Scratch(copying: "site")
  try scratch.replace("site/site.yaml", "\nadapters:\n", "\n\(text)adapters:\n")
  return try scratch.read()
}

@Test func prices_are_read_as_decimal_numbers() throws {
  let prices = try site().prices
  #expect(prices.tariff == Rate(amount: Fixed(millionths: 85_000), currency: "EUR", unit: .kilowattHour))
  // The asset's own goes before its class's; a thousand dollars are 920 euros.
  let model = ValueModel(avoids: .measure(.hour, quantity: Fixed(2), rate: nil))
  func worth(_ asset: String) -> Money? { model.worth(at: prices, asset: asset, assetClass: "CentrifugalPump") }
  #expect(worth("Riverside/Utilities/P-101") == Money(hundredths: 184_000, currency: "EUR"))
  #expect(worth("Riverside/Utilities/P-102") == Money(hundredths: 120_000, currency: "EUR"))
  #expect(prices.baseline(of: "CentrifugalPump", year: 2026) == Money(hundredths: 6_000_000, currency: "EUR"))
  #expect(prices.baseline(of: "CentrifugalPump", year: 2027) == nil)
  #expect(prices.programme == [.init(amount: Money(hundredths: 100_000, currency: "EUR"), from: 2026 * 12 + 2)])
  #expect(prices.promotion == .init(reviewed: 30, precision: Fixed(millionths: 850_000)))
}

@Test(arguments: [
  ("0.92", "0.93"), ("0.085", "0.086"), ("600 EUR/h", "601 EUR/h"), ("4.20", "4.21"), ("60 000", "61 000"),
  ("year: 2026", "year: 2027"), ("from: 2026-03", "from: 2026-04"),
])
func what_is_booked_by_is_in_the_fingerprint(old: String, new: String) throws {
  #expect(try site(money.replacing(old, with: new)).fingerprint != site().fingerprint)
}

@Test func a_site_that_says_nothing_of_money_keeps_the_fingerprint_it_had() throws {
  #expect(try site("").fingerprint == Scratch(copying: "site").read().fingerprint)
  #expect(try !site("").fingerprint.contains("currency"))
}

@Test func what_the_guide_shows_of_money_is_read() throws {
  let guide = try String(contentsOf: root.appending(path: "docs/site.md"), encoding: .utf8)
  let block = try #require(
    guide.components(separatedBy: "```yaml\n").map { $0.components(separatedBy: "```")[0] }
      .first { $0.hasPrefix("money:\n") })
  #expect(try site(block).prices.tariff != nil)
}
