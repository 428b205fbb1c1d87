import Rules

/// The fields of `adapter { ... }`, each asked for by what it must be.
struct AdapterFields {
  private let given: [DeclaredField]
  private let file: String
  private let line: Int

  /// Throws when there is an unknown one.
  init(_ declared: Declared, file: String, line: Int, known: [String]) throws(Finding) {
    self.file = file
    self.line = line
    guard case .table(let list, let given) = declared, list.isEmpty else {
      throw Finding(file: file, line: line, message: "adapter takes named fields only")
    }
    self.given = given
    for field in given where !known.contains(field.name) {
      throw finding("unknown field '\(field.name)'\(suggestion(for: field.name, among: known))")
    }
  }

  func finding(_ message: String) -> Finding { Finding(file: file, line: line, message: message) }

  private func value(_ name: String) -> Declared? { given.first { $0.name == name }?.value }

  func function(_ name: String) throws(Finding) -> LuaFunction {
    guard let function = try functionIfAny(name) else { throw finding("'\(name)' must be a function") }
    return function
  }

  func functionIfAny(_ name: String) throws(Finding) -> LuaFunction? {
    switch value(name) {
    case .function(let function)?: return function
    case nil: return nil
    default: throw finding("'\(name)' must be a function")
    }
  }

  func flag(_ name: String) throws(Finding) -> Bool? {
    switch value(name) {
    case .boolean(let flag)?: return flag
    case nil: return nil
    default: throw finding("'\(name)' must be true or false")
    }
  }

  func span(_ name: String) throws(Finding) -> TimeSpan? {
    guard let value = value(name) else { return nil }
    guard case .text(let text) = value, let span = TimeSpan(text) else {
      throw finding("'\(name)' must be a length of time such as \"30 s\" or \"5 min\"")
    }
    return span
  }

  func authorisation() throws(Finding) -> Authorisation {
    guard let value = value("authorisation") else { return .none }
    switch value.called {
    case ("none", nil, nil)?: return .none
    case ("standard_webhooks", .text(let secret)?, nil)?: return .standardWebhooks(secret: secret)
    case ("bearer", .text(let secret)?, nil)?: return .bearer(secret: secret)
    case ("basic", .text(let user)?, .text(let password)?)?: return .basic(user: user, password: password)
    default:
      throw finding(
        "'authorisation' must be standard_webhooks \"SECRET\", bearer \"SECRET\", "
          + "basic(\"USER SECRET\", \"PASSWORD SECRET\") or none, each with the names of secrets")
    }
  }
}
