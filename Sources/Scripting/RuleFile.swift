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
  /// Whether a rule may be called so.
  package static func isName(_ name: String) -> Bool { RuleReader.isRuleName(name) }

  /// Reads one rule file's text. `file` is how messages name it (`rules/pump_cavitation.lua`); the rule's name is the
  /// file's name without `.lua`. With a `model`, class, tags, types and units are checked against it; with `owners`,
  /// the owner. With `calls`, each call is noted there, and so is the asset. Throws every finding there is, by line.
  /// `clocked`: calls are bounded in time; not so where what was decided is decided again.
  /// A version that is to shadow beside another is read as such. `shared` is the file of its class, where there is one:
  /// what is wrong with that is wrong with the rule.
  package static func read(
    text: String, file: String, model: Model? = nil, owners: [String]? = nil, calls: CallNote.Place? = nil,
    clocked: Bool = true, role: Role = .acting, shared: SharedText? = nil
  ) throws(Findings) -> Rule {
    let source = text.withoutMark
    let layout = RuleLayout(text: source)
    var reader = RuleReader(file: file, layout: layout, model: model, owners: owners)
    let name = reader.name(of: file)
    let caller = calls?.rule(role == .acting ? name : name + Rule.shadowMark)
    let classFile = try shared.map { shared throws(Findings) in
      try reader.classFile(shared, of: appliesTo(text) ?? "", caller, clocked: clocked)
    }
    reader.calculated = classFile?.calculated ?? []
    let ofClass = reader.calculated.count
    reader.readText()

    let host: LuaHost
    do {
      host = try LuaHost(
        text: source, file: file, statement: "rule", words: RuleWords.loadWords, callWords: RuleWords.callWords,
        methods: RuleWords.methods, budget: .standard(clocked: clocked), caller: caller)
    } catch {
      reader.report(error)
      throw reader.all
    }

    var rule = reader.read(host.declared, name: name, statementLine: host.statementLine)
    do {
      try host.bind(
        readings: rule.readings.map(\.name), limits: rule.limits.map(\.name),
        calculations: reader.calculated.dropFirst(ofClass).map { $0.readings.map(\.name) })
    } catch {
      reader.report(error)
    }
    guard reader.findings.isEmpty else { throw reader.all }

    rule.textHash = textHash(text)
    rule.logicHash = layout.logicHash
    rule.ask = ask(host, reader)
    rule.makeActions = makeActions(host, reader, rule)
    rule.calculations = reader.calculated.dropFirst(ofClass).enumerated().map { place, calculated in
      Calculation(
        name: calculated.name, unit: calculated.unit, readings: calculated.readings,
        compute: compute(host, calculated, set: place + 1))
    }
    if let shared, let classFile {
      let read = rule.allReadings.filter { $0.subject == .own }.map(\.tag)
      let used = classFile.calculations(readBy: Set(read))
      if !used.isEmpty {
        rule.calculations = used + rule.calculations
        rule.textHash = textHash([text, shared.text])
        rule.logicHash = textHash([layout.logicHash.hex, classFile.layout.logicHash.hex])
      }
    }
    rule.askedFor = calls?.asset
    return role == .acting ? rule : rule.shadowing()
  }

  /// The line of a field such as `value.avoids` in a rule's text, or of the nearest around it that is there.
  package static func line(of field: String, in text: String) -> Int? {
    let layout = RuleLayout(text: text.withoutMark)
    var steps = field.split(separator: ".")
    while !steps.isEmpty {
      if let line = layout.line(steps.joined(separator: ".")) { return line }
      steps.removeLast()
    }
    return nil
  }

  /// The class that a rule's text names; nil when it names none in its place.
  package static func appliesTo(_ text: String) -> String? {
    let layout = RuleLayout(text: text.withoutMark)
    return layout.place("applies_to").flatMap { layout.tokens[$0.tokens].first?.text }
  }

  private static func ask(_ host: LuaHost, _ reader: RuleReader) -> Rule.Ask {
    let when = reader.functions["when"]
    let clearsWhen = reader.functions["clears_when"]
    let needs = reader.functions["needs"]
    let suppressedWhen = reader.functions["suppressed_when"]
    return { question, readings, limits in
      let function =
        switch question {
        case .when: when
        case .clearsWhen: clearsWhen
        case .needs: needs
        case .suppressedWhen: suppressedWhen
        }
      guard let function else { preconditionFailure("a rule is asked \(question), which it does not have") }
      return host.ask(function, readings, limits)
    }
  }

  static func compute(
    _ host: LuaHost, _ calculated: Calculated, set: Int
  ) -> (UnsafeBufferPointer<ReadingValue>, LimitTable) -> Computed {
    { readings, limits in
      if let onlyWhen = calculated.onlyWhen {
        switch host.ask(onlyWhen, set: set, readings, limits) {
        case .yes: break
        case .no: return .nothing
        case .blind(let reading): return .blind(reading: reading)
        case .fault(let cause): return .fault(cause)
        }
      }
      return host.compute(calculated.compute, set: set, readings, limits)
    }
  }

  /// What the function of `actions` gives is read as a list in the file would be; what is wrong with it is a fault.
  private static func makeActions(
    _ host: LuaHost, _ reader: RuleReader, _ rule: Rule
  ) -> ((UnsafeBufferPointer<ReadingValue>, LimitTable) -> MadeActions)? {
    guard let function = reader.functions["actions"] else { return nil }
    let names = Names(readings: rule.readings.map(\.name), limits: rule.limits.map(\.name))
    return { readings, limits in
      switch host.make(function, readings, limits) {
      case .blind(let reading): return .blind(reading: reading)
      case .fault(let cause): return .fault(cause)
      case .made(let made):
        var reader = reader
        let actions = reader.madeActions(made, of: function, names: names)
        if let finding = reader.findings.first { return .fault(FaultCause(finding.description)) }
        return .actions(actions)
      }
    }
  }
}
