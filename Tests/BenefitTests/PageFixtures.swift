import Benefit
import Rules

extension AccountSum {
  /// Amounts in whole units of the currency.
  static func make(
    _ name: String, _ column: AccountColumn = .avoided, decisions: Int64 = 0, modelled: Int64 = 0, measured: Int64 = 0,
    unproven: Int64 = 0, over: Int64 = 0, cost: Int64 = 0, confirmed: Int64 = 0, falseAlarms: Int64 = 0,
    known: Int64 = 0, missed: Int64 = 0, shadow: Int64 = 0, wouldSave: Int64 = 0, wouldCost: Int64 = 0,
    responseMinutes: Int64 = 0
  ) -> AccountSum {
    var sum = AccountSum(name: name, column: column)
    sum.decisions = decisions
    sum.shadowDecisions = shadow
    sum.wouldSave = wouldSave * 100
    sum.wouldCost = wouldCost * 100
    sum.modelled = modelled * 100
    sum.measured = measured * 100
    sum.unproven = unproven * 100
    sum.over = over * 100
    sum.cost = cost * 100
    sum.judged = confirmed + falseAlarms + known
    sum.confirmed = confirmed
    sum.falseAlarms = falseAlarms
    sum.missed = missed
    sum.responded = responseMinutes > 0 ? max(1, decisions / 2) : 0
    sum.response = .minutes(responseMinutes * sum.responded)
    return sum
  }
}

extension Accounts {
  static let empty = Accounts(
    site: "Riverside Works", currency: "EUR", asOf: Instant(seconds: 1_775_000_000), since: nil, grouping: .rule)

  /// Everything a page can show, with names as long as plants have them.
  static let rich: Accounts = {
    var accounts = Accounts(
      site: "Riverside Works, Utilities & Packaging", currency: "EUR", asOf: Instant(seconds: 1_775_037_600),
      since: Instant(seconds: 1_736_000_000), grouping: .owner)
    accounts.rules = [
      .make(
        "wind_underperformance", .cash, decisions: 67, modelled: 10_760, measured: 8_070, unproven: 2_690, cost: 23_450,
        confirmed: 19, falseAlarms: 31, known: 2, responseMinutes: 1730),
      .make(
        "bearing_running_hot_after_lubrication_interval", decisions: 6, modelled: 42_000, measured: 0, unproven: 21_000,
        cost: 2_400, confirmed: 0, falseAlarms: 3, missed: 1, responseMinutes: 95),
      .make(
        "pump_cavitation", decisions: 19, modelled: 159_600, measured: 92_400, unproven: 25_200, over: 16_800,
        cost: 8_350, confirmed: 13, falseAlarms: 3, missed: 2, responseMinutes: 212),
      .make(
        "compressor_leak", .cash, decisions: 9, modelled: 7_425, measured: 5_775, unproven: 1_650, cost: 1_080,
        confirmed: 7, responseMinutes: 3310),
      .make(
        "filler_microstops", .capacity, decisions: 12, modelled: 14_400, measured: 9_600, unproven: 2_400, cost: 900,
        confirmed: 8, falseAlarms: 2, responseMinutes: 41),
      .make(
        "seal_leak_from_pressure", confirmed: 11, falseAlarms: 2, shadow: 17, wouldSave: 44_200, wouldCost: 5_950),
      .make("gearbox_oil_temperature", confirmed: 1, falseAlarms: 4, shadow: 8, wouldSave: 2_000, wouldCost: 3_200),
    ]
    accounts.groups = [
      .make(
        "wind-operations", .cash, decisions: 67, modelled: 10_760, measured: 8_070, unproven: 2_690, cost: 23_450,
        confirmed: 19, falseAlarms: 31, known: 2, responseMinutes: 1730),
      .make(
        "rotating-equipment", decisions: 25, modelled: 201_600, measured: 92_400, unproven: 46_200, over: 16_800,
        cost: 10_750, confirmed: 13, falseAlarms: 6, missed: 3, responseMinutes: 184),
      .make(
        "packaging", .capacity, decisions: 12, modelled: 14_400, measured: 9_600, unproven: 2_400, cost: 900,
        confirmed: 8, falseAlarms: 2, responseMinutes: 41),
    ]
    accounts.totals = [
      .make(
        "", .avoided, decisions: 25, modelled: 201_600, measured: 92_400, unproven: 46_200, over: 16_800, cost: 10_750,
        confirmed: 25, falseAlarms: 12, missed: 3, shadow: 25, wouldSave: 46_200, wouldCost: 9_150, responseMinutes: 184
      ),
      .make(
        "", .capacity, decisions: 12, modelled: 14_400, measured: 9_600, unproven: 2_400, cost: 900, confirmed: 8,
        falseAlarms: 2, responseMinutes: 41),
      .make(
        "", .cash, decisions: 76, modelled: 18_185, measured: 13_845, unproven: 4_340, cost: 24_530, confirmed: 26,
        falseAlarms: 31, known: 2, responseMinutes: 1911),
    ]
    for (place, month) in [3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14].enumerated() {
      let name = "\(2025 + (month - 1) / 12)-\((month - 1) % 12 < 9 ? "0" : "")\((month - 1) % 12 + 1)"
      let step = Int64(place)
      accounts.months += [
        .make(
          name, decisions: 3, modelled: 12_000 + 1_900 * (step % 4), measured: 4_000 + 1_450 * (step * 7 % 5),
          unproven: 1_200, cost: 900 + 40 * step),
        .make(
          name, .cash, decisions: 7, modelled: 1_500 + 110 * (step * 3 % 7),
          measured: step == 6 ? -600 : 900 + 95 * step,
          cost: 2_130, missed: step % 2),
      ]
    }
    accounts.programme = 18_000_00
    for place in 0..<9 {
      let seconds = 1_774_990_000 - Int64(place) * 91_234
      accounts.waiting.append(
        WaitingDecision(
          id: Int64(5_214 - 3 * place),
          key: DecisionKey(
            rule: place % 2 == 0 ? "pump_cavitation" : "wind_underperformance",
            asset: place % 2 == 0 ? "Riverside/Utilities/Cooling/P-10\(place)" : "LaHauteBorne/R807\(place)",
            time: Instant(seconds: seconds)),
          title: place % 2 == 0 ? "Pump cavitation" : "Turbine below its power curve", owner: "rotating-equipment",
          tier: [.act, .advise, .shadow][place % 3], modelled: place == 4 ? nil : 840_000 - Int64(place) * 35_050))
    }
    accounts.losses = [
      Loss(
        asset: "Riverside/Utilities/Cooling/P-104", start: Instant(seconds: 1_772_400_000),
        end: Instant(seconds: 1_772_431_800), cause: "impeller worn, stopped for repair",
        cost: Money(hundredths: 1_400_000, currency: "EUR")),
      Loss(
        asset: "Riverside/Utilities/Cooling/P-101", start: Instant(seconds: 1_771_000_000), cause: nil,
        cost: Money(hundredths: 920_050, currency: "USD"), planned: true),
    ]
    accounts.remarks = [
      "3 costs in NOK are left out: the site file has no rate for it.",
      "The baseline of CentrifugalPump for 2026 is not signed yet.",
    ]
    accounts.evidence = [.cavitation, .cold]
    return accounts
  }()
}

