import Rules
import Scripting
import Testing

struct RuleFileTests {
  @Test func the_file_names_the_rule() throws {
    #expect(try RuleFile.make().name == "pump_test")
  }

  @Test func a_small_rule_has_the_defaults() throws {
    let rule = try RuleFile.make()
    #expect(rule.heldFor == .zero && rule.releasedFor == .zero && rule.toleratesSpan() == .zero)
    #expect(rule.every == .span(.minutes(1)))
    #expect(!rule.hasClearsWhen)
    #expect(rule.limits.isEmpty && rule.examples.isEmpty && rule.checkFirst.isEmpty)
    #expect(rule.value == nil && rule.reviewBy == nil && rule.consequence == nil)
  }

  @Test func a_work_order_comes_once_a_day_unless_said_otherwise() throws {
    let order = #"work_order { priority = 1, title = "t" }"#
    #expect(try RuleFile.make(actions: order).atMost == AtMost(oncePer: .hours(24)))
    #expect(try RuleFile.make(actions: order, more: #"at_most = once_per "8 h""#).atMost == AtMost(oncePer: .hours(8)))
    #expect(try RuleFile.make(actions: #"notification { title = "t" }"#).atMost == nil)
  }

  @Test func spans_are_taken_as_written() throws {
    let rule = try RuleFile.make(
      more: #"held_for = "2 min", released_for = "90 s", tolerates = "0 s", every = "10 s""#)
    #expect(rule.heldFor == .minutes(2) && rule.releasedFor == .seconds(90))
    #expect(rule.toleratesSpan() == .zero)
    #expect(rule.every == .span(.seconds(10)))
    #expect(try RuleFile.make(more: #"every = "never""#).every == .never)
    #expect(try RuleFile.make(more: #"held_for = "10 min""#).toleratesSpan() == .minutes(1))
  }

  @Test func every_form_of_reading_is_read_in_the_order_of_the_file() throws {
    let rule = try RuleFile.make(
      reads: """
        z = latest "Running", y = previous "Flow [m3/h]", x = quality "Flow", w = age "Flow",
        v = stale("Flow", "3 h"), u = unchanged_for "Running", t = average("Flow", "5 min"), s = mean("Flow", "1 h"),
        r = minimum("Flow", "30 s"), q = maximum("Flow", "1 d"), p = count("Running", "1 h"), o = change("Flow", "2 h"),
        """, when: "return p.z")
    #expect(
      rule.readings == [
        Reading(name: "z", tag: "Running", form: .latest), Reading(name: "y", tag: "Flow", form: .previous),
        Reading(name: "x", tag: "Flow", form: .quality), Reading(name: "w", tag: "Flow", form: .age),
        Reading(name: "v", tag: "Flow", form: .stale(after: .hours(3))),
        Reading(name: "u", tag: "Running", form: .unchangedFor),
        Reading(name: "t", tag: "Flow", form: .average(.minutes(5))),
        Reading(name: "s", tag: "Flow", form: .mean(.hours(1))),
        Reading(name: "r", tag: "Flow", form: .minimum(.seconds(30))),
        Reading(name: "q", tag: "Flow", form: .maximum(.hours(24))),
        Reading(name: "p", tag: "Running", form: .count(.hours(1))),
        Reading(name: "o", tag: "Flow", form: .change(.hours(2))),
      ])
  }

