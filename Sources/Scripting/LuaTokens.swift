/// One token of Lua 5.4, with the line it starts on (from 1).
package struct LuaToken: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case name(String)
    case keyword(String)
    /// The text's value, escapes resolved. Bytes that are no UTF-8 read as U+FFFD.
    case text(String)
    /// As written: `0x1p4`.
    case number(String)
    case symbol(String)
  }
  package var kind: Kind
  package var line: Int
  /// Line its last character is on; differs from `line` for a text over several lines.
  package var lastLine: Int

  package func isSymbol(_ text: String) -> Bool { kind == .symbol(text) }
  package func isKeyword(_ text: String) -> Bool { kind == .keyword(text) }
  package var name: String? { if case .name(let name) = kind { name } else { nil } }
  package var text: String? { if case .text(let text) = kind { text } else { nil } }

  /// As a person would recognise it in a message.
  package var written: String {
    switch kind {
    case .name(let text), .keyword(let text), .number(let text), .symbol(let text): text
    case .text(let text): "\"\(text)\""
    }
  }
}

/// The tokens of a Lua text, without comments and layout. Reads exactly what Lua 5.4 reads; at the first thing that
/// is no token (`$`, a text without its end) it stops, because Lua's own message about it is the better one.
package func luaTokens(_ text: String) -> [LuaToken] {
  var reader = LuaTokenReader(bytes: Array(text.utf8))
  var tokens: [LuaToken] = []
  while let token = reader.next() { tokens.append(token) }
  return tokens
}

private let keywords: Set<String> = [
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
  "or", "repeat", "return", "then", "true", "until", "while",
]

/// Longest first.
private let symbols: [[UInt8]] = [
  "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", "..",
  "+", "-", "*", "/", "%", "^", "#", "&", "~", "|", "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".",
].map { Array($0.utf8) }

private struct LuaTokenReader {
  let bytes: [UInt8]
  var at = 0
  var line = 1

  mutating func next() -> LuaToken? {
    guard skipLayout(), let first = peek() else { return nil }
    let start = line
    guard let kind = kind(from: first) else { return nil }
    return LuaToken(kind: kind, line: start, lastLine: line)
  }

  private mutating func kind(from first: UInt8) -> LuaToken.Kind? {
    if first.startsName {
      let from = at
      while let byte = peek(), byte.startsName || byte.isDigit { at += 1 }
      let word = String(decoding: bytes[from..<at], as: UTF8.self)
      return keywords.contains(word) ? .keyword(word) : .name(word)
    }
    if first.isDigit || (first == UInt8(ascii: ".") && peek(1)?.isDigit == true) { return .number(number()) }
    if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") { return quoted(by: first).map { .text($0) } }
    if first == UInt8(ascii: "["), let level = longBracketLevel() { return longText(level).map { .text($0) } }
    guard let symbol = symbols.first(where: { bytes[at...].starts(with: $0) }) else { return nil }
    at += symbol.count
    return .symbol(String(decoding: symbol, as: UTF8.self))
  }

  private func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

  /// Passes white space and comments; false when a comment has no end.
  private mutating func skipLayout() -> Bool {
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): newline()
      case UInt8(ascii: " "), 9, 11, 12: at += 1
      case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
        at += 2
        if peek() == UInt8(ascii: "["), let level = longBracketLevel() {
          guard longText(level) != nil else { return false }
        } else {
          while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { at += 1 }
        }
      default: return true
      }
    }
    return true
  }

  /// `\r\n` and `\n\r` are one line end.
  private mutating func newline() {
    let first = bytes[at]
    at += 1
    if let second = peek(), second == UInt8(ascii: "\n") || second == UInt8(ascii: "\r"), second != first { at += 1 }
    line += 1
  }

  private mutating func number() -> String {
    let from = at
    let hexadecimal = peek() == UInt8(ascii: "0") && (peek(1) ?? 0) | 32 == UInt8(ascii: "x")
    if hexadecimal { at += 2 }
    let exponent = UInt8(ascii: hexadecimal ? "p" : "e")
    while let byte = peek() {
      if byte | 32 == exponent, let sign = peek(1), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
        at += 2
      } else if byte.isDigit || byte.startsName || byte == UInt8(ascii: ".") {
        at += 1
      } else {
        break
      }
    }
    return String(decoding: bytes[from..<at], as: UTF8.self)
  }

  /// The number of `=` in a long bracket that opens here; nil when none does.
  private func longBracketLevel() -> Int? {
    var level = 0
    while peek(1 + level) == UInt8(ascii: "=") { level += 1 }
    return peek(1 + level) == UInt8(ascii: "[") ? level : nil
  }

  private mutating func longText(_ level: Int) -> String? {
    at += level + 2
    if let byte = peek(), byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { newline() }
    let end = [UInt8(ascii: "]")] + Array(repeating: UInt8(ascii: "="), count: level) + [UInt8(ascii: "]")]
    var content: [UInt8] = []
    while let byte = peek() {
      if byte == end[0], bytes[at...].starts(with: end) {
        at += end.count
        return String(decoding: content, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        newline()
        content.append(UInt8(ascii: "\n"))
      } else {
        content.append(byte)
        at += 1
      }
    }
    return nil
  }

  private mutating func quoted(by quote: UInt8) -> String? {
    at += 1
    var content: [UInt8] = []
    while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
      if byte == quote {
        at += 1
        return String(decoding: content, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") {
        guard let bytes = escape() else { return nil }
        content += bytes
      } else {
        content.append(byte)
        at += 1
      }
    }
    return nil
  }

  /// What an escape stands for; nil when Lua knows none such.
  private mutating func escape() -> [UInt8]? {
    at += 1
    guard let byte = peek() else { return nil }
    if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
      newline()
      return [UInt8(ascii: "\n")]
    }
    if byte.isDigit {
      var value = 0
      for _ in 0..<3 {
        guard let digit = peek(), digit.isDigit else { break }
        value = value * 10 + Int(digit - 48)
        at += 1
      }
      return value <= 255 ? [UInt8(value)] : nil
    }
    at += 1
    switch byte {
    case UInt8(ascii: "a"): return [7]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "v"): return [11]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): return [byte]
    case UInt8(ascii: "x"):
      guard let high = peek()?.hexadecimalDigit, let low = peek(1)?.hexadecimalDigit else { return nil }
      at += 2
      return [high << 4 | low]
    case UInt8(ascii: "u"): return codePoint()
    case UInt8(ascii: "z"):
      while let byte = peek() {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): newline()
        case UInt8(ascii: " "), 9, 11, 12: at += 1
        default: return []
        }
      }
      return []
    default: return nil
    }
  }

  private mutating func codePoint() -> [UInt8]? {
    guard peek() == UInt8(ascii: "{") else { return nil }
    at += 1
    var value: UInt32 = 0
    var digits = 0
    while let digit = peek()?.hexadecimalDigit {
      guard value < 0x0800_0000 else { return nil }
      value = value << 4 | UInt32(digit)
      digits += 1
      at += 1
    }
    guard digits > 0, peek() == UInt8(ascii: "}") else { return nil }
    at += 1
    return Array(String(Character(Unicode.Scalar(value) ?? "\u{FFFD}")).utf8)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= 48 && self <= 57 }
  fileprivate var startsName: Bool { (self | 32 >= 97 && self | 32 <= 122) || self == 95 }
  fileprivate var hexadecimalDigit: UInt8? {
    switch self {
    case 48...57: self - 48
    case 65...70: self - 55
    case 97...102: self - 87
    default: nil
    }
  }
}
