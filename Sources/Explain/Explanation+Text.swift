import Rules

// The explanation for an engineer: what it was at the moment, why it did not fire, what happened, all on one page.
extension Explanation {
  package func lines(whyNot isAsked: Bool) -> [String] {
    var lines = ["\(rule) on \(asset) at \(moment)\(localWords(moment))"]
    lines.append(title + (heldFor > .zero ? "; held for \(heldFor)" : ""))
    lines += remarks.map { "! \($0)" }
    lines += ["", "At that moment"] + momentLines
    if isAsked { lines += ["", "Why it did not decide"] + whyNotLines.map { "  " + $0 } }
    if outline != nil { lines += ["", "What 'when' is made of"] + outlineLines }
    if !looks.isEmpty { lines += [""] + chartLines }
    lines += ["", "What happened"]
    lines += happenings.isEmpty ? ["  nothing from \(written(from)) to \(written(to))"] : happeningLines
    return lines
  }

  // MARK: At the moment

  private var momentLines: [String] {
    guard let look = atMoment else {
      return [
        "  the rule had not been asked yet: "
          + (firstSample.map { "the first sample is of \(written($0))" } ?? "there is no sample of what it reads")
      ]
    }
    var rows = [["condition", phase(look)], ["when", whenWords(answered(look))]]
    if hasCalendars {
      let now = closed.first { $0.from <= moment && moment < $0.to }
      let next = closed.first { $0.from > moment }
      rows.append([
        "calendars",
        now.map { $0.to == .distantFuture ? "closed" : "closed, open from \(written($0.to))" }
          ?? (next.map { "open until \(written($0.from))" } ?? "open"),
      ])
    }
    for (place, reading) in readings.enumerated() {
      let unit = reading.unit.map { " \($0)" } ?? ""
      let since = look.notGoodSince[place].map { "not good since \(written($0))" }
      let value =
        switch look.readings[place] {
        case .notGood: since ?? "not good"
        case .absent: "absent" + (since.map { ": \($0)" } ?? "")
        case let value: value.plain + unit + (since.map { ", its last good value: \($0)" } ?? "")
        }
      rows.append([reading.name, value])
    }
    for limit in limits { rows.append(["limit \(limit.name)", limit.value.plain]) }
    return columns(rows)
  }

  private func whenWords(_ answer: Answered) -> String {
    let stretch = stretches.last { $0.from <= moment }
    let since = stretch.flatMap { $0.from >= from ? " since \(written($0.from))" : nil } ?? ""
    switch answer {
    case .yes: return "true\(since)"
    case .no: return "false\(since)"
    case .blind(let reading, _): return "blind\(since): '\(reading)' is not good"
    case .failed(let cause): return "failed\(since): \(cause)"
    }
  }

  private func phase(_ look: Trace.Look) -> String {
    switch look.phase {
    case .normal: return "normal"
    case .pending(let since):
      let due = since + heldFor
      return "pending since \(written(since)), "
        + (due < moment ? "due since \(written(due))" : "to fire at \(written(due))")
    case .active(let since): return "active since \(written(since))"
    case .clearing(let since, let active):
      return "active since \(written(active)), to clear at \(written(since + releasedFor))"
    }
  }

  // MARK: Why not

  package var whyNotLines: [String] {
    switch whyNot {
    case .noData: return ["Nothing of what it reads came between \(written(from)) and \(written(to))."]
    case .failed(let cause): return ["The rule failed: \(cause)"]
    case .decided(let time, let deferred):
      return [
        "It did decide, at \(written(time))"
          + (deferred.map { ", deferred: it had fired at \(written($0)) and was held back." } ?? ".")
      ]
    case .heldBack(let reason, let fired, let last, let cleared):
      return ["It fired at \(written(fired)), and the decision was held back."] + heldBack(reason, last, cleared)
    case .active(let since):
      return [
        "It had fired at \(written(since)) and has not cleared since: one activation makes one decision."
      ]
    case .blind(let reading, let since):
      return [
        "It was blind all the time: '\(reading)' was not good" + (since.map { ", since \(written($0))." } ?? ".")
      ]
    case .closed(let all, let open):
      let first = "'when' was true for \(all.length) at most, from \(written(all.from)) to \(written(all.to))"
      guard heldFor > .zero else { return [first + ", when its calendars were closed."] }
      let second =
        open.length == .zero
        ? "They were closed all that time."
        : "They were open for \(open.length) of that, from \(written(open.from)) to \(written(open.to)): "
          + "\(TimeSpan(microseconds: heldFor.microseconds - open.length.microseconds)) too short."
      return [first + ", and must be for \(heldFor) while its calendars are open.", second]
    case .neverTrue:
      return ["'when' was never true from \(written(max(from, looks.first?.time ?? from))) to \(written(end))."]
    case .running(let since, let fires):
      return [
        "'when' is true since \(written(since)), and must be until \(written(fires)); what is known ends at "
          + "\(written(end)): \(fires - end) too short."
      ]
    case .tooShort(let hold): return tooShort(hold)
    }
  }

