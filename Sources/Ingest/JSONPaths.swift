/// Up to four places looked for in one walk over a document. A path is keys from the root; the empty one is the
/// root itself.
struct JSONPaths: Sendable {
  private struct Key {
    var level: Int
    /// Its place in the list of paths.
    var path: Int
    var start: Int
    var count: Int
    var isLast: Bool
  }
  private var keys: [Key] = []
  private var text: [UInt8] = []
  fileprivate let all: UInt8
  fileprivate var rootPaths: UInt8 = 0

  init(_ paths: [[String]?]) {
    precondition(paths.count <= 4, "JSONPaths: at most four paths")
    var all: UInt8 = 0
    for (place, path) in paths.enumerated() {
      guard let path else { continue }
      if path.isEmpty { rootPaths |= 1 << place } else { all |= 1 << place }
      for (level, key) in path.enumerated() {
        keys.append(
          Key(level: level, path: place, start: text.count, count: key.utf8.count, isLast: level == path.count - 1))
        text.append(contentsOf: key.utf8)
      }
    }
    self.all = all
  }

  /// The paths among `mask` that go through this key, and those of them that end at it.
  @inline(__always) fileprivate func through(
    _ key: JSONString, level: Int, mask: UInt8, in reader: JSONReader
  ) -> (passing: UInt8, ending: UInt8) {
    var passing: UInt8 = 0
    var ending: UInt8 = 0
    text.withUnsafeBufferPointer { text in
      for wanted in keys where wanted.level == level && mask & (1 << wanted.path) != 0 {
        let name = UnsafeBufferPointer(rebasing: text[wanted.start..<(wanted.start + wanted.count)])
        guard reader.says(key, name) else { continue }
        if wanted.isLast { ending |= 1 << wanted.path } else { passing |= 1 << wanted.path }
      }
    }
    return (passing, ending)
  }
}

/// Where in the document each path's value begins; -1 where there is none.
typealias JSONPlaces = SIMD4<Int>

extension JSONReader {
  /// Reads one value, checking all of it, and says where the wanted places are. A wanted key that is there
  /// twice is a fault.
  mutating func places(of paths: JSONPaths) throws(JSONFault) -> JSONPlaces {
    var places = JSONPlaces(repeating: -1)
    skipSpace()
    note(paths.rootPaths, in: &places)
    try walk(paths, mask: paths.all, level: 0, depth: 0, &places)
    return places
  }

  private mutating func walk(
    _ paths: JSONPaths, mask: UInt8, level: Int, depth: Int, _ places: inout JSONPlaces
  ) throws(JSONFault) {
    guard mask != 0, next == UInt8(ascii: "{") else { return try skipValue(depth: depth) }
    var seen: UInt8 = 0
    try members(depth: depth) { reader, key throws(JSONFault) in
      let (passing, ending) = paths.through(key, level: level, mask: mask, in: reader)
      guard seen & (passing | ending) == 0 else { throw JSONFault(.duplicateKey, at: key.start) }
      seen |= passing | ending
      if ending != 0 { reader.note(ending, in: &places) }
      if passing != 0 {
        try reader.walk(paths, mask: passing, level: level + 1, depth: depth + 1, &places)
      } else {
        try reader.skipValue(depth: depth + 1)
      }
    }
  }

  private func note(_ mask: UInt8, in places: inout JSONPlaces) {
    for path in 0..<4 where mask & (1 << path) != 0 { places[path] = position }
  }
}
