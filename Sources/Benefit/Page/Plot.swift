/// Even steps that hold all of some values, at round numbers.
struct Scale {
  let low: Double
  let high: Double
  let ticks: [Double]

  /// `steps` is about how many there are. With `zero` it holds that too.
  init(_ values: [Double], zero: Bool = false, steps: Double = 4) {
    let finite = values.filter(\.isFinite) + (zero ? [0] : [])
    let (least, most) = (finite.min() ?? 0, finite.max() ?? 1)
    // A value that never changes still gets a scale around it.
    let room = most > least ? most - least : max(least.magnitude, 1) * 0.5
    let step = roundStep(room / steps)
    let first = ((most > least ? least : least - room / 2) / step).rounded(.down)
    let last = ((most > least ? most : most + room / 2) / step).rounded(.up)
    low = first * step
    high = max(last, first + 1) * step
    // A step too small to change so large a number gives no more ticks than two.
    let count = max(1, min(12, last - first))
    let (start, width) = (low, (high - low) / count)
    ticks = (0...Int(count)).map { start + Double($0) * width }
  }

  /// 0...1 from low to high.
  func place(_ value: Double) -> Double { high > low ? min(1, max(0, (value - low) / (high - low))) : 0.5 }
}

/// 1, 2 or 5 times a power of ten, not below `rough`.
private func roundStep(_ rough: Double) -> Double {
  guard rough.isFinite, rough > 1e-300 else { return 1 }
  var power = 1.0
  while power > rough { power /= 10 }
  while power * 10 <= rough { power *= 10 }
  return [1, 2, 5].map { $0 * power }.first { $0 >= rough } ?? 10 * power
}

/// A drawing with a scale of values at its left, in a box that is about as wide as a phone: several stand side by side
/// on a wide screen, and its words stay readable on a narrow one.
struct Plot {
  static let width = 360.0
  static let left = 50.0
  static let right = 12.0
  static let top = 22.0
  static let bottom = 26.0

  /// Unique on the page.
  var id: String
  /// What it is, and what it shows in words: for whoever does not see it.
  var title: String
  var description: String
  var height = 200.0
  var scale: Scale
  /// Drawn within, over the lines of the scale.
  var marks: Markup = .none
  var label: (Double) -> String = short

  static func x(_ share: Double) -> Double { left + share * (width - left - right) }
  func y(_ value: Double) -> Double { Plot.top + (1 - scale.place(value)) * (height - Plot.top - Plot.bottom) }

  var markup: Markup {
    let lines = scale.ticks.map { tick -> Markup in
      let y = y(tick)
      let look: Markup = tick == 0 ? "zero" : "grid"
      return """
        <line class="\(look)" x1="\(at(Plot.left))" x2="\(at(Plot.width - Plot.right))" y1="\(at(y))" y2="\(at(y))"/>\
        <text x="\(at(Plot.left - 6))" y="\(at(y + 4))" text-anchor="end">\(label(tick))</text>
        """
    }
    return """
      <svg viewBox="0 0 \(at(Plot.width)) \(at(height))" role="img" aria-labelledby="\(id)-title \(id)-words">
      <title id="\(id)-title">\(title)</title><desc id="\(id)-words">\(description)</desc>
      <g aria-hidden="true">\(lines)\(marks)</g></svg>

      """
  }

  /// A word under the drawing.
  func below(_ text: String, at share: Double, anchor: Markup = "middle") -> Markup {
    "<text x=\"\(at(Plot.x(share)))\" y=\"\(at(height - 8))\" text-anchor=\"\(anchor)\">\(text)</text>"
  }

  /// A line through points, interrupted where there is none; a point alone is a dot.
  func line(_ points: [(share: Double, value: Double?)], _ look: Markup) -> Markup {
    var parts: [Markup] = []
    for run in points.split(whereSeparator: { $0.value?.isFinite != true }) {
      let places = run.map { (Plot.x($0.share), y($0.value ?? 0)) }
      if places.count == 1 {
        parts.append(dot(places[0].0, places[0].1, look))
      } else {
        let path = places.map { "\(at($0.0)),\(at($0.1))" }.joined(separator: " ")
        parts.append("<polyline class=\"\(look)\" points=\"\(path)\"/>")
      }
    }
    return Markup(parts)
  }

  func dot(_ x: Double, _ y: Double, _ look: Markup) -> Markup {
    "<circle class=\"\(look)\" cx=\"\(at(x))\" cy=\"\(at(y))\" r=\"3\"/>"
  }
}

/// A coordinate, to the tenth.
func at(_ number: Double) -> String {
  let tenths = Int((number * 10).rounded())
  let sign = tenths < 0 ? "-" : ""
  return tenths % 10 == 0 ? "\(tenths / 10)" : "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
}
