/// Writes values as bytes, for the journal and for snapshots. Integers are zig-zag LEB128 varints, doubles their
/// eight bytes little-endian (bit for bit, NaN included), texts their UTF-8 behind a length.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  package init() {}

  package mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }
  /// Takes so many bytes from the front of what was written; nil while there are fewer.
  package mutating func take(_ count: Int) -> [UInt8]? {
    guard bytes.count >= count else { return nil }
    let taken = Array(bytes[..<count])
    bytes.removeFirst(count)
    return taken
  }
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
  package mutating func byte(_ value: UInt8) { bytes.append(value) }
  package mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  package mutating func integer(_ value: Int64) {
    var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
  package mutating func integer(_ value: Int) { integer(Int64(value)) }

  package mutating func double(_ value: Double) {
    var rest = value.bitPattern
    for _ in 0..<8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  package mutating func text(_ value: String) {
    integer(value.utf8.count)
    bytes.append(contentsOf: value.utf8)
  }

  package mutating func optional<T>(_ value: T?, _ write: (inout ByteWriter, T) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }
}

/// Reads what `ByteWriter` wrote. Bytes that are not that are refused, never trapped on.
package struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes[...]
    position = 0
  }

  package var atEnd: Bool { position == bytes.endIndex }
  package var offset: Int { position }

  package mutating func byte() throws(Unreadable) -> UInt8 {
    guard position < bytes.endIndex else { throw Unreadable(at: position) }
    defer { position += 1 }
    return bytes[position]
  }
  package mutating func flag() throws(Unreadable) -> Bool {
    switch try byte() {
    case 0: return false
    case 1: return true
    default: throw Unreadable(at: position)
    }
  }

  package mutating func integer() throws(Unreadable) -> Int64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || (shift == 63 && next <= 1) else { throw Unreadable(at: position) }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { break }
      shift += 7
    }
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
  /// An integer that must lie in a range: an index, a count, a small number.
  package mutating func integer(in range: ClosedRange<Int64>) throws(Unreadable) -> Int {
    let value = try integer()
    guard range.contains(value) else { throw Unreadable(at: position) }
    return Int(value)
  }

  package mutating func double() throws(Unreadable) -> Double {
    guard bytes.endIndex - position >= 8 else { throw Unreadable(at: position) }
    var pattern: UInt64 = 0
    for place in 0..<8 { pattern |= UInt64(bytes[position + place]) << UInt64(place * 8) }
    position += 8
    return Double(bitPattern: pattern)
  }

  package mutating func text() throws(Unreadable) -> String {
    let count = try integer(in: 0...Int64(bytes.endIndex - position))
    guard count <= bytes.endIndex - position,
      let text = String(validating: bytes[position..<(position + count)], as: UTF8.self)
    else { throw Unreadable(at: position) }
    position += count
    return text
  }

  package mutating func optional<T>(_ read: (inout ByteReader) throws(Unreadable) -> T) throws(Unreadable) -> T? {
    try flag() ? try read(&self) : nil
  }
}

/// Bytes that this version did not write: damaged, or of a later version.
package struct Unreadable: Error, Equatable, CustomStringConvertible {
  package var offset: Int
  package init(at offset: Int) { self.offset = offset }
  package var description: String { "unreadable at byte \(offset)" }
}
