import Rules

/// What a person says of the form of data files; what is left out is told from the file.
package struct FileForm: Sendable {
  package enum Kind: String, Sendable, CaseIterable { case csv, ndjson }
  package enum Times: String, Sendable, CaseIterable {
    case iso
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"
  }
  package var kind: Kind?
  package var separator: UInt8?
  package var decimal = UInt8(ascii: ".")
  /// Our word (`time`, `asset`, `tag`, `value`, `quality`, or a tag's name) to the file's.
  package var columns: [String: String] = [:]
  /// The asset of files that name none.
  package var asset: String?
  package var times: Times?
  /// Whose clock shows the times that are written without an offset.
  package var zone = Zone.utc
  package init() {}

  /// What the file calls one of our words.
  func column(_ word: String) -> String { columns[word] ?? word }

  /// What we call a word of the file, where the command line says so.
  var ours: [String: String] {
    Dictionary(columns.sorted { $0.key < $1.key }.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
  }
}
