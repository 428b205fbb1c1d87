import GRDB
import Synchronization

/// Whether the disk has kept its word so far. The kernel tells of a failed sync once: it gives up what it could not
/// write, and the next sync of the same file succeeds without it. So nothing is written after the first. The next
/// opening copies what is in the log into the ledger's file and syncs that anew before anybody relies on it.
final class SyncTrust: Sendable {
  private let state = Mutex<(hasFailed: Bool, tell: (@Sendable () -> Void)?)>((false, nil))

  var hasFailed: Bool { state.withLock { $0.hasFailed } }

  func fail() {
    let tell = state.withLock { state in
      defer { state = (true, nil) }
      return state.tell
    }
    tell?()
  }

  /// Calls `tell` once, at the first sync that fails, on the thread that learns of it.
  func whenFailed(_ tell: @escaping @Sendable () -> Void) { state.withLock { $0.tell = tell } }
}

extension DatabaseError {
  var isFailedSync: Bool { [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC].contains(extendedResultCode) }
}
