import Explain
import Foundation
import Rules
import Scripting
import Testing

/// A pump whose bearing runs hot, told minute by minute, and what is explained of it.
struct Told {
  static let rule = """
    rule {
      title = "Bearing runs hot", owner = "mechanics", applies_to = "Pump",
      limits = { hot = 90 },
      reads = { running = latest "Running", temperature = latest "Temperature [degC]" },
      when = function(pump, limits)
        return pump.running and pump.temperature > limits.hot
      end,
      held_for = "10 min",
      at_most = once_per "8 h",
      actions = { notification { title = "See {asset}" } },
    }
    """

  /// `10:05` on the day.
  static func at(_ clock: String) -> Instant {
    Instant(rfc3339: "2026-03-01T\(clock):00Z") ?? .distantPast
  }

  private(set) var inputs: [Input] = []
  var staleAfter: TimeSpan?
  /// The time of day at which the calendar of the rule opens; nil: it has none.
  var openFrom: TimeSpan?
  var text = rule

  init(staleAfter: TimeSpan? = nil) { self.staleAfter = staleAfter }

  /// A sample every minute from one time to another; the pump runs from the first on.
  mutating func temperature(_ value: Double, from: String, to: String) {
    var time = Told.at(from)
    if inputs.isEmpty { inputs.append(.change(TagChange(TagID(0), .boolean(true), time: time))) }
    while time <= Told.at(to) {
      inputs.append(.change(TagChange(TagID(1), .number(value), time: time)))
      time = time + .minutes(1)
    }
  }

  func explain(at clock: String, around: TimeSpan = .minutes(20)) throws -> Explanation {
    let tags = [
      TagDefinition(name: "Running", type: .boolean),
      TagDefinition(
        name: "Temperature", type: .number, unit: "degC", life: staleAfter.map { .itself(staleAfter: $0) } ?? .device),
    ]
    let model = Model(
      classes: [AssetClass(name: "Pump", tags: tags)],
      assets: [Asset(name: "P-101", path: "Works/P-101", classIndex: 0)]
    ) { _, _ in SourceID(0) }
    let file = "rules/hot_bearing.lua"
    var compiled = try RuleFile.read(text: text, file: file, model: model)
    var configuration = Configuration(
      hash: .zero, model: model, rules: [], policy: PolicySettings(tiers: [], routes: []),
      sources: [SourceSettings(name: "file", lateness: .zero, skew: .zero)])
    if let openFrom {
      compiled.during = ["day"]
      let everyDay: Weekdays = [.monday, .tuesday, .wednesday, .thursday, .friday, .saturday, .sunday]
      configuration.calendars = [
        Rules.Calendar(name: "day", weekly: [.init(days: everyDay, span: DaySpan(from: openFrom, to: .hours(18)))])
      ]
    }
    configuration.rules = [compiled]
    let outline = RuleFile.outline(
      of: "when", text: text, file: file, readings: compiled.readings.map(\.name), limits: compiled.limits.map(\.name))
    var explainer = try Explainer(
      Decider(configuration), rule: compiled.name, asset: "Works/P-101", at: Told.at(clock), around: around,
      outline: outline)
    var goesOn = true
    for input in inputs where goesOn { goesOn = explainer.take(input) }
    return explainer.explain(isWhole: goesOn)
  }

  static func golden(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }
}
