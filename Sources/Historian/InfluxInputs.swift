import Rules

/// The past from InfluxDB 1.x, in order of time. The server gives one series after the other, so it is asked for one
/// stretch of time after the other, and what came of a stretch is put in order here. A stretch is half open and as long
/// as it takes for some ten thousand points.
package final class InfluxInputs: PastInputs {
  private let server: InfluxServer
  private let reads: [(read: HistorianRead, found: Found)]
  private let to: Instant
  private var next: Instant
  private var length = TimeSpan.hours(1)
  private var isBegun = false
  /// Points of an asset or a name that the site file does not map.
  package private(set) var left = 0

  private static let enough = 10_000
  private static let many = 100_000
  private static let longest = TimeSpan.hours(24 * 32)

  /// From `from` (included) to `to` (not included), with the value in force at the beginning of each series, which is
  /// older. Throws when the server has not what the site file names: a misspelt field would look like silence.
  package init(_ settings: HistorianSettings, _ model: Model, from: Instant, to: Instant) throws {
    guard case .influx(let url) = settings.place else { preconditionFailure("\(settings.name) is no InfluxDB") }
    server = InfluxServer(
      historian: settings.name, url: url, database: settings.database, username: settings.username,
      password: settings.password?.reveal)
    reads = settings.reads.map { ($0, Found($0, model)) }
    next = from
    self.to = to
    for read in settings.reads { try check(read) }
  }

  package func read(into inputs: inout [Input]) throws -> Bool {
    if !isBegun {
      isBegun = true
      var first: [TagChange] = []
      for (read, found) in reads { try takeFirst(read, found, &first) }
      inputs += inOrder(first).map(Input.change)
    }
    while next < to {
      let end = min(next + length, to)
      var changes: [TagChange] = []
      for (read, found) in reads {
        try take(read, found, "time >= \(next.microseconds)u AND time < \(end.microseconds)u", &changes)
      }
      if changes.count > Self.many {
        length = max(.seconds(1), length / 4)
      } else if changes.count < Self.enough {
        length = min(Self.longest, TimeSpan(microseconds: length.microseconds * 2))
      }
      next = end
      inputs += inOrder(changes).map(Input.change)
      if !changes.isEmpty { break }
    }
    return next < to
  }

  // MARK: Asking

  /// The newest value of each series before the first stretch, at its own time.
  private func takeFirst(_ read: HistorianRead, _ found: Found, _ changes: inout [TagChange]) throws {
    for field in fields(of: read) {
      // One field a question: the time of several newest values would be that of none.
      let query =
        "SELECT last(\(field.asName)) FROM \(source(read)) WHERE time < \(next.microseconds)u\(grouping(read))"
      try server.ask(query) { series in
        for row in series.values where row.count == 2 {
          guard case .whole(let time) = row[0] else { continue }
          take(series, read, found, field: field, time: time, row[1], .good, &changes)
        }
      }
    }
  }

  private func take(
    _ read: HistorianRead, _ found: Found, _ condition: String, _ changes: inout [TagChange]
  ) throws {
    let fields = fields(of: read)
    let names = (fields + [read.quality].compactMap(\.self)).map(\.asName).joined(separator: ", ")
    let query = "SELECT \(names) FROM \(source(read)) WHERE \(condition)\(grouping(read)) ORDER BY time"
    try server.ask(query) { series in
      for row in series.values where row.count == series.columns.count {
        guard case .whole(let time)? = row.first else { continue }
        let quality = read.quality == nil ? Quality.good : quality(row[fields.count + 1])
        for (place, field) in fields.enumerated() {
          take(series, read, found, field: field, time: time, row[place + 1], quality, &changes)
        }
      }
    }
  }

  private func take(
    _ series: InfluxAnswer.Series, _ read: HistorianRead, _ found: Found, field: String, time: Int64,
    _ cell: InfluxAnswer.Cell, _ quality: Quality, _ changes: inout [TagChange]
  ) {
    // A field that was not written at this time: nothing was sampled.
    if case .null = cell { return }
    let asset = read.asset.map { series.tags?[$0] ?? "" }
    let name = if case .long(let key, _) = read.form { series.tags?[key] ?? "" } else { field }
    guard let tag = found.tag(asset: asset, name: name) else {
      left += 1
      return
    }
    let value: Value =
      switch cell {
      case .null: .null
      case .boolean(let flag): .boolean(flag)
      case .whole(let number): .number(Double(number))
      case .number(let number): .number(number)
      case .text(let text): found.value(text, of: tag)
      }
    changes.append(
      TagChange(tag, value, quality: quality, time: Instant(microseconds: time.flooredMicroseconds)))
  }

  private func quality(_ cell: InfluxAnswer.Cell) -> Quality {
    if case .null = cell { return .good }
    return Quality(word: cell.written) ?? .uncertain
  }

  // MARK: What the server has

  private func check(_ read: HistorianRead) throws {
    let known = try column(0, of: "SHOW FIELD KEYS FROM \(source(read))")
    guard !known.isEmpty else {
      let all = try column(0, of: "SHOW MEASUREMENTS")
      throw mapping(read, "there is no measurement '\(read.from)'\(suggestion(for: read.from, among: all))")
    }
    for field in fields(of: read) + [read.quality].compactMap(\.self) where !known.contains(field) {
      throw mapping(read, "measurement '\(read.from)' has no field '\(field)'\(suggestion(for: field, among: known))")
    }
    let keys = try column(0, of: "SHOW TAG KEYS FROM \(source(read))")
    for key in self.keys(of: read) where !keys.contains(key) {
      throw mapping(read, "measurement '\(read.from)' has no tag key '\(key)'\(suggestion(for: key, among: keys))")
    }
  }

  private func column(_ place: Int, of query: String) throws -> [String] {
    var found: [String] = []
    try server.ask(query) { series in found += series.values.compactMap { $0.count > place ? $0[place].written : nil } }
    return found
  }

  private func mapping(_ read: HistorianRead, _ what: String) -> HistorianError {
    .mapping(historian: server.historian, line: read.line, what: what)
  }

  private func fields(of read: HistorianRead) -> [String] {
    if case .long(_, let value) = read.form { return [value] }
    var names: [String] = []
    for series in read.series where !names.contains(series.name) { names.append(series.name) }
    return names
  }

  private func keys(of read: HistorianRead) -> [String] {
    let name: String? = if case .long(let name, _) = read.form { name } else { nil }
    return [read.asset, name].compactMap(\.self)
  }

  private func source(_ read: HistorianRead) -> String { read.from.asName }

  private func grouping(_ read: HistorianRead) -> String {
    let keys = keys(of: read)
    return keys.isEmpty ? "" : " GROUP BY " + keys.map(\.asName).joined(separator: ", ")
  }
}

extension Int64 {
  /// Of nanoseconds: what is finer than a microsecond is cut off, also before 1970.
  fileprivate var flooredMicroseconds: Int64 { self / 1000 - (self % 1000 < 0 ? 1 : 0) }
}
