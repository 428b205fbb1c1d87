import Rules

/// Reads `time_zone:`, `shifts:` and `calendars:`.
struct CalendarReader {
  var file: String
  var report: Reporter

  /// UTC when the file names none, or none that there is.
  func zone(_ fields: Fields) -> Zone {
    guard let (name, line) = fields.text("time_zone") else { return .utc }
    if let zone = Zone.known(as: name) { return zone }
    let near = suggestion(for: name, among: Zone.knownNames)
    report.add(
      file, line,
      "unknown time zone '\(name)'\(near.isEmpty ? "; write a place such as 'Europe/Berlin', or 'UTC'" : near)")
    return .utc
  }

  /// `early: {from: 06:00, to: 14:00, days: Mon-Fri}`
  func shifts(_ entries: [YAML.Entry]) -> [Shift] {
    entries.compactMap { entry in
      let fields = Fields(entry.value, "shift '\(entry.key)'", line: entry.line, file: file, report)
      defer { fields.close() }
      let days = days(fields)
      return span(fields).map { Shift(name: entry.key, days: days, span: $0) }
    }
  }

  func calendars(_ entries: [YAML.Entry], in zone: Zone) -> [Calendar] {
    entries.map { entry in
      let fields = Fields(entry.value, "calendar '\(entry.key)'", line: entry.line, file: file, report)
      defer { fields.close() }
      return Calendar(
        name: entry.key, weekly: pattern(fields), exceptions: exceptions(fields), shutdowns: shutdowns(fields, in: zone)
      )
    }
  }

  // MARK: The weekly pattern

  /// `open: always`, `open: never`, or a list of `{days: Mon-Fri, from: 06:00, to: 22:00}`.
  private func pattern(_ fields: Fields) -> [Calendar.Hours] {
    if !fields.has("open") { fields.missing("open", "[{days: Mon-Fri, from: 06:00, to: 22:00}]") }
    guard let entry = fields.entry("open") else { return [] }
    switch entry.value.kind {
    case .scalar("always", _): return [Calendar.Hours(days: .all, span: .wholeDay)]
    case .scalar("never", _): return []
    case .list(let items):
      return items.compactMap { item in
        let fields = Fields(item, "an entry of 'open'", file: file, report)
        defer { fields.close() }
        let days = days(fields)
        return span(fields).map { Calendar.Hours(days: days, span: $0) }
      }
    default:
      report.add(
        file, entry.line, "'open' is 'always', 'never' or a list such as [{days: Mon-Fri, from: 06:00, to: 22:00}]")
      return []
    }
  }

  private static let week: [(String, Weekdays)] = [
    ("Mon", .monday), ("Tue", .tuesday), ("Wed", .wednesday), ("Thu", .thursday), ("Fri", .friday),
    ("Sat", .saturday), ("Sun", .sunday),
  ]

  /// `Mon-Fri`, `Sat`, `Fri-Mon`, or a list of such; every day when left out.
  private func days(_ fields: Fields) -> Weekdays {
    guard let entry = fields.entry("days") else { return .all }
    let items = if case .list(let items) = entry.value.kind { items } else { [entry.value] }
    return items.reduce(into: []) { days, item in
      guard case .scalar(let text, _) = item.kind else {
        return report.add(file, item.line, "'days' holds days such as Mon or Mon-Fri, not \(item.word)")
      }
      let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { weekday(String($0), item.line) }
      guard ends.count <= 2 else {
        return report.add(file, item.line, "'days' holds days such as Mon or Mon-Fri, not '\(text)'")
      }
      guard let first = ends[0], let last = ends[ends.count - 1] else { return }
      for step in 0..<7 {
        days.insert(Self.week[(first + step) % 7].1)
        if (first + step) % 7 == last { return }
      }
    }
  }

  private func weekday(_ text: String, _ line: Int) -> Int? {
    if let place = Self.week.firstIndex(where: { $0.0 == text }) { return place }
    let names = Self.week.map(\.0)
    report.add(
      file, line,
      "unknown day '\(text)'\(suggestion(for: text, among: names)); it is one of \(names.joined(separator: ", "))"
    )
    return nil
  }

  private func span(_ fields: Fields) -> DaySpan? {
    if !fields.has("from") { fields.missing("from", "06:00") }
    if !fields.has("to") { fields.missing("to", "22:00") }
    let from = time("from", fields)
    guard let to = time("to", fields), let from else { return nil }
    guard from.span < .hours(24) else {
      report.add(file, from.line, "'from' is a time of day before 24:00; the next day begins at 00:00")
      return nil
    }
    return DaySpan(from: from.span, to: to.span)
  }

