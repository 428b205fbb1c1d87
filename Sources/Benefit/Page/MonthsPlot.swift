import Rules

/// Modelled against measured, month by month, of one column.
struct MonthsPlot {
  /// As many as can be told apart; the table beside has all.
  static let most = 24

  let column: AccountColumn
  /// Oldest first; those without a booking are in it too.
  let months: [AccountSum]
  let isCut: Bool

  init?(_ column: AccountColumn, of sums: [AccountSum]) {
    let own = sums.filter { $0.column == column }
    guard !own.isEmpty else { return nil }
    let all = Self.filled(own, column)
    self.column = column
    months = Array(all.suffix(Self.most))
    isCut = all.count > months.count
  }

  /// Months in between, in which nothing was booked: left out they would shorten the time.
  private static func filled(_ sums: [AccountSum], _ column: AccountColumn) -> [AccountSum] {
    let numbers = sums.map { month(named: $0.name) }
    guard let first = numbers.first ?? nil, let last = numbers.last ?? nil, numbers.allSatisfy({ $0 != nil }),
      last >= first, last - first < 1200
    else { return sums }
    let known = Dictionary(zip(numbers.compactMap(\.self), sums)) { a, _ in a }
    return (first...last).map { known[$0] ?? AccountSum(name: name(ofMonth: $0), column: column) }
  }

  func markup(_ amounts: Amounts) -> Markup {
    let values = months.flatMap { [Double($0.modelled) / 100, Double($0.measured) / 100] }
    let words = months.filter { $0.modelled != 0 || $0.measured != 0 }.map {
      "\($0.name): modelled \(amounts.plain($0.modelled)), measured \(amounts.plain($0.measured))"
    }
    var plot = Plot(
      id: "months-\(column.rawValue)", title: "\(column.title), modelled and measured by month, in \(amounts.currency)",
      description: words.joined(separator: "; ") + ".", scale: Scale(values, zero: true))
    let zero = plot.y(0)
    let width = (Plot.width - Plot.left - Plot.right) / Double(months.count)
    let bar = min(16, width * 0.36)
    func drawn(_ hundredths: Int64, _ x: Double, _ look: Markup) -> Markup {
      let y = plot.y(Double(hundredths) / 100)
      guard hundredths != 0 else { return .none }
      return """
        <rect class="\(look)" x="\(at(x))" y="\(at(min(y, zero)))" width="\(at(bar))" \
        height="\(at(max(1, max(y, zero) - min(y, zero))))"/>
        """
    }
    let each = max(1, (months.count + 5) / 6)
    plot.marks = Markup(
      months.enumerated().map { place, sum in
        let middle = Plot.left + (Double(place) + 0.5) * width
        let word =
          place % each == 0
          ? "<text x=\"\(at(middle))\" y=\"\(at(plot.height - 8))\" text-anchor=\"middle\">\(shortName(sum.name))</text>"
          : Markup.none
        return drawn(sum.modelled, middle - bar - 0.5, "modelled") + drawn(sum.measured, middle + 0.5, "measured")
          + word
      })
    return """
      <figure><figcaption><b>\(column.title)</b>, \(amounts.currency) by month\
      \(isCut ? ", the last \(months.count)" : Markup.none)</figcaption>
      \(plot.markup)</figure>

      """
  }

  static let legend: Markup = """
    <p class="legend"><span><i class="swatch modelled"></i>modelled: what the rules promised</span> \
    <span><i class="swatch measured"></i>measured: what verdicts bore out</span></p>

    """
}

/// Since year 0, of `2026-03`.
private func month(named name: String) -> Int? {
  let parts = name.split(separator: "-")
  guard parts.count == 2, let year = Int(parts[0]), let month = Int(parts[1]), (1...9999).contains(year),
    (1...12).contains(month)
  else { return nil }
  return year * 12 + month - 1
}

private func name(ofMonth number: Int) -> String {
  let month = number % 12 + 1
  return "\(number / 12)-\(month < 10 ? "0" : "")\(month)"
}

/// `Mar ’26`.
private func shortName(_ name: String) -> String {
  guard let number = month(named: name) else { return name.count > 8 ? name.prefix(7) + "…" : name }
  let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  let year = number / 12 % 100
  return "\(names[number % 12])\u{A0}’\(year < 10 ? "0" : "")\(year)"
}
