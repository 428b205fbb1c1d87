import Benefit
import Foundation
import Ingest
import Rules

/// What a backtest says: the decisions, and how good the data were.
struct BacktestReport {
  var result: BacktestResult
  var files: [FileReport]
  /// On a history that is not of files.
  var remarks: [String] = []
  var model: Model
  var rules: [Rule]
  /// Rules that were asked for; others only ran because these look at them.
  var wanted: Set<String>
  var zone: Zone
  /// Where it was priced.
  var priced: [Priced] = []
  var sweep: Sweep?

  /// The first decisions of each rule, with what the numbers it reads did around them.
  func withEvidence() -> [Priced] {
    priced.map { rule in
      var rule = rule
      let fires = result.rows.filter { $0.event == .fire && result.ruleNames[$0.rule] == rule.rule }
      let limits = rules.first { $0.name == rule.rule }?.limits ?? []
      rule.evidence = fires.prefix(3).map { row in
        EvidenceShown(
          key: DecisionKey(rule: rule.rule, asset: asset(row).path, time: row.time), title: rule.title, verdict: nil,
          readings: row.evidence,
          curves: row.trails.map { trail in
            let first = row.time - TimeSpan(microseconds: trail.stretch.microseconds * Int64(trail.mark))
            return EvidenceShown.Curve(
              name: trail.name, unit: row.evidence.first { $0.name == trail.name }?.unit,
              points: trail.values.enumerated().map { place, value in
                (first + TimeSpan(microseconds: trail.stretch.microseconds * Int64(place)), value)
              }, limit: limits.drawn(for: trail.name))
          })
      }
      return rule
    }
  }

  var rows: [BacktestRow] { result.rows.filter { wanted.contains(result.ruleNames[$0.rule]) } }

  // MARK: CSV and JSON

  /// `rule,asset,seq,event,time,since`
  var csv: String {
    var text = "rule,asset,seq,event,time,since\n"
    for row in rows {
      text += "\(cell(result.ruleNames[row.rule])),\(cell(asset(row).path)),\(row.sequence),\(row.event.rawValue),"
      text += "\(row.time),\(row.since)\n"
    }
    return text
  }

