import Foundation
import GRDB
import Glibc
import Rules

/// What a restore did.
package struct Restored: Sendable, Equatable {
  package var backup: BackupSummary
  /// Where the ledger that was there before is now; nil when there was none.
  package var replaced: String?
  /// The backup's last input: what came later is not in the ledger.
  package var since: Instant
  /// Actions that may have been made since: each is *unknown* now, to be looked up.
  package var unknown: Int
  /// Actions that wait for a person. They may have been approved and made since, so each is looked up when it is.
  package var waiting: Int
}

extension Ledger {
  /// While this is there, nobody opens the ledger beside it: the restore that made it did not end.
  static func restoring(_ path: String) -> String { path + ".restoring" }

  /// Puts a backup in the place of the ledger at `path`, which keeps its content under another name. What was made
  /// after the backup was taken is in the other systems and not in it, so the ledger that comes out is halted, and
  /// every action that might have been sent since is *unknown*: it is looked up by its key before it is sent. Its journal
  /// says that it was restored, and by that the next start takes every source's session for lost since the backup's last
  /// input and decides in doubt. Throws, and leaves the ledger as it was, when an engine has it or the backup is not sound.
  package static func restore(
    from file: String, to path: String, at now: Instant
  ) throws(LedgerError) -> Restored {
    let lock = try WriterLock(ledger: path)
    defer { withExtendedLifetime(lock) {} }
    let fresh = path + ".\(getpid()).new"
    defer { for end in ["", "-wal", "-shm", ".lock"] { unlink(fresh + end) } }
    do {
      // What is not sound is not copied: the copy would look better than it is.
      let summary = try checkBackup(file)
      try copyLedger(from: file, to: fresh)
      var restored = try makeSafe(fresh, file: file, at: now)
      restored.backup = summary
      // What stood here had come further, and is not to be missed.
      lock.forgetMark()
      BackgroundVerification.forget(path)
      restored.replaced = try install(fresh, at: path, now)
      return restored
    } catch LedgerError.notFound(path: file) {
      throw .cannotRestore(path: path, file: file, why: "there is no such file")
    } catch let error as UnsoundCopy {
      throw .cannotRestore(path: path, file: file, why: "\(error); take an older backup")
    } catch let error as LedgerError where error.isDamage {
      throw .cannotRestore(path: path, file: file, why: "\(error.cause); take an older backup")
    } catch {
      throw .cannotRestore(path: path, file: file, why: "\(error)")
    }
  }

  /// Halts it, makes unknown what may have been sent since, and journals the restore; all of it in the main file, so that
  /// one rename moves it.
  private static func makeSafe(_ fresh: String, file: String, at now: Instant) throws -> Restored {
    let ledger = try Ledger(path: fresh)
    let since = min(try ledger.newestMoment(), now)
    let doubt = Doubt(since: since, until: now)
    let (unknown, waiting) = try ledger.writing("a restore") { db in
      try ledger.record(halted: true, at: now, who: "restore", why: "restored from \(file)", db)
      let rows = try Row.fetchAll(
        db, sql: "SELECT id, kind FROM actions WHERE state IN ('ready', 'unknown') ORDER BY id")
      for row in rows {
        // A setpoint is not looked up and never sent late: a person has the last word.
        let isSetpoint = try row.get("kind") == ActionKind.setpoint.rawValue
        try move(
          row.get("id"), to: .unknown, due: isSetpoint ? nil : now.microseconds, at: now,
          why: "restored from a backup: \(doubt.words)", db)
      }
      let waiting = try Int.fetchOne(db, sql: "SELECT count(*) FROM actions WHERE state = 'waiting'")
      return (rows.count, waiting ?? 0)
    }
    var batch = Batch(firstInput: try ledger.nextInput)
    batch.inputs = [
      .command(.instructed(Instruction(person: "restore", at: now, act: .restored(since: since, file: file))))
    ]
    try ledger.commit(batch)
    try ledger.queue.close()
    guard access(fresh + "-wal", F_OK) != 0 else { throw CopyFailed("SQLite did not close \(fresh)") }
    return Restored(
      backup: BackupSummary(bytes: 0, entries: 0, batches: 0), since: since, unknown: unknown, waiting: waiting)
  }

  /// Three steps, each on disk before the next: the new one beside the old, where it keeps everybody out; the old one
  /// aside with its write-ahead log, which must never meet the new one; the new one in its place.
  private static func install(_ fresh: String, at path: String, _ now: Instant) throws -> String? {
    giveToOwnerOfFolder(fresh)
    try named(fresh, restoring(path))
    try syncFolder(of: path)
    let aside = path + ".replaced-" + "\(now)".filter { $0.isNumber || $0 == "T" || $0 == "Z" }
    let old = ["-wal", "-shm", ""].filter { access(path + $0, F_OK) == 0 }
    for end in old { try named(path + end, aside + end) }
    try syncFolder(of: path)
    try named(restoring(path), path)
    try syncFolder(of: path)
    return old.isEmpty ? nil : aside
  }

  private static func named(_ old: String, _ new: String) throws {
    guard rename(old, new) == 0 else { throw CopyFailed("cannot rename \(old) to \(new): \(lastSystemError())") }
  }
}