  private func heldBack(_ reason: HeldBackReason, _ last: Instant?, _ cleared: Instant?) -> [String] {
    let until = reason.until
    let first: String =
      if case .atMost(let until) = reason {
        "By at_most: it " + (last.map { "had decided at \(written($0)) and " } ?? "")
          + "decides again from \(written(until)) on."
      } else {
        "Because: \(words(reason))."
      }
    let second =
      if let cleared, until.map({ cleared < $0 }) ?? true {
        "It cleared at \(written(cleared)), before that\(until == nil ? " ended" : ""): there is nothing left to decide."
      } else {
        "If it is still active when that ends, the decision is taken then."
      }
    return [first, second]
  }

  /// As `HeldBackReason.words`, with times as this page writes them.
  private func words(_ reason: HeldBackReason) -> String {
    switch reason {
    case .atMost(let until): "at_most, until \(written(until))"
    case .shelved(let until, let person): "shelved by \(person) until \(written(until))"
    case .settling(let until): "its last setpoint change settles until \(written(until))"
    case .quiet(let until): "no fault was found last time; quiet until \(written(until))"
    case .outOfService, .suppressed, .needs, .group, .calendar: reason.words
    }
  }

  private func tooShort(_ hold: WhyNot.Hold) -> [String] {
    var lines = [
      "'when' was true for \(hold.to - hold.from) at most, from \(written(hold.from)) to \(written(hold.to)), and must "
        + "be for \(heldFor): \(hold.short) too short."
    ]
    switch hold.endedBy {
    case .blind(let reading, let since):
      lines.append(
        "It ended because the rule no longer saw: '\(reading)' was not good"
          + (since.map { ", since \(written($0))." } ?? "."))
    case .failed(let cause): lines.append("It ended because the rule failed: \(cause)")
    case .yes, .no:
      for part in hold.turned { lines.append("It ended at \(written(hold.to)): \(turned(part))") }
    }
    if let sample = hold.sample {
      lines.append(
        "One sample did that: 'when' was true again from \(written(sample.again)) to \(written(sample.until))."
          + (sample.wouldHaveFired.map { " Without that sample it would have fired at \(written($0))." } ?? ""))
    }
    return lines
  }

  private func turned(_ part: PartAnswer) -> String {
    guard let sides = sides(part) else { return "\(part.text) was no longer true." }
    return "\(part.text) was \(sides)" + (part.distance.map { ", which misses by \(plain($0))." } ?? ".")
  }

  /// `89.5 > 90`.
  private func sides(_ part: PartAnswer) -> String? {
    guard let left = part.left, let right = part.right, let relation = part.relation else { return nil }
    return "\(left.plain) \(relation) \(right.plain)"
  }

  // MARK: The parts of `when`

  private var outlineLines: [String] {
    var rows: [[String]] = [["", "AT THAT MOMENT", "TRUE AT LONGEST", "NEAREST WHEN NOT TRUE"]]
    func add(_ outline: Outline, _ indent: String) {
      switch outline {
      case .all(let parts):
        rows.append([indent + "all of", "", "", ""])
        for part in parts { add(part, indent + "  ") }
      case .any(let parts):
        rows.append([indent + "one of", "", "", ""])
        for part in parts { add(part, indent + "  ") }
      case .not(let part):
        rows.append([indent + "not", "", "", ""])
        add(part, indent + "  ")
      case .ways(let ways):
        for way in ways {
          rows.append([indent + way.words, "", "", ""])
          add(way.outline, indent + "  ")
        }
      case .part(let part): rows.append(row(part, indent))
      }
    }
    if let outline { add(outline, "") }
    return columns(rows)
  }

