import Foundation
import Rules

/// CSV with a column a tag: a time, perhaps an asset, and a value in each of the others. An empty cell says nothing:
/// the tag was not sampled then.
struct WideRows: RowReader {
  /// What a column is for one asset.
  private struct Column {
    var tag: TagID
    /// Nil: no tag of this asset, passed over.
    var value: FieldValue?
    var isNumber: Bool
  }

  private let header: [String]
  private let time: Int
  private let asset: Int?
  private let quality: Int?
  private let separator: UInt8
  private let decimal: UInt8
  private let names: PlantNames
  private let ours: [String: String]
  private let fixedAsset: Int?
  private var times: RowTimes
  private var known = KnownTags()
  /// By asset, made when it first comes.
  private var columns: [Int: [Column]] = [:]
  /// Where the last of time, asset and quality stands: what must be read before the values.
  private let head: Int
  /// The asset whose columns are at hand.
  private var current = -1
  private var currentColumns: [Column] = []

  init(
    _ header: [String], time: Int, asset: Int?, quality: Int?, _ separator: UInt8, _ form: FileForm,
    _ names: PlantNames,
    line: Int, _ report: inout FileReport
  ) throws(FileError) {
    self.header = header
    self.time = time
    self.asset = asset
    self.quality = quality
    self.separator = separator
    self.names = names
    decimal = form.decimal
    ours = form.ours
    fixedAsset = form.asset.flatMap(names.asset)
    times = RowTimes(form)
    head = max(time, asset ?? 0, quality ?? 0)
    let all = names.model.classes.flatMap(\.tags).map(\.name)
    let words = header.indices.filter { $0 != time && $0 != asset && $0 != quality }.map {
      ours[header[$0]] ?? header[$0]
    }
    let mine = fixedAsset.map { names.model.classes[names.model.assets[$0].classIndex].tags.map(\.name) } ?? all
    for (word, column) in form.columns.sorted(by: { $0.key < $1.key })
    where !["time", "asset", "tag", "value", "quality"].contains(word) {
      guard mine.contains(word) else {
        throw .form(
          file: report.file, line: line,
          what: "--column \(word)=\(column): no tag is named '\(word)'"
            + suggestion(for: word, among: mine))
      }
      guard header.contains(column) else {
        throw .form(
          file: report.file, line: line, what: "no column is named '\(column)'\(suggestion(for: column, among: header))"
        )
      }
    }
    report.unknownColumns = words.filter { !mine.contains($0) }
    guard words.contains(where: mine.contains) else {
      let shown = words.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
      throw .form(
        file: report.file, line: line,
        what: "no column is named as a tag\(words.first.map { suggestion(for: $0, among: mine) } ?? ""): say --column "
          + "TAG=NAME for each; there are \(shown), and the tags are " + mine.prefix(12).joined(separator: ", "))
    }
  }

  mutating func take(
    _ row: UnsafeBufferPointer<UInt8>, line: Int, into inputs: inout [Input], _ report: inout FileReport
  ) {
    guard let base = row.baseAddress, memchr(base, Int32(UInt8(ascii: "\"")), row.count) == nil else {
      return takeQuoted(row, line, &inputs, &report)
    }
    // The places of the columns that say when and whose; nearly always the first.
    var (place, column) = (0, 0)
    var (timeField, assetField, qualityField) = (row, row, row)
    while column <= head {
      guard place <= row.count else { return tooFew(row, line, &report) }
      let end =
        memchr(base + place, Int32(separator), row.count - place)
        .map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? row.count
      let field = UnsafeBufferPointer(rebasing: row[place..<end])
      if column == time { timeField = field }
      if column == asset { assetField = field }
      if column == quality { qualityField = field }
      column += 1
      place = end + 1
    }
    guard let (time, quality) = begin(timeField, assetField, qualityField, line, &report) else { return }

    // Those after them are read on from there; those before, from the start.
    let before = inputs.count
    let isBehind = head < 2 && (head == 0 || self.time < 2 && (asset ?? 0) < 2 && isKey(0) && isKey(1))
    if !isBehind { (place, column) = (0, 0) }
    let isWhole = takeValues(
      UnsafeBufferPointer(start: base, count: row.count), place, column, Instant(microseconds: time), quality, line,
      &inputs, &report)
    if !isWhole {
      inputs.removeLast(inputs.count - before)
      tooFew(row, line, &report)
    }
  }

  private func isKey(_ column: Int) -> Bool { column == time || column == asset || column == quality }

  private func tooFew(_ row: UnsafeBufferPointer<UInt8>, _ line: Int, _ report: inout FileReport) {
    let count = row.count { $0 == separator } + 1
    report.row("\(count) fields where the header has \(header.count)", line: line)
  }

