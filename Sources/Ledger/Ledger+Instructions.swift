import GRDB
import Rules

/// What persons told us to do: each is a row of its own, with who, and what it changed.
extension Ledger {
  /// An instruction brought as an input. One that does not apply any more (the action has moved on meanwhile)
  /// changes nothing, and its row says so.
  func carryOut(_ instruction: Instruction, input: Int64, _ db: Database) throws {
    throw LedgerError.cannotWrite(path: path, what: "an instruction", why: "not there yet")
  }
}
