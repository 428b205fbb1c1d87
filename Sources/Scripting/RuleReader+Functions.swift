import Rules

// What can be said of a file and of its functions from the tokens alone: before Lua runs it, and before the rule
// meets its first value.

extension RuleReader {
  /// Checks that need no Lua.
  mutating func readText() {
    refuseLaterMethods()
    checkLibrary()
    if let table = layout.table { refuseDoubles(table, of: "") }
    guard layout.place("reads")?.isTable == true else { return }
    let names = Names(
      readings: layout.place("reads")?.fields.map(\.name) ?? [],
      limits: layout.place("limits").map { $0.fields.map(\.name) } ?? [])
    for field in ["when", "clears_when"] {
      if let function = layout.function(field) { checkNames(function, names: names) }
    }
  }

  /// `latest "Temp" :of "Line"`: in Lua a method call, and its own message would speak of a nil value.
  private mutating func refuseLaterMethods() {
    for (place, token) in layout.tokens.enumerated() {
      guard let name = token.name, RuleWords.laterMethods.contains(name), place > 0,
        layout.tokens[place - 1].isSymbol(":")
      else { continue }
      find(
        token.line,
        "':\(name)' is not available in this version of Millwright; a reading looks at tags of the asset itself")
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

  private mutating func checkNames(_ function: RuleLayout.Function, names: Names) {
    let locals = layout.locals
    for at in function.body {
      let token = layout.tokens[at]
      guard let name = token.name, at == 0 || !layout.tokens[at - 1].reachesInto else { continue }
      if let member = layout.member(at), let (kind, known) = function.names(behind: name, names) {
        if !known.contains(member.name) {
          let choice =
            known.isEmpty ? "; it has none" : near(member.name, known, or: "its \(kind)s are")
          find(member.line, "'\(name).\(member.name)' is no \(kind) of this rule\(choice)")
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
              + "\(Self.sample(of: name)), and write \(asset).x")
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
    for field in ["when", "clears_when"] {
      guard let function = layout.function(field), let asset = function.parameters.first else { continue }
      for at in function.body where layout.tokens[at].name == asset {
        guard at == 0 || !layout.tokens[at - 1].reachesInto, let member = layout.member(at),
          let reading = readings.first(where: { $0.name == member.name }), let kind = kind(of: reading)
        else { continue }
        let written = "\(asset).\(member.name)"
        if let literal = layout.compared(from: at, to: member.end) {
          check(literal, against: kind, written: written, line: member.line)
        }
      }
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

  /// The function of a field; nil when it is not written there, or when it uses a parameter's name twice.
  func function(_ field: String) -> Function? {
    guard let range = place(field)?.tokens, range.count > 3, tokens[range.lowerBound].isKeyword("function"),
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

  private func declarations(in range: Range<Int>) -> Set<String> {
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
