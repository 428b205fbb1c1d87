import GRDB
import Rules

/// Why the ledger could not be opened, written or read; each says what to do.
package enum LedgerError: Error, Equatable, CustomStringConvertible {
  /// There is no file at this path.
  case notFound(path: String)
  /// Another process writes it; its pid, or `unknown`.
  case held(path: String, pid: String)
  /// Written by a later version than this one.
  case laterVersion(path: String, schema: Int, known: Int)
  /// The file is something else.
  case notALedger(path: String, why: String)
  case cannotOpen(path: String, why: String)
  /// Less is there than was committed, or another ledger: an end that was lost, an older copy, no file at all.
  case cutShort(path: String, had: String)
  /// A setting that durability rests on did not take.
  case settingRefused(path: String, setting: String, wanted: String, found: String)
  /// The whole transaction was rolled back.
  case cannotWrite(path: String, what: String, why: String)
  /// No room on the disk; the whole transaction was rolled back.
  case full(path: String, what: String)
  /// The disk could not keep what it was given, at this write or an earlier one; nothing is written any more.
  case syncFailed(path: String)
  case cannotRead(path: String, what: String, why: String)
  /// All of it is on disk, some of it in the write-ahead log.
  case cannotClose(path: String, why: String)
  /// The whole batch was rolled back.
  case duplicateDecision(path: String, key: DecisionKey)
  /// The batch does not continue the journal; it was rolled back.
  case outOfOrder(path: String, expected: Int64, found: Int64)
  /// Bytes of the journal that cannot be decoded.
  case damagedBatch(path: String, firstInput: Int64, why: String)
  /// A row whose content cannot be understood.
  case damagedRow(path: String, what: String)
  /// The file is not what SQLite or the disk wrote.
  case damagedFile(path: String, what: String, why: String)
  /// A backup was not made; nothing is left of it.
  case cannotBackUp(path: String, file: String, why: String)
  /// A backup was not put in place; the ledger is as it was.
  case cannotRestore(path: String, file: String, why: String)
  /// A restore began to put a backup in place and was ended before it had.
  case halfRestored(path: String)
  /// Something was said of an action that the ledger does not have.
  case unknownAction(path: String, key: ActionKey)

  package var description: String {
    switch self {
    case .notFound(let path):
      "cannot open ledger at \(path): there is no such file; the engine makes it when it first runs"
    case .held(let path, let pid):
      "cannot open ledger at \(path) for writing: process \(pid) has it; stop that one first, or ask it"
    case .laterVersion(let path, let schema, let known):
      "cannot open ledger at \(path): it was written by a later version (schema \(schema), this one knows \(known));"
        + " use that version"
    case .notALedger(let path, let why):
      "cannot open ledger at \(path): it is not a Millwright ledger (\(why)); name another file"
    case .cannotOpen(let path, let why):
      "cannot open ledger at \(path): \(why)"
    case .cutShort(let path, let had):
      "cannot open ledger at \(path): \(had) were committed here and are gone: its end is lost, or this is an older"
        + " copy; \(Self.remedy), or remove \(path).lock if the loss is accepted"
    case .settingRefused(let path, let setting, let wanted, let found):
      "cannot open ledger at \(path): \(setting) must be \(wanted) and is \(found);"
        + " the file system or the SQLite library does not allow it"
    case .cannotWrite(let path, let what, let why):
      "cannot write \(what) to the ledger at \(path): \(why); nothing of it was kept"
    case .full(let path, let what):
      "cannot write \(what) to the ledger at \(path): no room on the disk; nothing of it was kept, make room"
    case .syncFailed(let path):
      "cannot write to the ledger at \(path): a sync failed, so the disk may not have what it took; look at the disk;"
        + " a restart goes on from what it has"
    case .cannotRead(let path, let what, let why):
      "cannot read \(what) from the ledger at \(path): \(why)"
    case .cannotClose(let path, let why):
      "cannot empty the write-ahead log of the ledger at \(path): \(why); nothing is lost, but who copies the file must"
        + " copy \(path)-wal with it, until the engine has run again"
    case .duplicateDecision(let path, let key):
      "cannot write a batch to the ledger at \(path): decision \(key) is already there; nothing of the batch was kept"
    case .outOfOrder(let path, let expected, let found):
      "cannot write a batch to the ledger at \(path): it begins with input \(found) and the next one is \(expected);"
        + " nothing of it was kept"
    case .damagedBatch(let path, let firstInput, let why):
      "the ledger at \(path) is damaged: the batch of input \(firstInput): \(why); \(Self.remedy)"
    case .damagedRow(let path, let what):
      "the ledger at \(path) is damaged: \(what); \(Self.remedy)"
    case .damagedFile(let path, let what, let why):
      "the ledger at \(path) is damaged: \(what): \(why); \(Self.remedy)"
    case .cannotBackUp(let path, let file, let why):
      "cannot back up the ledger at \(path) to \(file): \(why)"
    case .cannotRestore(let path, let file, let why):
      "cannot restore the ledger at \(path) from \(file): \(why); the ledger is as it was"
    case .halfRestored(let path):
      "cannot open ledger at \(path): a restore was ended before it had put the backup in place; restore again"
    case .unknownAction(let path, let key):
      "the ledger at \(path) has no action \(key)"
    }
  }
}