  @Test func actions_are_read_in_their_order() throws {
    let rule = try RuleFile.make(
      actions: """
        setpoint { tag = "SpeedSetpoint", by = "-10 %" }, setpoint { tag = "SpeedSetpoint [%]", by = -5 },
        notification { title = "n {asset}", text = "{running}" }, setpoint { tag = "SpeedSetpoint", to = 60 },
        work_order { priority = 2, title = "w" },
        """)
    #expect(
      rule.actions == [
        .setpoint(tag: "SpeedSetpoint", to: .fraction(-0.1)), .setpoint(tag: "SpeedSetpoint", to: .step(-5)),
        .notification(title: "n {asset}", text: "{running}"), .setpoint(tag: "SpeedSetpoint", to: .value(60)),
        .workOrder(title: "w", priority: 2, text: nil),
      ])
  }

  @Test func limits_are_read_in_the_order_of_the_file() throws {
    let rule = try RuleFile.make(more: "limits = { low = 0.4, high = 7, abc = -1e3 }")
    #expect(rule.limits.map(\.name) == ["low", "high", "abc"])
    #expect(rule.limits.map(\.value) == [0.4, 7, -1000])
  }

  @Test func money_is_decimal() throws {
    let rule = try RuleFile.make(
      more: #"value = { avoids = "14 000 EUR", because = "b", share = "62.5 %", nuisance = "250.5 CHF" }"#)
    #expect(
      rule.value
        == ValueModel(
          avoids: .money(Money(hundredths: 1_400_000, currency: "EUR")), share: Fixed(millionths: 625_000),
          nuisance: Money(hundredths: 25_050, currency: "CHF"), because: "b"))
  }

  @Test func examples_are_read_in_both_forms() throws {
    let rule = try RuleFile.make(
      more: """
        examples = {
          fires { running = true, lasting = "15 min" },
          stays_calm_at_rest = { running = false, lasting = "1 h" },
        }
        """)
    #expect(
      rule.examples == [
        Example(
          name: "fires", kind: .fires, series: [("running", .constant(.value(.boolean(true))))], lasting: .minutes(15),
          line: rule.examples[0].line),
        Example(
          name: "stays_calm_at_rest", kind: .staysCalm, series: [("running", .constant(.value(.boolean(false))))],
          lasting: .hours(1),
          line: rule.examples[0].line + 1),
      ])
  }

  @Test func a_rule_is_asked_by_its_readings_and_limits() throws {
    let rule = try RuleFile.make(
      reads: #"flow = latest "Flow", running = latest "Running""#, when: "return p.running and p.flow < limits.low",
      more: "limits = { low = 8 }, clears_when = function(p, limits) return p.flow > 2 * limits.low end")
    #expect(rule.ask(.when, [.number(7), .boolean(true)], [8]) == .yes)
    #expect(rule.ask(.when, [.number(9), .boolean(true)], [8]) == .no)
    #expect(rule.ask(.when, [.number(9), .boolean(true)], [10]) == .yes)
    #expect(rule.ask(.when, [.notGood, .boolean(true)], [8]) == .blind(reading: 0))
    #expect(rule.ask(.when, [.notGood, .boolean(false)], [8]) == .no)
    #expect(rule.ask(.clearsWhen, [.number(17), .notGood], [8]) == .yes)
  }

  @Test func an_answer_that_is_neither_true_nor_false_is_a_fault() throws {
    let rule = try RuleFile.make(reads: #"flow = latest "Flow""#, when: "return p.flow")
    guard case .fault(let message) = rule.ask(.when, [.number(7)], []) else {
      Issue.record("no fault")
      return
    }
    #expect(message.text.hasPrefix("rules/pump_test.lua:"))
  }

  @Test func without_a_model_names_and_units_are_taken_on_trust() throws {
    let text = RuleFile.text(reads: #"a = average("Anything [furlong]", "1 h")"#, when: "return p.a > 1")
    let rule = try RuleFile.read(text: text, file: "rules/pump_test.lua")
    #expect(rule.readings == [Reading(name: "a", tag: "Anything", form: .average(.hours(1)))])
  }

  @Test func a_byte_order_mark_in_front_does_no_harm() throws {
    let text = RuleFile.text()
    let rule = try RuleFile.read(text: "\u{FEFF}" + text, file: "rules/pump_test.lua")
    let plain = try RuleFile.read(text: text, file: "rules/pump_test.lua")
    #expect(rule.logicHash == plain.logicHash)
    #expect(rule.textHash != plain.textHash)
  }

  @Test func helpers_beside_the_rule_may_be_used() throws {
    let rule = try RuleFile.make(
      when: "return far(p.running)", before: "local half = 0.5\nlocal function far(x) return x and half < 1 end\n")
    #expect(rule.ask(.when, [.boolean(true)], []) == .yes)
  }

  @Test func names_of_a_parameter_used_anew_are_left_alone() throws {
    _ = try RuleFile.make(when: "local p = { other = true } return p.other")
  }
}

extension RuleFile {
  static func text(
    reads: String = #"running = latest "Running""#, when: String = "return p.running",
    actions: String = #"notification { title = "t" }"#, more: String = "", before: String = ""
  ) -> String {
    """
    \(before)rule {
      title = "T", owner = "utilities", applies_to = "CentrifugalPump",
      reads = { \(reads) },
      when = function(p, limits) \(when) end,
      actions = { \(actions) },
      \(more)
    }
    """
  }

  /// A rule with only what is named; the rest as small as it may be.
  static func make(
    reads: String = #"running = latest "Running""#, when: String = "return p.running",
    actions: String = #"notification { title = "t" }"#, more: String = "", before: String = ""
  ) throws(Findings) -> Rule {
    try read(
      text: text(reads: reads, when: when, actions: actions, more: more, before: before), file: "rules/pump_test.lua",
      model: Plant.model, owners: Plant.owners)
  }
}

extension Rule {
  func ask(_ question: Question, _ readings: [ReadingValue], _ limits: [Double]) -> Answer {
    readings.withUnsafeBufferPointer { ask(question, $0, LimitTable(limits)) }
  }
}
