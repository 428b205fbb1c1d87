import Rules

extension SweepShown {
  /// Net money over the value of a limit: on what it was chosen by, and on what came after.
  func markup(_ number: Int, _ amounts: Amounts) -> Markup {
    guard let first = points.first, let last = points.last, let chosen else { return .none }
    let values = points.flatMap { [Double($0.learned) / 100, Double($0.tested) / 100] }
    let range = max(last.number - first.number, .leastNonzeroMagnitude)
    func share(_ point: Point) -> Double { points.count == 1 ? 0.5 : (point.number - first.number) / range }

    let told = points.map {
      "\($0.value): \(amounts.plain($0.learned)) on the earlier part, \(amounts.plain($0.tested)) on the later one"
    }
    var plot = Plot(
      id: "sweep-\(number)", title: "Net money of \(rule) against its limit \(limit), in \(amounts.currency)",
      description: told.joined(separator: "; ") + ".", height: 230, scale: Scale(values, zero: true, steps: 5))
    let best = (x: Plot.x(share(chosen)), y: plot.y(Double(chosen.learned) / 100))
    let isLeft = share(chosen) > 0.5
    plot.marks =
      plot.line(points.map { (share($0), Double($0.tested) / 100) }, "second")
      + plot.line(points.map { (share($0), Double($0.learned) / 100) }, "curve")
        + """
        <circle class="chosen" cx="\(at(best.x))" cy="\(at(best.y))" r="5"/>\
        <text class="decision" x="\(at(best.x + (isLeft ? -9 : 9)))" y="\(at(max(14, best.y - 9)))" \
        text-anchor="\(isLeft ? "end" : "start")">best: \(cut(chosen.value))</text>
        """
      + words(under: plot, share)

    let now = current
    let table = PageTable(
      id: "sweep-\(number)-table", caption: "\(broken(rule)) by its limit \(limit), net in \(amounts.currency)",
      columns: [
        .text("\(limit)"), .number("Decisions"), .number("Net on the earlier part"), .number("Net on the later part"),
      ],
      rows: points.map { point in
        let loses = point.tested < 0
        return .init(
          cells: [
            "\(point.value)\(point.value == chosen.value ? " <span class=\"soft\">best</span>" : Markup.none)\(point.value == now ? " <span class=\"soft\">as it is now</span>" : Markup.none)\(loses ? " <span class=\"loss\">loses money later</span>" : Markup.none)",
            "\(grouped(point.decisions))", amounts.cell(point.learned), amounts.cell(point.tested),
          ], isLosing: loses)
      })
    return """
      <h3>Net money against <code>\(limit)</code> of \(broken(rule))</h3>
      <p class="legend"><span><i class="swatch line"></i>before \(shown(split)): chosen by this part</span> \
      <span><i class="swatch line second"></i>from then on: seen by nobody who chose</span></p>
      <figure class="wide"><figcaption>Net, \(amounts.currency), \(column.rawValue); the limit from \(first.value) to \(last.value)</figcaption>
      \(plot.markup)</figure>
      <p class="note"><b>A value tuned on the same history flatters itself.</b> The best on the earlier part, \(chosen.value), \
      came to <span class="nowrap">\(amounts.named(chosen.learned))</span> there and to \
      <span class="nowrap">\(amounts.named(chosen.tested))</span> on the later part. Believe the later one.</p>
      <details><summary>The figures of each value</summary>
      \(table.markup)</details>

      """
  }

  /// As many of the values as have room beside each other.
  private func words(under plot: Plot, _ share: (Point) -> Double) -> Markup {
    let widest = points.map { cut($0.value).count }.max() ?? 1
    let room = max(1, Int((Plot.width - Plot.left) / (Double(widest) * 7 + 10)))
    let each = max(1, (points.count + room - 1) / room)
    return Markup(
      points.enumerated().filter { $0.offset % each == 0 }.map { _, point in
        let place = share(point)
        return plot.below(cut(point.value), at: place, anchor: place > 0.93 ? "end" : "middle")
      })
  }

  /// As much as has room in a drawing.
  private func cut(_ text: String) -> String { text.count > 14 ? text.prefix(13) + "…" : text }
}
