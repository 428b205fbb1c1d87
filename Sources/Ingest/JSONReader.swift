/// Reads JSON where it lies: strict RFC 8259, in one pass, allocating nothing for what is skipped.
///
/// Stricter than the letter of the standard in four things, each so that two readers of one message cannot
/// disagree: no key twice (in an object that becomes a `Tree`, and for every key that is looked up), no deeper
/// than 64, no number longer than 1,024 characters, no surrogate without its other half. A byte order mark at
/// the start is passed over. How large a document may be is the caller's business.
///
/// It borrows the bytes: a reader must not outlive the closure that lent them.
package struct JSONReader {
  package static let deepest = 64
  package static let longestNumber = 1024

  let bytes: UnsafeBufferPointer<UInt8>
  /// Where it stands, in bytes from the start.
  package internal(set) var position: Int
  /// Whether `NaN`, `Infinity` and `-Infinity` are numbers. They are no JSON, but Python and others write them, and a
  /// sensor that says so has failed: it must not pass for one that says nothing.
  var takesNonFinite = false

  package init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    let marked = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    position = marked ? 3 : 0
  }

  /// The next byte; 0, which no JSON holds outside a string, at the end.
  @inline(__always) var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  @inline(__always) mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  @inline(__always) func fault(_ cause: JSONFault.Cause) -> JSONFault { JSONFault(cause, at: position) }

  /// Nothing but white space may follow.
  mutating func end() throws(JSONFault) {
    skipSpace()
    guard position == bytes.count else { throw fault(.trailing) }
  }

  /// Passes over one value, checking all of it.
  mutating func skipValue(depth: Int = 0) throws(JSONFault) {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"):
      try members(depth: depth) { reader, _ throws(JSONFault) in try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try elements(depth: depth) { reader throws(JSONFault) in try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: if nonFinite() == nil { _ = try number() }
    }
  }

  /// Passes over a number that is none, where those are taken.
  mutating func nonFinite() -> Double? {
    guard takesNonFinite else { return nil }
    for (text, value) in [("NaN", Double.nan), ("Infinity", .infinity), ("-Infinity", -.infinity)]
    where bytes[position...].starts(with: text.utf8) {
      position += text.utf8.count
      return value
    }
    return nil
  }

  /// Walks the object that begins here; `member` is called at each value and must pass over it.
  @inline(__always) mutating func members(
    depth: Int, _ member: (inout JSONReader, JSONString) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    guard depth < Self.deepest else { throw fault(.tooDeep) }
    position += 1
    skipSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      guard next == UInt8(ascii: "\"") else { throw fault(.noKey) }
      let key = try string()
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw fault(.noColon) }
      position += 1
      skipSpace()
      try member(&self, key)
      skipSpace()
      switch next {
      case UInt8(ascii: ","):
        position += 1
        skipSpace()
      case UInt8(ascii: "}"):
        position += 1
        return
      default: throw fault(.noEnd)
      }
    }
  }

  /// Walks the array that begins here; `element` is called at each value and must pass over it.
  @inline(__always) mutating func elements(
    depth: Int, _ element: (inout JSONReader) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    guard depth < Self.deepest else { throw fault(.tooDeep) }
    position += 1
    skipSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      skipSpace()
      try element(&self)
      skipSpace()
      switch next {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return
      default: throw fault(.noEnd)
      }
    }
  }

  mutating func word(_ word: StaticString) throws(JSONFault) {
    let count = word.utf8CodeUnitCount
    guard bytes.count - position >= count else { throw fault(.noValue) }
    for place in 0..<count where bytes[position + place] != word.utf8Start[place] { throw fault(.noValue) }
    position += count
  }
}

/// Why bytes are not JSON that we read, and where.
package struct JSONFault: Error, Equatable, CustomStringConvertible {
  package enum Cause: String, Sendable {
    case noValue = "no value"
    case noKey = "no key in quotes"
    case noColon = "no colon"
    case noEnd = "neither comma nor closing bracket"
    case trailing = "something after the end"
    case tooDeep = "nested deeper than 64"
    case number = "not a number"
    case longNumber = "a number of more than 1,024 characters"
    case openString = "a string that does not end"
    case control = "a control character in a string"
    case escape = "an unknown escape"
    case surrogate = "half a surrogate pair"
    case utf8 = "not UTF-8"
    case duplicateKey = "a key that was there before"
  }
  package var cause: Cause
  /// Bytes from the start.
  package var offset: Int
  package init(_ cause: Cause, at offset: Int) {
    self.cause = cause
    self.offset = offset
  }
  package var description: String { "\(cause.rawValue) at byte \(offset)" }
}
