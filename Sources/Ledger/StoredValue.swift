import Foundation
import GRDB

/// What a column may hold, told by how it is stored and never converted: in a sound ledger the types are what the
/// tables say, so anything else is damage.
protocol StoredValue {
  init?(_ value: DatabaseValue)
}

extension Int64: StoredValue {
  init?(_ value: DatabaseValue) {
    guard case .int64(let number) = value.storage else { return nil }
    self = number
  }
}

extension Int: StoredValue {
  init?(_ value: DatabaseValue) {
    guard let number = Int64(value) else { return nil }
    self.init(exactly: number)
  }
}

extension Double: StoredValue {
  init?(_ value: DatabaseValue) {
    guard case .double(let number) = value.storage else { return nil }
    self = number
  }
}

extension String: StoredValue {
  init?(_ value: DatabaseValue) {
    guard case .string(let text) = value.storage else { return nil }
    self = text
  }
}

extension Data: StoredValue {
  init?(_ value: DatabaseValue) {
    guard case .blob(let data) = value.storage else { return nil }
    self = data
  }
}

/// A column that may be empty.
extension Optional: StoredValue where Wrapped: StoredValue {
  init?(_ value: DatabaseValue) {
    if value.isNull {
      self = Wrapped?.none
    } else {
      guard let wrapped = Wrapped(value) else { return nil }
      self = Wrapped?.some(wrapped)
    }
  }
}

/// A column that does not hold what its table says.
struct DamagedValue: Error, CustomStringConvertible {
  var column: String
  var description: String { "column \(column) does not hold what belongs there" }
}

extension Row {
  /// The value of a column. GRDB's subscript ends the process when the value is of another type; a flipped bit
  /// in the file must not do that.
  func get<Value: StoredValue>(_ column: String) throws(DamagedValue) -> Value {
    guard hasColumn(column) else { throw DamagedValue(column: column) }
    let stored: DatabaseValue = self[column]
    guard let value = Value(stored) else { throw DamagedValue(column: column) }
    return value
  }

  /// The same for rows that are looked at outside a transaction.
  func get<Value: StoredValue>(_ column: String, of what: String, path: String) throws(LedgerError) -> Value {
    do {
      return try get(column)
    } catch {
      throw .damagedRow(path: path, what: "\(what): \(error)")
    }
  }
}