extension EvidenceShown {
  static let cavitation: EvidenceShown = {
    let decided = Instant(seconds: 1_774_990_000)
    func curve(_ value: (Int) -> Double?) -> [(time: Instant, value: Double?)] {
      (0..<48).map { place in (decided + .minutes(Int64(5 * (place - 32))), value(place)) }
    }
    let suction = curve { place in
      let fallen = Double(max(0, place - 20)) * 0.05
      return max(0.28, 0.82 - fallen) + Double(place % 3) * 0.012
    }
    let vibration = curve { place in
      if (8..<12).contains(place) { return nil }
      let risen = Double(max(0, place - 22)) * 0.62
      return 3.4 + min(6, risen) + Double(place % 4) * 0.3
    }
    return EvidenceShown(
      key: DecisionKey(rule: "pump_cavitation", asset: "Riverside/Utilities/Cooling/P-101", time: decided),
      title: "Pump cavitation", verdict: .confirmed,
      readings: [
        Evidence(name: "running", value: .boolean(true), unit: nil),
        Evidence(name: "suction", value: .number(0.31), unit: "bar g"),
        Evidence(name: "vibration", value: .number(8.94), unit: "mm/s"),
      ],
      curves: [
        .init(name: "suction", unit: "bar g", points: suction, limit: 0.4),
        .init(name: "vibration", unit: "mm/s", points: vibration, limit: 7.1),
        .init(name: "running", unit: nil, points: curve { _ in 1 }, limit: nil),
      ])
  }()

  /// Below zero, over days, and without a verdict.
  static let cold: EvidenceShown = {
    let decided = Instant(seconds: 1_773_000_000)
    let temperature = (0..<36).map { place -> (time: Instant, value: Double?) in
      let value = -25 + Double(max(0, place - 12))
      return (decided + .hours(Int64(4 * (place - 24))), place == 30 ? nil : value)
    }
    return EvidenceShown(
      key: DecisionKey(rule: "freezer_warm", asset: "Riverside/Store/F-7", time: decided, repeated: 1),
      title: "Freezer warming", verdict: nil,
      readings: [Evidence(name: "temperature", value: .number(-14.2), unit: "°C")],
      curves: [
        .init(name: "temperature", unit: "°C", points: temperature, limit: -15),
        .init(name: "door", unit: nil, points: [(decided, nil)], limit: nil),
      ])
  }()
}

