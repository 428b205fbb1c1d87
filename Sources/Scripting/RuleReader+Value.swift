import Rules

extension RuleReader {
  /// What a caught failure is worth, as stated before the pilot.
  mutating func valueModel(_ entry: Entry) -> ValueModel? {
    let known = ["avoids", "because", "share", "nuisance"]
    let fields = fields(entry, known: known, of: "value", sample: RuleWords.sample(of: "value"))
    guard let fields else { return nil }
    var model = ValueModel(avoids: nil, because: nil, share: nil, nuisance: nil)
    for field in fields {
      switch field.path {
      case "value.avoids": model.avoids = money(field, as: #"avoids = "14 000 EUR""#)
      case "value.nuisance": model.nuisance = money(field, as: #"nuisance = "250 EUR""#)
      case "value.because": model.because = text(field, as: #"because = "mean of 3 repairs in 2023""#)
      default: model.share = share(field)
      }
    }
    return model
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

  private mutating func share(_ entry: Entry) -> Double? {
    let sample = #"share = "60 %""#
    guard case .text(let text) = entry.value else {
      wrong(entry, must: "a percentage, as in \(sample)")
      return nil
    }
    guard let percent = percent(text), (0...100).contains(percent) else {
      find(entry.line, "\(entry.label): \"\(text)\" is no percentage from 0 % to 100 %; write it as in \(sample)")
      return nil
    }
    return percent / 100
  }
}
