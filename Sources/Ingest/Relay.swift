import Foundation

/// Carries bytes between the broker and libmosquitto, and looks over what the broker sends before the library reads it.
///
/// libmosquitto has no place to look over what it reads, and what it does not expect ends the process. So once it has
/// connected, its descriptor is made one end of a local pair of sockets, and the connection is ours. The library then
/// never sees the network; nothing depends on how it reads. Encryption is ours too, by OpenSSL: what is looked over must
/// be the plain text. The alternative, functions of ours in place of `read` and `SSL_read`, would change them for the
/// whole process, and stop protecting without a word when the library reads in another way.
///
/// It reads from the broker only when the library has read all before, so that a piece always has room in the pair.
final class Relay {
  /// The connection to the broker.
  let descriptor: Int32
  /// Whole packets that the library can read.
  private(set) var whole = 0

  private let tls: TLSSession?
  /// Our end of the pair.
  private let end: Int32
  private var walk: PacketWalk
  /// One piece from the broker, and what the library wrote of which `unsent` is not yet sent.
  private let piece: UnsafeMutableRawBufferPointer
  private let outgoing: UnsafeMutableRawBufferPointer
  private var unsent = 0..<0

  /// A TLS record is 16 KiB at most: nothing of one is left in OpenSSL, where polling would not see it.
  private static let size = 32 << 10
  /// Room for two pieces, with what the kernel counts besides.
  private static let room: Int32 = 256 << 10

  /// Takes the connection behind a descriptor of the library, which has read and written nothing yet.
  init(taking theirs: Int32, tls context: TLSContext?, host: String, largest: Int) throws(MQTTFailure) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Self.cannot("make a pair of sockets") }
    piece = .allocate(byteCount: Self.size, alignment: 16)
    outgoing = .allocate(byteCount: Self.size, alignment: 16)
    end = ends[0]
    descriptor = fcntl(theirs, F_DUPFD_CLOEXEC, 0)
    walk = PacketWalk(largest: largest)
    var room = Self.room
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    // The library's descriptor is now its end of the pair, under the same number.
    let isTaken =
      descriptor >= 0 && dup2(ends[1], theirs) == theirs && fcntl(theirs, F_SETFD, FD_CLOEXEC) == 0
    let why = errno
    close(ends[1])
    do throws(MQTTFailure) {
      errno = why
      guard isTaken else { throw Self.cannot("take over the connection") }
      if let context {
        tls = try TLSSession(context, descriptor: descriptor, host: host)
      } else {
        tls = nil
      }
    } catch {
      close(end)
      close(descriptor)
      piece.deallocate()
      outgoing.deallocate()
      throw error
    }
  }

  deinit {
    close(end)
    close(descriptor)
    piece.deallocate()
    outgoing.deallocate()
  }

  /// Whether bytes of the library wait to be sent.
  var wantsWrite: Bool { !unsent.isEmpty }

  /// What to wait for at `descriptor` so that what the library wrote, or TLS itself, goes on.
  var waitsForRoom: Bool { (wantsWrite && tls?.writeWantsRead != true) || tls?.readWantsWrite == true }

  /// Fetches one piece from the broker and hands on what is good of it; whether the library has something to read, be
  /// it the end. To be called when no whole packet is there.
  func receive() throws(MQTTFailure) -> Bool {
    if let failure = walk.failure { throw failure }
    guard let count = try readPiece() else { return false }
    guard count > 0 else {
      // The library finds the end, and says so in its own way.
      shutdown(end, Int32(SHUT_WR))
      return true
    }
    let (good, ended) = walk.take(UnsafeRawBufferPointer(rebasing: piece[..<count]))
    whole += ended
    if good > 0 {
      guard Foundation.write(end, piece.baseAddress, good) == good else { throw Self.cannot("hand on what came") }
    } else if let failure = walk.failure {
      throw failure
    }
    return true
  }

  /// The library has read a packet, or what there is of one; whether it was a whole one.
  func hasRead() -> Bool {
    guard whole > 0 else { return false }
    whole -= 1
    return true
  }

  /// Sends what the library wrote, as far as the network takes it; whether that was all.
  func send() throws(MQTTFailure) -> Bool {
    while true {
      if unsent.isEmpty {
        let count = Foundation.read(end, outgoing.baseAddress, outgoing.count)
        guard count > 0 else { return true }
        unsent = 0..<count
      }
      let count = try write(UnsafeRawBufferPointer(rebasing: outgoing[unsent]))
      guard count > 0 else { return false }
      unsent = unsent.lowerBound + count..<unsent.upperBound
    }
  }

  /// Says goodbye, after everything was sent.
  func sayGoodbye() { tls?.sayGoodbye() }

  private func readPiece() throws(MQTTFailure) -> Int? {
    if let tls { return try tls.read(into: piece) }
    let count = Foundation.read(descriptor, piece.baseAddress, piece.count)
    if count >= 0 { return count }
    switch errno {
    case EAGAIN, EINTR: return nil
    case ECONNRESET: return 0
    default: throw .unreachable("the link broke: \(String(cString: strerror(errno)))")
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(MQTTFailure) -> Int {
    if let tls { return try tls.write(bytes) }
    let count = Foundation.write(descriptor, bytes.baseAddress, bytes.count)
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    throw .unreachable("the link broke: \(String(cString: strerror(errno)))")
  }

  private static func cannot(_ what: String) -> MQTTFailure {
    .unreachable("cannot \(what): \(String(cString: strerror(errno)))")
  }
}