extension BacktestShown {
  static let empty = BacktestShown(
    site: "Riverside Works", currency: "EUR", from: Instant(seconds: 1_386_028_800), to: Instant(seconds: 1_392_825_300)
  )

  /// The machine of the temperature data with a second rule that loses money, and a limit that was tried out.
  static let rich: BacktestShown = {
    var result = BacktestShown(
      site: "Riverside Works", currency: "EUR", from: Instant(seconds: 1_386_028_800),
      to: Instant(seconds: 1_392_825_300)
    )
    var low = RuleShown(name: "machine_running_cold", column: .avoided)
    (low.decisions, low.losses, low.caught, low.falseAlarms) = (14, 4, 4, 8)
    (low.gross, low.cost, low.meanLead) = (7_200_000, 480_000, .minutes(1239))
    (low.unwatched, low.scheduled) = (10_000_000, 1_640_000)
    (low.because, low.agreed) = ("a stop costs 25 000 EUR, a planned one 7 000 EUR", "H. Weber, 2026-03-01")
    let failed = Instant(seconds: 1_386_741_600)
    low.incidents = [
      IncidentShown(
        asset: "Hall2/machine1", decided: failed - .minutes(1995),
        loss: Loss(asset: "Hall2/machine1", start: failed, cause: "planned shutdown", planned: true)),
      IncidentShown(
        asset: "Hall2/machine1", decided: failed + .hours(100),
        loss: Loss(asset: "Hall2/machine1", start: failed + .hours(124), cause: "catastrophic failure")),
      IncidentShown(
        asset: "Hall2/machine1", decided: nil, loss: Loss(asset: "Hall2/machine1", start: failed + .hours(700))),
      IncidentShown(asset: "Hall2/machine1", decided: failed + .hours(900), loss: nil),
    ]
    var wind = RuleShown(name: "wind_underperformance_held_30_min", column: .cash)
    (wind.decisions, wind.losses, wind.caught, wind.falseAlarms) = (67, 67, 31, 36)
    (wind.gross, wind.cost) = (1_076_012, 2_345_000)
    (wind.interval, wind.meanLead) = (-1_502_300 ... -988_150, .minutes(310))
    result.rules = [low, wind]
    let nets: [(Int64, Int64)] = [
      (-12_000, -9_400), (-4_200, -5_100), (14_300, 9_800), (38_900, 30_400), (44_100, 22_800), (30_200, 11_500),
      (9_000, -3_300), (-6_400, -8_800),
    ]
    result.sweeps = [
      SweepShown(
        rule: "machine_running_cold", limit: "low", column: .avoided,
        points: nets.enumerated().map { place, net in
          SweepShown.Point(
            value: "\(40 + 5 * place)", number: Double(40 + 5 * place), decisions: Int64(3 + 4 * place),
            learned: net.0 * 100, tested: net.1 * 100)
        }, split: Instant(seconds: 1_390_000_000), current: "55")
    ]
    result.assumptions = ["A decision helps from 2 h before a loss on, and for 36 h.", "A check costs 400 EUR."]
    result.remarks = ["2 losses of assets that no rule looks at."]
    result.evidence = [.cold]
    return result
  }()

  static let hostileEverywhere: BacktestShown = {
    var result = rich
    result.site = hostile
    result.rules[0].name = hostile
    result.rules[0].because = hostile
    result.rules[0].agreed = hostile
    result.rules[0].incidents[0].asset = hostile
    result.rules[0].incidents[1].loss?.cause = hostile
    result.sweeps[0].rule = hostile
    result.sweeps[0].limit = hostile
    result.sweeps[0].points[0].value = hostile
    result.assumptions[0] = hostile
    result.remarks[0] = hostile
    return result
  }()
}

/// What somebody outside would write to get into a page.
let hostile = "<script>alert(1)</script>\" onload='x' &amp; \u{202E}evil\u{0007}"

extension Accounts {
  /// The same words from outside wherever such words go.
  static let hostileEverywhere: Accounts = {
    var accounts = rich
    accounts.site = hostile
    accounts.rules[0].name = hostile
    accounts.groups[0].name = hostile
    accounts.months[0].name = hostile
    accounts.waiting[0].title = hostile
    accounts.waiting[0].owner = hostile
    accounts.waiting[0].key.asset = hostile
    accounts.losses[0].asset = hostile
    accounts.losses[0].cause = hostile
    accounts.remarks[0] = hostile
    accounts.evidence[0].title = hostile
    accounts.evidence[0].key.asset = hostile
    accounts.evidence[0].key.rule = hostile
    accounts.evidence[0].readings[0] = Evidence(name: hostile, value: .text(hostile), unit: hostile)
    accounts.evidence[0].curves[0].name = hostile
    accounts.evidence[0].curves[0].unit = hostile
    return accounts
  }()
}
