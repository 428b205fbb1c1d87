import Foundation

/// The lines of a file, one after another, where they lie: a line is lent until the next is asked for. Lives as long
/// as the open file. Holds no more than a buffer, however long a line is.
final class LineReader {
  /// Longer lines are passed over and named.
  static let longest = 1 << 20
  /// A quote that is not closed within this many bytes is a mistake of its own line.
  static let longestQuoted = 64 << 10

  enum Line {
    case line(UnsafeBufferPointer<UInt8>)
    case tooLong
  }

  let bytes: FileBytes
  /// Number of the line that was given last, from 1; of one that spans several, the first.
  private(set) var number = 0
  /// Whether a line goes on behind its end while a double quote is open.
  var quotes = false

  private var capacity = 256 << 10
  private var buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 256 << 10)
  private var start = 0
  private var end = 0
  private var atEnd = false
  /// Line ends within the line that was given last.
  private var inner = 0

  init(_ bytes: FileBytes) { self.bytes = bytes }
  deinit { buffer.deallocate() }

  /// The next line without its end; nil at the end of the file.
  func next() throws(FileError) -> Line? {
    number += 1 + inner
    inner = 0
    guard var length = try lineEnd(from: 0) else {
      number -= 1
      return nil
    }
    guard length <= Self.longest else { return try passOver(length) }
    if quotes, isOpen(0, length) {
      let first = length
      var open = true
      while open, let more = try lineEnd(from: length + 1), more <= Self.longestQuoted {
        if isOpen(length + 1, more) { open = false }
        length = more
        inner += 1
      }
      if open {
        length = first
        inner = 0
      }
    }
    let line = UnsafeBufferPointer(start: buffer + start, count: length)
    start = min(start + length + 1, end)
    return .line(line.last == UInt8(ascii: "\r") ? UnsafeBufferPointer(rebasing: line.dropLast()) : line)
  }

  /// Where the line end lies at or behind `from`, both from `start`; the end of the file ends a line that has bytes.
  /// Nil when there is no line. May be past `longest` when there is none up to there.
  private func lineEnd(from: Int) throws(FileError) -> Int? {
    var place = from
    while true {
      if start + place < end, let found = memchr(buffer + start + place, 0x0A, end - start - place) {
        return UnsafeRawPointer(found) - UnsafeRawPointer(buffer) - start
      }
      place = max(place, end - start)
      if place > Self.longest { return place }
      if atEnd { return end - start > from ? end - start : nil }
      try fill()
    }
  }

  private func fill() throws(FileError) {
    if start > 0 {
      memmove(buffer, buffer + start, end - start)
      end -= start
      start = 0
    }
    if end == capacity {
      capacity *= 2
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
      memcpy(larger, buffer, end)
      buffer.deallocate()
      buffer = larger
    }
    let count = try bytes.read(into: UnsafeMutableRawBufferPointer(start: buffer + end, count: capacity - end))
    if count == 0 { atEnd = true }
    end += count
  }

  private func passOver(_ seen: Int) throws(FileError) -> Line {
    start = min(start + seen, end)
    while true {
      if start < end, let found = memchr(buffer + start, 0x0A, end - start) {
        start = UnsafeRawPointer(found) - UnsafeRawPointer(buffer) + 1
        return .tooLong
      }
      start = end
      guard !atEnd else { return .tooLong }
      try fill()
    }
  }

  /// Whether an odd number of double quotes lies in a part of the buffer, from `start`.
  private func isOpen(_ from: Int, _ to: Int) -> Bool {
    guard from < to else { return false }
    var open = false
    var place = start + from
    while place < start + to, let found = memchr(buffer + place, Int32(UInt8(ascii: "\"")), start + to - place) {
      open.toggle()
      place = UnsafeRawPointer(found) - UnsafeRawPointer(buffer) + 1
    }
    return open
  }
}
