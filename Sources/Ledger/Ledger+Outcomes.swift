import GRDB
import Rules

/// What look-ups found, and what became of orders.
extension Ledger {
  /// A look-up brought back as an input: what it found, and where the action stands now.
  func settle(_ lookUp: LookUp, input: Int64, _ db: Database) throws {
    throw LedgerError.cannotWrite(path: path, what: "a look-up", why: "not there yet")
  }

  /// What an order's system says of it.
  func record(_ status: OrderStatus, input: Int64, _ db: Database) throws {
    throw LedgerError.cannotWrite(path: path, what: "an outcome", why: "not there yet")
  }
}
