import Rules
import Scripting
import Testing

/// `rules/classes/CLASS.lua`: what is calculated for every rule of a class alike.
struct ClassFileTests {
  static let shared = """
    -- What every pump has.
    class {
      calculates = {
        rise = calc("bar", function(p) return p.out - p.inlet end, {
          out = latest "DischargePressure [bar g]", inlet = latest "SuctionPressure [bar g]",
        }),
        rise_per_flow = calc("", function(p) return p.rise / p.flow end, {
          rise = latest "rise [bar]", flow = latest "Flow [m3/h]", only_when = function(p) return p.flow > 10 end,
        }),
        unused = calc("", function(p) return p.flow end, { flow = latest "Flow" }),
      },
    }
    """

  private func rule(
    _ reads: String = #"x = average("rise_per_flow", "1 h")"#, more: String = "",
    _ shared: String? = ClassFileTests.shared
  ) throws(Findings) -> Rule {
    try RuleFile.read(
      text: RuleFile.text(reads: reads, when: "return p.x > 3", more: more), file: "rules/pump_test.lua",
      model: Plant.model, owners: Plant.owners,
      shared: shared.map { SharedText(file: "rules/classes/CentrifugalPump.lua", text: $0) })
  }

  private func messages(_ make: () throws(Findings) -> Rule) -> [String] {
    do {
      _ = try make()
      return []
    } catch {
      return error.list.map(\.description)
    }
  }

  private func value(_ calculation: Calculation, _ readings: [ReadingValue]) -> Computed {
    readings.withUnsafeBufferPointer { calculation.compute($0, LimitTable([Double]())) }
  }

  @Test func a_rule_reads_what_its_class_calculates_and_what_that_reads() throws {
    let rule = try rule()
    #expect(rule.calculations.map(\.name) == ["rise", "rise_per_flow"])
    #expect(value(rule.calculations[0], [.number(5), .number(2)]) == .number(3))
    #expect(value(rule.calculations[1], [.number(3), .number(20)]) == .number(0.15))
    #expect(value(rule.calculations[1], [.number(3), .number(9)]) == .nothing)
    #expect(value(rule.calculations[0], [.number(5), .notGood]) == .blind(reading: 1))
  }

  @Test func a_calculation_of_the_rule_may_read_it() throws {
    let rule = try rule(
      #"x = latest "twice""#,
      more: #"calculates = { twice = calc("", function(p) return 2 * p.rise end, { rise = latest "rise" }) },"#)
    #expect(rule.calculations.map(\.name) == ["rise", "twice"])
    #expect(value(rule.calculations[1], [.number(4)]) == .number(8))
  }

  @Test func the_logic_of_a_rule_is_also_that_of_its_class_where_it_reads_it() throws {
    let changed = Self.shared.replacing("p.out - p.inlet", with: "p.out - p.inlet + 1")
    let explained = Self.shared.replacing("-- What every pump has.", with: "-- What pumps have.")
    let before = try rule()
    #expect(try rule(changed).logicHash != before.logicHash)
    let same = try rule(explained)
    #expect(same.logicHash == before.logicHash && same.textHash != before.textHash)
    let plain = #"x = latest "Flow""#
    #expect(try rule(plain, changed).logicHash == rule(plain, nil).logicHash, "it reads nothing of it")
    #expect(try rule(plain, changed).textHash == rule(plain, nil).textHash)
  }

  private func rule(_ shared: String) throws(Findings) -> Rule {
    try rule(#"x = average("rise_per_flow", "1 h")"#, shared)
  }
  private func rule(_ reads: String, _ shared: String?) throws(Findings) -> Rule {
    try rule(reads, more: "", shared)
  }

  @Test(
    arguments: [
      ("latest \"DischargePressure", "latest \"DischargePresure", ":5: CentrifugalPump has no tag 'DischargePresure'"),
      ("p.out - p.inlet", "p.outlet - p.inlet", ":4: 'p.outlet' is no reading of this calculation"),
      ("calculates = {", "calculate = {", ":3: unknown field 'calculate'"),
      ("class {", "rule {", ": unknown name 'rule'"),
      ("unused = calc", "Flow = calc", ":10: CentrifugalPump has a tag 'Flow'"),
      ("function(p) return p.flow end", "function(p) return p.flow", "'end' expected"),
    ]) func what_is_wrong_with_it_is_found_there_and_in_the_rule(_ right: String, _ wrong: String, _ message: String)
  {
    let found = messages { () throws(Findings) in try rule(Self.shared.replacing(right, with: wrong)) }
    #expect(found.contains { $0.hasPrefix("rules/classes/CentrifugalPump.lua") && $0.contains(message) }, "\(found)")
    #expect(
      found.contains {
        $0.hasPrefix("rules/pump_test.lua:2: what rules/classes/CentrifugalPump.lua calculates for it cannot be read")
      }, "\(found)")
  }

  @Test func a_rule_gives_no_calculation_a_name_that_its_class_has_given() {
    let found = messages { () throws(Findings) in
      try rule(
        #"x = latest "rise""#,
        more: #"calculates = { rise = calc("", function(p) return p.flow end, { flow = latest "Flow" }) },"#)
    }
    #expect(
      found.contains { $0.contains("every rule of CentrifugalPump has 'rise' from the class's file") }, "\(found)")
  }

  @Test func a_misspelt_word_in_it_is_the_first_that_is_said() {
    let found = messages { () throws(Findings) in try rule(Self.shared.replacing("out = latest", with: "out = latst")) }
    #expect(
      found.first == "rules/classes/CentrifugalPump.lua:5: unknown name 'latst' (did you mean 'latest'?)", "\(found)")
    #expect(!found.contains { $0.contains("'class'") })
  }

  @Test func no_window_begins_with_what_is_calculated() {
    let found = messages { () throws(Findings) in
      try rule(#"x = average("Flow [m3/h]", since "rise")"#, Self.shared)
    }
    let cause = #"'rise' is calculated; a window begins with a tag of the plant, as in since "BatchId""#
    #expect(found.count == 1 && found.allSatisfy { $0.hasSuffix(cause) }, "\(found)")
  }

  @Test func it_can_be_checked_without_a_rule_that_reads_it() {
    func findings(_ text: String) -> [String] {
      do throws(Findings) {
        try SharedText(file: "rules/classes/CentrifugalPump.lua", text: text).check(
          of: "CentrifugalPump", in: Plant.model)
        return []
      } catch {
        return error.list.map(\.description)
      }
    }
    #expect(findings(Self.shared) == [])
    #expect(findings("class { calculates = }").allSatisfy { $0.hasPrefix("rules/classes/CentrifugalPump.lua:1: ") })
    #expect(!findings("class { calculates = }").isEmpty)
  }

  @Test func an_unknown_tag_is_compared_with_what_the_class_calculates() {
    let found = messages { () throws(Findings) in try rule(#"x = latest "risee""#, Self.shared) }
    #expect(found.contains { $0.contains("did you mean 'rise'?") }, "\(found)")
  }
}
