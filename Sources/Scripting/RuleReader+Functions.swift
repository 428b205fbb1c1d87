import CLua
import Rules

// What can be said of a file and of its functions from the tokens alone: before Lua runs it, and before the rule
// meets its first value.

extension RuleReader {
  /// Checks that need no Lua.
  mutating func readText() {
    checkLibrary()
    if let table = layout.table { refuseDoubles(table, of: "") }
    guard layout.place("reads")?.isTable == true else { return }
    let names = Names(
      readings: layout.place("reads")?.fields.map(\.name) ?? [],
      limits: layout.place("limits").map { $0.fields.map(\.name) } ?? [])
    for field in RuleWords.questions + ["actions"] {
      if let function = layout.place(field).flatMap(layout.function) { checkNames(function, names: names, of: "rule") }
    }
  }

  /// Lua keeps the last of two equal names in silence.
  private mutating func refuseDoubles(_ place: RuleLayout.Place, of owner: String) {
    var first: [String: Int] = [:]
    for field in place.fields {
      if let line = first[field.name] {
        find(field.line, "'\(owner)\(field.name)' is given twice, first in line \(line); keep one")
      } else {
        first[field.name] = field.line
      }
      refuseDoubles(field.value, of: "\(owner)\(field.name).")
    }
    for item in place.items { refuseDoubles(item, of: owner) }
  }

  /// `owner` says whose readings they are: a rule's or a calculation's.
  mutating func checkNames(_ function: RuleLayout.Function, names: Names, of owner: String) {
    let locals = layout.locals
    for at in function.body {
      let token = layout.tokens[at]
      guard let name = token.name, at == 0 || !layout.tokens[at - 1].reachesInto else { continue }
      if let member = layout.member(at), let (kind, known) = function.names(behind: name, names) {
        if !known.contains(member.name) {
          let choice =
            known.isEmpty ? "; it has none" : near(member.name, known, or: "its \(kind)s are")
          let whose = kind == "limit" ? "rule" : owner
          find(member.line, "'\(name).\(member.name)' is no \(kind) of this \(whose)\(choice)")
        } else if layout.isAssigned(member.end) {
          find(member.line, "'\(name).\(member.name)' cannot be assigned: a rule only looks; to compare, write '=='")
        }
      } else if !locals.contains(name), !layout.isField(at) {
        let asset = function.parameters.first ?? "asset"
        let limits = function.parameters.count > 1 ? function.parameters[1] : "limits"
        if names.readings.contains(name) {
          find(token.line, "unknown name '\(name)'; the reading is written \(asset).\(name)")
        } else if names.limits.contains(name) {
          find(token.line, "unknown name '\(name)'; the limit is written \(limits).\(name)")
        } else if RuleWords.readings.contains(name) {
          find(
            token.line,
            "'\(name)' cannot be called inside a function; name it in 'reads', as in x = "
              + "\(RuleWords.sample(ofReading: name)), and write \(asset).x")
        } else if name == "limits" {
          find(
            token.line,
            "unknown name 'limits'; it is the second parameter: function(\(asset), limits)")
        }
      }
    }
  }

  /// Compares what `when` compares: a state that does not exist, a boolean with a number. Both are never true, in
  /// silence.
  mutating func checkFunctions(readings: [Reading], limits: [Limit]) {
    for field in RuleWords.questions + ["actions"] {
      guard let function = layout.place(field).flatMap(layout.function) else { continue }
      for at in function.body where at == 0 || !layout.tokens[at - 1].reachesInto {
        guard let name = layout.tokens[at].name, let member = layout.member(at) else { continue }
        if name == function.parameters.first, let reading = readings.first(where: { $0.name == member.name }) {
          check(reading, written: "\(name).\(member.name)", at: at, member: member, readings: readings)
        } else if name == function.parameters.dropFirst().first,
          let limit = limits.first(where: { $0.name == member.name })
        {
          check(limit, written: "\(name).\(member.name)", at: at, member: member)
        }
      }
    }
  }

