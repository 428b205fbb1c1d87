/// Why a data file cannot be read at all. What is wrong in single rows is in its report.
package enum FileError: Error, CustomStringConvertible {
  case cannotOpen(path: String, why: String)
  case cannotRead(path: String, why: String)
  /// What is wrong with its form, and what to do.
  case form(file: String, line: Int, what: String)

  package var description: String {
    switch self {
    case .cannotOpen(let path, let why): "cannot open \(path): \(why)"
    case .cannotRead(let path, let why): "cannot read \(path): \(why)"
    case .form(let file, let line, let what): "\(file):\(line): \(what)"
    }
  }
}