  /// Reads the head of a row and has the columns of its asset at hand; nil when the row cannot be read.
  private mutating func begin(
    _ timeField: UnsafeBufferPointer<UInt8>, _ assetField: UnsafeBufferPointer<UInt8>,
    _ qualityField: UnsafeBufferPointer<UInt8>, _ line: Int, _ report: inout FileReport
  ) -> (time: Int64, quality: Quality)? {
    var found = fixedAsset
    if asset != nil { found = known.asset(assetField) { names.asset($0, line: line, &report) } }
    guard let found, let time = times.time(timeField, series: Int32(found), line: line, &report) else { return nil }
    var quality = Quality.good
    if self.quality != nil {
      guard let read = FieldQuality.read(qualityField) else {
        report.row("an unknown word for quality", line: line)
        return nil
      }
      quality = read
    }
    if found != current {
      if columns[found] == nil { columns[found] = columns(of: found) }
      currentColumns = columns[found] ?? []
      current = found
    }
    return (time, quality)
  }

  private func columns(of asset: Int) -> [Column] {
    let asset = names.model.assets[asset]
    return header.enumerated().map { index, name in
      guard !isKey(index), let place = names.place(ours[name] ?? name, inClass: asset.classIndex) else {
        return Column(tag: TagID(-1), value: nil, isNumber: false)
      }
      let value = FieldValue(names.model.classes[asset.classIndex].tags[place])
      return Column(tag: TagID(Int(asset.firstTag) + place), value: value, isNumber: value.kind == .number)
    }
  }

  /// The one loop that runs for every cell. False when the row has not as many fields as the header.
  private func takeValues(
    _ row: UnsafeBufferPointer<UInt8>, _ from: Int, _ firstColumn: Int, _ time: Instant, _ quality: Quality,
    _ line: Int,
    _ inputs: inout [Input], _ report: inout FileReport
  ) -> Bool {
    guard let base = row.baseAddress else { return false }
    let end = row.count
    let count = currentColumns.count
    var (place, column) = (from, firstColumn)
    var empty = 0
    defer { report.empty += empty }
    return currentColumns.withUnsafeBufferPointer { columns in
      while column < count {
        guard place <= end else { return false }
        if columns[column].isNumber,
          let number = FieldNumber.plain(base, &place, end, separator: separator, decimal: decimal)
        {
          inputs.append(.change(TagChange(columns[column].tag, .number(number), quality: quality, time: time)))
        } else {
          let start = place
          place =
            memchr(base + place, Int32(separator), end - place)
            .map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? end
          if place == start || columns[column].value == nil {
            if columns[column].value != nil { empty += 1 }
          } else {
            takeField(
              UnsafeBufferPointer(start: base + start, count: place - start), column, time, quality, line, &inputs,
              &report)
          }
        }
        place += 1
        column += 1
      }
      // An empty column at the end that the header has not is a habit of some programs.
      return place == end + 1 || (place == end && base[end - 1] == separator)
    }
  }

  private func takeField(
    _ field: UnsafeBufferPointer<UInt8>, _ column: Int, _ time: Instant, _ quality: Quality, _ line: Int,
    _ inputs: inout [Input], _ report: inout FileReport
  ) {
    guard let kind = currentColumns[column].value else { return }
    guard let value = kind.value(field, decimal: decimal) else {
      report.empty += 1
      return
    }
    if !kind.definition.understands(value) { report.value("no value of \(kind.definition.name)", line: line) }
    inputs.append(.change(TagChange(currentColumns[column].tag, value, quality: quality, time: time)))
  }

  private mutating func takeQuoted(
    _ row: UnsafeBufferPointer<UInt8>, _ line: Int, _ inputs: inout [Input], _ report: inout FileReport
  ) {
    guard !CSVFields.isUnclosed(row) else { return report.row("a quote that does not end", line: line) }
    let fields = CSVFields.split(row, separator: separator)
    guard fields.count == header.count || (fields.count == header.count + 1 && fields.last == []) else {
      return report.row("\(fields.count) fields where the header has \(header.count)", line: line)
    }
    func lend<R>(_ column: Int?, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
      fields[column ?? 0].withUnsafeBufferPointer(body)
    }
    let begun = fields[time].withUnsafeBufferPointer { time in
      fields[asset ?? 0].withUnsafeBufferPointer { asset in
        fields[quality ?? 0].withUnsafeBufferPointer { begin(time, asset, $0, line, &report) }
      }
    }
    guard let begun else { return }
    for column in header.indices where currentColumns[column].value != nil {
      lend(column) {
        takeField($0, column, Instant(microseconds: begun.time), begun.quality, line, &inputs, &report)
      }
    }
  }
}
