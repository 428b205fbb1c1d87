import Rules

/// The past from PostgreSQL or TimescaleDB, in order of time: each table is one ordered COPY, and the tables are merged
/// as they come, so nothing is paged and nothing is kept.
package final class PostgresInputs: PastInputs {
  private let server: Psql.Server
  private let sources: [Table]
  private let from: Instant
  private let to: Instant
  private var isBegun = false
  /// Rows of an asset or a name that the site file does not map.
  package private(set) var left = 0

  private static let inputsAtOnce = 4096

  /// From `from` (included) to `to` (not included), with the value in force at the beginning of each series, which is
  /// older. Throws when the server has not what the site file names.
  package init(_ settings: HistorianSettings, _ model: Model, from: Instant, to: Instant) throws {
    guard case .postgres(let host, let port) = settings.place else {
      preconditionFailure("\(settings.name) is no PostgreSQL")
    }
    server = Psql.Server(
      historian: settings.name, host: host, port: port, database: settings.database, username: settings.username,
      password: settings.password?.reveal)
    self.from = from
    self.to = to
    sources = settings.reads.map { Table($0, model) }
    for source in sources { try check(source.read) }
  }

  package func read(into inputs: inout [Input]) throws -> Bool {
    if !isBegun {
      isBegun = true
      var first: [TagChange] = []
      for source in sources { try takeFirst(source, &first) }
      inputs += inOrder(first).map(Input.change)
      for source in sources { try source.begin(server, from: from, to: to) }
    }
    let enough = inputs.count + Self.inputsAtOnce
    while inputs.count < enough {
      // Of rows of one time that of the lower tag; a row's own values are in the order of its tags already.
      let waiting = sources.filter { $0.head != nil }
      guard let next = waiting.min(by: { $0.isBefore($1) }), let head = next.head else {
        left = sources.reduce(0) { $0 + $1.left }
        return false
      }
      inputs += head.map(Input.change)
      try next.advance()
    }
    return true
  }

  private func takeFirst(_ source: Table, _ changes: inout [TagChange]) throws {
    for (query, columns) in source.firstQueries(before: from) {
      let rows = try Psql(server, query: query)
      while let row = try rows.next() { changes += source.changes(row, inWide: columns) }
    }
  }

  /// What the table has, by the server's own list of it.
  private func check(_ read: HistorianRead) throws {
    let rows = try Psql(
      server,
      query: "SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a "
        + "WHERE a.attrelid = to_regclass(\(read.from.asSQLName.asSQLText)) AND a.attnum > 0 AND NOT a.attisdropped")
    var types: [String: String] = [:]
    while let row = try rows.next() {
      if row.count == 2, let name = row[0] { types[name] = row[1] ?? "" }
    }
    func mapping(_ what: String) -> HistorianError {
      .mapping(historian: server.historian, line: read.line, what: what)
    }
    guard !types.isEmpty else { throw mapping("there is no table '\(read.from)', or it may not be read") }
    var needed = [read.timeColumn] + [read.asset, read.quality].compactMap(\.self)
    switch read.form {
    case .wide: needed += read.series.map(\.name)
    case .long(let name, let value): needed += [name, value]
    }
    for column in needed where types[column] == nil {
      throw mapping(
        "table '\(read.from)' has no column '\(column)'\(suggestion(for: column, among: types.keys.sorted()))")
    }
    let type = types[read.timeColumn] ?? ""
    switch read.time {
    case .moment where type == "timestamp without time zone":
      throw mapping(
        "the times of '\(read.from)' have no zone: say whose clock they are of, as 'time_zone: Europe/Berlin', or 'UTC'"
      )
    case .moment where type != "timestamp with time zone":
      throw mapping("the times of '\(read.from)' are of type \(type): say 'time_is: s', 'ms', 'us' or 'ns'")
    case .clock where type != "timestamp without time zone":
      throw mapping("the times of '\(read.from)' are of type \(type), which has no clock of a zone; remove 'time_zone'")
    default: break
    }
  }
}

/// One table, read from its first row of interest to its last.
private final class Table {
  let read: HistorianRead
  private let found: Found
  private let columns: [String]
  private var rows: Psql?
  /// The changes of the next row; nil behind the last.
  private(set) var head: [TagChange]?
  private(set) var left = 0

  init(_ read: HistorianRead, _ model: Model) {
    self.read = read
    found = Found(read, model)
    var columns: [String] = []
    if case .wide = read.form {
      for series in read.series where !columns.contains(series.name) { columns.append(series.name) }
    }
    self.columns = columns
  }

  func begin(_ server: Psql.Server, from: Instant, to: Instant) throws {
    let condition = "\(bound(">=", from)) AND \(bound("<", to))"
    // What is of one time comes in one order, whatever the server's plan: by every column.
    let keys = ([read.asset].compactMap(\.self) + names).map(\.asSQLColumn)
    let order = ([read.timeColumn.asSQLColumn] + keys).joined(separator: ", ")
    rows = try Psql(server, query: "\(select(columns)) WHERE \(condition)\(nameCondition) ORDER BY \(order)")
    try advance()
  }

