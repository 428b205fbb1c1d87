import Rules

/// Values on their way to and from the C host; the format is told in CLua.h.
enum LuaBytes {
  static func encode(_ tree: Tree) -> [UInt8] {
    var bytes: [UInt8] = []
    append(tree, to: &bytes)
    return bytes
  }

  private static func append(_ count: Int, to bytes: inout [UInt8]) {
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
  }
  private static func append(_ text: String, to bytes: inout [UInt8]) {
    append(text.utf8.count, to: &bytes)
    bytes.append(contentsOf: text.utf8)
  }

  private static func append(_ tree: Tree, to bytes: inout [UInt8]) {
    func tag(_ letter: Unicode.Scalar) { bytes.append(UInt8(ascii: letter)) }
    switch tree {
    case .null: tag("n")
    case .boolean(let value): tag(value ? "t" : "f")
    case .number(let value):
      tag("d")
      withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    case .text(let text):
      tag("s")
      append(text, to: &bytes)
    case .list(let values):
      tag("T")
      append(values.count, to: &bytes)
      for value in values { append(value, to: &bytes) }
      append(0, to: &bytes)
    case .record(let fields):
      tag("T")
      append(0, to: &bytes)
      append(fields.count, to: &bytes)
      for field in fields {
        append(field.name, to: &bytes)
        append(field.value, to: &bytes)
      }
    }
  }

  /// Nil when a text is not UTF-8.
  static func decode(_ bytes: [UInt8]) -> Declared? {
    var reader = Reader(bytes: bytes[...])
    return reader.value()
  }

  private struct Reader {
    var bytes: ArraySlice<UInt8>

    mutating func count() -> Int? {
      guard bytes.count >= 4 else { return nil }
      let value = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      bytes.removeFirst(4)
      return value
    }
    mutating func text() -> String? {
      guard let count = count(), count <= bytes.count else { return nil }
      defer { bytes.removeFirst(count) }
      return String(validating: bytes.prefix(count), as: UTF8.self)
    }
    mutating func values() -> [Declared]? {
      guard let count = count() else { return nil }
      var values: [Declared] = []
      for _ in 0..<count {
        guard let value = value() else { return nil }
        values.append(value)
      }
      return values
    }
    mutating func value() -> Declared? {
      guard let tag = bytes.popFirst() else { return nil }
      switch Unicode.Scalar(tag) {
      case "n": return .null
      case "t": return .boolean(true)
      case "f": return .boolean(false)
      case "d":
        guard bytes.count >= 8 else { return nil }
        let pattern = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        bytes.removeFirst(8)
        return .number(Double(bitPattern: pattern))
      case "s": return text().map(Declared.text)
      case "T":
        guard let list = values(), let count = count() else { return nil }
        var fields: [DeclaredField] = []
        for _ in 0..<count {
          guard let name = text(), let value = value() else { return nil }
          fields.append(DeclaredField(name: name, value: value))
        }
        return .table(list: list, fields: fields)
      case "F":
        guard let number = count(), let line = count() else { return nil }
        return .function(LuaFunction(number: number, line: line))
      case "W":
        guard let line = count(), let name = text(), let called = bytes.popFirst(), let arguments = values()
        else { return nil }
        return .word(name, arguments: called == 1 ? arguments : nil, line: line)
      default: return nil
      }
    }
  }
}
