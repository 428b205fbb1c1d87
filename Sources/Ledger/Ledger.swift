import Foundation
import GRDB
import Rules
import Synchronization

/// The durable, tamper-evident record, as its one writer sees it. It lives as long as it is open: it holds the
/// lock beside the file and the only connection that writes. Synchronous: `commit` blocks until the disk has it.
package final class Ledger: Journal, Sendable {
  /// Of the file.
  package let path: String
  /// 128 random bits in hex, made with the file: part of every key on the wire.
  package let id: String
  private let lock: WriterLock
  let retention: Retention
  let queue: DatabaseQueue
  private let sync = SyncTrust()
  private let bookkeeping = Mutex(Bookkeeping())
  let accountMemory = Mutex(AccountMemory())
  /// What the newest commit came to; nil before the first, and after one that failed.
  private let reached = Mutex<HighWaterMark?>(nil)
  /// Wall clock, for what is recorded.
  let clock: WallClock

  /// Opens the ledger at `path` as its one writer, or makes it (mode 0600). Actions that were being sent when the
  /// last writer ended become *unknown*, or *ready* again when nothing of them can have gone out.
  package init(
    path: String, keep retention: Retention = Retention(), clock: @escaping WallClock = wallClock
  ) throws(LedgerError) {
    self.path = path
    self.clock = clock
    self.retention = retention
    lock = try WriterLock(ledger: path)
    try refuseNetworkFileSystem(path)
    if access(Ledger.restoring(path), F_OK) == 0 { throw .halfRestored(path: path) }
    // A new one must not stand where one with work in it was.
    if let mark = lock.mark, access(path, F_OK) != 0 { throw .cutShort(path: path, had: mark.description) }
    if access(path, F_OK) != 0 { try makeLedger(path) } else { try checkBeforeTouching(path) }
    let queue: DatabaseQueue
    do {
      queue = try openForWriting(path)
      let now = wallClock()
      let mark = lock.mark
      id = try queue.write { db in
        try Schema.check(db, schema: Schema.version, path: path)
        let id = try String.fetchOne(db, sql: "SELECT ledger FROM meta") ?? ""
        if let mark, try !mark.isKept(in: db, ledger: id) {
          throw LedgerError.cutShort(path: path, had: mark.description)
        }
        try confirm(ledger: id, db, path: path)
        try markInterrupted(db, at: now)
        return id
      }
    } catch {
      throw .opening(path, error)
    }
    self.queue = queue
    try readBackSettings()
    try syncFolder(of: path)
  }

  /// Accounts are kept by this from here on.
  package func keepBooks(by bookkeeping: Bookkeeping) { self.bookkeeping.withLock { $0 = bookkeeping } }
  func books() -> Bookkeeping { bookkeeping.withLock { $0 } }

  /// Lets the ledger at `path` be an older or shorter one than was last written there, as after a restore: its next
  /// opening does not miss what was lost. Throws while an engine has it.
  package static func forgetMark(at path: String) throws(LedgerError) {
    try WriterLock(ledger: path).forgetMark()
  }

  /// Brings what is in the write-ahead log into the file, empties the log and ends the connection: what is left can be
  /// copied as one file. Throws, with everything still on disk in file and log, when a reader holds the log for longer
  /// than five seconds. Nothing can be read or written afterwards.
  package func close() throws(LedgerError) {
    var isHeld = false
    if !sync.hasFailed {
      try withoutTransaction("what is in its write-ahead log") { db in
        let said = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        isHeld = try said.map { try $0.get("busy") != Int64(0) } ?? false
      }
    }
    do {
      try queue.close()
    } catch {
      throw .cannotClose(path: path, why: why(error))
    }
    if isHeld { throw .cannotClose(path: path, why: "a reader holds its write-ahead log") }
  }

  /// Calls `tell` once, when a sync has failed: nothing is written any more, and only a new start can tell what the
  /// disk has. On the thread that wrote.
  package func whenSyncFails(_ tell: @escaping @Sendable () -> Void) { sync.whenFailed(tell) }

  /// The settings that durability rests on, as the open connection has them: name to value. For `verify` and tests.
  package func settings() throws(LedgerError) -> [String: String] {
    try reading("settings") { db in
      var found: [String: String] = [:]
      for (name, _) in requiredSettings {
        found[name] = try String.fetchOne(db, sql: "PRAGMA \(name)") ?? "not known"
      }
      return found
    }
  }

  private func readBackSettings() throws(LedgerError) {
    let found = try settings()
    for (name, wanted) in requiredSettings where found[name] != wanted {
      throw .settingRefused(path: path, setting: name, wanted: wanted, found: found[name] ?? "not known")
    }
  }

  /// One transaction: all of `body` or nothing.
  func writing<T>(_ what: String, _ body: (Database) throws -> T) throws(LedgerError) -> T {
    var written: (result: T, mark: HighWaterMark)?
    var marks: AccountMarks?
    do {
      try withoutTransaction(what) { db in
        try db.inTransaction {
          let before = try accountMemory.withLock(\.marks) ?? AccountMarks(db)
          let last = try reached.withLock { $0 } ?? HighWaterMark(ledger: id, db)
          let changes = db.totalChangesCount
          let result = try body(db)
          marks = try book(since: before, db)
          var mark = try HighWaterMark(ledger: id, db)
          // One that would leave no trace in the mark is counted, so that its loss shows.
          if mark == last, db.totalChangesCount > changes {
            try db.cachedStatement(sql: "UPDATE quiet_commits SET count = count + 1").execute()
            mark.quiet += 1
          }
          written = (result, mark)
          return .commit
        }
      }
    } catch {
      accountMemory.withLock { $0 = AccountMemory() }
      reached.withLock { $0 = nil }
      throw error
    }
    accountMemory.withLock { $0.marks = marks }
    reached.withLock { $0 = written?.mark }
    guard let written else { throw .cannotWrite(path: path, what: what, why: "the transaction had no result") }
    // Only now: the mark must not be ahead of what the disk has.
    lock.note(written.mark)
    return written.result
  }

  /// What begins its transaction itself, or is done by SQLite in one of its own, such as giving pages back.
  func withoutTransaction(_ what: String, _ body: (Database) throws -> Void) throws(LedgerError) {
    do {
      try queue.writeWithoutTransaction { db in
        if sync.hasFailed { throw LedgerError.syncFailed(path: path) }
        do {
          try body(db)
        } catch let error as DatabaseError where error.isFailedSync {
          // Here, where no other writer can have begun.
          sync.fail()
          throw LedgerError.syncFailed(path: path)
        }
      }
    } catch {
      throw .writing(what, path, error)
    }
  }

  func reading<T>(_ what: String, _ body: (Database) throws -> T) throws(LedgerError) -> T {
    do {
      return try queue.read(body)
    } catch {
      throw .reading(what, path, error)
    }
  }
}

