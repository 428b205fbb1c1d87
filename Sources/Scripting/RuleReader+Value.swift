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

extension Money {
  /// `14 000 EUR`, `250.50 EUR`: digits grouped by spaces or not, at most two after a point, a currency code.
  init?(written text: String) {
    let parts = text.split { $0 == " " || $0 == "\u{A0}" || $0 == "\u{202F}" }
    guard let currency = parts.last, currency.utf8.count == 3, currency.utf8.allSatisfy({ (65...90).contains($0) })
    else { return nil }
    let halves = parts.dropLast().joined().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let digits = halves.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
    guard let whole = halves.first, (1...12).contains(whole.utf8.count), digits else { return nil }
    let cents = halves.count == 2 ? halves[1] : "00"
    guard (1...2).contains(cents.utf8.count), let units = Int64(whole), var hundredths = Int64(cents) else {
      return nil
    }
    if cents.utf8.count == 1 { hundredths *= 10 }
    self.init(hundredths: units * 100 + hundredths, currency: String(currency))
  }
}
