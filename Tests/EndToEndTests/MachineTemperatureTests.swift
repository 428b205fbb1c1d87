import Foundation
import Rules
import Scripting
import Testing

/// A real machine's temperature, five minutes apart over eleven weeks, its clock set back once (Numenta Anomaly
/// Benchmark). The data lies beside the project, not in it; without it these tests say so.
@Suite struct MachineTemperatureTests {
  static let folder = SimulatedPlantTests.root + "/../shared/data/nab_machine_temperature"

  static let rule = """
    rule {
      title = "Machine running cold", owner = "tests", applies_to = "Machine",
      reads = { temperature = latest "Temperature [degF]" },
      when = function(machine) return machine.temperature < 60 end,
      held_for = "30 min",
      tolerates = "0 s",
      clears_when = function(machine) return machine.temperature >= 70 end,
      actions = { notification { title = "{asset} runs cold: {temperature}" } },
    }
    """

  private struct Row: Equatable {
    var sequence: Int
    var event: String
    var time: Instant
    var since: Instant
  }

  /// The data's rows; nil, with a word about it, when the data is not there.
  private func samples() throws -> [(time: Instant, value: Double)]? {
    guard
      let text = try? String(contentsOfFile: Self.folder + "/machine_temperature_system_failure.csv", encoding: .utf8)
    else {
      print("not run: \(Self.folder) is not there")
      return nil
    }
    return try text.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: ",")
      let time = try #require(Instant(rfc3339: fields[0], defaultOffset: .zero))
      return (time, try #require(Double(fields[1])))
    }
  }

  private func replay(_ samples: [(time: Instant, value: Double)]) throws -> [Row] {
    let machine = AssetClass(
      name: "Machine",
      tags: [TagDefinition(name: "Temperature", type: .number, unit: "degF", life: .itself(staleAfter: .minutes(15)))])
    let model = Model(
      classes: [machine], assets: [Asset(name: "machine1", path: "machine1", classIndex: 0)]
    ) { _, _ in SourceID(0) }
    let compiled = try RuleFile.read(text: Self.rule, file: "rules/nab_low.lua", model: model, owners: nil)
    var decider = Decider(
      Configuration(
        hash: .zero, model: model, rules: [compiled],
        policy: PolicySettings(
          tiers: [.init(rule: nil, assetClass: nil, kind: nil, tier: .act)],
          routes: [.init(kind: .notification, assetClass: nil, adapter: "desk")]),
        sources: [SourceSettings(name: "file", lateness: .zero, skew: .zero)]))
    var rows: [Row] = []
    func take(_ turn: Decider.Turn?) {
      guard let turn else { return }
      var decisions = turn.verdict.decisions[...]
      for event in turn.step.events {
        switch event.kind {
        case .fired:
          guard let decision = decisions.popFirst() else { continue }
          #expect(decision.actions.map(\.kind) == [.notification], "no work order")
          rows.append(
            Row(sequence: rows.count / 2 + 1, event: "FIRE", time: decision.key.time, since: decision.since))
        case .cleared:
          rows.append(Row(sequence: rows.count / 2 + 1, event: "CLEAR", time: event.time, since: event.time))
        case .looked: break
        }
      }
    }
    for sample in samples {
      take(decider.apply(.change(TagChange(TagID(0), .number(sample.value), time: sample.time))))
    }
    take(decider.finish())
    return rows
  }

  @Test func cold_for_half_an_hour_decides_as_expected_to_the_second() throws {
    guard let samples = try samples() else { return }
    let expected = try String(contentsOfFile: Self.folder + "/expected_nab1_low60.csv", encoding: .utf8)
      .split(separator: "\n").dropFirst().map { line in
        let fields = line.split(separator: ",")
        return Row(
          sequence: try #require(Int(fields[2])), event: String(fields[3]),
          time: try #require(Instant(rfc3339: fields[4])), since: try #require(Instant(rfc3339: fields[6])))
      }
    #expect(try replay(samples) == expected)
    #expect(expected.count == 28)
  }

  @Test func twenty_minutes_without_rows_inside_a_hold_restart_it() throws {
    guard let samples = try samples() else { return }
    // The first hold runs from 17:30 to 18:00. Without the rows after 17:30 up to 17:45 the step is 20 minutes.
    let from = try #require(Instant(rfc3339: "2013-12-05T17:30:00Z"))
    let until = try #require(Instant(rfc3339: "2013-12-05T17:50:00Z"))
    let thinned = samples.filter { $0.time <= from || $0.time >= until }
    #expect(thinned.count == samples.count - 3)
    let first = try #require(try replay(thinned).first)
    #expect(first.since == until)
    #expect(first.time == until + .minutes(30))
  }
}
