import Glibc

/// The lock file beside a ledger: whoever holds it is the one writer. The kernel lets go of it when the process
/// ends, however it ends, so there is no stale lock.
final class WriterLock: Sendable {
  private let descriptor: Int32

  /// What is thrown once there is a descriptor needs no close of its own: `deinit` runs, and a second close would be
  /// of a number that another thread may have been given meanwhile.
  init(ledger path: String) throws(LedgerError) {
    let lock = path + ".lock"
    descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, why: "cannot make its lock file \(lock): \(lastSystemError())")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let why = errno == EWOULDBLOCK ? nil : lastSystemError()
      let pid = Self.pid(in: descriptor)
      if let why { throw .cannotOpen(path: path, why: "cannot lock \(lock): \(why)") }
      throw .held(path: path, pid: pid)
    }
    giveToOwnerOfFolder(lock)
    let pid = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, pid, pid.count, 0) == pid.count else {
      let why = lastSystemError()
      throw .cannotOpen(path: path, why: "cannot write its lock file \(lock): \(why)")
    }
  }

  deinit { close(descriptor) }

  private static func pid(in descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
    return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
  }
}

/// `errno` in words.
func lastSystemError() -> String { String(cString: strerror(errno)) }

/// What root makes in the folder of a ledger belongs to whom the folder belongs: the engine runs as that account, and
/// must be able to open it.
func giveToOwnerOfFolder(_ path: String) {
  guard geteuid() == 0 else { return }
  let folder = path.contains("/") ? String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
  var info = stat()
  guard stat(folder, &info) == 0, info.st_uid != 0 else { return }
  // If it cannot be done, whoever cannot open it says so.
  _ = lchown(path, info.st_uid, info.st_gid)
}
