import Campaigns

/// Writes random JSON: every shape of number, escapes, surrogate pairs, white space, nesting.
struct JSONGenerator {
  var dice: Dice
  init(seed: UInt64) { dice = Dice(seed) }

  mutating func document() -> [UInt8] { Array((space() + value(depth: 0) + space()).utf8) }

  /// A document that somebody damaged: bytes changed, left out, put in, cut off, or doubled.
  mutating func broken() -> [UInt8] {
    var bytes = document()
    for _ in 0...dice.below(3) {
      guard !bytes.isEmpty else { break }
      let place = dice.below(bytes.count)
      switch dice.below(6) {
      case 0: bytes[place] = UInt8(dice.below(256))
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(dice.one(Array("{}[],:\"\\0123456789.eE+-tfnu \n/".utf8)), at: place)
      case 3: bytes.removeLast(bytes.count - place)
      case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + dice.below(9))], at: place)
      default: bytes[place] ^= 1 << UInt8(dice.below(8))
      }
    }
    return bytes
  }

  private mutating func space() -> String {
    dice.below(4) == 0 ? String((0..<dice.below(4)).map { _ in dice.one([" ", "\n", "\t", "\r"] as [Character]) }) : ""
  }

  private mutating func value(depth: Int) -> String {
    switch dice.below(depth > 5 ? 7 : 11) {
    case 0: return "true"
    case 1: return "false"
    case 2: return "null"
    case 3, 4: return number()
    case 5, 6: return string()
    case 7, 8:
      let items = (0..<dice.below(5)).map { _ in space() + value(depth: depth + 1) + space() }
      return "[" + (items.isEmpty ? space() : items.joined(separator: ",")) + "]"
    default:
      let items = (0..<dice.below(5)).map { _ in
        space() + string() + space() + ":" + space() + value(depth: depth + 1) + space()
      }
      return "{" + (items.isEmpty ? space() : items.joined(separator: ",")) + "}"
    }
  }

  private mutating func digits(_ most: Int) -> String {
    String((0...dice.below(most)).map { _ in dice.one(Array("0123456789")) })
  }

  mutating func number() -> String {
    let sign = dice.below(3) == 0 ? "-" : ""
    switch dice.below(8) {
    case 0: return sign + String(dice.below(1000))
    case 1: return sign + String(dice.next())
    case 2: return sign + "0." + digits(20)
    case 3: return sign + String(dice.below(100_000)) + "." + digits(4)
    case 4: return sign + String(1 + dice.below(9)) + digits(24) + "." + digits(24)
    case 5:
      return sign + String(1 + dice.below(9)) + "." + digits(17) + dice.one(["e", "E"]) + dice.one(["", "+", "-"])
        + String(dice.below(300))
    case 6:
      // Every finite double in its shortest form, and one digit beside it.
      let double = Double(bitPattern: dice.next())
      return double.isFinite ? "\(double)" : "0"
    default: return sign + String(dice.below(10)) + "e" + dice.one(["-", ""]) + String(dice.below(25))
    }
  }

  private mutating func string() -> String {
    var text = "\""
    for _ in 0..<dice.below(9) {
      switch dice.below(12) {
      case 0: text += dice.one(["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"])
      case 1: text += "\\u" + hex(UInt32(dice.below(0xD7FF)) + 1)
      case 2:
        let scalar = UInt32(dice.below(0x100000))
        text += "\\u" + hex(0xD800 + scalar >> 10) + "\\u" + hex(0xDC00 + scalar & 0x3FF)
      case 3: text.unicodeScalars.append(Unicode.Scalar(UInt32(0x80 + dice.below(0xD000)))!)
      case 4: text.unicodeScalars.append(Unicode.Scalar(UInt32(0x10000 + dice.below(0x100000)))!)
      default: text.unicodeScalars.append(dice.one(Array("abcXYZ 0_-./{}[]:,".unicodeScalars)))
      }
    }
    return text + "\""
  }

  private mutating func hex(_ value: UInt32) -> String {
    let text = String(value, radix: 16, uppercase: dice.below(2) == 0)
    return String(repeating: "0", count: 4 - text.count) + text
  }
}
