import Rules

extension RuleReader {
  private static let valueFields = [
    "avoids", "grows_over", "share", "nuisance", "costs", "because", "agreed_by", "agreed_on", "author", "lead",
    "counts_as",
  ]

  /// What a caught failure is worth, as stated before the pilot.
  mutating func valueModel(_ entry: Entry) -> ValueModel? {
    let fields = fields(entry, known: Self.valueFields, of: "value", sample: RuleWords.sample(of: "value"))
    guard let fields else { return nil }
    var model = ValueModel()
    for field in fields {
      switch field.path {
      case "value.avoids": model.avoids = avoids(field)
      case "value.grows_over": model.growsOver = span(field, as: #"grows_over = "60 d""#)
      case "value.nuisance": model.nuisance = money(field, as: #"nuisance = "250 EUR""#)
      case "value.because": model.because = text(field, as: #"because = "mean of 3 repairs in 2023""#)
      case "value.agreed_by": model.agreedBy = text(field, as: #"agreed_by = "m.lindt""#)
      case "value.agreed_on": model.agreedOn = date(field)
      case "value.author": model.author = text(field, as: #"author = "h.weber""#)
      case "value.costs": model.costs = costs(field)
      case "value.lead": model.lead = lead(field)
      case "value.counts_as": model.countsAs = column(field)
      default: model.share = share(field) ?? .one
      }
    }
    if case .table(_, let written) = entry.value,
      !written.contains(where: { nearest(to: $0.name, among: Self.valueFields) == "because" || $0.name == "because" })
    {
      find(
        entry.line,
        "'value' needs 'because': where the figure is from, as in because = \"mean of 3 repairs in 2023\"")
    }
    if model.growsOver != nil, case .shortfall = model.avoids {
      find(entry.line, "'value.grows_over' means nothing for energy that is measured; leave it out")
    }
    return model
  }

  private static let avoidsSample =
    #"avoids = "14 000 EUR", "6 h" (of downtime), "1 200 kWh", "80 kg" (of scrap) or "0.08 EUR/kWh""#

  private mutating func avoids(_ entry: Entry) -> ValueModel.Avoided? {
    if case .table = entry.value { return shortfall(entry).map { .shortfall($0) } }
    guard case .text(let text) = entry.value else {
      wrong(entry, must: "a text, as in \(Self.avoidsSample)")
      return nil
    }
    if let money = Money(written: text) { return .money(money) }
    if let rate = Rate(written: text) { return .measure(rate.unit, quantity: nil, rate: rate) }
    // `6 h at 600 EUR/h`
    let words = text.split(separator: " ")
    let at = words.firstIndex(of: "at") ?? words.endIndex
    if let unit = words[..<at].last.flatMap({ Measure(rawValue: String($0)) }),
      let quantity = Fixed(written: words[..<at].dropLast().joined(separator: " "))
    {
      guard at < words.endIndex else { return .measure(unit, quantity: quantity, rate: nil) }
      if let rate = Rate(written: words[(at + 1)...].joined(separator: " ")), rate.unit == unit {
        return .measure(unit, quantity: quantity, rate: rate)
      }
    }
    find(
      entry.line,
      "\(entry.label): \"\(text)\" is no amount of money, hours, kWh or kg; write it as in \(Self.avoidsSample)")
    return nil
  }

  private static let shortfallFields = ["shortfall_of", "against", "curve", "learned", "unavoidable", "row", "rate"]
  private static let shortfallSample =
    #"avoids = { shortfall_of = "Power", against = "WindSpeed", curve = "power_curve", row = "10 min", unavoidable = "2 h" }"#

  /// Energy that was not made between fire and clear.
  private mutating func shortfall(_ entry: Entry) -> Shortfall? {
    guard let fields = fields(entry, known: Self.shortfallFields, of: "avoids", sample: Self.shortfallSample) else {
      return nil
    }
    let found = findings.count
    var power: String?
    var against: String?
    var curve: PowerCurve?
    var unavoidable = TimeSpan.zero
    var row: TimeSpan?
    var rate: Rate?
    for field in fields {
      switch field.path {
      case "value.avoids.shortfall_of": power = numberTag(field)
      case "value.avoids.against": against = numberTag(field)
      case "value.avoids.curve": curve = text(field, as: #"curve = "power_curve""#).map { .limit($0) }
      case "value.avoids.learned": curve = learned(field)
      case "value.avoids.unavoidable":
        unavoidable = span(field, as: #"unavoidable = "2 h""#, zero: true) ?? .zero
      case "value.avoids.row": row = span(field, as: #"row = "10 min""#)
      default:
        guard case .text(let text) = field.value, let known = Rate(written: text), known.unit == .kilowattHour else {
          wrong(field, must: "what a kWh is worth, as in rate = \"0.08 EUR/kWh\"")
          continue
        }
        rate = known
      }
    }
    guard findings.count == found else { return nil }
    guard let power, let against, let curve, let row else {
      find(
        entry.line,
        "\(entry.label) needs 'shortfall_of', 'against', 'row' and 'curve' or 'learned', as in \(Self.shortfallSample)")
      return nil
    }
    return Shortfall(power: power, against: against, curve: curve, unavoidable: unavoidable, row: row, rate: rate)
  }

  private mutating func numberTag(_ entry: Entry) -> String? {
    guard let name = text(entry, as: #""ActivePower""#) else { return nil }
    guard let assetClass else { return name }
    let numbers = assetClass.tags.filter { $0.type == .number || $0.type == .counter }.map(\.name)
    guard numbers.contains(name) else {
      find(
        entry.line,
        "\(entry.label): class '\(assetClass.name)' has no number tag '\(name)'"
          + near(name, numbers, or: "its numbers are"))
      return nil
    }
    return name
  }

  /// `learned = { bin = 0.5, from = "2014-01-01", to = "2015-01-01" }`
  private mutating func learned(_ entry: Entry) -> PowerCurve? {
    let sample = #"learned = { bin = 0.5, from = "2014-01-01", to = "2015-01-01" }"#
    guard let fields = fields(entry, known: ["bin", "from", "to"], of: "learned", sample: sample) else { return nil }
    var bin: Double?
    var ends: [String: Instant] = [:]
    for field in fields {
      if field.path.hasSuffix(".bin") {
        if case .number(let number) = field.value, number > 0, number.isFinite { bin = number }
      } else if case .text(let text) = field.value {
        ends[String(field.path.split(separator: ".").last ?? "")] =
          Instant(rfc3339: text) ?? Instant(rfc3339: text + "T00:00:00Z")
      }
    }
    guard let bin, let from = ends["from"], let to = ends["to"], from < to else {
      wrong(entry, must: "the width of a bin and a stretch of history, as in \(sample)")
      return nil
    }
    return .learned(bin: bin, from: from, to: to)
  }

  private mutating func costs(_ entry: Entry) -> [ActionKind: Money] {
    let kinds = ActionKind.allCases.map(\.rawValue)
    let sample = #"costs = { work_order = "350 EUR" }"#
    var costs: [ActionKind: Money] = [:]
    for field in fields(entry, known: kinds, of: "costs", sample: sample) ?? [] {
      guard let kind = ActionKind(rawValue: String(field.path.split(separator: ".").last ?? "")) else { continue }
      costs[kind] = money(field, as: "\(kind.rawValue) = \"350 EUR\"")
    }
    return costs
  }

  private mutating func lead(_ entry: Entry) -> Lead {
    let sample = #"lead = { at_least = "2 h", within = "30 d" }"#
    var lead = Lead()
    for field in fields(entry, known: ["at_least", "within"], of: "lead", sample: sample) ?? [] {
      if field.path.hasSuffix("at_least") {
        lead.atLeast = span(field, as: sample, zero: true) ?? .zero
      } else if let span = span(field, as: sample) {
        lead.within = span
      }
    }
    if lead.within <= lead.atLeast {
      find(entry.line, "\(entry.label): 'within' (\(lead.within)) must be longer than 'at_least' (\(lead.atLeast))")
    }
    return lead
  }

  private mutating func column(_ entry: Entry) -> AccountColumn? {
    let columns = AccountColumn.allCases.map(\.rawValue)
    guard case .text(let text) = entry.value, let column = AccountColumn(rawValue: text) else {
      let meant: String =
        if case .text(let text) = entry.value { suggestion(for: text, among: columns) } else { "" }
      wrong(entry, must: "\"cash\", \"avoided\" or \"capacity\"\(meant)")
      return nil
    }
    return column
  }

  private mutating func money(_ entry: Entry, as sample: String) -> Money? {
    guard case .text(let text) = entry.value else {
      wrong(entry, must: "an amount with its currency, as in \(sample)")
      return nil
    }
    guard let money = Money(written: text) else {
      find(
        entry.line,
        "\(entry.label): \"\(text)\" is no amount of money; write digits, a point before cents, and the currency's "
          + "three letters, as in \(sample)")
      return nil
    }
    return money
  }

  private mutating func share(_ entry: Entry) -> Fixed? {
    let sample = #"share = "60 %""#
    guard case .text(let text) = entry.value else {
      wrong(entry, must: "a percentage, as in \(sample)")
      return nil
    }
    guard let percent = percent(text), (0...100).contains(percent), let share = Fixed(measured: percent / 100) else {
      find(entry.line, "\(entry.label): \"\(text)\" is no percentage from 0 % to 100 %; write it as in \(sample)")
      return nil
    }
    return share
  }
}
