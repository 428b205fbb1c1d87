import Rules

// Lua's own complaints, in words for people who do not write programs.

extension RuleReader {
  mutating func report(_ failure: LuaFailure) {
    let line = failure.line
    switch failure.cause {
    case .syntax:
      // The layout of a text that Lua cannot read is a guess, and so is what was found by it.
      forgetLines()
      find(line, syntax(failure))
    case .unknownName(let name):
      reportUnknownNames()
      if findings.contains(where: { $0.line == line && $0.message.contains("'\(name)'") }) { return }
      find(line, "unknown name '\(name)'" + help(with: name, line: line))
    case .capturedTable(let name):
      find(
        layout.firstUse(of: name, from: line) ?? line,
        "the function uses the table '\(name)' from outside: a rule keeps nothing between calls; "
          + "put numbers into 'limits', or make the table inside the function")
    case .assignsCaptured(let name):
      find(
        line,
        "the function changes '\(name)', which lives outside it: a rule keeps nothing between calls; "
          + "use a local inside the function, or a reading over a window")
    case .assignsGlobal(let name):
      find(line, "'\(name)' is assigned without 'local'; write local \(name) = ...")
    case .budget:
      find(line, "the file takes too many steps to load: is there a loop without an end?")
    case .overtime:
      find(line, "the file takes too long to load: \(failure.message)")
    case .memory where failure.message.hasPrefix("a table"):
      find(line, failure.message)
    case .memory:
      find(line, "the file takes too much memory to load")
    case .tooLarge, .error:
      // A refusal by name has been found in the text already; what Lua makes of it helps nobody.
      if case .error = failure.cause, findings.contains(where: { $0.line == line }) { return }
      find(line, failure.message)
    }
  }

  /// Lua names the token it stumbled over; the cause is most often just before it.
  private func syntax(_ failure: LuaFailure) -> String {
    let message = failure.message
    let near = message.split(after: " near ") ?? ""
    let isQuoted = near.utf8.count > 2 && near.hasPrefix("'") && near.hasSuffix("'")
    let token = isQuoted ? String(near.dropFirst().dropLast()) : near
    if let hint = betweenValues(before: token, message: message, line: failure.line) { return hint }
    if token.hasPrefix("<\\") { return "a character that Lua does not know; write plain quotes (\") and plain spaces" }
    switch token {
    case "=" where !message.hasPrefix("'}' expected"): return "'=' assigns; to compare, write '=='"
    case "!": return "'!' is no Lua; write 'not', and '~=' for unequal"
    case "&": return "'&&' is no Lua; write 'and'"
    case "|": return "'||' is no Lua; write 'or'"
    default: break
    }
    if token == "<eof>", let open = layout.unclosed {
      return "the file ends, but the '\(open.written)' of line \(open.line) is still open"
    }
    // 'end' expected (to close 'function' at line 11) near 'held_for'
    guard let closing = message.split(before: " expected (to close "), let rest = message.split(after: " (to close "),
      let opened = rest.split(before: " at line "), let line = rest.split(after: " at line ")?.split(before: ")")
    else { return message }
    return "\(closing) is missing before '\(token)'; it ends the \(opened) of line \(line)"
  }

  /// Two values side by side: a comma or quotes are missing.
  private func betweenValues(before token: String, message: String, line: Int?) -> String? {
    if message.hasPrefix("malformed number"), let meant = TimeSpan.meant(by: token) {
      return "a length of time stands in quotes: \"\(meant)\""
    }
    guard let at = layout.tokens.firstIndex(where: { $0.line == line && $0.matches(luaSpelling: token) }), at > 0 else {
      return nil
    }
    let (before, here) = (layout.tokens[at - 1], layout.tokens[at])
    if message.hasPrefix("unexpected symbol"), before.isSymbol("%"), at > 1,
      case .number(let number) = layout.tokens[at - 2].kind
    {
      let sign = at > 2 && layout.tokens[at - 3].isSymbol("-") ? "-" : ""
      return "a percentage stands in quotes: \"\(sign)\(number) %\""
    }
    guard message.hasPrefix("'}' expected"), here.startsEntry, before.endsValue else { return nil }
    let beginsField = at + 1 < layout.tokens.count && layout.tokens[at + 1].isSymbol("=")
    if before.line == here.line, !beginsField {
      switch (before.kind, here.kind) {
      case (.name(let word), .name(let tag)) where RuleWords.readings.contains(word):
        return "a tag stands in quotes: \(word) \"\(tag)\""
      case (.name(let first), .name(let second)):
        return "a text stands in quotes: \"\(first) \(second)\""
      case (.number(let number), .name(let unit)):
        if let meant = TimeSpan.meant(by: number + unit) { return "a length of time stands in quotes: \"\(meant)\"" }
        return "'\(unit)' behind \(number): a number stands without its unit, a text in quotes"
      case (.number(let first), .number(let second)):
        return "'\(second)' behind \(first): a number stands without spaces, a text in quotes"
      default: break
      }
    }
    return "a comma is missing before '\(token)', behind '\(before.written)' in line \(before.lastLine)"
  }
}

extension RuleLayout {
  /// The innermost bracket or block that nothing closes.
  fileprivate var unclosed: LuaToken? {
    var open: [LuaToken] = []
    for token in tokens {
      if token.nesting > 0 { open.append(token) } else if token.nesting < 0 { _ = open.popLast() }
    }
    return open.last
  }
}

extension LuaToken {
  /// Whether Lua's message, which shows a text as it was written, means this token.
  fileprivate func matches(luaSpelling spelling: String) -> Bool {
    if let text { return spelling.dropFirst().dropLast() == text }
    return written == spelling
  }
  fileprivate var startsEntry: Bool {
    switch kind {
    case .name, .text, .number, .keyword("function"), .keyword("true"), .keyword("false"), .symbol("{"),
      .symbol("["):
      true
    default: false
    }
  }
  fileprivate var endsValue: Bool {
    switch kind {
    case .name, .text, .number, .keyword("end"), .keyword("true"), .keyword("false"), .keyword("nil"), .symbol("}"),
      .symbol(")"), .symbol("]"):
      true
    default: false
    }
  }
}

extension String {
  /// What stands in front of the first place of a text in this one; nil when it is not there.
  fileprivate func split(before text: String) -> String? { halves(text)?.0 }
  fileprivate func split(after text: String) -> String? { halves(text)?.1 }

  private func halves(_ text: String) -> (String, String)? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) {
        return (String(self[..<start]), String(self[index(start, offsetBy: text.count)...]))
      }
      start = index(after: start)
    }
    return nil
  }
}
