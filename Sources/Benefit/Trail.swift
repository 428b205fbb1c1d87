import Rules

/// What one number did before and after a decision: the last value in each of many equal stretches of time.
package struct Trail: Sendable {
  /// The reading's name.
  package var name: String
  /// Nil where nothing new came; the value before then still stood.
  package var values: [Double?]
  /// Place of the decision among them.
  package var mark: Int
  package var stretch: TimeSpan
}

/// Keeps the recent past of one number of one condition in constant memory, and follows a few decisions into what came
/// after.
struct TrailKeeper: Sendable {
  static let before = 24
  static let after = 12

  let name: String
  let stretch: Int64
  /// The values of the last `before` stretches, the newest one last.
  private var values: [Double?] = []
  private var newest = Int64.min
  /// Trails that are still being followed: which row, and which of its trails.
  private var open: [(row: Int, trail: Int, values: [Double?], mark: Int)] = []

  init(name: String, span: TimeSpan) {
    self.name = name
    stretch = max(1_000_000, span.microseconds / 12)
  }

  /// A good sample came. Gives what has been followed to its end.
  mutating func take(_ number: Double, at time: Int64) -> [(row: Int, trail: Int, values: [Double?], mark: Int)] {
    let place = time / stretch
    guard place >= newest else { return [] }
    if place == newest, !values.isEmpty {
      values[values.count - 1] = number
      for index in open.indices { open[index].values[open[index].values.count - 1] = number }
      return []
    }
    let skipped = newest == .min ? 0 : Int(min(place - newest - 1, Int64(Self.before)))
    newest = place
    let added = Array(repeating: Double?.none, count: skipped) + [number]
    values = Array((values + added).suffix(Self.before))
    guard !open.isEmpty else { return [] }
    for index in open.indices { open[index].values += added }
    let done = open.filter { $0.values.count - $0.mark > Self.after }
    open.removeAll { $0.values.count - $0.mark > Self.after }
    return done.map { ($0.row, $0.trail, Array($0.values.prefix($0.mark + Self.after)), $0.mark) }
  }

  /// Follows a decision; what led to it.
  mutating func follow(row: Int, trail: Int) -> [Double?] {
    if !values.isEmpty { open.append((row, trail, values, values.count - 1)) }
    return values
  }

  mutating func finish() -> [(row: Int, trail: Int, values: [Double?], mark: Int)] {
    defer { open = [] }
    return open
  }
}
