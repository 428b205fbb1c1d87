import Rules
import Scripting
import Testing

/// The language as process engineers write it, from text to rule.
struct RuleLanguageTests {
  private func form(_ reading: String, more: String = "") throws -> Reading {
    let rule = try RuleFile.make(reads: "x = \(reading), running = latest \"Running\"", more: more)
    return try #require(rule.readings.first)
  }

  @Test(
    arguments: [
      (#"spread("Flow", "1 h")"#, .spread(.hours(1))),
      (#"total("Flow [m3/h]", "1 d")"#, .total(.hours(24))),
      (#"smoothed("Flow", "10 min")"#, .smoothed(.minutes(10))),
      (#"rate("Flow", "1 h", per "h")"#, .rate(.hours(1), per: .hours(1))),
      (#"rate("Flow", "1 h", per "10 min")"#, .rate(.hours(1), per: .minutes(10))),
      (#"crossings("Flow", 8, "1 h")"#, .crossings(.number(8), .hours(1))),
      (#"crossings("Flow", "low", "1 h")"#, .crossings(.limit("low"), .hours(1))),
      (#"time_in("Running", true, "1 h")"#, .timeIn(.boolean(true), .hours(1))),
      (#"average("Flow", since "Running")"#, .average(.since(tag: "Running", value: nil))),
      (#"average("Flow", since("Running", true))"#, .average(.since(tag: "Running", value: .boolean(true)))),
      (#"average("Flow", this "15 min")"#, .average(.this(.span(.minutes(15))))),
      (#"average("Flow", this "hour")"#, .average(.this(.span(.hours(1))))),
      (#"maximum("Flow", this "shift")"#, .maximum(.this(.shift))),
      (#"minimum("Flow", this "day")"#, .minimum(.this(.day))),
      (#"elapsed(this "shift")"#, .elapsed(.this(.shift))),
      (#"left(this "15 min")"#, .left(.this(.span(.minutes(15))))),
      (#"active "pump_dead_head""#, .active(rule: "pump_dead_head")),
      (#"fired("pump_dead_head", "1 h")"#, .fired(rule: "pump_dead_head", .hours(1))),
    ] as [(String, ReadingForm)]) func a_reading_is_read(text: String, expected: ReadingForm) throws
  {
    #expect(try form(text, more: "limits = { low = 8 }").form == expected)
  }

  @Test func a_counter_has_an_increase() throws {
    let rule = try RuleFile.read(
      text: RuleFile.text(reads: #"x = increase("Starts", "1 h")"#, when: "return p.x > 3")
        .replacing("CentrifugalPump", with: "ReciprocatingCompressor"),
      file: "rules/pump_test.lua", model: Plant.model)
    #expect(rule.readings.map(\.form) == [.increase(.hours(1))])
  }

  @Test(
    arguments: [
      (#"latest "Speed [m/min]" :of "Line""#, .ancestor(assetClass: "Line")),
      (#"average("Flow [m3/h]", "1 h"):of_pair("standby")"#, .reference("standby")),
      (#"each("OvenZone", maximum("Temperature [degC]", "1 h"))"#, .each(assetClass: "OvenZone")),
      (#"latest "Flow""#, .own),
    ] as [(String, Subject)]) func a_reading_says_whose_tag_it_is(text: String, expected: Subject) throws
  {
    #expect(try form(text).subject == expected)
  }

  @Test func options_come_last() throws {
    #expect(try form(#"average("Flow", "1 h", { at_least = "95 %" })"#).atLeast == .share(0.95))
    #expect(try form(#"mean("Flow", "1 h", { at_least = 6 })"#).atLeast == .samples(6))
    #expect(try form(#"latest("Flow", { optional = true })"#).isOptional)
    #expect(try form(#"latest("Speed", { optional = true }):of "Line""#).isOptional)
    #expect(try !form(#"latest "Flow""#).isOptional)
  }

  @Test func limits_are_of_four_kinds_with_bounds() throws {
    let rule = try RuleFile.make(
      more: """
        limits = {
          low = { 0.4, from = 0.2, to = 0.8 }, pause = { "10 min", to = "1 h" }, mode = "Heating",
          line = curve { {0, 0}, {120, 35} },
        }
        """)
    let line = try #require(Curve([Curve.Point(0, 0), Curve.Point(120, 35)]))
    #expect(
      rule.limits == [
        Limit(name: "low", value: 0.4, from: 0.2, to: 0.8),
        Limit(name: "pause", value: .duration(.minutes(10)), to: .duration(.hours(1))),
        Limit(name: "mode", value: .state("Heating")), Limit(name: "line", value: .curve(line)),
      ])
  }

  @Test func an_override_keeps_to_kind_and_bounds() {
    let limit = Limit(name: "low", value: 0.4, from: 0.2, to: 0.8)
    #expect(limit.refusal(of: 0.8) == nil && limit.refusal(of: 0.2) == nil)
    #expect(limit.refusal(of: 0.9) == "is above what the rule allows, to 0.8")
    #expect(limit.refusal(of: 0.1) == "is below what the rule allows, from 0.2")
    #expect(limit.refusal(of: .duration(.minutes(1))) == "is a length of time, and the limit is a number")
  }

  @Test func a_hold_may_name_a_limit() throws {
    let rule = try RuleFile.make(
      more: #"limits = { stroke = "30 s" }, held_for = "stroke", released_for = "stroke", tolerates = "stroke""#)
    #expect(rule.heldFor == .limit("stroke") && rule.releasedFor == .limit("stroke"))
    #expect(rule.tolerates == .limit("stroke"))
  }

  @Test func every_field_of_holding_and_holding_back_is_read() throws {
    let rule = try RuleFile.make(
      actions: #"setpoint { tag = "SpeedSetpoint", by = -5 }"#,
      more: """
        formerly = { "a", "b" }, during = "day", not_during = { "cleaning", "shutdown" }, group = "suction",
        repeats_every = "4 h", settles_for = "10 min", recheck = "12 h", clears_when = by_hand,
        on_clear = { comment "{asset} is well", restore, cancel },
        """)
    #expect(rule.formerly == ["a", "b"] && rule.during == ["day"] && rule.notDuring == ["cleaning", "shutdown"])
    #expect(rule.group == "suction" && rule.repeatsEvery == .hours(4) && rule.settlesFor == .minutes(10))
    #expect(rule.recheck == .hours(12) && rule.clearsByHand && !rule.hasClearsWhen)
    #expect(rule.onClear == [.comment("{asset} is well"), .restore, .cancel])
  }

  @Test func each_question_is_asked_of_its_own_function() throws {
    let rule = try RuleFile.make(
      reads: #"flow = latest "Flow""#, when: "return p.flow > 1",
      more: """
        clears_when = function(p) return p.flow > 2 end, needs = function(p) return p.flow > 3 end,
        suppressed_when = function(p) return p.flow > 4 end,
        """)
    #expect(rule.hasClearsWhen && rule.hasNeeds && rule.hasSuppressedWhen)
    for (above, question) in zip(1..., [Question.when, .clearsWhen, .needs, .suppressedWhen]) {
      #expect(rule.ask(question, [.number(Double(above) + 0.5)], []) == .yes)
      #expect(rule.ask(question, [.number(Double(above))], []) == .no)
    }
  }

  @Test func a_calculation_is_read_like_a_tag() throws {
    let rule = try RuleFile.make(
      reads: #"head = average("head [bar]", "5 min")"#, when: "return p.head < limits.low",
      more: """
        limits = { low = 2 },
        calculates = {
          head = calc("bar", function(f, limits) return f.out - f.inlet end, {
            out = latest "DischargePressure [bar g]", inlet = latest "SuctionPressure [bar g]",
            only_when = function(f, limits) return f.out > limits.low end,
          }),
        },
        """)
    let head = try #require(rule.calculations.first)
    #expect(head.name == "head" && head.unit == "bar")
    #expect(head.readings.map(\.name) == ["out", "inlet"])
    func computed(_ readings: [ReadingValue]) -> Computed {
      readings.withUnsafeBufferPointer { head.compute($0, LimitTable([2.0])) }
    }
    #expect(computed([.number(7), .number(3)]) == .number(4))
    #expect(computed([.number(1), .number(3)]) == .nothing)
    #expect(computed([.number(7), .notGood]) == .blind(reading: 1))
    #expect(rule.readings == [Reading(name: "head", tag: "head", form: .average(.minutes(5)))])
  }

  @Test func an_action_may_work_on_another_asset() throws {
    let rule = try RuleFile.make(
      actions: """
        setpoint { tag = "Speed [m/min]", to = 5, on = of "Line" },
        work_order { priority = 1, title = "t", on = of_pair "standby" },
        notification { title = "t", on = each "OvenZone" },
        """)
    #expect(
      rule.actions.map(\.on) == [
        .ancestor(assetClass: "Line"), .reference("standby"), .each(assetClass: "OvenZone"),
      ])
  }
}

/// `actions` as a function.
struct RuleMadeActionsTests {
  private func rule(_ body: String, before: String = "") throws -> Rule {
    try RuleFile.read(
      text: """
        \(before)
        rule {
          title = "T", owner = "utilities", applies_to = "CentrifugalPump",
          limits = { low = 8 }, reads = { flow = latest "Flow", running = latest "Running" },
          when = function(p, limits) return p.flow < limits.low end,
          actions = function(p, limits) \(body) end,
        }
        """, file: "rules/pump_test.lua", model: Plant.model, owners: Plant.owners)
  }

  private func made(_ rule: Rule, flow: ReadingValue = .number(4)) throws -> MadeActions {
    let make = try #require(rule.makeActions)
    return [flow, .boolean(true)].withUnsafeBufferPointer { make($0, LimitTable([8.0])) }
  }

  @Test func a_function_makes_actions_from_what_it_sees() throws {
    let rule = try rule(
      """
      local list = { work_order { priority = p.flow < limits.low / 2 and 1 or 3, title = "Check {asset}" } }
      if p.running then table.insert(list, setpoint { tag = "Speed", to = p.flow * 2, on = of "Line" }) end
      return list
      """)
    #expect(rule.couldDo == [.workOrder, .setpoint] && rule.actions.isEmpty)
    #expect(rule.atMost == AtMost(oncePer: .hours(24)))
    #expect(
      try made(rule)
        == .actions([
          .workOrder(title: "Check {asset}", priority: 3, text: nil),
          .setpoint(tag: "Speed", to: .value(8), on: .ancestor(assetClass: "Line")),
        ]))
  }

  @Test func a_helper_may_make_the_actions() throws {
    let helper = #"local function note(text) return notification { title = text } end"#
    let rule = try rule(#"return { note("low") }"#, before: helper)
    #expect(rule.couldDo == [.notification])
    #expect(try made(rule) == .actions([.notification(title: "low", text: nil)]))
  }

  @Test func it_is_blind_on_what_is_not_good() throws {
    let rule = try rule(#"return { notification { title = "at " .. p.flow } }"#)
    #expect(try made(rule, flow: .notGood) == .blind(reading: 0))
  }

  @Test(arguments: [
    (
      #"return { work_order { priority = 9, title = "t" } }"#,
      "'priority' of work_order must be a whole number from 1 (first) to 5, as in priority = 2; found the number 9"
    ),
    (
      #"return { notification { title = "{flw}" } }"#,
      "'title' of notification: unknown placeholder {flw} (did you mean 'flow'?)"
    ),
    (
      #"return { setpoint { tag = "Sped", to = 1, on = of "Line" } }"#, "Line has no tag 'Sped' (did you mean 'Speed'?)"
    ),
    (
      #"return notification { title = "t" }"#,
      "this function must return a list of actions, not the word 'notification'"
    ),
    (#"if false then notification {} end return nil"#, "this function must return a list of actions, not nothing"),
    (
      #"return { notification { title = "t" }, 5 }"#,
      "this function must return a list of actions, not one with the number 5 in it"
    ),
    (#"return { notification { title = nil + 1 } }"#, "attempt to perform arithmetic on a nil value"),
  ]) func what_is_wrong_with_them_is_a_fault_with_its_line(body: String, message: String) throws {
    #expect(try made(try rule(body)) == .fault("rules/pump_test.lua:6: \(message)"))
  }
}
