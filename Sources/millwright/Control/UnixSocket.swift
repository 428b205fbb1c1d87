import Foundation
import Glibc

/// Why a socket in the file system cannot be used.
enum SocketError: Error, CustomStringConvertible {
  /// No process listens there.
  case nobody
  /// The socket or its folder is not for this account.
  case denied
  /// What was attempted, and the system's words.
  case failed(String)

  var description: String {
    switch self {
    case .nobody: "nobody listens there"
    case .denied: "it is not open to this account"
    case .failed(let what): what
    }
  }

  static func now(_ attempted: String) -> SocketError { .failed("\(attempted): \(String(cString: strerror(errno)))") }
}

/// One end of a conversation in lines. It lives as long as the connection is open. Every wait has an end, so that the
/// other side cannot hold a thread.
final class LineConnection {
  /// What no line of ours comes near.
  static let longestLine = 256 << 10

  /// For polling.
  let descriptor: Int32
  private var read: [UInt8] = []
  /// Bytes of `read` that hold no end of a line.
  private var searched = 0

  /// What has come without waiting; `over` when no line will come.
  enum Received {
    case line([UInt8])
    case nothing, over
  }

  init(descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// Connects to whoever listens at a path.
  static func connect(to path: String) throws(SocketError) -> LineConnection {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .now("cannot make a socket") }
    let connection = LineConnection(descriptor: descriptor)
    // A full queue of waiting connections must not hold us for ever either.
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let result = try withAddress(of: path) { Glibc.connect(descriptor, $0, $1) }
    guard result == 0 else {
      switch errno {
      case ENOENT, ECONNREFUSED: throw .nobody
      case EACCES, EPERM: throw .denied
      default: throw .now("cannot connect to \(path)")
      }
    }
    return connection
  }

  /// The account of the process at the other end, as the kernel saw it when it connected.
  func peer() throws(SocketError) -> uid_t {
    // `struct ucred`: pid, uid, gid.
    var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, .max, .max)
    var length = socklen_t(MemoryLayout.size(ofValue: credentials))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, length == 12 else {
      throw .now("cannot see who is at the other end")
    }
    return credentials.uid
  }

  /// The next line without its end, if it is there. Over is: the other side said all it had to, or too many bytes.
  func receive() -> Received {
    while true {
      if let end = read[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer {
          read.removeFirst(end + 1)
          searched = 0
        }
        return .line(Array(read[..<end]))
      }
      searched = read.count
      guard read.count <= Self.longestLine else { return .over }
      var chunk = [UInt8](repeating: 0, count: 16 << 10)
      let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
      if count > 0 { read += chunk[..<count] } else { return count < 0 && mayGoOn ? .nothing : .over }
    }
  }

  /// The next line without its end; nil when the other side said all it had to, or took too long, or too many bytes.
  func line(within seconds: Double) -> [UInt8]? {
    let deadline = DispatchTime.now() + seconds
    while true {
      switch receive() {
      case .line(let line): return line
      case .over: return nil
      case .nothing: guard wait(for: POLLIN, until: deadline) else { return nil }
      }
    }
  }

  /// False when the other side did not take it all in time.
  func say(_ line: some Sequence<UInt8>, within seconds: Double) -> Bool {
    let deadline = DispatchTime.now() + seconds
    var rest = Array(line)[...]
    rest.append(UInt8(ascii: "\n"))
    while !rest.isEmpty {
      guard wait(for: POLLOUT, until: deadline) else { return false }
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { rest.removeFirst(count) } else if !mayGoOn { return false }
    }
    return true
  }

  private var mayGoOn: Bool { errno == EAGAIN || errno == EINTR }

  private func wait(for event: Int32, until deadline: DispatchTime) -> Bool {
    while true {
      let now = DispatchTime.now()
      guard now < deadline else { return false }
      let left = (deadline.uptimeNanoseconds - now.uptimeNanoseconds) / 1_000_000 + 1
      var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      let count = poll(&entry, 1, Int32(clamping: left))
      if count > 0 { return true }
      if count < 0, errno != EINTR { return false }
    }
  }
}

/// Makes a socket at a path that its owner and their group may use, and listens. A socket left there by a process that
/// ended is removed; accepting does not block. Call this only while holding what makes you the one who may listen.
func listen(at path: String) throws(SocketError) -> Int32 {
  var info = stat()
  if lstat(path, &info) == 0 {
    guard info.st_mode & S_IFMT == S_IFSOCK else {
      throw .failed("cannot listen at \(path): something that is no socket is in the way; remove it")
    }
    guard unlink(path) == 0 else { throw .now("cannot remove the old socket \(path)") }
  }
  let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
  let descriptor = socket(AF_UNIX, kind, 0)
  guard descriptor >= 0 else { throw .now("cannot make a socket") }
  do throws(SocketError) {
    // Before it has a name, so that it is never open to more; after, because the process may mask bits off.
    guard fchmod(descriptor, 0o660) == 0 else { throw .now("cannot set the mode of \(path)") }
    guard try withAddress(of: path, { bind(descriptor, $0, $1) }) == 0 else { throw .now("cannot make \(path)") }
    guard chmod(path, 0o660) == 0, Glibc.listen(descriptor, 128) == 0 else { throw .now("cannot listen at \(path)") }
  } catch {
    close(descriptor)
    throw error
  }
  return descriptor
}

/// The address of a path. One that is longer than an address can hold is reached through its folder's descriptor.
private func withAddress(
  of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws(SocketError) -> Int32 {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let room = MemoryLayout.size(ofValue: address.sun_path) - 1
  var name = path
  var folder: Int32 = -1
  defer { if folder >= 0 { close(folder) } }
  if path.utf8.count > room, let slash = path.lastIndex(of: "/") {
    folder = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      if errno == ENOENT { throw .nobody }
      throw .now("cannot open the folder of \(path)")
    }
    name = "/proc/self/fd/\(folder)" + path[slash...]
  }
  guard name.utf8.count <= room else { throw .failed("the name of the socket \(path) is too long") }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
  }
}

/// The name of an account of this machine; nil for a number without one.
func accountName(_ uid: uid_t) -> String? {
  var entry = passwd()
  var found: UnsafeMutablePointer<passwd>?
  var bytes = [CChar](repeating: 0, count: 16 << 10)
  guard getpwuid_r(uid, &entry, &bytes, bytes.count, &found) == 0, found != nil, let name = entry.pw_name else {
    return nil
  }
  return String(cString: name)
}
