import CZlib
import Foundation

/// The bytes of a file, unpacked where it is packed with gzip, which its first bytes say and not its name. Lives as
/// long as the open file.
final class FileBytes {
  let path: String
  /// Bytes of the file itself, and how many of them have been read.
  let size: Int
  private(set) var taken = 0
  private let file: Int32
  private var gunzip: Gunzip?

  init(_ path: String) throws(FileError) {
    self.path = path
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .cannotOpen(path: path, why: String(cString: strerror(errno))) }
    var status = stat()
    let isKnown = fstat(file, &status) == 0
    size = isKnown ? Int(status.st_size) : 0
    guard !isKnown || status.st_mode & S_IFMT != S_IFDIR else {
      close(file)
      throw .cannotOpen(path: path, why: "it is a folder")
    }
    var magic: [UInt8] = [0, 0]
    // A pipe cannot be looked into beforehand; it is taken as it comes.
    if pread(file, &magic, 2, 0) == 2, magic == [0x1F, 0x8B] { gunzip = Gunzip() }
  }

  deinit { close(file) }

  /// Fills the buffer from its beginning; how many bytes, 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    guard let gunzip else { return try readFile(into: buffer) }
    while true {
      if gunzip.isHungry {
        let count = try readFile(into: gunzip.input)
        if count == 0 {
          guard gunzip.isBetweenMembers else {
            throw .cannotRead(path: path, why: "the packed data ends in the middle")
          }
          return 0
        }
        gunzip.feed(count)
      }
      guard let count = gunzip.unpack(into: buffer) else {
        throw .cannotRead(path: path, why: "the packed data is damaged (\(gunzip.message))")
      }
      if count > 0 { return count }
    }
  }

  private func readFile(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    while true {
      let count = Foundation.read(file, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .cannotRead(path: path, why: String(cString: strerror(errno))) }
      taken += count
      return count
    }
  }
}

/// zlib's reader of gzip: one member after another, as `cat a.gz b.gz` makes them. Holds zlib's state.
private final class Gunzip {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
  private var status = Z_OK
  /// Nothing is left of the input that the last member could be cut short of.
  var isBetweenMembers: Bool { status == Z_STREAM_END }
  var isHungry: Bool { stream.pointee.avail_in == 0 && !isFull }
  /// The last call filled its output, so there may be more of it without more input.
  private var isFull = false

  init() {
    stream.initialize(to: z_stream())
    status = zlib_begin_gunzip(stream)
    precondition(status == Z_OK, "zlib can always begin, if there is memory")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  var message: String { stream.pointee.msg.map { String(cString: $0) } ?? "code \(status)" }

  func feed(_ count: Int) {
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_in = uInt(count)
  }

  /// How many bytes came out of it, 0 when it needs more to go on; nil when the data is damaged.
  func unpack(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    if status == Z_STREAM_END {
      // Some tools fill up with zeros behind the last member.
      while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
        stream.pointee.next_in += 1
        stream.pointee.avail_in -= 1
      }
      guard stream.pointee.avail_in > 0 else { return 0 }
      inflateReset(stream)
      status = Z_OK
    }
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_out = uInt(buffer.count)
    status = inflate(stream, Z_NO_FLUSH)
    isFull = stream.pointee.avail_out == 0
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { return nil }
    if status == Z_BUF_ERROR { isFull = false }
    return buffer.count - Int(stream.pointee.avail_out)
  }
}
