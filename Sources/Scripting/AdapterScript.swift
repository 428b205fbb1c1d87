import Rules

/// One `adapter.lua`: what to ask of a system and what its answers mean.
package final class AdapterScript: AdapterCode {
  package let isIdempotent: Bool
  package let authorisation: Authorisation
  private let host: LuaHost
  private let file: String
  private let requestFunction: LuaFunction
  private let answerFunction: LuaFunction

  private static let fields = ["answer", "authorisation", "idempotent", "request"]
  /// As much of an answer's text as the adapter sees.
  private static let largestText = 64 * 1024

  /// Loads the file; throws `Finding` with file and line. With a `caller`, its calls are noted.
  package init(text: String, file: String, caller: CallNote.Caller? = nil) throws(Finding) {
    do throws(LuaFailure) {
      host = try LuaHost(
        text: text, file: file, statement: "adapter", words: ["standard_webhooks", "bearer", "basic", "none"],
        callWords: ["accepted", "already", "rejected", "try_again", "unknown"], caller: caller)
    } catch {
      throw Finding(file: error.file, line: error.line, message: error.message)
    }
    self.file = file
    let line = host.statementLine
    func finding(_ message: String) -> Finding { Finding(file: file, line: line, message: message) }
    guard case .table(let list, let given) = host.declared, list.isEmpty else {
      throw finding("adapter takes named fields only")
    }
    for field in given where !Self.fields.contains(field.name) {
      throw finding("unknown field '\(field.name)'\(suggestion(for: field.name, among: Self.fields))")
    }
    func function(_ name: String) throws(Finding) -> LuaFunction {
      guard case .function(let f)? = given.first(where: { $0.name == name })?.value else {
        throw finding("'\(name)' must be a function")
      }
      return f
    }
    requestFunction = try function("request")
    answerFunction = try function("answer")
    switch given.first(where: { $0.name == "idempotent" })?.value {
    case .boolean(let value)?: isIdempotent = value
    case nil: isIdempotent = false
    default: throw finding("'idempotent' must be true or false")
    }
    authorisation = try Self.authorisation(given.first { $0.name == "authorisation" }?.value, file: file, line: line)
  }

  private static func authorisation(_ value: Declared?, file: String, line: Int) throws(Finding) -> Authorisation {
    guard let value else { return .none }
    switch called(value) {
    case ("none", nil, nil)?: return .none
    case ("standard_webhooks", .text(let secret)?, nil)?: return .standardWebhooks(secret: secret)
    case ("bearer", .text(let secret)?, nil)?: return .bearer(secret: secret)
    case ("basic", .text(let user)?, .text(let password)?)?: return .basic(user: user, password: password)
    default:
      throw Finding(
        file: file, line: line,
        message: "'authorisation' must be standard_webhooks \"SECRET\", bearer \"SECRET\", "
          + "basic(\"USER SECRET\", \"PASSWORD SECRET\") or none, each with the names of secrets")
    }
  }

  /// A word with up to two arguments, taken apart; nil for anything else.
  private static func called(_ value: Declared) -> (name: String, first: Declared?, second: Declared?)? {
    guard case .word(let name, let arguments, _) = value, arguments?.count ?? 0 <= 2 else { return nil }
    return (name, arguments?.first, arguments?.dropFirst().first)
  }

  // MARK: AdapterCode

  package func request(_ action: Tree, settings: Tree) throws -> HTTPRequest {
    let given = try host.call(requestFunction, [action, settings])
    func wrong(_ message: String) -> LuaFailure { failure("request", requestFunction, message) }
    guard case .table(let list, let fields) = given, list.isEmpty else {
      throw wrong("must return { method = ..., path = ..., headers = ..., body = ... }")
    }
    let known = ["body", "headers", "method", "path"]
    for field in fields where !known.contains(field.name) {
      throw wrong("returned an unknown field '\(field.name)'\(suggestion(for: field.name, among: known))")
    }
    func text(_ name: String) throws -> String {
      guard case .text(let text)? = fields.first(where: { $0.name == name })?.value, !text.isEmpty else {
        throw wrong("must return a text as '\(name)'")
      }
      return text
    }
    var headers: [(name: String, value: String)] = []
    switch fields.first(where: { $0.name == "headers" })?.value {
    case nil: break
    case .table(let list, let pairs)? where list.isEmpty:
      for pair in pairs {
        guard case .text(let value) = pair.value, Self.isHeader(pair.name, value) else {
          throw wrong("returned the header '\(pair.name)' with something else than one line of text")
        }
        headers.append((pair.name, value))
      }
    default: throw wrong("must return 'headers' as { name = text }")
    }
    let body: [UInt8]
    switch fields.first(where: { $0.name == "body" })?.value {
    case nil: body = []
    case .text(let text)?: body = Array(text.utf8)
    case let value?:
      guard case .table = value, let bytes = JSONText.write(value) else {
        throw wrong("must return 'body' as a text, or as a table that JSON can hold")
      }
      body = bytes
    }
    return HTTPRequest(method: try text("method"), path: try text("path"), headers: headers, body: body)
  }

  /// A line break would let a text from the plant write headers of its own.
  private static func isHeader(_ name: String, _ value: String) -> Bool {
    let token = "!#$%&'*+-.^_`|~"
    return !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || token.contains($0)) }
      && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  package func answer(_ response: HTTPResponse) throws -> Receipt {
    let tree = Tree.record([
      Tree.Field("status", .number(Double(response.status))),
      Tree.Field("headers", .record(response.headers.map { Tree.Field($0.name, .text($0.value)) })),
      Tree.Field("body", JSONText.read(response.body) ?? .null),
      Tree.Field("text", .text(Self.start(of: response.body))),
    ])
    let given = try host.call(answerFunction, [tree])
    switch Self.called(given) {
    case ("accepted", .text(let reference)?, nil)?: return .accepted(reference: reference)
    case ("already", .text(let reference)?, nil)?: return .already(reference: reference)
    case ("rejected", .text(let why)?, nil)?: return .rejected(why)
    case ("unknown", .text(let why)?, nil)?: return .unknown(why)
    case ("try_again", .null?, .text(let why)?)?: return .tryAgain(after: nil, why: why)
    case ("try_again", .number(let seconds)?, .text(let why)?)? where seconds >= 0 && seconds < 1e9:
      return .tryAgain(after: .seconds(Int64(seconds.rounded(.up))), why: why)
    default:
      throw failure(
        "answer", answerFunction,
        "must return accepted(reference), already(reference), rejected(why), try_again(seconds or nil, why) "
          + "or unknown(why), each with texts")
    }
  }

  /// The first 64 KiB as text; bytes that are not UTF-8 are replaced.
  private static func start(of body: [UInt8]) -> String {
    var text = String(decoding: body.prefix(largestText), as: UTF8.self)
    while text.utf8.count > largestText { text = String(text.dropLast(max(1, (text.utf8.count - largestText) / 4))) }
    return text
  }

  private func failure(_ name: String, _ f: LuaFunction, _ message: String) -> LuaFailure {
    LuaFailure(cause: .error, file: file, line: f.line, message: "'\(name)' \(message)")
  }
}
