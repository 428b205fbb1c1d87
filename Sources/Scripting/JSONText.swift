import Rules

/// Compact JSON: what adapters send, and what answers are read with.
package enum JSONText {
  static let depth = 64
  static let largest = 1024 * 1024

  // MARK: Writing

  /// Fields sorted by name; an empty table is `{}`. Nil when the value holds what JSON has not: a function, a word,
  /// a table that is list and record at once, NaN or an infinity.
  package static func write(_ value: Declared) -> [UInt8]? {
    var bytes: [UInt8] = []
    return append(value, to: &bytes) ? bytes : nil
  }

  private static func append(_ value: Declared, to bytes: inout [UInt8]) -> Bool {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .number(let number):
      guard number.isFinite else { return false }
      let text = abs(number) < 9e15 && number == number.rounded() ? "\(Int64(number))" : "\(number)"
      bytes.append(contentsOf: text.utf8)
    case .text(let text): append(text, to: &bytes)
    case .table(let list, let fields):
      guard list.isEmpty || fields.isEmpty else { return false }
      bytes.append(UInt8(ascii: list.isEmpty ? "{" : "["))
      for (place, element) in list.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        guard append(element, to: &bytes) else { return false }
      }
      for (place, field) in fields.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        append(field.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        guard append(field.value, to: &bytes) else { return false }
      }
      bytes.append(UInt8(ascii: list.isEmpty ? "}" : "]"))
    case .function, .word: return false
    }
    return true
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  // MARK: Reading

  /// Nil when the bytes are not one JSON value, nested deeper than `depth`, or more than `largest`.
  package static func read(_ bytes: [UInt8]) -> Tree? {
    guard bytes.count <= largest else { return nil }
    var reader = Reader(bytes: bytes)
    guard let tree = reader.value(depth: 0) else { return nil }
    reader.blanks()
    return reader.at == bytes.count ? tree : nil
  }

  private struct Reader {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }
    mutating func blanks() {
      while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }
    mutating func take(_ letter: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: letter) else { return false }
      at += 1
      return true
    }
    mutating func word(_ text: StaticString, _ tree: Tree) -> Tree? {
      let count = text.utf8CodeUnitCount
      guard at + count <= bytes.count else { return nil }
      for place in 0..<count where bytes[at + place] != text.utf8Start[place] { return nil }
      at += count
      return tree
    }

    mutating func value(depth: Int) -> Tree? {
      guard depth <= JSONText.depth else { return nil }
      blanks()
      switch next {
      case UInt8(ascii: "n"): return word("null", .null)
      case UInt8(ascii: "t"): return word("true", .boolean(true))
      case UInt8(ascii: "f"): return word("false", .boolean(false))
      case UInt8(ascii: "\""): return text().map(Tree.text)
      case UInt8(ascii: "["): return list(depth: depth)
      case UInt8(ascii: "{"): return record(depth: depth)
      default: return number()
      }
    }

    mutating func list(depth: Int) -> Tree? {
      at += 1
      var values: [Tree] = []
      blanks()
      if take("]") { return .list([]) }
      while true {
        guard let value = value(depth: depth + 1) else { return nil }
        values.append(value)
        blanks()
        if take("]") { return .list(values) }
        guard take(",") else { return nil }
      }
    }

    mutating func record(depth: Int) -> Tree? {
      at += 1
      var fields: [Tree.Field] = []
      blanks()
      if take("}") { return .record([]) }
      while true {
        blanks()
        guard next == UInt8(ascii: "\""), let name = text() else { return nil }
        blanks()
        guard take(":"), let value = value(depth: depth + 1) else { return nil }
        fields.append(Tree.Field(name, value))
        blanks()
        if take("}") { return .record(fields) }
        guard take(",") else { return nil }
      }
    }

    mutating func number() -> Tree? {
      let start = at
      _ = take("-")
      func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
      guard isDigit(next) else { return nil }
      if !take("0") { while isDigit(next) { at += 1 } }
      if take(".") {
        guard isDigit(next) else { return nil }
        while isDigit(next) { at += 1 }
      }
      if take("e") || take("E") {
        if !take("+") { _ = take("-") }
        guard isDigit(next) else { return nil }
        while isDigit(next) { at += 1 }
      }
      guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)), value.isFinite else { return nil }
      return .number(value)
    }

    mutating func unit() -> UInt32? {
      guard at + 4 <= bytes.count else { return nil }
      var value: UInt32 = 0
      for byte in bytes[at..<(at + 4)] {
        guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
        value = value << 4 | UInt32(digit)
      }
      at += 4
      return value
    }

    mutating func text() -> String? {
      at += 1
      var out: [UInt8] = []
      while let byte = next {
        at += 1
        switch byte {
        case UInt8(ascii: "\""): return String(validating: out, as: UTF8.self)
        case 0..<0x20: return nil
        case UInt8(ascii: "\\"):
          guard let escape = next else { return nil }
          at += 1
          switch Unicode.Scalar(escape) {
          case "\"", "\\", "/": out.append(escape)
          case "b": out.append(0x08)
          case "f": out.append(0x0C)
          case "n": out.append(0x0A)
          case "r": out.append(0x0D)
          case "t": out.append(0x09)
          case "u":
            guard var code = unit() else { return nil }
            if (0xD800..<0xDC00).contains(code) {
              guard take("\\"), take("u"), let low = unit(), (0xDC00..<0xE000).contains(low) else { return nil }
              code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { return nil }
            out.append(contentsOf: String(Character(scalar)).utf8)
          default: return nil
          }
        default: out.append(byte)
        }
      }
      return nil
    }
  }
}
