import Rules

/// One JSON value as a tag's value.
enum Scalar: Equatable {
  case value(Value, losesDigits: Bool)
  /// An object or a list.
  case nested
}

extension JSONReader {
  /// A reader of the same bytes, standing elsewhere.
  func at(_ place: Int) -> JSONReader {
    var reader = self
    reader.position = place
    return reader
  }

  /// Reads the value that begins here. Passes over nothing that is nested.
  mutating func scalar() throws(JSONFault) -> Scalar {
    switch next {
    case UInt8(ascii: "{"), UInt8(ascii: "["): return .nested
    case UInt8(ascii: "\""):
      let string = try string()
      return .value(.text(text(string)), losesDigits: false)
    case UInt8(ascii: "t"):
      try word("true")
      return .value(.boolean(true), losesDigits: false)
    case UInt8(ascii: "f"):
      try word("false")
      return .value(.boolean(false), losesDigits: false)
    case UInt8(ascii: "n"):
      try word("null")
      return .value(.null, losesDigits: false)
    default:
      if let none = nonFinite() { return .value(.number(none), losesDigits: false) }
      let number = try number()
      return .value(.number(double(number)), losesDigits: number.losesDigits)
    }
  }

  /// The bytes of the word, number or string (without its quotes) that begins here, for looking them up.
  mutating func withToken<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) throws(JSONFault) -> R {
    if next == UInt8(ascii: "\"") {
      let string = try string()
      if string.escaped { return unescaped(string).withUnsafeBufferPointer(body) }
      return body(UnsafeBufferPointer(rebasing: bytes[string.start..<string.end]))
    }
    let start = position
    try skipValue(depth: Self.deepest)
    return body(UnsafeBufferPointer(rebasing: bytes[start..<position]))
  }

  /// A whole payload that is one bare value: `81.25`, `true`, `ON`, `"AUTO"`; nil when it is not UTF-8. What is no
  /// JSON value is text, but for the ways to write a number that is none: `NaN`, `Infinity`, `-inf`.
  mutating func bareScalar() -> Scalar? {
    skipSpace()
    var end = bytes.count
    while end > position, bytes[end - 1] <= 0x20 { end -= 1 }
    guard end > position else { return .value(.null, losesDigits: false) }
    let word = UnsafeBufferPointer(rebasing: bytes[position..<end])
    var reader = JSONReader(word)
    if let scalar = try? reader.scalar(), scalar != .nested, reader.position == word.count { return scalar }
    guard let text = String(validating: word, as: UTF8.self) else { return nil }
    switch text.lowercased() {
    case "nan": return .value(.number(.nan), losesDigits: false)
    case "infinity", "inf", "+infinity", "+inf": return .value(.number(.infinity), losesDigits: false)
    case "-infinity", "-inf": return .value(.number(-.infinity), losesDigits: false)
    default: return .value(.text(text), losesDigits: false)
    }
  }
}
