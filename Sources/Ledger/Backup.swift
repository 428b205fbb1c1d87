import Foundation
import GRDB
import Rules

/// What a backup holds: `newest` is worth noting elsewhere, as `verify` says.
package struct BackupSummary: Sendable, Equatable {
  package var bytes: Int64
  package var entries: Int
  package var batches: Int
  /// Of the hash chain, in hex; nil in a ledger without decisions.
  package var newestHash: String?
}

extension LedgerReader {
  /// Copies the ledger as it is at one moment to a new file of mode 0600, beside a running engine or without one: it
  /// is one long read, for which no commit waits. `file` is there when the copy is whole, on disk and found sound,
  /// and not before; one that is there already is not written over.
  package func backUp(to file: String) throws(LedgerError) -> BackupSummary {
    guard access(file, F_OK) != 0 else {
      throw .cannotBackUp(path: path, file: file, why: "there is a file of that name; name another")
    }
    let fresh = file + ".\(getpid()).new"
    defer { unlink(fresh) }
    do {
      try copyLedger(from: path, to: fresh)
      let summary = try checkBackup(fresh)
      guard rename(fresh, file) == 0 else { throw CopyFailed("cannot name it so: \(lastSystemError())") }
      try syncFolder(of: file)
      return summary
    } catch let error as UnsoundCopy {
      throw .cannotBackUp(path: path, file: file, why: "\(error); \(LedgerError.remedy)")
    } catch {
      throw .cannotBackUp(path: path, file: file, why: "\(error)")
    }
  }
}

/// Why a copy of a ledger was not made.
struct CopyFailed: Error, CustomStringConvertible {
  var description: String
  init(_ why: String) { description = why }
}

/// A copy of a ledger in one file, without free pages, of one moment, on disk. `copy` must not be there.
func copyLedger(from path: String, to copy: String) throws {
  // Made here, so that nobody else may read it from the start; SQLite takes an empty file.
  let descriptor = open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
  guard descriptor >= 0 else { throw CopyFailed("cannot make \(copy): \(lastSystemError())") }
  defer { close(descriptor) }
  var configuration = GRDB.Configuration()
  configuration.label = "ledger-copy"
  configuration.readonly = true
  configuration.busyMode = .timeout(5)
  do {
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { db in try db.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
  } catch {
    throw LedgerError.reading("what is to be copied", path, error)
  }
  guard fsync(descriptor) == 0 else { throw CopyFailed("cannot bring \(copy) to disk: \(lastSystemError())") }
}

/// A copy is not what its ledger was.
struct UnsoundCopy: Error, CustomStringConvertible {
  var problem: Verification.Problem
  var description: String { "it is damaged: \(problem)" }
}

/// Reads all of a copy: SQLite's own structure, the journal and the chain. Throws what is wrong with it.
func checkBackup(_ file: String) throws -> BackupSummary {
  let reader = try LedgerReader(path: file)
  let found = try reader.verify()
  if let problem = found.problem { throw UnsoundCopy(problem: problem) }
  return BackupSummary(
    bytes: reader.bytes, entries: found.entries, batches: found.batches, newestHash: try reader.newestHash()?.hash)
}
