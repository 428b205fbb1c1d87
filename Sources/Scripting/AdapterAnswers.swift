import Rules

/// A word with up to two arguments, taken apart: `accepted("WO-7")`.
typealias CalledWord = (name: String, first: Declared?, second: Declared?)

/// What a function of an adapter returned is not what it must return.
struct WrongAnswer: Error { var message: String }

extension Declared {
  /// Nil for anything that is no word.
  var called: CalledWord? {
    guard case .word(let name, let arguments, _) = self, arguments?.count ?? 0 <= 2 else { return nil }
    return (name, arguments?.first, arguments?.dropFirst().first)
  }

  /// The fields of a record of these names alone; `form` is what it should look like.
  fileprivate func fields(_ known: [String], form: String) throws(WrongAnswer) -> [DeclaredField] {
    guard case .table(let list, let fields) = self, list.isEmpty else {
      throw WrongAnswer(message: "must return \(form)")
    }
    for field in fields where !known.contains(field.name) {
      throw WrongAnswer(
        message: "returned an unknown field '\(field.name)'\(suggestion(for: field.name, among: known))")
    }
    return fields
  }
}

extension HTTPRequest {
  /// From `{ method = ..., path = ..., headers = ..., body = ... }`.
  init(_ given: Declared) throws(WrongAnswer) {
    let fields = try given.fields(
      ["body", "headers", "method", "path"], form: "{ method = ..., path = ..., headers = ..., body = ... }")
    func value(_ name: String) -> Declared? { fields.first { $0.name == name }?.value }
    func text(_ name: String) throws(WrongAnswer) -> String {
      guard case .text(let text)? = value(name), !text.isEmpty else {
        throw WrongAnswer(message: "must return a text as '\(name)'")
      }
      return text
    }
    var headers: [(name: String, value: String)] = []
    switch value("headers") {
    case nil: break
    case .table(let list, let pairs)? where list.isEmpty:
      for pair in pairs {
        guard case .text(let value) = pair.value, isHeader(pair.name, value) else {
          throw WrongAnswer(
            message: "returned the header '\(pair.name)' with something else than one line of text")
        }
        headers.append((pair.name, value))
      }
    default: throw WrongAnswer(message: "must return 'headers' as { name = text }")
    }
    let body: [UInt8]
    switch value("body") {
    case nil: body = []
    case .text(let text)?: body = Array(text.utf8)
    case let value?:
      guard case .table = value, let bytes = JSONText.write(value) else {
        throw WrongAnswer(message: "must return 'body' as a text, or as a table that JSON can hold")
      }
      body = bytes
    }
    self.init(method: try text("method"), path: try text("path"), headers: headers, body: body)
  }
}

/// A line break would let a text from the plant write headers of its own.
private func isHeader(_ name: String, _ value: String) -> Bool {
  let token = "!#$%&'*+-.^_`|~"
  return !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || token.contains($0)) }
    && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
}

extension OrderReport {
  /// From `{ standing = ..., cause = ..., cost = ..., currency = ..., started = ..., done = ... }`. A standing that is
  /// none of ours is *unknown*: it is never guessed.
  init(_ given: Declared) throws(WrongAnswer) {
    let fields = try given.fields(
      ["cause", "cost", "currency", "done", "standing", "started"],
      form: "{ standing = ..., cause = ..., cost = ..., currency = ..., started = ..., done = ... } "
        + "or try_again(seconds or nil, why)")
    func value(_ name: String) -> Declared? {
      let value = fields.first { $0.name == name }?.value
      return value == .null ? nil : value
    }
    guard case .text(let word)? = value("standing") else {
      throw WrongAnswer(
        message:
          "must return 'standing' as \(OrderStanding.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))")
    }
    var cause: String?
    switch value("cause") {
    case nil: break
    case .text(let text)?: cause = text.isEmpty ? nil : text
    default: throw WrongAnswer(message: "must return 'cause' as a text")
    }
    let standing = OrderStanding(rawValue: word)
    self.init(
      standing: standing ?? .unknown, cause: cause ?? (standing == nil ? "it says '\(word)'" : nil),
      cost: try Money(value("cost"), value("currency")), started: try moment(value("started"), "started"),
      done: try moment(value("done"), "done"))
  }
}

