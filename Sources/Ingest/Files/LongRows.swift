import Rules

/// CSV with a row a value: `time,asset,tag,value[,quality]`, in any order.
struct LongRows: RowReader {
  struct Columns {
    var time: Int
    var asset: Int?
    var tag: Int
    var value: Int
    var quality: Int?
    /// As many as the header has.
    var count: Int
  }

  private let columns: Columns
  private let separator: UInt8
  private let decimal: UInt8
  private let names: PlantNames
  private let ours: [String: String]
  private let fixedAsset: Int?
  private var times: RowTimes
  /// Places of the fields of the row in hand, and of the separators behind them.
  private var starts: [Int]
  private var known = KnownTags()

  init(_ columns: Columns, _ separator: UInt8, _ form: FileForm, _ names: PlantNames) {
    self.columns = columns
    self.separator = separator
    self.names = names
    decimal = form.decimal
    ours = form.ours
    fixedAsset = form.asset.flatMap(names.asset)
    times = RowTimes(form)
    starts = Array(repeating: 0, count: columns.count + 1)
  }

  mutating func take(
    _ row: UnsafeBufferPointer<UInt8>, line: Int, into inputs: inout [Input], _ report: inout FileReport
  ) {
    if row.contains(UInt8(ascii: "\"")) {
      return takeQuoted(row, line, &inputs, &report)
    }
    var found = 0
    starts[0] = 0
    for place in row.indices where row[place] == separator {
      found += 1
      if found < columns.count { starts[found] = place + 1 }
    }
    // An empty column at the end that the header has not is a habit of some programs.
    let trailing = found == columns.count && row.last == separator
    guard found == columns.count - 1 || trailing else {
      return report.row("\(found + 1) fields where the header has \(columns.count)", line: line)
    }
    starts[columns.count] = trailing ? row.count : row.count + 1
    let starts = starts
    take(line, &inputs, &report) { UnsafeBufferPointer(rebasing: row[starts[$0]..<(starts[$0 + 1] - 1)]) }
  }

  private mutating func takeQuoted(
    _ row: UnsafeBufferPointer<UInt8>, _ line: Int, _ inputs: inout [Input], _ report: inout FileReport
  ) {
    guard !CSVFields.isUnclosed(row) else { return report.row("a quote that does not end", line: line) }
    let fields = CSVFields.split(row, separator: separator)
    guard fields.count == columns.count || (fields.count == columns.count + 1 && fields.last == []) else {
      return report.row("\(fields.count) fields where the header has \(columns.count)", line: line)
    }
    let all = fields.flatMap { $0 }
    var ends = [0]
    for field in fields { ends.append(ends[ends.count - 1] + field.count) }
    all.withUnsafeBufferPointer { all in
      take(line, &inputs, &report) { UnsafeBufferPointer(rebasing: all[ends[$0]..<ends[$0 + 1]]) }
    }
  }

  private mutating func take(
    _ line: Int, _ inputs: inout [Input], _ report: inout FileReport, field: (Int) -> UnsafeBufferPointer<UInt8>
  ) {
    let (names, ours) = (names, ours)
    let asset: Int
    if let column = columns.asset {
      guard let found = known.asset(field(column), { names.asset($0, line: line, &report) }) else { return }
      asset = found
    } else {
      guard let fixedAsset else { return }
      asset = fixedAsset
    }
    guard let tag = known.tag(field(columns.tag), of: asset, { names.tag($0, of: asset, ours, line: line, &report) }),
      let time = times.time(field(columns.time), series: tag.index, line: line, &report)
    else { return }
    var quality = Quality.good
    if let column = columns.quality {
      guard let read = FieldQuality.read(field(column)) else {
        return report.row("an unknown word for quality", line: line)
      }
      quality = read
    }
    let definition = names.model.definition(of: tag)
    // A row says that there was a sample, also when it has no value.
    let value = FieldValue(definition).value(field(columns.value), decimal: decimal) ?? .null
    if !definition.understands(value) { report.value("no value of \(definition.name)", line: line) }
    inputs.append(.change(TagChange(tag, value, quality: quality, time: Instant(microseconds: time))))
  }
}

/// Names of assets and tags that were found before: most rows name the one of the row before, or the next of a few.
struct KnownTags {
  private var lastAsset: [UInt8] = []
  private var assetFound = -1
  private var lastTag: [UInt8] = []
  private var tagFound: TagID?
  private var tagAsset = -1
  private var tags: [Int: ByteTable] = [:]

  mutating func asset(
    _ field: UnsafeBufferPointer<UInt8>, _ find: (UnsafeBufferPointer<UInt8>) -> Int?
  ) -> Int? {
    if assetFound >= 0, same(field, lastAsset) { return assetFound }
    guard let found = find(field) else { return nil }
    lastAsset = Array(field)
    assetFound = found
    return found
  }

  mutating func tag(
    _ field: UnsafeBufferPointer<UInt8>, of asset: Int, _ find: (UnsafeBufferPointer<UInt8>) -> TagID?
  ) -> TagID? {
    if asset == tagAsset, let tagFound, same(field, lastTag) { return tagFound }
    let found = tags[asset]?[field].map { TagID($0) } ?? find(field)
    guard let found else { return nil }
    tags[asset, default: ByteTable()].set(Array(field), Int(found.index))
    (lastTag, tagFound, tagAsset) = (Array(field), found, asset)
    return found
  }

  private func same(_ a: UnsafeBufferPointer<UInt8>, _ b: [UInt8]) -> Bool {
    a.count == b.count && b.withUnsafeBufferPointer { a.elementsEqual($0) }
  }
}
