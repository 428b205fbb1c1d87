import Rules

/// Everything wrong with one file, by line.
package struct Findings: Error, Equatable, Sendable, CustomStringConvertible {
  package var list: [Finding]
  package init(list: [Finding]) { self.list = list }
  /// One line each.
  package var description: String { list.map(\.description).joined(separator: "\n") }
}

/// From the text of a rule file to a rule.
package enum RuleFile {
  /// Reads one rule file's text. `file` is how messages name it (`rules/pump_cavitation.lua`); the rule's name is the
  /// file's name without `.lua`. With a `model`, class, tags, types and units are checked against it; with `owners`,
  /// the owner. With `calls`, each call is noted there, and so is the asset. Throws every finding there is, by line.
  package static func read(
    text: String, file: String, model: Model? = nil, owners: [String]? = nil, calls: CallNote.Place? = nil
  ) throws(Findings) -> Rule {
    // Some editors put a byte order mark in front.
    let source = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    let layout = RuleLayout(text: source)
    var reader = RuleReader(file: file, layout: layout, model: model, owners: owners)
    let name = reader.name(of: file)
    reader.readText()

    let host: LuaHost
    do {
      host = try LuaHost(
        text: source, file: file, statement: "rule", words: RuleWords.vocabulary, caller: calls?.rule(name))
    } catch {
      reader.report(error)
      throw reader.all
    }

    var rule = reader.read(host.declared, name: name, statementLine: host.statementLine)
    do {
      try host.bind(readings: rule.readings.map(\.name), limits: rule.limits.map(\.name))
    } catch {
      reader.report(error)
    }
    guard reader.findings.isEmpty else { throw reader.all }

    rule.textHash = textHash(text)
    rule.logicHash = layout.logicHash
    let (when, clearsWhen) = (reader.when, reader.clearsWhen)
    rule.ask = { question, readings, limits in
      guard let function = question == .when ? when : clearsWhen else {
        preconditionFailure("clears_when asked of a rule that has none")
      }
      return host.ask(function, readings, limits)
    }
    rule.askedFor = calls?.asset
    return rule
  }
}
