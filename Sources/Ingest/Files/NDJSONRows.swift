import Rules

/// NDJSON: one object a line, one value an object: `{"time": ..., "asset": ..., "tag": ..., "value": ...}`.
struct NDJSONRows: RowReader {
  private let words: [(word: Word, key: [UInt8])]
  private let names: PlantNames
  private let ours: [String: String]
  private let fixedAsset: Int?
  private var times: RowTimes
  private var known = KnownTags()

  private enum Word: String, CaseIterable { case time, asset, tag, value, quality }

  init(_ form: FileForm, _ names: PlantNames) {
    self.names = names
    words = Word.allCases.map { ($0, Array(form.column($0.rawValue).utf8)) }
    ours = form.ours
    fixedAsset = form.asset.flatMap(names.asset)
    times = RowTimes(form)
  }

  mutating func take(
    _ row: UnsafeBufferPointer<UInt8>, line: Int, into inputs: inout [Input], _ report: inout FileReport
  ) {
    var places: [Word: Int] = [:]
    do throws(JSONFault) {
      var reader = JSONReader(row)
      reader.takesNonFinite = true
      reader.skipSpace()
      guard reader.next == UInt8(ascii: "{") else { return report.row("no JSON object", line: line) }
      try reader.members(depth: 0) { reader, key throws(JSONFault) in
        for (word, wanted) in words where wanted.withUnsafeBufferPointer({ reader.says(key, $0) }) {
          guard places[word] == nil else { throw JSONFault(.duplicateKey, at: reader.position) }
          places[word] = reader.position
        }
        try reader.skipValue(depth: 1)
      }
      try reader.end()
    } catch {
      return report.row("no JSON: \(error.cause.rawValue)", line: line)
    }
    take(row, places, line, &inputs, &report)
  }

  private mutating func take(
    _ row: UnsafeBufferPointer<UInt8>, _ places: [Word: Int], _ line: Int, _ inputs: inout [Input],
    _ report: inout FileReport
  ) {
    var (known, times) = (self.known, self.times)
    defer { (self.known, self.times) = (known, times) }
    func token<R>(_ word: Word, _ body: (UnsafeBufferPointer<UInt8>) -> R?) -> R? {
      guard let place = places[word] else {
        report.row("nothing is named '\(word.rawValue)'", line: line)
        return nil
      }
      var reader = JSONReader(row).at(place)
      // Checked already, but for lists and objects, which no word of ours is.
      guard let found = try? reader.withToken(body) else {
        report.row("'\(word.rawValue)' is a list or an object", line: line)
        return nil
      }
      return found
    }
    let (names, ours) = (names, ours)
    var found = fixedAsset
    if places[.asset] != nil || found == nil {
      found = token(.asset) { field in known.asset(field) { names.asset($0, line: line, &report) } }
    }
    guard let asset = found,
      let tag = token(
        .tag, { field in known.tag(field, of: asset) { names.tag($0, of: asset, ours, line: line, &report) } }),
      let time = token(.time, { times.time($0, series: tag.index, line: line, &report) })
    else { return }
    var quality = Quality.good
    if places[.quality] != nil {
      guard let read = token(.quality, { FieldQuality.read($0) }) else {
        return report.row("an unknown word for quality", line: line)
      }
      quality = read
    }
    guard let place = places[.value] else { return report.row("nothing is named 'value'", line: line) }
    var reader = JSONReader(row).at(place)
    reader.takesNonFinite = true
    guard case .value(let value, let losesDigits)? = try? reader.scalar() else {
      return report.row("'value' is a list or an object", line: line)
    }
    let definition = names.model.definition(of: tag)
    if !definition.understands(value) { report.value("no value of \(definition.name)", line: line) }
    inputs.append(
      .change(
        TagChange(
          tag, value, quality: losesDigits && quality == .good ? .uncertain : quality,
          time: Instant(microseconds: time))))
  }
}
