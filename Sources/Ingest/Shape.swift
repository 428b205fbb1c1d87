import Rules

/// A mapping made ready: its paths in the form the reader walks, its words in the form it compares.
/// A class because every message passes one around.
final class Shape: Sendable {
  let mapping: MessageMapping
  /// In this order: value, keys or array; time; quality. All from the root.
  let root: JSONPaths
  /// In an array's element: name, value, time, quality.
  let element: JSONPaths
  let words: ByteTable
  /// Joined names that are no tags: ignored ones, the time and the quality.
  let ignored: ByteTable

  init(_ mapping: MessageMapping) {
    self.mapping = mapping
    let time = mapping.time.isEmpty ? nil : mapping.time
    let quality = mapping.quality.isEmpty ? nil : mapping.quality
    var ignored = ByteTable()
    for name in mapping.ignore { ignored.set(Array(name.utf8), 1) }
    var element = JSONPaths([])
    let main: [String]?
    switch mapping.shape {
    case .scalar: main = nil
    case .value(let path): main = path
    case .keys(let path, let separator):
      main = path
      for own in [time, quality] {
        guard let own, own.starts(with: path) else { continue }
        ignored.set(Array(own.dropFirst(path.count).joined(separator: separator).utf8), 1)
      }
    case .array(let path, let name, let value):
      main = path
      element = JSONPaths([name.isEmpty ? nil : name, value, time, quality])
    }
    root = JSONPaths([main, time, quality])
    self.element = element
    self.ignored = ignored
    var words = ByteTable()
    for (word, quality) in mapping.qualityWords { words.set(Array(word.utf8), Int(quality.rawValue)) }
    self.words = words
  }

  var isJSON: Bool { mapping.shape != .scalar }

  /// What a message of one value calls its tag, given the `{tag}` of its topic.
  func singleName(_ captured: String) -> String {
    guard captured.isEmpty, case .value(let path) = mapping.shape else { return captured }
    return path.joined(separator: ".")
  }

  /// The quality that begins at `place`; of the word "" when there is none.
  func quality(_ reader: JSONReader, _ place: Int) -> Quality {
    guard !mapping.quality.isEmpty else { return .good }
    var reader = reader.at(max(0, place))
    if place < 0 || reader.next == UInt8(ascii: "n") { return quality(words[""]) }
    return quality((try? reader.withToken { words[$0] }) ?? nil)
  }

  private func quality(_ word: Int?) -> Quality { word.flatMap { Quality(rawValue: UInt8($0)) } ?? .bad }
}
