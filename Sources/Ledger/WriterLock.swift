import Glibc
import Synchronization

/// The lock file beside a ledger: whoever holds it is the one writer. The kernel lets go of it when the process
/// ends, however it ends, so there is no stale lock. It also remembers how far the ledger had come.
final class WriterLock: Sendable {
  private let descriptor: Int32
  /// What is in the file; several threads commit.
  private let written: Mutex<HighWaterMark?>

  /// What is thrown once all that is stored has a value needs no close of its own: `deinit` runs, and a second close
  /// would be of a number that another thread may have been given meanwhile. So `written` has one before anything
  /// else is tried: without it `deinit` would not run, and each refusal would keep a descriptor.
  init(ledger path: String) throws(LedgerError) {
    let lock = path + ".lock"
    descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, why: "cannot make its lock file \(lock): \(lastSystemError())")
    }
    written = Mutex(nil)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let why = errno == EWOULDBLOCK ? nil : lastSystemError()
      let pid = Self.pid(in: descriptor)
      if let why { throw .cannotOpen(path: path, why: "cannot lock \(lock): \(why)") }
      throw .held(path: path, pid: pid)
    }
    giveToOwnerOfFolder(lock)
    let pid = Array("\(getpid())".padded(to: HighWaterMark.offset).utf8)
    guard pwrite(descriptor, pid, pid.count, 0) == pid.count else {
      let why = lastSystemError()
      throw .cannotOpen(path: path, why: "cannot write its lock file \(lock): \(why)")
    }
    let mark = Self.mark(in: descriptor)
    written.withLock { $0 = mark }
  }

  deinit { close(descriptor) }

  /// How far the ledger had come; nil when nobody knows.
  var mark: HighWaterMark? { written.withLock { $0 } }

  /// Notes how far the ledger has come. One that cannot be written leaves the older one, which is as true.
  func note(_ mark: HighWaterMark) {
    written.withLock { written in
      if let written,
        written.next > mark.next || written.entry > mark.entry || written.quiet > mark.quiet || written == mark
      {
        return
      }
      let line = Array(mark.line.utf8)
      if pwrite(descriptor, line, line.count, off_t(HighWaterMark.offset)) == line.count { written = mark }
    }
  }

  /// Forgets how far the ledger had come: an older copy is put in its place on purpose.
  func forgetMark() {
    written.withLock { written in
      let blank = Array("".padded(to: HighWaterMark.length).utf8)
      if pwrite(descriptor, blank, blank.count, off_t(HighWaterMark.offset)) == blank.count { written = nil }
    }
  }

  /// The mark beside a ledger, whoever holds the lock.
  static func mark(beside path: String) -> HighWaterMark? {
    let descriptor = open(path + ".lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return mark(in: descriptor)
  }

  private static func mark(in descriptor: Int32) -> HighWaterMark? {
    var bytes = [UInt8](repeating: 0, count: HighWaterMark.length)
    let count = pread(descriptor, &bytes, bytes.count, off_t(HighWaterMark.offset))
    return count > 0 ? HighWaterMark(line: String(decoding: bytes.prefix(count), as: UTF8.self)) : nil
  }

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
