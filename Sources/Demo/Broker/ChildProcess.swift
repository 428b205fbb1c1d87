import Glibc
import Synchronization

/// A program we started: ended by its pid, and always waited for, so that none is left behind as a zombie.
package final class ChildProcess: Sendable {
  package let pid: Int32
  /// Set once the child was waited for; from then on its pid may be somebody else's.
  private let ended = Mutex<Int32?>(nil)

  /// Starts `program` (an absolute path) with its output in the file `log`, cut first. It gets a process group of its
  /// own: Ctrl-C at the terminal ends us, and we end it when we are ready. Throws `DemoError.cannotStart`.
  package init(_ program: String, _ arguments: [String], log: String) throws {
    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&files, 1, 2)
    // Our sockets, pipes and locks are not its business. All, not those that are open: another thread may open one
    // meanwhile. One that is not open is no error.
    for descriptor in 3..<Int32(1024) { posix_spawn_file_actions_addclose(&files, descriptor) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What we ignore or block, SIGPIPE or SIGTERM, it must not inherit.
    var none = sigset_t()
    var standard = sigset_t()
    sigemptyset(&none)
    sigemptyset(&standard)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&standard, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &standard)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var child: pid_t = 0
    let status = posix_spawn(&child, program, &files, &attributes, &argv, environ)
    guard status == 0 else {
      throw DemoError.cannotStart(program: program, why: String(cString: strerror(status)))
    }
    pid = child
  }

  package var isRunning: Bool { ended.withLock { collect(into: &$0, wait: false) } == nil }

  /// How it ended: its exit code, 128 and the signal's number if a signal ended it; nil while it runs.
  package var exitCode: Int32? {
    ended.withLock { ended in
      collect(into: &ended, wait: false).map { $0 & 0x7F == 0 ? $0 >> 8 & 0xFF : 128 + ($0 & 0x7F) }
    }
  }

  /// Asks it to end and waits; kills it when it has not ended after 5 s.
  package func stop() {
    signal(SIGTERM)
    if !wait(seconds: 5) { kill() }
  }

  /// Waits until it has ended of itself; false when it still runs after so many seconds.
  package func wait(seconds: Int64) -> Bool {
    let deadline = monotonicMicroseconds() + seconds * 1_000_000
    while isRunning {
      if monotonicMicroseconds() > deadline { return false }
      usleep(2_000)
    }
    return true
  }

  /// Ends it at once, as a power cut would, and waits until it is gone.
  package func kill() {
    signal(SIGKILL)
    _ = ended.withLock { collect(into: &$0, wait: true) }
  }

  private func signal(_ number: Int32) {
    ended.withLock { ended in
      // Collected under the same lock: a pid that is not ours any more is never signalled.
      if collect(into: &ended, wait: false) == nil { Glibc.kill(pid, number) }
    }
  }

  private func collect(into ended: inout Int32?, wait: Bool) -> Int32? {
    if ended != nil { return ended }
    var status: Int32 = 0
    var result: pid_t
    repeat { result = waitpid(pid, &status, wait ? 0 : WNOHANG) } while result < 0 && errno == EINTR
    if result == pid { ended = status } else if result < 0 { ended = -1 }
    return ended
  }
}

/// The first executable file of that name on PATH, then in the folders of system daemons.
package func executable(_ name: String) -> String? {
  let path = getenv("PATH").map { String(cString: $0) } ?? ""
  let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
  return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}