// MARK: - Damage

extension LedgerError {
  /// What to do about damage, of whatever kind; everything that tells of damage ends with it.
  package static let remedy =
    "stop the engine, let 'millwright verify' name all that is damaged, and put the newest sound backup in its place"
    + " with 'millwright restore'"

  /// Whether the ledger's content is not what was written, and another try would find the same.
  package var isDamage: Bool {
    switch self {
    case .damagedBatch, .damagedRow, .damagedFile, .cutShort: true
    default: false
    }
  }

  /// The damage alone, without place and remedy.
  var cause: String {
    switch self {
    case .damagedBatch(_, let first, let why): "the batch of input \(first): \(why)"
    case .damagedRow(_, let what): what
    case .damagedFile(_, let what, let why): "\(what): \(why)"
    default: description
    }
  }

  /// What a failed read is: damage, or a reason that may pass.
  static func reading(_ what: String, _ path: String, _ error: any Error) -> LedgerError {
    damage(what, path, error) ?? .cannotRead(path: path, what: what, why: why(error))
  }

  /// What a failed write is; all of the transaction was rolled back.
  static func writing(_ what: String, _ path: String, _ error: any Error) -> LedgerError {
    if let error = error as? DatabaseError, error.resultCode == .SQLITE_FULL { return .full(path: path, what: what) }
    return damage(what, path, error) ?? .cannotWrite(path: path, what: what, why: why(error))
  }

  static func opening(_ path: String, _ error: any Error) -> LedgerError {
    if let error = error as? DatabaseError, error.resultCode == .SQLITE_NOTADB {
      // A file that was a ledger once does not belong to another program.
      return WriterLock.mark(beside: path) == nil
        ? .notALedger(path: path, why: "not an SQLite file")
        : .damagedFile(path: path, what: "its header", why: why(error))
    }
    return damage("its first pages", path, error) ?? .cannotOpen(path: path, why: why(error))
  }

  /// Nil when it is none.
  private static func damage(_ what: String, _ path: String, _ error: any Error) -> LedgerError? {
    switch error {
    case let error as LedgerError: error
    case let error as DamagedValue: .damagedRow(path: path, what: "\(what): \(error)")
    case let error as DatabaseError where error.isDamage: .damagedFile(path: path, what: what, why: why(error))
    default: nil
    }
  }
}

extension DatabaseError {
  /// SQLite finds its own structure broken, or the disk gives back less than it took.
  fileprivate var isDamage: Bool {
    [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(resultCode)
      || [.SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ].contains(extendedResultCode)
  }
}
