/// Why a historian gave nothing, or not all.
package enum HistorianError: Error, CustomStringConvertible {
  /// What was attempted, at what, and what the other side says.
  case cannotRead(historian: String, what: String, why: String)
  /// The site file says something of it that is not so.
  case mapping(historian: String, line: Int, what: String)

  package var description: String {
    switch self {
    case .cannotRead(let historian, let what, let why): "historian '\(historian)': cannot \(what): \(why)"
    case .mapping(let historian, let line, let what): "site.yaml:\(line): historian '\(historian)': \(what)"
    }
  }
}