  func advance() throws {
    while let row = try rows?.next() {
      let changes = changes(row, inWide: columns)
      if changes.isEmpty { continue }
      head = changes
      return
    }
    head = nil
  }

  func isBefore(_ other: Table) -> Bool {
    guard let a = head?.first, let b = other.head?.first else { return head != nil }
    return (a.time, a.tag) < (b.time, b.tag)
  }

  // MARK: Queries

  /// The newest row of each series before a moment, and the columns it gives; of a wide table for each column that has
  /// a value.
  func firstQueries(before time: Instant) -> [(query: String, columns: [String])] {
    let asset = read.asset.map(\.asSQLColumn)
    let keys = [asset].compactMap(\.self) + names.prefix(1).map(\.asSQLColumn)
    let distinct = keys.isEmpty ? "" : "DISTINCT ON (\(keys.joined(separator: ", "))) "
    let order = (keys + ["\(read.timeColumn.asSQLColumn) DESC"]).joined(separator: ", ")
    func query(_ columns: [String], _ condition: String) -> String {
      let limit = keys.isEmpty ? " LIMIT 1" : ""
      return select(columns, distinct: distinct)
        + " WHERE \(bound("<", time))\(finite)\(condition) ORDER BY \(order)\(limit)"
    }
    if case .long = read.form { return [(query([], nameCondition), [])] }
    return columns.map { (query([$0], " AND \($0.asSQLColumn) IS NOT NULL"), [$0]) }
  }

  /// PostgreSQL knows a time before all others.
  private var finite: String {
    if case .count = read.time { "" } else { " AND isfinite(\(read.timeColumn.asSQLColumn))" }
  }

  /// Name and value of a long table.
  private var names: [String] {
    if case .long(let name, let value) = read.form { [name, value] } else { [] }
  }

  private func select(_ columns: [String], distinct: String = "") -> String {
    let time = read.timeColumn.asSQLColumn
    let micros =
      switch read.time {
      case .moment: "(extract(epoch FROM \(time)) * 1000000)::bigint"
      case .clock(let zone): "(extract(epoch FROM \(time) AT TIME ZONE \(zone.asSQLText)) * 1000000)::bigint"
      // Whole numbers only: a double has not the digits of nanoseconds. What is finer than a microsecond is cut off.
      case .count(let perSecond) where perSecond > 1_000_000:
        "floor(\(time)::numeric / \(perSecond / 1_000_000))::bigint"
      case .count(let perSecond): "(\(time)::numeric * \(1_000_000 / perSecond))::bigint"
      }
    let rest = ([read.asset].compactMap(\.self) + names + columns + [read.quality].compactMap(\.self)).map {
      "\($0.asSQLColumn)"
    }
    return "SELECT \(distinct)" + ([micros] + rest).joined(separator: ", ") + " FROM \(read.from.asSQLName)"
  }

  private func bound(_ relation: String, _ time: Instant) -> String {
    let column = read.timeColumn.asSQLColumn
    switch read.time {
    case .moment: return "\(column) \(relation) \("\(time)".asSQLText)::timestamptz"
    case .clock(let zone):
      return "\(column) AT TIME ZONE \(zone.asSQLText) \(relation) \("\(time)".asSQLText)::timestamptz"
    case .count(let perSecond) where perSecond > 1_000_000:
      return "\(column) \(relation) \(time.microseconds)::numeric * \(perSecond / 1_000_000)"
    case .count(let perSecond): return "\(column) \(relation) \(time.microseconds)::numeric / \(1_000_000 / perSecond)"
    }
  }

  private var nameCondition: String {
    guard case .long(let name, _) = read.form else { return "" }
    var known: [String] = []
    for series in read.series where !known.contains(series.name) { known.append(series.name) }
    return " AND \(name.asSQLColumn) IN (\(known.map(\.asSQLText).joined(separator: ", ")))"
  }

  // MARK: Rows

  /// What a row says, in the order of the tags.
  func changes(_ row: [String?], inWide columns: [String]) -> [TagChange] {
    guard let micros = row.first.flatMap(\.self).flatMap({ Int64($0) }) else { return [] }
    let time = Instant(microseconds: micros)
    var place = 1
    var asset: String?
    if read.asset != nil {
      asset = row[place] ?? ""
      place += 1
    }
    let quality =
      read.quality == nil ? .good : (row.last.flatMap(\.self)).map { Quality(word: $0) ?? .uncertain } ?? .good
    if case .long = read.form {
      guard let tag = found.tag(asset: asset, name: row[place] ?? "") else {
        left += 1
        return []
      }
      // A row says that there was a sample, also when it has no value.
      let value = row[place + 1].map { found.value($0, of: tag) } ?? .null
      return [TagChange(tag, value, quality: quality, time: time)]
    }
    var changes: [TagChange] = []
    for (offset, column) in columns.enumerated() {
      // NULL in a column among many: it was not sampled at this time.
      guard let text = row[place + offset] else { continue }
      guard let tag = found.tag(asset: asset, name: column) else {
        left += 1
        continue
      }
      changes.append(TagChange(tag, found.value(text, of: tag), quality: quality, time: time))
    }
    return changes.sorted { $0.tag < $1.tag }
  }
}