  private func row(_ part: OutlinePart, _ indent: String) -> [String] {
    if let why = part.unreadable { return [indent + part.text, "not told apart: \(why)", "", ""] }
    let summary = summary(of: part)
    let now = summary.atMoment.map { now in
      let sides = sides(now).map { ", \($0)" } ?? ""
      switch now.answer {
      case .yes: return "true" + sides
      case .no: return "false" + sides
      case .blind(let reading): return "blind: '\(readings[reading].name)'"
      case .fault(let cause): return "failed: \(cause)"
      }
    }
    let nearest = summary.nearest.flatMap { nearest -> String? in
      guard let sides = sides(nearest.answer), let distance = nearest.answer.distance else { return nil }
      return "\(sides), by \(plain(distance)) at \(written(nearest.time))"
    }
    let longest =
      looks.isEmpty
      ? "" : summary.wasAlwaysTrue ? "always" : summary.longestTrue == .zero ? "never" : "\(summary.longestTrue)"
    return [indent + part.text, now ?? "", longest, nearest ?? ""]
  }

  // MARK: The chart and what happened

  private var chartLines: [String] {
    let chart = chart
    let first = chart.columns.first ?? from
    let last = chart.columns.last.map { $0 + chart.length } ?? to
    let isMarked = chart.row { start, end in start <= moment && moment < end ? "v" : " " }
    var rows = [["", isMarked, ""], ["when", answers(chart), "# true  . false  : both  ? blind  ! failed"]]
    rows.append(["condition", phases(chart), "- pending  = active  ~ clearing"])
    if hasCalendars {
      let row = chart.row { start, end in closed.contains { $0.from < end && $0.to > start } ? "x" : " " }
      rows.append(["calendars", row, "x closed"])
    }
    for (place, reading) in readings.enumerated() {
      if let (line, range) = line(of: place, chart) { rows.append([reading.name, line, range]) }
    }
    return ["From \(written(first)) to \(written(last)), one column is \(chart.length)"] + columns(rows)
  }

  private var happeningLines: [String] { columns(happenings.map { [written($0.time), words($0.what)] }) }

  package func words(_ what: Happening) -> String {
    switch what {
    case .pending(let fires):
      return heldFor > .zero ? "'when' is true: pending, to fire at \(written(fires))" : "pending"
    case .abandoned(let span, .no): return "'when' is false after \(span): the hold is given up"
    case .abandoned(let span, .yes): return "its calendars close after \(span): the hold is given up"
    case .abandoned(let span, _): return "the hold is given up after \(span)"
    case .fired(let since): return "fired" + (heldFor > .zero ? ", true since \(written(since))" : "")
    case .clearing(let clears): return "may clear: to clear at \(written(clears))"
    case .releaseEnded: return "may no longer clear"
    case .cleared: return "cleared"
    case .blind(let reading, let since):
      return "blind: '\(reading)' is not good" + (since.map { ", since \(written($0))" } ?? "")
    case .sees: return "sees again"
    case .decided(let deferred):
      return "decided" + (deferred.map { ", deferred: it had fired at \(written($0))" } ?? "")
    case .heldBack(let reason, let last):
      var text = "held back: \(words(reason))"
      if case .atMost = reason, let last { text += ", for it decided at \(written(last))" }
      return text
    case .calendars(let isOpen): return isOpen ? "its calendars open" : "its calendars close"
    case .late(let tag): return "a sample of \(tag) of this time came late and was kept out"
    case .link(let source, .connected): return "the link to \(source) is back; what it kept is read first"
    case .link(let source, .caughtUp): return "all that \(source) had kept has been read"
    case .link(let source, .lost): return "the link to \(source) is lost"
    case .link(let source, .newSession): return "the session with \(source) was not kept: a possible gap"
    case .failed(let cause): return "the rule failed: \(cause)"
    }
  }

  // MARK: Writing

  /// Without the date where it is the moment's.
  func written(_ time: Instant) -> String {
    guard time > .distantPast, time < .distantFuture else { return "\(time)" }
    let text = "\(time)"
    let day = "\(moment)".prefix(10)
    return (text.hasPrefix(day) ? String(text.dropFirst(11)) : text) + localWords(time)
  }

  private func localWords(_ time: Instant) -> String {
    guard let zone else { return "" }
    let clock = "\(zone.local(time))".dropFirst(11).dropLast()
    return time == moment ? " (\(clock) \(zone.name))" : " (\(clock))"
  }

  /// Indented, each column as wide as its widest cell; nothing behind the last.
  private func columns(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = " "
      for (column, cell) in row.enumerated() {
        line +=
          " " + cell + String(repeating: " ", count: widths[column] - cell.count + (column == row.count - 1 ? 0 : 1))
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