extension ReportedLoss {
  /// From a list of `{ asset = ..., reference = ..., started = ..., done = ..., cause = ..., cost = ..., currency = ...,
  /// planned = ... }`.
  static func list(_ given: Declared) throws(WrongAnswer) -> [ReportedLoss] {
    guard case .table(let list, let fields) = given, fields.isEmpty else {
      throw WrongAnswer(
        message: "must return a list of { asset = ..., reference = ..., started = ..., ... } "
          + "or try_again(seconds or nil, why)")
    }
    var losses: [ReportedLoss] = []
    for (place, one) in list.enumerated() {
      do throws(WrongAnswer) {
        losses.append(try ReportedLoss(one))
      } catch {
        throw WrongAnswer(message: "\(error.message), in number \(place + 1) of its list")
      }
    }
    return losses
  }

  private init(_ given: Declared) throws(WrongAnswer) {
    let fields = try given.fields(
      ["asset", "cause", "cost", "currency", "done", "planned", "reference", "started"],
      form: "{ asset = ..., reference = ..., started = ..., ... }")
    func value(_ name: String) -> Declared? {
      let value = fields.first { $0.name == name }?.value
      return value == .null ? nil : value
    }
    func text(_ name: String) throws(WrongAnswer) -> String {
      guard case .text(let text)? = value(name), !text.isEmpty else {
        throw WrongAnswer(message: "must return '\(name)' as a text")
      }
      return text
    }
    let planned: Bool
    switch value("planned") {
    case nil: planned = false
    case .boolean(let flag)?: planned = flag
    default: throw WrongAnswer(message: "must return 'planned' as true or false")
    }
    guard let started = try moment(value("started"), "started") else {
      throw WrongAnswer(message: "must return 'started', when the loss began")
    }
    let done = try moment(value("done"), "done")
    if let done, done < started {
      throw WrongAnswer(message: "returned a loss that is done at \(done), before it started at \(started)")
    }
    self.init(
      asset: try text("asset"), reference: try text("reference"), started: started, done: done,
      cause: value("cause") == nil ? nil : try text("cause"), cost: try Money(value("cost"), value("currency")),
      planned: planned)
  }
}

extension Money {
  /// An amount as a number or, as systems that fear rounding send it, as a text. Nil without one.
  fileprivate init?(_ amount: Declared?, _ currency: Declared?) throws(WrongAnswer) {
    let number: Double?
    switch amount {
    case nil: return nil
    case .number(let given)?: number = given
    case .text(let text)?: number = Double(text)
    default: number = nil
    }
    guard let number, let hundredths = Int64(exactly: (number * 100).rounded()) else {
      throw WrongAnswer(message: "must return 'cost' as a number, or as a text that is one")
    }
    guard case .text(let currency)? = currency, !currency.isEmpty else {
      throw WrongAnswer(message: "must return 'currency' with 'cost', such as \"EUR\"")
    }
    self.init(hundredths: hundredths, currency: currency)
  }
}

/// RFC 3339, or seconds since 1970.
private func moment(_ value: Declared?, _ name: String) throws(WrongAnswer) -> Instant? {
  switch value {
  case nil: return nil
  case .text(let text)?:
    if let time = Instant(rfc3339: text) { return time }
  case .number(let seconds)? where abs(seconds) < 1e11:
    return Instant(microseconds: Int64((seconds * 1e6).rounded()))
  default: break
  }
  throw WrongAnswer(
    message: "must return '\(name)' as a time such as \"2026-03-01T10:00:00Z\", or as seconds since 1970")
}