  private func cell(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  var tree: Tree {
    .fields([
      "decisions": .list(
        rows.map { row in
          .fields([
            "rule": .text(result.ruleNames[row.rule]), "asset": .text(asset(row).path),
            "seq": .number(Double(row.sequence)), "event": .text(row.event.rawValue), "time": .time(row.time),
            "since": .time(row.since), "deferred_from": .time(row.deferredFrom),
            "reason": .optional(row.reason.map { "\($0.words)" }),
            "readings": .list(
              row.evidence.map {
                .fields(["name": .text($0.name), "value": $0.value.tree, "unit": .optional($0.unit)])
              }),
          ])
        }),
      "money": .list(priced.losersFirst.map(\.tree)), "sweep": sweep?.tree ?? .null,
      "data": .fields([
        "files": .list(files.map(\.tree)), "remarks": .list(remarks.map(Tree.text)),
        "tags": .list(qualities.map { qualityTree($0.tag, $0.quality) }),
        "reports": .list(
          result.reports.map {
            .fields([
              "kind": .text($0.kind.rawValue), "time": .time($0.time), "rule": .optional($0.rule),
              "asset": .optional($0.asset), "text": .text($0.text),
            ])
          }),
      ]),
    ])
  }

  private func qualityTree(_ tag: TagID, _ quality: TagQuality) -> Tree {
    .fields([
      "asset": .text(model.assets[Int(model.tags[Int(tag.index)].asset.index)].path),
      "tag": .text(model.definition(of: tag).name), "rows": .number(Double(quality.rows)),
      "first": .time(quality.first), "last": .time(quality.last),
      "median_step_s": quality.medianStep.map { .number($0.seconds) } ?? .null,
      "late": .number(Double(quality.late)), "doubled": .number(Double(quality.doubled)),
      "gaps": .number(Double(quality.gaps)),
      "longest_gap_s": quality.longestGap.map { .number($0.span.seconds) } ?? .null,
      "frozen": .number(Double(quality.frozen)),
      "longest_frozen_s": quality.longestFrozen.map { .number($0.span.seconds) } ?? .null,
      "not_a_number": .number(Double(quality.notANumber)), "not_credible": .number(Double(quality.notCredible)),
      "not_readable": .number(Double(quality.unreadable)), "marked_not_good": .number(Double(quality.markedBad)),
    ])
  }

  // MARK: Text

  var text: String {
    var lines: [String] = []
    let rows = rows
    for rule in rules.sorted(by: { $0.name < $1.name }) where wanted.contains(rule.name) {
      let mine = rows.filter { result.ruleNames[$0.rule] == rule.name }
      let fires = mine.count { $0.event == .fire }
      let held = mine.count { $0.event == .held }
      lines.append(
        "\(rule.name)  \(rule.title): \(count(fires, "decision"))\(held == 0 ? "" : ", \(held) held back")")
      for asset in Set(mine.map(\.asset)).sorted() {
        lines.append("  \(printable(model.assets[Int(asset.index)].path))")
        for row in mine where row.asset == asset { lines += self.lines(of: row) }
      }
      lines.append("")
    }
    if !priced.isEmpty { lines += [priced.text, ""] }
    if let sweep { lines += [sweep.text, ""] }
    return (lines + dataLines).joined(separator: "\n")
  }

  private func lines(of row: BacktestRow) -> [String] {
    var line =
      "    \(row.sequence)  \(row.event.rawValue.padding(toLength: 5, withPad: " ", startingAt: 0)) \(row.time)"
    if row.since != row.time { line += "  since \(row.since)" }
    if let from = row.deferredFrom { line += "  held back first at \(from)" }
    if let reason = row.reason { line += "  \(reason.words)" }
    let readings = row.evidence.map { evidence in
      "\(evidence.name) \(evidence.value.plain)" + (evidence.unit.map { " \($0)" } ?? "")
    }
    if !readings.isEmpty { line += "  " + printable(readings.joined(separator: ", ")) }
    let width = row.trails.map(\.name.count).max() ?? 0
    return [line]
      + row.trails.compactMap { trail in
        sparkline(trail).map {
          "         \(trail.name.padding(toLength: width, withPad: " ", startingAt: 0)) \($0)"
        }
      }
  }

  // MARK: Data quality

  private var qualities: [(tag: TagID, quality: TagQuality)] {
    result.tags.enumerated().compactMap { index, quality in quality.map { (TagID(index), $0) } }
  }

  private var dataLines: [String] {
    var lines = ["Data"]
    for file in files {
      let span = file.first.flatMap { first in file.last.map { ", \(first) to \($0)" } } ?? ""
      lines.append("  \(printable(file.file)): \(count(file.rows, "row")), \(count(file.values, "value"))\(span)")
      lines += file.notes(zone).map { "    \($0)" }
    }
    lines += remarks.map { "  \($0)" }
    lines.append("")
    lines.append(
      table(
        [
          "ASSET", "TAG", "ROWS", "STEP", "LATE", "DOUBLED", "GAPS", "FROZEN", "NOT A NUMBER", "NOT CREDIBLE",
          "NOT READABLE", "MARKED BAD", "LONGEST GAP",
        ],
        qualities.map { tag, quality in
          [
            printable(model.assets[Int(model.tags[Int(tag.index)].asset.index)].path), model.definition(of: tag).name,
            "\(quality.rows)", quality.medianStep.map { "\($0)" } ?? "-", "\(quality.late)", "\(quality.doubled)",
            "\(quality.gaps)", "\(quality.frozen)", "\(quality.notANumber)", "\(quality.notCredible)",
            "\(quality.unreadable)", "\(quality.markedBad)",
            quality.longestGap.map { "\($0.span) from \($0.since)" } ?? "-",
          ]
        }))
    for report in result.reports where report.kind != .blindTooLong || wanted.contains(report.rule ?? "") {
      let whose = [report.rule, report.asset].compactMap { $0 }.joined(separator: " on ")
      lines.append("! \(report.time)  \(whose.isEmpty ? "" : whose + ": ")\(printable(report.text))")
    }
    return lines
  }

  /// Where the answer itself goes to a program, what could not be read is said beside it.
  func tellTroubles() {
    for priced in priced where priced.losesMoney {
      standardError.write("\(priced.rule) LOSES MONEY on this history: net \(priced.amount(priced.net))\n")
    }
    for line in files.flatMap(\.troubleLines) + remarks { standardError.write(line + "\n") }
    for report in result.reports where report.kind == .fault || report.kind == .quarantined {
      standardError.write("\(report.rule ?? "") on \(report.asset ?? ""): \(report.text)\n")
    }
  }

  private func asset(_ row: BacktestRow) -> Asset { model.assets[Int(row.asset.index)] }
}

extension FileReport {
  func line(_ trouble: Trouble) -> String {
    let first = trouble.lines.first ?? 1
    let more = trouble.lines.dropFirst().map { "\($0)" }.joined(separator: ", ")
    let others =
      trouble.count > 1
      ? " (\(trouble.count) times, also lines \(more)\(trouble.count > trouble.lines.count ? " ..." : ""))" : ""
    return printable("\(file):\(first): \(trouble.what)\(others)")
  }

