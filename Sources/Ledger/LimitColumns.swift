import Foundation
import GRDB
import Rules

/// A limit's value as it is stored: exactly, whatever it is.
struct LimitColumns {
  /// NULL is a number, which is all there was before schema 3.
  var kind: String?
  /// What it compares as, for whoever reads the table; a number's whole value. SQLite has no NaN: it is NULL.
  var number: Double?
  var text: String?

  init(_ limit: LimitValue) throws {
    number = limit.number
    switch limit {
    case .number: break
    case .duration(let span): (kind, text) = ("duration", String(span.microseconds))
    case .state(let name): (kind, text) = ("state", name)
    case .curve(let curve): (kind, text) = ("curve", try json(curve.points.map { [$0.x, $0.y] }))
    }
  }

  init(_ row: Row) throws(DamagedValue) {
    kind = try row.get("kind")
    number = try row.get("value")
    text = try row.get("text")
  }

  /// Nil when the columns are of no known kind, or do not say one.
  var limit: LimitValue? {
    switch kind {
    case nil: return .number(number ?? .nan)
    case "duration": return text.flatMap(Int64.init).map { .duration(TimeSpan(microseconds: $0)) }
    case "state": return text.map(LimitValue.state)
    case "curve":
      guard let points = try? value([[Double]].self, json: text ?? "") else { return nil }
      guard points.allSatisfy({ $0.count == 2 }) else { return nil }
      return Curve(points.map { Curve.Point($0[0], $0[1]) }).map(LimitValue.curve)
    default: return nil
    }
  }
}
