import Rules

/// The header of a CSV: which column is what, and so which form the file has.
enum CSVHeader {
  static func rows(
    _ header: UnsafeBufferPointer<UInt8>, line: Int, _ form: FileForm, _ names: PlantNames, _ report: inout FileReport
  ) throws(FileError) -> any RowReader {
    let separator = form.separator ?? detect(header, decimal: form.decimal)
    let columns = CSVFields.split(header, separator: separator).map { field in
      field.withUnsafeBufferPointer { String(decoding: FieldNumber.trimmed($0), as: UTF8.self) }
    }
    let file = report.file
    func find(_ word: String) throws(FileError) -> Int? {
      let wanted = form.column(word)
      if let place = columns.firstIndex(of: wanted) { return place }
      // What nobody named may be written in other letters.
      guard form.columns[word] == nil else {
        throw .form(
          file: file, line: line,
          what: "no column is named '\(wanted)'\(suggestion(for: wanted, among: columns)); there are "
            + list(columns))
      }
      return columns.firstIndex { $0.lowercased() == word } ?? (word == "time" ? times(columns) : nil)
    }
    guard let time = try find("time") else {
      throw .form(
        file: file, line: line,
        what: "which column is the time? Say --column time=NAME; there are " + list(columns))
    }
    let asset = try find("asset")
    let quality = try find("quality")
    let tag = form.columns["tag"] == nil && asset == nil && form.asset == nil ? nil : try find("tag")
    let value = try find("value")
    if let fixed = form.asset, names.asset(fixed) == nil {
      throw .form(
        file: file, line: line,
        what: "the site has no asset '\(fixed)'\(suggestion(for: fixed, among: names.assetNames))")
    }
    guard asset != nil || form.asset != nil else {
      throw .form(
        file: file, line: line,
        what: "which asset is it? No column is named 'asset': say --asset NAME or --column asset=NAME; there are "
          + list(columns))
    }
    if let tag, let value {
      return LongRows(
        .init(time: time, asset: asset, tag: tag, value: value, quality: quality, count: columns.count), separator,
        form,
        names)
    }
    return try WideRows(
      columns, time: time, asset: asset, quality: quality, separator, form, names, line: line, &report)
  }

  /// A name for the time that many programs use.
  private static func times(_ columns: [String]) -> Int? {
    columns.firstIndex { ["timestamp", "datetime", "date_time", "ts"].contains($0.lowercased()) }
  }

  private static func list(_ columns: [String]) -> String {
    columns.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (columns.count > 12 ? ", ..." : "")
  }

  /// The separator that the header has most of, outside quotes.
  static func detect(_ header: UnsafeBufferPointer<UInt8>, decimal: UInt8) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var quoted = false
    for byte in header {
      if byte == UInt8(ascii: "\"") { quoted.toggle() }
      if !quoted { counts[byte, default: 0] += 1 }
    }
    let candidates = [UInt8(ascii: ";"), 0x09, UInt8(ascii: ",")]
    // With a decimal comma the comma separates only where nothing else does.
    if decimal == UInt8(ascii: ","), let other = candidates.dropLast().first(where: { counts[$0] != nil }) {
      return other
    }
    return candidates.max { (counts[$0] ?? 0) < (counts[$1] ?? 0) } ?? UInt8(ascii: ",")
  }
}

/// A row with quotes in it, taken apart the slow way.
enum CSVFields {
  /// The fields without their quotes; a doubled quote stands for one. A quote that does not end ends with the row.
  static func split(_ row: UnsafeBufferPointer<UInt8>, separator: UInt8) -> [[UInt8]] {
    var fields: [[UInt8]] = [[]]
    var quoted = false
    var place = 0
    while place < row.count {
      let byte = row[place]
      if byte == UInt8(ascii: "\"") {
        if quoted, place + 1 < row.count, row[place + 1] == byte {
          fields[fields.count - 1].append(byte)
          place += 1
        } else {
          quoted.toggle()
        }
      } else if byte == separator, !quoted {
        fields.append([])
      } else {
        fields[fields.count - 1].append(byte)
      }
      place += 1
    }
    return fields
  }

  static func isUnclosed(_ row: UnsafeBufferPointer<UInt8>) -> Bool {
    !row.count { $0 == UInt8(ascii: "\"") }.isMultiple(of: 2)
  }
}