/// What every writer's connection must read back. `synchronous` 2 is FULL, `auto_vacuum` 2 is INCREMENTAL.
private let requiredSettings = [
  ("journal_mode", "wal"), ("synchronous", "2"), ("auto_vacuum", "2"), ("foreign_keys", "1"),
  ("trusted_schema", "0"), ("cell_size_check", "1"), ("mmap_size", "0"), ("busy_timeout", "5000"),
]

extension GRDB.Configuration {
  /// The one connection that writes and checkpoints.
  fileprivate static var writer: GRDB.Configuration {
    var configuration = GRDB.Configuration()
    configuration.label = "ledger"
    configuration.journalMode = .wal
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      // Has no effect on a file that has pages already, which a new one gets when the WAL is turned on.
      try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
      try db.execute(sql: "PRAGMA mmap_size = 0")
    }
    return configuration
  }
}

/// SQLite's own words for a failure, without the statement.
func why(_ error: any Error) -> String {
  guard let error = error as? DatabaseError else { return "\(error)" }
  return "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
}

/// Refuses what this version must not touch. A writer also takes an empty file.
func checkSchema(_ queue: DatabaseQueue, path: String, isWriter: Bool) throws(LedgerError) {
  let schema: Int?
  let isEmpty: Bool
  do {
    (schema, isEmpty) = try queue.read { db in
      let application = try Int64.fetchOne(db, sql: "PRAGMA application_id")
      guard application == Schema.applicationID, try db.tableExists("meta") else {
        return (nil, try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'grdb_%'") == 0)
      }
      return (try Int.fetchOne(db, sql: "SELECT schema FROM meta"), false)
    }
  } catch {
    throw .opening(path, error)
  }
  if let schema, schema < 1 { throw .damagedRow(path: path, what: "its schema is \(schema)") }
  guard let schema else {
    if isWriter && isEmpty { return }
    throw .notALedger(path: path, why: isEmpty ? "it is empty" : "its tables are another program's")
  }
  if schema > Schema.version { throw .laterVersion(path: path, schema: schema, known: Schema.version) }
  do {
    try queue.read { db in try Schema.check(db, schema: schema, path: path) }
  } catch {
    throw .opening(path, error)
  }
}

/// Opening for writing turns the WAL on: another program's file must be known before that.
private func checkBeforeTouching(_ path: String) throws(LedgerError) {
  var configuration = GRDB.Configuration()
  configuration.readonly = true
  configuration.busyMode = .timeout(5)
  let queue: DatabaseQueue
  do {
    queue = try DatabaseQueue(path: path, configuration: configuration)
  } catch {
    throw .opening(path, error)
  }
  try checkSchema(queue, path: path, isWriter: true)
}

/// Opens or makes the file's tables, with every setting that durability rests on.
private func openForWriting(_ path: String) throws -> DatabaseQueue {
  let queue = try DatabaseQueue(path: path, configuration: .writer)
  // Not in `prepareDatabase`: GRDB sets NORMAL after it, when it turns the WAL on.
  try queue.writeWithoutTransaction { db in
    try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA application_id = \(Schema.applicationID)")
    // What the last writer left in the log may be in memory only, when its sync had failed: it is written anew, into
    // the file, and synced there before anybody relies on it.
    _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(FULL)")
  }
  try Schema.migrator.migrate(queue)
  try queue.writeWithoutTransaction { db in try RowChecksum.keep(on: db) }
  try queue.write { db in
    try db.execute(
      sql: "INSERT OR IGNORE INTO meta (one, ledger, schema, created) VALUES (1, ?, ?, ?)",
      arguments: [randomID(), Schema.version, wallClock().microseconds])
  }
  return queue
}

/// Makes a ledger whole before it has its name: one whose making was interrupted is never found there. Nobody else
/// is allowed in, before SQLite would make the file with more.
private func makeLedger(_ path: String) throws(LedgerError) {
  let new = path + ".new"
  for suffix in ["", "-wal", "-shm", "-journal"] { unlink(new + suffix) }
  let descriptor = open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else { throw .cannotOpen(path: path, why: lastSystemError()) }
  defer { close(descriptor) }
  do {
    // Closing brings everything into the file.
    try openForWriting(new).close()
  } catch {
    throw .opening(path, error)
  }
  guard fsync(descriptor) == 0, rename(new, path) == 0 else {
    throw .cannotOpen(path: path, why: lastSystemError())
  }
  try syncFolder(of: path)
}

/// A new file's name is on disk only when its folder is.
func syncFolder(of path: String) throws(LedgerError) {
  let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
  let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .cannotOpen(path: path, why: "its folder: \(lastSystemError())") }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else {
    throw .cannotOpen(path: path, why: "cannot sync its folder: \(lastSystemError())")
  }
}

private func randomID() -> String {
  (0..<4).map { _ in
    let digits = String(UInt32.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }.joined()
}

package func wallClock() -> Instant {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Instant(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
}