  /// A time of day, `06:00` to `24:00`.
  private func time(_ key: String, _ fields: Fields) -> (span: TimeSpan, line: Int)? {
    guard let (text, line) = fields.text(key) else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.count == 2 && $0.allSatisfy(\.isASCII) ? Int64($0) : nil }
    guard parts.count == 2, numbers.count == 2, (0..<60).contains(numbers[1]), numbers[0] >= 0,
      numbers[0] * 60 + numbers[1] <= 24 * 60
    else {
      report.add(file, line, "'\(key)' must be a time of day such as 06:00 or 24:00, not '\(text)'")
      return nil
    }
    return (.minutes(numbers[0] * 60 + numbers[1]), line)
  }

  // MARK: What differs from it

  /// `2026-12-25: closed`, `2026-12-24: {from: 06:00, to: 12:00}`, or a list of such; a range of dates is `A to B`.
  private func exceptions(_ fields: Fields) -> [Calendar.Exception] {
    var taken: [Int64: Int] = [:]
    var exceptions: [Calendar.Exception] = []
    for entry in fields.named("except") {
      let spans = hours(entry)
      guard let dates = dates(entry) else { continue }
      for day in dates {
        if let line = taken.updateValue(entry.line, forKey: day) {
          report.add(file, entry.line, "'\(entry.key)' holds a date that line \(line) holds, too; keep one")
          break
        }
        exceptions.append(Calendar.Exception(day: day, spans: spans))
      }
    }
    return exceptions
  }

  private func hours(_ entry: YAML.Entry) -> [DaySpan] {
    let items: [YAML]
    switch entry.value.kind {
    case .scalar("closed", _): return []
    case .table: items = [entry.value]
    case .list(let list): items = list
    default:
      report.add(file, entry.line, "'\(entry.key)' is 'closed' or other hours such as {from: 06:00, to: 12:00}")
      return []
    }
    return items.compactMap { item in
      let fields = Fields(item, "the hours of '\(entry.key)'", file: file, report)
      defer { fields.close() }
      return span(fields)
    }
  }

  private func dates(_ entry: YAML.Entry) -> ClosedRange<Int64>? {
    let words = entry.key.split(separator: " ")
    let ends = words.count == 3 && words[1] == "to" ? [words[0], words[2]] : [words.joined(separator: " ")[...]]
    let days = ends.compactMap { text in
      // The length keeps a date with a time out.
      text.count == 10 ? Instant(rfc3339: text + "T00:00Z")?.microseconds : nil
    }.map { $0 / 86_400_000_000 }
    guard days.count == ends.count else {
      report.add(
        file, entry.line, "'except' is by date, such as 2026-12-25 or '2026-12-24 to 2027-01-01', not '\(entry.key)'")
      return nil
    }
    guard days[0] <= days[days.count - 1], days[days.count - 1] - days[0] <= 1000 else {
      report.add(file, entry.line, "'\(entry.key)' must begin before it ends, and within 1000 days")
      return nil
    }
    return days[0]...days[days.count - 1]
  }

  /// `[{from: 2026-08-03 06:00, to: 2026-08-17 06:00}]`; a time without a zone is of the site's.
  private func shutdowns(_ fields: Fields, in zone: Zone) -> [Calendar.Shutdown] {
    (fields.list("shutdowns")?.items ?? []).compactMap { item in
      let fields = Fields(item, "a shutdown", file: file, report)
      defer { fields.close() }
      if !fields.has("from") { fields.missing("from", "2026-08-03 06:00") }
      if !fields.has("to") { fields.missing("to", "2026-08-17 06:00") }
      let from = moment("from", fields, in: zone)
      guard let to = moment("to", fields, in: zone), let from else { return nil }
      guard from < to else {
        report.add(file, fields.line, "a shutdown must begin before it ends")
        return nil
      }
      return Calendar.Shutdown(from: from, to: to)
    }
  }

  private func moment(_ key: String, _ fields: Fields, in zone: Zone) -> Instant? {
    guard let (text, line) = fields.text(key) else { return nil }
    if let time = Instant(rfc3339: text) { return time }
    if let local = Instant(rfc3339: text, defaultOffset: .zero) { return zone.instant(ofLocal: local) }
    report.add(file, line, "'\(key)' must be a date and time such as 2026-08-03 06:00, not '\(text)'")
    return nil
  }
}
