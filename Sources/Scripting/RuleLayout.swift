/// Where everything of a rule's table, or a class's, stands in its file. Lua's tables carry no lines, so they are read from the tokens.
package struct RuleLayout: Sendable {
  package let tokens: [LuaToken]
  /// The table handed to the statement; nil when the file has no plain `rule { ... }`.
  package let table: Place?
  /// `rule` or `class`.
  let statement: String

  /// A value in the file: its tokens, and for a table (also one handed to a word, `work_order { ... }`, the last one of
  /// `calc("bar", f, { ... })`) its parts.
  package struct Place: Sendable {
    package var line: Int
    package var tokens: Range<Int>
    package var fields: [Field] = []
    package var items: [Place] = []
    /// What is handed to a word in parentheses.
    package var arguments: [Place] = []

    package subscript(_ name: String) -> Place? { fields.last { $0.name == name }?.value }
  }
  package struct Field: Sendable {
    package var name: String
    package var line: Int
    /// From its name to the end of its value.
    package var tokens: Range<Int>
    package var value: Place
  }

  package init(text: String, statement: String = "rule") {
    self.statement = statement
    tokens = luaTokens(text)
    var reader = LayoutReader(tokens: tokens)
    table = reader.table(of: statement)
  }

  /// The place at a path such as `limits.suction_low` or `actions.2.title`; items count from 1.
  package func place(_ path: String) -> Place? {
    var place = table
    for step in path.split(separator: ".") {
      if let number = Int(step) {
        guard let items = place?.items, items.indices.contains(number - 1) else { return nil }
        place = items[number - 1]
      } else {
        place = place?[String(step)]
      }
    }
    return place
  }

  /// The line of the field or item at a path: for a field that of its name.
  package func line(_ path: String) -> Int? {
    let steps = path.split(separator: ".")
    guard let last = steps.last, Int(last) == nil else { return place(path)?.line }
    let parent = steps.count == 1 ? table : place(steps.dropLast().joined(separator: "."))
    return parent?.fields.last { $0.name == last }?.line
  }
}

private struct LayoutReader {
  let tokens: [LuaToken]
  var at = 0
  /// Lua itself reads no deeper than 200.
  var depth = 0

  /// Finds `rule {` (or `rule({`), or what else the statement is called, outside every function and block.
  mutating func table(of statement: String) -> RuleLayout.Place? {
    var depth = 0
    while at < tokens.count {
      if depth == 0, tokens[at].name == statement, at == 0 || !tokens[at - 1].isSymbol(".") {
        let before = at
        at += 1
        if isSymbol("(") { at += 1 }
        if isSymbol("{") { return value() }
        at = before
      }
      depth += tokens[at].nesting
      at += 1
    }
    return nil
  }

  private func isSymbol(_ text: String) -> Bool { at < tokens.count && tokens[at].isSymbol(text) }

  private mutating func value() -> RuleLayout.Place {
    let start = at
    var place = RuleLayout.Place(
      line: start < tokens.count ? tokens[start].line : tokens.last?.lastLine ?? 1, tokens: start..<start)
    if start < tokens.count, tokens[start].name != nil {
      at += 1
      if isSymbol("("), depth < 200 {
        depth += 1
        arguments(of: &place)
        depth -= 1
      }
    }
    if isSymbol("{"), depth < 200 {
      depth += 1
      fields(of: &place)
      depth -= 1
    } else if place.arguments.isEmpty {
      at = start
    }
    skipRest()
    place.tokens = start..<at
    return place
  }

  private mutating func arguments(of place: inout RuleLayout.Place) {
    at += 1
    while at < tokens.count, !isSymbol(")") {
      let argument = value()
      place.arguments.append(argument)
      if !argument.fields.isEmpty || !argument.items.isEmpty {
        (place.fields, place.items) = (argument.fields, argument.items)
      }
      guard isSymbol(",") else { break }
      at += 1
    }
    if isSymbol(")") { at += 1 }
  }

  /// Passes what is left of a value: up to the separator or bracket that ends it.
  private mutating func skipRest() {
    var depth = 0
    while at < tokens.count {
      let token = tokens[at]
      if depth == 0, token.isSymbol(",") || token.isSymbol(";") || token.nesting < 0 { return }
      depth += token.nesting
      at += 1
    }
  }

  private mutating func fields(of place: inout RuleLayout.Place) {
    at += 1
    while at < tokens.count, !isSymbol("}") {
      let start = at
      if let name = fieldName() {
        let line = tokens[start].line
        let value = value()
        place.fields.append(RuleLayout.Field(name: name, line: line, tokens: start..<at, value: value))
      } else {
        place.items.append(value())
      }
      if isSymbol(",") || isSymbol(";") { at += 1 } else if !isSymbol("}") { break }
    }
    if isSymbol("}") { at += 1 }
  }

  /// `name =` or `["name"] =`; stays where it is when there is none.
  private mutating func fieldName() -> String? {
    let start = at
    if let name = tokens[at].name, at + 1 < tokens.count, tokens[at + 1].isSymbol("=") {
      at += 2
      return name
    }
    if isSymbol("["), at + 3 < tokens.count, let name = tokens[at + 1].text, tokens[at + 2].isSymbol("]"),
      tokens[at + 3].isSymbol("=")
    {
      at += 4
      return name
    }
    at = start
    return nil
  }
}

extension LuaToken {
  /// How many brackets and blocks it opens (1) or closes (-1). `while` and `for` open with their `do`.
  package var nesting: Int {
    switch kind {
    case .symbol("("), .symbol("["), .symbol("{"): 1
    case .symbol(")"), .symbol("]"), .symbol("}"): -1
    case .keyword("function"), .keyword("if"), .keyword("do"), .keyword("repeat"): 1
    case .keyword("end"), .keyword("until"): -1
    default: 0
    }
  }
}