  private mutating func check(
    _ reading: Reading, written: String, at: Int, member: (name: String, line: Int, end: Int), readings: [Reading]
  ) {
    if case .each = reading.subject {
      let known = LuaHost.library(MW_SCOPE_GROUP)
      guard let part = layout.member(member.end - 1) else {
        if layout.isOperand(from: at, to: member.end) {
          find(
            member.line,
            "'\(written)' is of many assets at once; say what of them: "
              + known.map { "\(written).\($0)" }.joined(separator: ", "))
        }
        return
      }
      if !known.contains(part.name) {
        find(part.line, "'\(written)' has no '\(part.name)'" + near(part.name, known, or: "it has"))
      } else if let literal = layout.compared(from: at, to: part.end) {
        let kind: ValueKind = part.name == "worst" ? .text : .number
        check(literal, against: kind, written: "\(written).\(part.name)", line: part.line)
      }
      return
    }
    guard let kind = kind(of: reading), let literal = layout.compared(from: at, to: member.end) else { return }
    if reading.isOptional, literal.isKeyword("nil") { return }
    check(literal, against: kind, written: written, line: member.line)
  }

  private mutating func check(
    _ limit: Limit, written: String, at: Int, member: (name: String, line: Int, end: Int)
  ) {
    if case .curve = limit.value {
      if layout.isOperand(from: at, to: member.end) {
        find(member.line, "'\(written)' is a curve; call it with a number, as in \(written)(pump.flow)")
      }
    } else if member.end < layout.tokens.count, layout.tokens[member.end].isSymbol("(") {
      find(member.line, "'\(written)' is \(limit.value.kind), not a curve; leave out what is behind it")
    } else if case .state = limit.value, layout.isOrdered(from: at, to: member.end) {
      find(member.line, "'\(written)' is a text; compare it with '==' or '~='")
    }
  }

  private mutating func check(_ literal: LuaToken, against kind: ValueKind, written: String, line: Int) {
    switch (literal.kind, kind) {
    case (.text(let text), .words(let words)) where !words.contains(text):
      find(line, "'\(written)' is never \"\(text)\"" + near(text, words, or: "it is one of"))
    case (.text, .boolean), (.number, .boolean), (.keyword("nil"), .boolean):
      find(line, "'\(written)' is true or false, never \(literal.written); write '\(written)' or 'not \(written)'")
    case (.text, .number), (.number, .text), (.number, .words), (.keyword("true"), .number),
      (.keyword("false"), .number), (.keyword("true"), .words), (.keyword("false"), .words),
      (.keyword("true"), .text), (.keyword("false"), .text):
      find(line, "'\(written)' is \(kind.written), never \(literal.written)")
    default: break
    }
  }
}

extension RuleLayout.Place {
  var isTable: Bool { !fields.isEmpty || !items.isEmpty }
}

extension LuaToken {
  /// The name behind it is a member of something else.
  var reachesInto: Bool { isSymbol(".") || isSymbol(":") }
}

extension RuleLayout {
  /// A function written in place, whose parameters mean inside what they say.
  struct Function {
    var parameters: [String]
    var body: Range<Int>

    fileprivate func names(behind name: String, _ names: Names) -> (String, [String])? {
      if name == parameters.first { return ("reading", names.readings) }
      if parameters.count > 1, name == parameters[1] { return ("limit", names.limits) }
      return nil
    }
  }

  /// The function at a place; nil when it is not written there, or when it uses a parameter's name twice.
  func function(_ place: Place) -> Function? {
    let range = place.tokens
    guard range.count > 3, tokens[range.lowerBound].isKeyword("function"),
      tokens[range.lowerBound + 1].isSymbol("(")
    else { return nil }
    var parameters: [String] = []
    var at = range.lowerBound + 2
    while at < range.upperBound, !tokens[at].isSymbol(")") {
      if let name = tokens[at].name { parameters.append(name) }
      at += 1
    }
    guard at < range.upperBound else { return nil }
    let body = (at + 1)..<range.upperBound
    let declared = declarations(in: body)
    if parameters.contains(where: declared.contains) { return nil }
    return Function(parameters: parameters, body: body)
  }

