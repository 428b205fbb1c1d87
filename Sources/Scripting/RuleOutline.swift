import Rules

extension RuleFile {
  /// What a function of the rule (`when`, `clears_when`) is made of, each part to be asked apart: in a Lua state of
  /// its own, of which the rule that decides knows nothing. Nil when the function is not written in its place.
  package static func outline(
    of field: String, text: String, file: String, readings: [String], limits: [String]
  ) -> Outline? {
    let source = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    let layout = RuleLayout(text: source)
    guard let reader = OutlineReader(layout, field) else { return nil }
    return Probes(reader, layout, file: file, readings: readings, limits: limits).outline(reader.sketch)
  }
}

/// The parts of a function by its tokens alone.
struct OutlineReader {
  indirect enum Sketch {
    case all([Sketch])
    case any([Sketch])
    case not(Sketch)
    case part(Range<Int>, relation: Int?)
    case ways([(words: String, sketch: Sketch)])
  }

  let tokens: [LuaToken]
  let parameters: [String]
  /// What the function does before its one `return`; nil when it goes several ways.
  private(set) var prelude: Range<Int>?
  /// Names that mean something only on the way through the function.
  private(set) var inner: Set<String> = []
  private(set) var sketch: Sketch = .all([])

  init?(_ layout: RuleLayout, _ field: String) {
    tokens = layout.tokens
    guard let place = layout.place(field), let function = layout.function(place), let last = function.body.last,
      tokens[last].isKeyword("end")
    else {
      return nil
    }
    parameters = function.parameters
    let body = function.body.lowerBound..<last
    guard let end = body.first(where: { tokens[$0].isKeyword("return") || tokens[$0].branches }) else { return nil }
    if tokens[end].isKeyword("return") {
      prelude = body.lowerBound..<end
      sketch = expression(trimmed((end + 1)..<body.upperBound))
    } else {
      inner = layout.declarations(in: body)
      sketch = .ways(ways(body))
    }
  }

  /// Every condition and every result of a function that goes several ways.
  private func ways(_ body: Range<Int>) -> [(String, Sketch)] {
    var found: [(String, Sketch)] = []
    var at = body.lowerBound
    while at < body.upperBound {
      let opens = tokens[at]
      at += 1
      let isCondition = opens.isKeyword("if") || opens.isKeyword("elseif") || opens.isKeyword("while")
      guard isCondition || opens.isKeyword("return") else { continue }
      let start = at
      var depth = 0
      while at < body.upperBound {
        if depth == 0, tokens[at].endsExpression { break }
        depth += tokens[at].nesting
        at += 1
      }
      if at == start + 1, tokens[start].isKeyword("true") || tokens[start].isKeyword("false") { continue }
      if at > start { found.append((opens.written, expression(trimmed(start..<at)))) }
    }
    return found
  }

  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    guard let last = range.last, tokens[last].isSymbol(";") else { return range }
    return range.lowerBound..<last
  }

  /// From what binds loosest to what binds tightest, as Lua reads it.
  private func expression(_ range: Range<Int>) -> Sketch {
    for (word, make) in [("or", Sketch.any), ("and", Sketch.all)] as [(String, ([Sketch]) -> Sketch)] {
      let places = outermost(range) { $0.isKeyword(word) }
      guard !places.isEmpty else { continue }
      let starts = [range.lowerBound] + places.map { $0 + 1 }
      return make(zip(starts, places + [range.upperBound]).map { expression($0..<$1) })
    }
    let relations = outermost(range) { $0.isRelation }
    if let relation = relations.first {
      return .part(range, relation: relations.count == 1 ? relation : nil)
    }
    guard let first = range.first, let last = range.last else { return .part(range, relation: nil) }
    if tokens[first].isKeyword("not") { return .not(expression((first + 1)..<range.upperBound)) }
    if tokens[first].isSymbol("("), closing(first) == last { return expression((first + 1)..<last) }
    return .part(range, relation: nil)
  }

  private func outermost(_ range: Range<Int>, _ matches: (LuaToken) -> Bool) -> [Int] {
    var depth = 0
    return range.filter { at in
      defer { depth += tokens[at].nesting }
      return depth == 0 && matches(tokens[at])
    }
  }

  private func closing(_ open: Int) -> Int? {
    var depth = 0
    for at in open..<tokens.count {
      depth += tokens[at].nesting
      if depth == 0 { return at }
    }
    return nil
  }
}

/// A file like the rule's, whose functions are the parts of one of the rule's functions.
private struct Probes {
  private let reader: OutlineReader
  private let host: LuaHost?
  private let failure: String?
  private let functions: [String: LuaFunction]

  init(_ reader: OutlineReader, _ layout: RuleLayout, file: String, readings: [String], limits: [String]) {
    self.reader = reader
    do throws(LuaFailure) {
      let host = try LuaHost(
        text: Probes.text(reader, layout), file: file, statement: "rule", words: RuleWords.loadWords,
        callWords: RuleWords.callWords, methods: RuleWords.methods)
      try host.bind(readings: readings, limits: limits)
      var functions: [String: LuaFunction] = [:]
      if case .table(_, let fields) = host.declared {
        for field in fields { if case .function(let function) = field.value { functions[field.name] = function } }
      }
      (self.host, self.functions, failure) = (host, functions, nil)
    } catch {
      (host, functions, failure) = (nil, [:], error.message)
    }
  }

