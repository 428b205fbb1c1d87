import Rules

extension EvidenceShown {
  /// What was seen around the decision: one drawing for each number it was taken on. `number` is its place on the page.
  /// Nobody judges what history alone would have decided.
  func markup(_ number: Int, isJudged: Bool = true) -> Markup {
    let plots = curves.enumerated().map { place, curve in
      curve.markup(id: "evidence-\(number)-\(place)", decided: key.time)
    }
    let readings = readings.map { reading -> Markup in
      "<span class=\"reading\">\(reading.name) <b>\(reading.value.plain.withMinus)</b>\(reading.unit.map { "\u{A0}\($0)" } ?? "")</span> "
    }
    let said: Markup =
      isJudged ? verdict.map { " · verdict: <b>\($0.words)</b>" } ?? " · <b>no verdict yet</b>" : .none
    return """
      <article class="evidence" aria-labelledby="evidence-\(number)">
      <h3 id="evidence-\(number)">\(title)</h3>
      <p class="about">\(broken(key.asset)) · \(broken(key.rule)) · \
      \(shown(key.time))\(said)</p>
      <p class="readings">As it was decided: \(readings)</p>
      <div class="plots">\(plots)</div></article>

      """
  }
}

extension EvidenceShown.Curve {
  fileprivate func markup(id: String, decided: Instant) -> Markup {
    guard let first = points.first?.time, let last = points.last?.time else { return .none }
    let (begin, end) = (min(first, decided), max(last, decided))
    let length = max(1, Double((end - begin).microseconds))
    func share(_ time: Instant) -> Double { Double((time - begin).microseconds) / length }

    let values = points.compactMap(\.value).filter(\.isFinite)
    let unit = unit.map { " \($0)" } ?? ""
    guard !values.isEmpty else {
      return
        "<figure><figcaption><b>\(name)</b></figcaption><p class=\"note\">no good value in this time</p></figure>\n"
    }
    let range = "between \(shown(values.min() ?? 0)) and \(shown(values.max() ?? 0))\(unit)"
    let border = limit.map { "; the limit is \(shown($0))\(unit)" } ?? ""
    var plot = Plot(
      id: id, title: "\(name) around the decision",
      description: "From \(toTheMinute(begin)) to \(toTheMinute(end)): \(range)\(border). "
        + "The decision was taken at \(toTheMinute(decided)).",
      height: 170, scale: Scale(values + (limit.map { [$0] } ?? []), steps: 3))
    let x = Plot.x(share(decided))
    let onLeft = share(decided) > 0.5
    let decision: Markup = """
      <line class="decision" x1="\(at(x))" x2="\(at(x))" y1="\(at(Plot.top - 4))" y2="\(at(plot.height - Plot.bottom))"/>\
      <text class="decision" x="\(at(x + (onLeft ? -5 : 5)))" y="14" text-anchor="\(onLeft ? "end" : "start")">decision</text>
      """
    plot.marks =
      (limit.map { limitLine($0, on: plot) } ?? .none) + decision
      + plot.line(points.map { (share($0.time), $0.value) }, "curve")
      + plot.below(clock(begin, over: end - begin), at: 0, anchor: "start")
      + plot.below(clock(end, over: end - begin), at: 1, anchor: "end")
    return """
      <figure><figcaption><b>\(name)</b>\(self.unit.map { ", \($0)" } ?? "")</figcaption>
      \(plot.markup)</figure>

      """
  }

  private func limitLine(_ limit: Double, on plot: Plot) -> Markup {
    let y = plot.y(limit)
    let (left, right) = (at(Plot.left), at(Plot.width - Plot.right))
    return """
      <line class="limit" x1="\(left)" x2="\(right)" y1="\(at(y))" y2="\(at(y))"/>\
      <text class="limit" x="\(right)" y="\(at(y < Plot.top + 20 ? y + 14 : y - 5))" text-anchor="end">limit \(shown(limit))</text>
      """
  }
}

/// The time of day, with the date when there is more than one.
private func clock(_ time: Instant, over span: TimeSpan) -> String {
  let text = toTheMinute(time)
  let parts = text.split(separator: "\u{A0}")
  guard parts.count == 3 else { return text }
  return span < .hours(24 * 5) ? "\(parts[0].dropFirst(5))\u{A0}\(parts[1])" : "\(parts[0])"
}

extension Verdict {
  var words: String {
    switch self {
    case .confirmed: "confirmed"
    case .falseAlarm: "false alarm"
    case .noFaultFound: "no fault found"
    case .alreadyKnown: "already known"
    }
  }
}

extension String {
  /// A number as text, with a real minus.
  fileprivate var withMinus: String { hasPrefix("-") ? minus + dropFirst() : self }
}
