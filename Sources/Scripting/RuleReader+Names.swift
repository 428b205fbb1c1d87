import CLua
import Rules

// Names that stand for nothing. Lua meets one at a time; people want to see all of them.

extension RuleReader {
  /// Every global of the file that neither Lua nor Millwright knows.
  mutating func reportUnknownNames() {
    let known = Set(LuaHost.library(MW_SCOPE_ENV) + RuleWords.vocabulary + [layout.statement, "_ENV"]).union(
      layout.locals)
    for (at, token) in layout.tokens.enumerated() {
      guard let name = token.name, !known.contains(name), layout.isFree(at) else { continue }
      if findings.contains(where: { $0.line == token.line && $0.message.contains("'\(name)'") }) { continue }
      find(token.line, "unknown name '\(name)'" + help(with: name, line: token.line))
    }
  }

  /// `math.rnd`, `string.splt`: Lua would say so only when the function is called.
  mutating func checkLibrary() {
    let locals = layout.locals
    for (library, scope) in [("math", MW_SCOPE_MATH), ("string", MW_SCOPE_STRING), ("table", MW_SCOPE_TABLE)]
    where !locals.contains(library) {
      let known = LuaHost.library(scope)
      for at in layout.tokens.indices where layout.tokens[at].name == library && layout.isFree(at) {
        guard let member = layout.member(at), !known.contains(member.name) else { continue }
        find(
          member.line,
          "unknown name '\(library).\(member.name)'" + near(member.name, known, or: "\(library) has"))
      }
    }
  }

  func help(with name: String, line: Int?) -> String {
    switch name {
    case "null", "None", "NULL": return "; Lua writes nil"
    case "True", "TRUE": return "; Lua writes true"
    case "False", "FALSE": return "; Lua writes false"
    case "AND", "OR", "NOT": return "; Lua writes \(name.lowercased())"
    case _ where LuaHost.library(MW_SCOPE_MATH).contains(name): return "; Lua writes math.\(name)"
    case _ where RuleWords.fields.contains(name):
      return "; is a '=' missing behind it?"
    default:
      let suggestion = suggestion(for: name, among: RuleWords.vocabulary)
      return suggestion.isEmpty ? quotes(around: name, line: line) : suggestion
    }
  }

  /// `owner = utilities`, `average(Flow, "5 min")`: names where texts belong.
  private func quotes(around name: String, line: Int?) -> String {
    let tokens = layout.tokens
    guard let at = tokens.firstIndex(where: { $0.line == line && $0.name == name }), at > 1, at + 1 < tokens.count
    else { return "" }
    if tokens[at - 1].isSymbol("("), let word = tokens[at - 2].name, RuleWords.readings.contains(word) {
      return "; a tag stands in quotes: \(word)(\"\(name)\", ...)"
    }
    let alone = tokens[at + 1].isSymbol(",") || tokens[at + 1].isSymbol("}") || tokens[at + 1].isSymbol(";")
    return tokens[at - 1].isSymbol("=") && alone ? "; a text stands in quotes: \"\(name)\"" : ""
  }
}

extension RuleLayout {
  /// Whether a name stands for itself: no member of something, no key of a table, no label.
  func isFree(_ at: Int) -> Bool {
    if at > 0, tokens[at - 1].reachesInto || tokens[at - 1].isSymbol("::") || tokens[at - 1].isKeyword("goto") {
      return false
    }
    return !isField(at)
  }

  /// Where a name is first used, from a line on.
  func firstUse(of name: String, from line: Int?) -> Int? {
    tokens.indices.first { tokens[$0].line >= line ?? 1 && tokens[$0].name == name && isFree($0) }
      .map { tokens[$0].line }
  }
}
