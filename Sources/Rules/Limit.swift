/// A threshold, duration, state or curve named in a rule, overridable per asset.
package struct Limit: Sendable, Equatable {
  package var name: String
  package var value: LimitValue
  /// What an override must keep to, both ends included; nil where the author set no bound. Numbers and durations only.
  package var from: LimitValue?
  package var to: LimitValue?
  package init(name: String, value: LimitValue, from: LimitValue? = nil, to: LimitValue? = nil) {
    self.name = name
    self.value = value
    self.from = from
    self.to = to
  }
  package init(name: String, value: Double) { self.init(name: name, value: .number(value)) }
}

package enum LimitValue: Sendable, Equatable {
  case number(Double)
  /// Seconds inside rules.
  case duration(TimeSpan)
  /// The name of a state, or any text.
  case state(String)
  case curve(Curve)

  /// The number a rule compares with: seconds for a duration; NaN where it is none.
  package var number: Double {
    switch self {
    case .number(let number): number
    case .duration(let span): span.seconds
    case .state, .curve: .nan
    }
  }

  /// Of one kind: what may override what.
  package func isAlike(_ other: LimitValue) -> Bool {
    switch (self, other) {
    case (.number, .number), (.duration, .duration), (.state, .state), (.curve, .curve): true
    default: false
    }
  }
}

extension LimitValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(integerLiteral value: Int) { self = .number(Double(value)) }
}

/// A line through points, `curve { {0, 0}, {120, 35} }`: straight between neighbours, level beyond the ends.
package struct Curve: Sendable, Equatable {
  package struct Point: Sendable, Equatable {
    package var x: Double
    package var y: Double
    package init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }
  /// At least one, `x` strictly rising.
  package let points: [Point]

  /// Nil unless there is a point, every number is finite and `x` rises.
  package init?(_ points: [Point]) {
    guard !points.isEmpty, points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }),
      zip(points, points.dropFirst()).allSatisfy({ $0.x < $1.x })
    else { return nil }
    self.points = points
  }

  /// NaN for NaN.
  package func value(at x: Double) -> Double {
    guard !x.isNaN else { return .nan }
    guard let right = points.firstIndex(where: { $0.x >= x }) else { return points[points.count - 1].y }
    guard right > 0 else { return points[0].y }
    let (a, b) = (points[right - 1], points[right])
    return a.y + (b.y - a.y) * ((x - a.x) / (b.x - a.x))
  }
}

/// The limits in force for a rule on one asset, in the order of the rule. Assets with the same limits share one, so
/// that whoever has prepared it for a rule need not do it again.
package final class LimitTable: Sendable {
  package let values: [LimitValue]
  package init(_ values: [LimitValue]) { self.values = values }
  package convenience init(_ numbers: [Double]) { self.init(numbers.map(LimitValue.number)) }
  package var count: Int { values.count }
  package subscript(_ place: Int) -> Double { values[place].number }
}

/// A length of time as written, or the limit that says it for each asset.
package enum Length: Sendable, Equatable {
  case span(TimeSpan)
  case limit(String)

  package static let zero = Length.span(.zero)
  package static func seconds(_ count: Int64) -> Length { .span(.seconds(count)) }
  package static func minutes(_ count: Int64) -> Length { .span(.minutes(count)) }
  package static func hours(_ count: Int64) -> Length { .span(.hours(count)) }
}

extension Length {
  /// The length by the limits as the rule has them, or as they are in force in `table`; none where the limit is no
  /// duration, which loading refuses.
  package func span(in limits: [Limit], _ table: LimitTable? = nil) -> TimeSpan {
    switch self {
    case .span(let span): return span
    case .limit(let name):
      guard let place = limits.firstIndex(where: { $0.name == name }),
        case .duration(let span) = table?.values[place] ?? limits[place].value
      else { return .zero }
      return span
    }
  }
}

extension LimitValue {
  /// As a message names it.
  package var kind: String {
    switch self {
    case .number: "a number"
    case .duration: "a length of time"
    case .state: "a text"
    case .curve: "a curve"
    }
  }

  /// As a file has it.
  package var written: String {
    switch self {
    case .number(let number):
      number == number.rounded() && number.magnitude < 1e15 ? String(Int64(number)) : String(number)
    case .duration(let span): "\"\(span)\""
    case .state(let text): "\"\(text)\""
    case .curve(let curve): "a curve of \(curve.points.count) points"
    }
  }
}

extension Limit {
  /// Why a value may not stand in its place, as the end of a sentence: `is below what the rule allows, 0.2`. Nil when it
  /// may.
  package func refusal(of override: LimitValue) -> String? {
    guard override.isAlike(value) else { return "is \(override.kind), and the limit is \(value.kind)" }
    if let from, override.number < from.number { return "is below what the rule allows, from \(from.written)" }
    if let to, override.number > to.number { return "is above what the rule allows, to \(to.written)" }
    return nil
  }
}
