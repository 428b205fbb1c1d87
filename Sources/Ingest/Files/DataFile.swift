import Rules

/// A file of tag changes: CSV with a row a value or a column a tag, or NDJSON; plain or packed with gzip. Reads it once,
/// in bounded memory; lives as long as the open file.
package final class DataFile: PastInputs {
  package var report: FileReport
  /// Bytes of the file, and how many of them have been read.
  package var size: Int { lines.bytes.size }
  package var taken: Int { lines.bytes.taken }

  let names: PlantNames
  let form: FileForm
  let lines: LineReader
  private var rows: any RowReader
  /// What the first line said, where it was read to see what the file is.
  private var first: [Input] = []
  /// Rows in one call of `read`: a wide one is many inputs.
  private static let inputsAtOnce = 4096

  /// Opens the file and reads what it says of itself.
  package init(_ path: String, form: FileForm, names: PlantNames) throws {
    self.form = form
    self.names = names
    report = FileReport(file: path)
    lines = LineReader(try FileBytes(path))
    rows = try DataFile.rows(lines, form, names, &first, &report)
  }

  package func read(into inputs: inout [Input]) throws -> Bool {
    inputs.append(contentsOf: first)
    first.removeAll()
    let enough = inputs.count + Self.inputsAtOnce
    while inputs.count < enough {
      guard let line = try lines.next() else { return false }
      guard case .line(let bytes) = line else {
        report.rows += 1
        report.row("a row of more than 1 MiB", line: lines.number)
        continue
      }
      guard !bytes.isEmpty else { continue }
      report.rows += 1
      let before = inputs.count
      rows.take(bytes, line: lines.number, into: &inputs, &report)
      report.values += inputs.count - before
    }
    return true
  }

  /// The first line tells what the file is: an object is NDJSON, anything else the header of a CSV.
  private static func rows(
    _ lines: LineReader, _ form: FileForm, _ names: PlantNames, _ first: inout [Input], _ report: inout FileReport
  ) throws -> any RowReader {
    var header: UnsafeBufferPointer<UInt8>?
    while header == nil, let line = try lines.next() {
      guard case .line(let bytes) = line else {
        throw FileError.form(
          file: report.file, line: lines.number, what: "a first line of more than 1 MiB is no header")
      }
      let text = withoutMark(bytes)
      if !FieldNumber.trimmed(text).isEmpty { header = text }
    }
    guard let header else {
      throw FileError.form(file: report.file, line: 1, what: "the file is empty: a header and rows are needed")
    }
    if header.count >= 2, (header[0] == 0xFF && header[1] == 0xFE) || (header[0] == 0xFE && header[1] == 0xFF) {
      throw FileError.form(file: report.file, line: 1, what: "this is UTF-16; save it as UTF-8")
    }
    let isObject = FieldNumber.trimmed(header).first == UInt8(ascii: "{")
    if form.kind == .ndjson || (form.kind == nil && isObject) {
      var reader = NDJSONRows(form, names)
      report.rows += 1
      reader.take(header, line: lines.number, into: &first, &report)
      report.values += first.count
      return reader
    }
    let rows = try CSVHeader.rows(header, line: lines.number, form, names, &report)
    lines.quotes = true
    return rows
  }

  /// Without the byte order mark that some programs put first.
  private static func withoutMark(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    let isMarked = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    return isMarked ? UnsafeBufferPointer(rebasing: bytes[3...]) : bytes
  }
}

/// Turns the rows of one form of file into inputs.
protocol RowReader {
  mutating func take(
    _ row: UnsafeBufferPointer<UInt8>, line: Int, into inputs: inout [Input], _ report: inout FileReport)
}