  /// What was not read, each with the file's name.
  var troubleLines: [String] {
    troubles.map(line) + unknownColumns.map { printable("\(file): column '\($0)' is no tag") }
  }

  func notes(_ zone: Zone) -> [String] {
    var notes = troubles.map(line)
    if !unknownColumns.isEmpty {
      notes.append(
        printable(
          "columns that are no tag, not read: \(unknownColumns.prefix(12).joined(separator: ", "))"
            + (unknownColumns.count > 12 ? ", ..." : "")))
    }
    if empty > 0 { notes.append("\(count(empty, "empty cell")): nothing was sampled then") }
    if withoutOffset > 0 { notes.append("\(count(withoutOffset, "time")) without an offset, taken as \(zone.name)") }
    if secondTime > 0 {
      notes.append("\(count(secondTime, "time")) of an hour that the clock showed twice, taken as the second")
    }
    if neverShown > 0 { notes.append("\(count(neverShown, "time")) of an hour that the clock never showed") }
    return notes
  }

  var tree: Tree {
    .fields([
      "file": .text(file), "rows": .number(Double(rows)), "values": .number(Double(values)),
      "empty": .number(Double(empty)), "first": .time(first), "last": .time(last),
      "without_offset": .number(Double(withoutOffset)), "second_time": .number(Double(secondTime)),
      "never_shown": .number(Double(neverShown)), "unknown_columns": .list(unknownColumns.map(Tree.text)),
      "troubles": .list(
        troubles.map {
          .fields([
            "what": .text($0.what), "count": .number(Double($0.count)),
            "lines": .list($0.lines.map { .number(Double($0)) }), "is_row": .boolean($0.isRow),
          ])
        }),
    ])
  }
}

/// One character a stretch of time, low to high between the least and the greatest; the decision between bars.
func sparkline(_ trail: Trail) -> String? {
  let known = trail.values.compactMap { $0 }
  guard let low = known.min(), let high = known.max() else { return nil }
  let steps = Array("▁▂▃▄▅▆▇█")
  var line = ""
  for (place, value) in trail.values.enumerated() {
    if place == trail.mark { line += "|" }
    guard let value else {
      line += "·"
      continue
    }
    let height = high > low ? (value - low) / (high - low) : 0.5
    line.append(steps[min(7, Int(height * 8))])
    if place == trail.mark { line += "|" }
  }
  return "\(line)  \(plain(low)) to \(plain(high)), a character is \(trail.stretch)"
}