  /// Every name the file declares anywhere: locals, parameters, loop variables.
  var locals: Set<String> { declarations(in: tokens.indices) }

  func declarations(in range: Range<Int>) -> Set<String> {
    var names: Set<String> = []
    var at = range.lowerBound
    while at < range.upperBound {
      let declares = tokens[at].isKeyword("local") || tokens[at].isKeyword("for") || tokens[at].isKeyword("function")
      at += 1
      guard declares else { continue }
      while at < range.upperBound {
        if let name = tokens[at].name { names.insert(name) } else if !tokens[at].continuesNames { break }
        at += 1
      }
    }
    return names
  }

  /// `.name` or `["name"]` behind a token, and where it ends.
  func member(_ at: Int) -> (name: String, line: Int, end: Int)? {
    if at + 2 < tokens.count, tokens[at + 1].isSymbol("."), let name = tokens[at + 2].name {
      return (name, tokens[at + 2].line, at + 3)
    }
    if at + 3 < tokens.count, tokens[at + 1].isSymbol("["), let name = tokens[at + 2].text, tokens[at + 3].isSymbol("]")
    {
      return (name, tokens[at + 2].line, at + 4)
    }
    return nil
  }

  fileprivate func isAssigned(_ at: Int) -> Bool { at < tokens.count && tokens[at].isSymbol("=") }

  /// Whether a name is the key of a table, `{ name = ... }`.
  func isField(_ at: Int) -> Bool {
    isAssigned(at + 1) && at > 0
      && (tokens[at - 1].isSymbol("{") || tokens[at - 1].isSymbol(",") || tokens[at - 1].isSymbol(";"))
  }

  /// Whether what stands there is compared or reckoned with.
  fileprivate func isOperand(from start: Int, to end: Int) -> Bool {
    let operators: Set<String> = ["<", ">", "<=", ">=", "==", "~=", "+", "-", "*", "/", "//", "%", "^", ".."]
    func isOperator(_ at: Int) -> Bool {
      if tokens.indices.contains(at), case .symbol(let symbol) = tokens[at].kind {
        operators.contains(symbol)
      } else {
        false
      }
    }
    return isOperator(start - 1) || isOperator(end)
  }

  /// Whether what stands there is compared by size.
  fileprivate func isOrdered(from start: Int, to end: Int) -> Bool {
    [start - 1, end].contains { at in
      tokens.indices.contains(at) && ["<", ">", "<=", ">="].contains { tokens[at].isSymbol($0) }
    }
  }

  /// The constant a member is compared with by `==` or `~=`, on either side, when it stands alone there.
  fileprivate func compared(from start: Int, to end: Int) -> LuaToken? {
    if end + 1 < tokens.count, tokens[end].isEquality, tokens[end + 1].isConstant,
      end + 2 >= tokens.count || !tokens[end + 2].bindsTighter
    {
      return start > 0 && tokens[start - 1].bindsTighter ? nil : tokens[end + 1]
    }
    if start > 1, tokens[start - 1].isEquality, tokens[start - 2].isConstant,
      start < 3 || !tokens[start - 3].bindsTighter
    {
      return end < tokens.count && tokens[end].bindsTighter ? nil : tokens[start - 2]
    }
    return nil
  }
}

extension LuaToken {
  fileprivate var continuesNames: Bool { isSymbol("(") || isSymbol(",") }
  fileprivate var isEquality: Bool { isSymbol("==") || isSymbol("~=") }
  fileprivate var isConstant: Bool {
    switch kind {
    case .text, .number, .keyword("true"), .keyword("false"), .keyword("nil"): true
    default: false
    }
  }
  /// Operators that make something else of their operand before it is compared.
  fileprivate var bindsTighter: Bool {
    switch kind {
    case .symbol(let symbol):
      ["+", "-", "*", "/", "//", "%", "^", "..", "&", "|", "<<", ">>", "#", ".", ":", "[", "~"].contains(symbol)
    case .keyword("not"): true
    default: false
    }
  }
}
