/// A string that was checked, as the place of its bytes between the quotes.
struct JSONString {
  var start: Int
  var end: Int
  /// Whether it holds escapes, so that its bytes are not its text.
  var escaped: Bool
}

extension JSONReader {
  /// Passes over the string that begins here, checking its UTF-8, escapes and surrogates.
  mutating func string() throws(JSONFault) -> JSONString {
    guard next == UInt8(ascii: "\"") else { throw fault(.noValue) }
    position += 1
    let start = position
    var escaped = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        defer { position += 1 }
        return JSONString(start: start, end: position, escaped: escaped)
      } else if byte == UInt8(ascii: "\\") {
        escaped = true
        _ = try escape()
      } else if byte < 0x20 {
        throw fault(.control)
      } else if byte < 0x80 {
        position += 1
      } else {
        let length = sequenceLength(at: position)
        guard length > 0 else { throw fault(.utf8) }
        position += length
      }
    }
    throw JSONFault(.openString, at: start - 1)
  }

  /// The text of a string; one that holds escapes costs a copy more.
  func text(_ string: JSONString) -> String {
    guard string.escaped else {
      return String(decoding: bytes[string.start..<string.end], as: UTF8.self)
    }
    return String(decoding: unescaped(string), as: UTF8.self)
  }

  /// Whether the string says exactly these bytes.
  @inline(__always) func says(_ string: JSONString, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
    if string.escaped { return unescaped(string).elementsEqual(wanted) }
    guard string.end - string.start == wanted.count else { return false }
    for place in 0..<wanted.count where bytes[string.start + place] != wanted[place] { return false }
    return true
  }

  /// The bytes a string with escapes stands for. It was checked before: nothing in it can fail.
  func unescaped(_ string: JSONString) -> [UInt8] {
    var reader = self
    reader.position = string.start
    var out: [UInt8] = []
    out.reserveCapacity(string.end - string.start)
    while reader.position < string.end {
      let byte = bytes[reader.position]
      if byte == UInt8(ascii: "\\"), let scalar = try? reader.escape() {
        out.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
      } else {
        out.append(byte)
        reader.position += 1
      }
    }
    return out
  }

  /// Reads one escape; two, where they are the halves of a surrogate pair.
  private mutating func escape() throws(JSONFault) -> Unicode.Scalar {
    let begin = position
    position += 1
    let letter = next
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw JSONFault(.escape, at: begin)
    }
    let first = try fourDigits(begin)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, next == UInt8(ascii: "\\"), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw JSONFault(.surrogate, at: begin) }
    position += 2
    let second = try fourDigits(begin)
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw JSONFault(.surrogate, at: begin) }
    return scalar
  }

  private mutating func fourDigits(_ begin: Int) throws(JSONFault) -> UInt32 {
    guard bytes.count - position >= 4 else { throw JSONFault(.escape, at: begin) }
    var value: UInt32 = 0
    for place in 0..<4 {
      let byte = bytes[position + place]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: throw JSONFault(.escape, at: begin)
      }
    }
    position += 4
    return value
  }

  /// Length of the UTF-8 sequence beyond ASCII at `place`; 0 when it is none (overlong, surrogate, past U+10FFFF).
  private func sequenceLength(at place: Int) -> Int {
    func continues(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
      place + offset < bytes.count && bytes[place + offset] >= low && bytes[place + offset] <= high
    }
    switch bytes[place] {
    case 0xC2...0xDF: return continues(1) ? 2 : 0
    case 0xE0: return continues(1, 0xA0) && continues(2) ? 3 : 0
    case 0xED: return continues(1, 0x80, 0x9F) && continues(2) ? 3 : 0
    case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
    case 0xF0: return continues(1, 0x90) && continues(2) && continues(3) ? 4 : 0
    case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
    case 0xF4: return continues(1, 0x80, 0x8F) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
  }
}
