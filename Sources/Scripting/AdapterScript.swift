import Rules

/// One `adapter.lua`: what to ask of a system and what its answers mean.
package final class AdapterScript: AdapterCode {
  package let isIdempotent: Bool
  package let skills: AdapterSkills
  package let visibleAfter: TimeSpan
  package let followEvery: TimeSpan
  package let authorisation: Authorisation
  private let host: LuaHost
  private let file: String
  /// By the names of their fields.
  private let functions: [String: LuaFunction]

  /// A skill and the functions it takes.
  private static let pairs: [(skill: AdapterSkills, ask: String, read: String)] = [
    (.lookUp, "lookup", "read_lookup"), (.status, "status", "read_status"), (.comment, "comment", "read_comment"),
    (.losses, "losses", "read_losses"), (.lookUpOpen, "lookup_open", "read_lookup_open"),
  ]
  private static let fields =
    ["answer", "authorisation", "follow_every", "idempotent", "request", "visible_after"]
    + pairs.flatMap { [$0.ask, $0.read] }

  /// Loads the file; throws `Finding` with file and line. With a `caller`, its calls are noted.
  package init(text: String, file: String, caller: CallNote.Caller? = nil) throws(Finding) {
    do throws(LuaFailure) {
      host = try LuaHost(
        text: text, file: file, statement: "adapter", words: ["standard_webhooks", "bearer", "basic", "none"],
        callWords: ["accepted", "already", "rejected", "try_again", "unknown", "found", "absent"],
        caller: caller)
    } catch {
      throw Finding(file: error.file, line: error.line, message: error.message)
    }
    self.file = file
    let fields = try AdapterFields(host.declared, file: file, line: host.statementLine, known: Self.fields)
    var functions = ["request": try fields.function("request"), "answer": try fields.function("answer")]
    var skills: AdapterSkills = []
    for pair in Self.pairs {
      let (ask, read) = (try fields.functionIfAny(pair.ask), try fields.functionIfAny(pair.read))
      // A comment may be answered as an order is.
      let reading = read ?? (pair.skill == .comment ? functions["answer"] : nil)
      guard let ask else {
        if read != nil { throw fields.finding("'\(pair.read)' needs '\(pair.ask)', which asks what it reads") }
        continue
      }
      guard let reading else { throw fields.finding("'\(pair.ask)' needs '\(pair.read)', which reads its answer") }
      functions[pair.ask] = ask
      functions[pair.read] = reading
      skills.insert(pair.skill)
    }
    if skills.contains(.lookUpOpen), !skills.contains(.lookUp) {
      throw fields.finding("'lookup_open' needs 'lookup': what is there under our key is looked up first")
    }
    self.functions = functions
    self.skills = skills
    isIdempotent = try fields.flag("idempotent") ?? false
    visibleAfter = try fields.span("visible_after") ?? .seconds(10)
    followEvery = try fields.span("follow_every") ?? .minutes(5)
    guard followEvery >= .seconds(1) else { throw fields.finding("'follow_every' must be at least \"1 s\"") }
    authorisation = try fields.authorisation()
  }

  // MARK: AdapterCode

  package func request(_ action: Tree, settings: Tree) throws -> HTTPRequest {
    try ask("request", action, settings)
  }

  package func answer(_ response: HTTPResponse) throws -> Receipt { try receipt("answer", response) }

  package func lookUp(_ action: Tree, settings: Tree) throws -> HTTPRequest { try ask("lookup", action, settings) }

  package func readLookUp(_ response: HTTPResponse) throws -> LookUpAnswer {
    try found("read_lookup", try call("read_lookup", response))
  }

  package func lookUpOpen(_ wanted: Tree, settings: Tree) throws -> HTTPRequest {
    try ask("lookup_open", wanted, settings)
  }

  package func readLookUpOpen(_ response: HTTPResponse, wanted: Tree) throws -> LookUpAnswer {
    try found("read_lookup_open", try host.call(function("read_lookup_open"), [response.tree, wanted]))
  }

  private func found(_ name: String, _ given: Declared) throws -> LookUpAnswer {
    switch given.called {
    case ("found", .text(let reference)?, nil)?: return .found(reference: reference)
    case ("absent", nil, nil)?: return .absent
    case ("unknown", .text(let why)?, nil)?: return .unknown(why)
    case let word?:
      if let again = tryAgain(word) { return .tryAgain(after: again.after, why: again.why) }
    case nil: break
    }
    throw failure(
      name, "must return found(reference), absent(), try_again(seconds or nil, why) or unknown(why)")
  }

  package func status(_ order: Tree, settings: Tree) throws -> HTTPRequest { try ask("status", order, settings) }

  package func readStatus(_ response: HTTPResponse) throws -> StatusAnswer {
    let given = try call("read_status", response)
    if let word = given.called, let again = tryAgain(word) { return .tryAgain(after: again.after, why: again.why) }
    do throws(WrongAnswer) {
      return .status(try OrderReport(given))
    } catch {
      throw failure("read_status", error.message)
    }
  }

  package func comment(_ order: Tree, settings: Tree) throws -> HTTPRequest { try ask("comment", order, settings) }

  package func readComment(_ response: HTTPResponse) throws -> Receipt { try receipt("read_comment", response) }

  package func losses(_ wanted: Tree, settings: Tree) throws -> HTTPRequest { try ask("losses", wanted, settings) }

  package func readLosses(_ response: HTTPResponse, settings: Tree) throws -> LossesAnswer {
    let given = try host.call(function("read_losses"), [response.tree, settings])
    if let word = given.called, let again = tryAgain(word) { return .tryAgain(after: again.after, why: again.why) }
    do throws(WrongAnswer) {
      return .losses(try ReportedLoss.list(given))
    } catch {
      throw failure("read_losses", error.message)
    }
  }

  // MARK: Calls

  private func ask(_ name: String, _ subject: Tree, _ settings: Tree) throws -> HTTPRequest {
    let given = try host.call(function(name), [subject, settings])
    do throws(WrongAnswer) {
      return try HTTPRequest(given)
    } catch {
      throw failure(name, error.message)
    }
  }

  private func call(_ name: String, _ response: HTTPResponse) throws -> Declared {
    try host.call(function(name), [response.tree])
  }

  private func receipt(_ name: String, _ response: HTTPResponse) throws -> Receipt {
    let given = try call(name, response)
    switch given.called {
    case ("accepted", .text(let reference)?, nil)?: return .accepted(reference: reference)
    case ("already", .text(let reference)?, nil)?: return .already(reference: reference)
    case ("rejected", .text(let why)?, nil)?: return .rejected(why)
    case ("unknown", .text(let why)?, nil)?: return .unknown(why)
    case let word?:
      if let again = tryAgain(word) { return .tryAgain(after: again.after, why: again.why) }
    case nil: break
    }
    throw failure(
      name,
      "must return accepted(reference), already(reference), rejected(why), try_again(seconds or nil, why) "
        + "or unknown(why), each with texts")
  }

  private func tryAgain(_ word: CalledWord) -> (after: TimeSpan?, why: String)? {
    switch word {
    case ("try_again", .null?, .text(let why)?): (nil, why)
    case ("try_again", .number(let seconds)?, .text(let why)?) where seconds >= 0 && seconds < 1e9:
      (.seconds(Int64(seconds.rounded(.up))), why)
    default: nil
    }
  }

  private func function(_ name: String) throws(LuaFailure) -> LuaFunction {
    guard let function = functions[name] else {
      throw LuaFailure(cause: .error, file: file, line: host.statementLine, message: "there is no function '\(name)'")
    }
    return function
  }

  private func failure(_ name: String, _ message: String) -> LuaFailure {
    LuaFailure(cause: .error, file: file, line: functions[name]?.line, message: "'\(name)' \(message)")
  }
}

extension HTTPResponse {
  /// As much of an answer's text as the adapter sees.
  private static let largestText = 64 * 1024

  /// What functions that read an answer get.
  fileprivate var tree: Tree {
    .record([
      Tree.Field("status", .number(Double(status))),
      Tree.Field("headers", .record(headers.map { Tree.Field($0.name, .text($0.value)) })),
      Tree.Field("body", JSONText.read(body) ?? .null),
      Tree.Field("text", .text(start)),
    ])
  }

  /// The first 64 KiB as text; bytes that are not UTF-8 are replaced.
  private var start: String {
    let largest = HTTPResponse.largestText
    var text = String(decoding: body.prefix(largest), as: UTF8.self)
    while text.utf8.count > largest { text = String(text.dropLast(max(1, (text.utf8.count - largest) / 4))) }
    return text
  }
}
