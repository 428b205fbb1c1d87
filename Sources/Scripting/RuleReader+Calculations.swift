import Rules

/// A tag that the rule makes of tags, as the file has it.
struct Calculated {
  var name: String
  var unit: String?
  var readings: [Reading]
  var compute: LuaFunction
  var onlyWhen: LuaFunction?
}

extension RuleReader {
  /// Calculations in the order of the file, each of which may read those before it.
  mutating func readCalculations(_ entry: Entry, limits: [Limit]) {
    let sample = RuleWords.sample(of: "calculates")
    guard let fields = fields(entry, known: nil, of: "calculates", sample: sample) else { return }
    for field in fields.sorted(by: { (position($0.path), $0.path) < (position($1.path), $1.path) }) {
      let name = String(field.path.dropFirst("calculates.".count))
      guard isName(name, of: "calculation", line: field.line) else { continue }
      if assetClass?.tags.contains(where: { $0.name == name }) == true {
        find(field.line, "\(assetClass?.name ?? "the class") has a tag '\(name)'; give the calculation another name")
      }
      if calculated.contains(where: { $0.name == name }) {
        find(
          field.line,
          "every rule of \(assetClass?.name ?? "this class") has '\(name)' from the class's file; give the "
            + "calculation another name")
        continue
      }
      if let calculation = calculation(field, name: name, limits: limits) { calculated.append(calculation) }
    }
  }

  private mutating func calculation(_ entry: Entry, name: String, limits: [Limit]) -> Calculated? {
    let sample = RuleWords.sample(of: "calculates")
    guard case .word("calc", let arguments?, _) = entry.value else {
      wrong(entry, must: "calc(unit, function, readings), as in \(sample)")
      return nil
    }
    guard arguments.count == 3, case .text(let unit) = arguments[0], case .function(let compute) = arguments[1],
      case .table(let list, let given) = arguments[2]
    else {
      find(
        entry.line,
        "'calc' takes a unit (\"\" for none), a function and a table of readings, as in \(sample)")
      return nil
    }
    if !list.isEmpty {
      find(entry.line, "every reading of \(entry.label) needs a name, as in \(sample)")
    }
    var readings: [(at: Int, reading: Reading)] = []
    var onlyWhen: LuaFunction?
    for field in given {
      var child = self.entry(field, under: entry.path)
      if layout.line(child.path) == nil { child.line = entry.line }
      guard field.name != "only_when" else {
        if case .function(let function) = field.value {
          onlyWhen = function
        } else {
          wrong(child, must: "a function, as in only_when = function(f, limits) return f.flow > 10 end")
        }
        continue
      }
      guard isName(field.name, of: "reading", line: child.line) else { continue }
      if let reading = reading(child, name: field.name, limits: limits) {
        readings.append((position(child.path), reading))
      }
    }
    if given.allSatisfy({ $0.name == "only_when" }), list.isEmpty {
      find(entry.line, "\(entry.label) reads nothing; name its readings in the table, as in \(sample)")
    }
    if let place = layout.place(entry.path) {
      let names = Names(
        readings: place.fields.map(\.name).filter { $0 != "only_when" },
        limits: layout.place("limits").map { $0.fields.map(\.name) } ?? [])
      let functions = place.arguments.dropFirst().first.map { [$0] } ?? []
      for function in functions + (place["only_when"].map { [$0] } ?? []) {
        if let function = layout.function(function) { checkNames(function, names: names, of: "calculation") }
      }
    }
    let ordered = readings.sorted { ($0.at, $0.reading.name) < ($1.at, $1.reading.name) }.map(\.reading)
    return Calculated(
      name: name, unit: unit.contains { !$0.isWhitespace } ? unit : nil, readings: ordered, compute: compute,
      onlyWhen: onlyWhen)
  }
}
