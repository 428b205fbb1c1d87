import Rules

/// The text of a class's file: `file` is how messages name it (`rules/classes/HeatExchanger.lua`).
package struct SharedText: Sendable, Equatable {
  package var file: String
  package var text: String
  package init(file: String, text: String) {
    self.file = file
    self.text = text
  }

  /// Throws every finding that it has as the file of a class, whether or not a rule reads it.
  package func check(of assetClass: String, in model: Model) throws(Findings) {
    _ = try ClassFile(self, of: assetClass, model: model, caller: nil)
  }
}

/// Tags that are calculated for every rule of a class alike: `class { calculates = { ... } }`. Each rule that reads one
/// has a Lua state of its own for it.
struct ClassFile {
  /// In the order of the file.
  let calculated: [Calculated]
  let layout: RuleLayout
  private let host: LuaHost

  /// Reads the file as of a class, with its calls noted as those of the rule that reads it. Throws every finding.
  init(
    _ shared: SharedText, of assetClass: String, model: Model?, caller: CallNote.Caller?, clocked: Bool = true
  ) throws(Findings) {
    let source = shared.text.withoutMark
    layout = RuleLayout(text: source, statement: "class")
    var reader = RuleReader(file: shared.file, layout: layout, model: model, owners: nil)
    reader.assetClass = model?.classes.first { $0.name == assetClass }
    reader.readText()
    do {
      host = try LuaHost(
        text: source, file: shared.file, statement: "class", words: RuleWords.loadWords,
        callWords: RuleWords.callWords, methods: RuleWords.methods, budget: .standard(clocked: clocked), caller: caller)
    } catch {
      reader.report(error)
      throw reader.all
    }
    reader.readClass(host.declared, statementLine: host.statementLine)
    calculated = reader.calculated
    do {
      try host.bind(readings: [], limits: [], calculations: calculated.map { $0.readings.map(\.name) })
    } catch {
      reader.report(error)
    }
    guard reader.findings.isEmpty else { throw reader.all }
  }

  /// Those that `names` name, and those that they read, in the order of the file. They know no limits.
  func calculations(readBy names: Set<String>) -> [Calculation] {
    var needed = names
    for calculated in calculated.reversed() where needed.contains(calculated.name) {
      needed.formUnion(calculated.readings.filter { $0.subject == .own }.map(\.tag))
    }
    let none = LimitTable([] as [LimitValue])
    return calculated.enumerated().filter { needed.contains($0.element.name) }.map { place, calculated in
      let compute = RuleFile.compute(host, calculated, set: place + 1)
      return Calculation(name: calculated.name, unit: calculated.unit, readings: calculated.readings) { readings, _ in
        compute(readings, none)
      }
    }
  }
}

extension RuleReader {
  static let classSample = #"class { calculates = { duty = calc("kW", function(x) ... end, { ... }) } }"#

  fileprivate mutating func readClass(_ declared: Declared, statementLine: Int) {
    guard case .table(let list, let given) = declared, list.isEmpty else {
      return find(statementLine, "write it as \(Self.classSample)")
    }
    for field in given {
      let entry = entry(field, under: "")
      if field.name == "calculates" {
        readCalculations(entry, limits: [])
      } else {
        find(entry.line, "unknown field '\(field.name)': a class has 'calculates' and nothing else")
      }
    }
    if given.isEmpty { find(statementLine, "it says nothing; write it as \(Self.classSample)") }
  }
}

extension String {
  /// Some editors put a byte order mark in front.
  var withoutMark: String {
    unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
  }
}