  func outline(_ sketch: OutlineReader.Sketch) -> Outline {
    switch sketch {
    case .all(let parts): .all(parts.map(outline))
    case .any(let parts): .any(parts.map(outline))
    case .not(let part): .not(outline(part))
    case .ways(let ways): .ways(ways.map { ($0.words, outline($0.sketch)) })
    case .part(let range, let relation): .part(part(range, relation))
    }
  }

  private func part(_ range: Range<Int>, _ relation: Int?) -> OutlinePart {
    let tokens = reader.tokens[range]
    var part = OutlinePart(text: luaText(tokens), relation: relation.map { reader.tokens[$0].written })
    if let name = reader.innerName(in: range) {
      part.unreadable = "'\(name)' is worked out inside the function"
      return part
    }
    guard let host, let truth = functions[Probes.name(range)] else {
      part.unreadable = failure ?? "it cannot be compiled apart"
      return part
    }
    part.ask = { readings, limits in readings.withUnsafeBufferPointer { host.ask(truth, $0, limits) } }
    if let relation, let left = functions[Probes.name(range.lowerBound..<relation)],
      let right = functions[Probes.name((relation + 1)..<range.upperBound)]
    {
      part.sides = { readings, limits in
        let sides = readings.withUnsafeBufferPointer { readings in
          (value(host.make(left, readings, limits)), value(host.make(right, readings, limits)))
        }
        guard let left = sides.0, let right = sides.1 else { return nil }
        return (left, right)
      }
    }
    return part
  }

  private static func name(_ range: Range<Int>) -> String { "part_\(range.lowerBound)_\(range.upperBound)" }

  /// What surrounds the rule's statement stays: the file's own locals and functions are the same for the parts.
  private static func text(_ reader: OutlineReader, _ layout: RuleLayout) -> String {
    guard let table = layout.table else { return "" }
    let tokens = reader.tokens
    var functions: [String] = []
    let prelude = reader.prelude.map { luaText(tokens[$0]) + " " } ?? ""
    let head = "function(\(reader.parameters.joined(separator: ", "))) \(prelude)return "
    func add(_ sketch: OutlineReader.Sketch) {
      switch sketch {
      case .all(let parts), .any(let parts): parts.forEach(add)
      case .not(let part): add(part)
      case .ways(let ways): ways.forEach { add($0.sketch) }
      case .part(let range, let relation):
        guard reader.innerName(in: range) == nil, !range.isEmpty else { return }
        functions.append("\(name(range)) = \(head)not not (\(luaText(tokens[range]))) end")
        guard let relation else { return }
        for side in [range.lowerBound..<relation, (relation + 1)..<range.upperBound] {
          functions.append("\(name(side)) = \(head)(\(luaText(tokens[side]))) end")
        }
      }
    }
    add(reader.sketch)
    return luaText(tokens[..<table.tokens.lowerBound]) + " { " + functions.joined(separator: ", ") + " } "
      + luaText(tokens[table.tokens.upperBound...])
  }
}

extension OutlineReader {
  /// The first name in the range that means something only inside the function.
  fileprivate func innerName(in range: Range<Int>) -> String? {
    for at in range {
      guard let name = tokens[at].name, inner.contains(name), at == 0 || !tokens[at - 1].reachesInto else { continue }
      return name
    }
    return nil
  }
}

/// Nil where a side is not known, or is nothing that can be shown.
private func value(_ made: LuaHost.Made) -> ReadingValue? {
  switch made {
  case .made(.boolean(let flag)): .boolean(flag)
  case .made(.number(let number)): .number(number)
  case .made(.text(let text)): .text(text)
  case .made, .blind, .fault: nil
  }
}

/// Tokens as Lua text again, laid out as a person would write it.
func luaText(_ tokens: ArraySlice<LuaToken>) -> String {
  var text = ""
  var before: LuaToken?
  var isUnary = false
  for token in tokens {
    if let before, !before.hugsNext(isUnary: isUnary, token), !token.hugsPrevious(before) { text += " " }
    isUnary = token.isSymbol("-") && !(before?.endsOperand ?? false)
    text += token.source
    before = token
  }
  return text
}

extension LuaToken {
  fileprivate var branches: Bool {
    ["if", "for", "while", "repeat", "do", "goto", "function"].contains { isKeyword($0) }
  }
  fileprivate var endsExpression: Bool {
    ["then", "do", "end", "else", "elseif", "until"].contains { isKeyword($0) } || isSymbol(";")
  }
  fileprivate var isRelation: Bool { ["<", ">", "<=", ">=", "==", "~="].contains { isSymbol($0) } }

  /// As Lua reads it.
  fileprivate var source: String {
    guard case .text(let text) = kind else { return written }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22, 0x5C: quoted += "\\\(scalar)"
      case ..<0x20, 0x7F: quoted += "\\x" + String(scalar.value >> 4, radix: 16) + String(scalar.value & 15, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  fileprivate var endsOperand: Bool {
    switch kind {
    case .name, .text, .number: true
    case .keyword(let word): ["end", "nil", "true", "false"].contains(word)
    case .symbol(let symbol): [")", "]", "}"].contains(symbol)
    }
  }

  fileprivate func hugsNext(isUnary: Bool, _ next: LuaToken) -> Bool {
    if isUnary { return !next.isSymbol("-") }
    return [".", ":", "(", "[", "#"].contains { isSymbol($0) }
  }

  fileprivate func hugsPrevious(_ previous: LuaToken) -> Bool {
    if [".", ":", ",", ";", ")", "]"].contains(where: { isSymbol($0) }) { return true }
    return (isSymbol("(") || isSymbol("[")) && previous.endsOperand
  }
}
