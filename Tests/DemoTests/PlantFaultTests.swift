import Demo
import Rules
import Testing

private let begin = Instant(rfc3339: "2026-03-01T10:00:00Z")!

/// The latest good value of each tag, as a rule would see a machine.
private struct Latest {
  var values: [String: Value] = [:]
  func number(_ tag: String) -> Double {
    if case .number(let number) = values[tag] { number } else { .nan }
  }
  var running: Bool { values["Running"] == .boolean(true) }
}

private struct Crossing: Sendable, CustomTestStringConvertible {
  var kind: PlantFault.Kind
  var prefix: String
  var crossed: @Sendable (Latest) -> Bool
  var testDescription: String { kind.rawValue }
}

private let limits: [Crossing] = [
  Crossing(kind: .cloggedStrainer, prefix: "P") { $0.running && $0.number("SuctionPressure") < 0.4 },
  Crossing(kind: .overheatingBearing, prefix: "P") { $0.number("BearingTemperature") > 85 },
  Crossing(kind: .closedDischargeValve, prefix: "P") {
    $0.running && $0.number("Flow") < 5 && $0.number("DischargePressure") > 8
  },
  Crossing(kind: .leakingValve, prefix: "K") { $0.number("DischargeTemperature") > 165 },
  Crossing(kind: .failingOilPressure, prefix: "K") { $0.running && $0.number("OilPressure") < 1.6 },
  Crossing(kind: .openHeater, prefix: "F") {
    $0.values["State"] == .text("Heating") && $0.number("HeaterCurrent") < 60
  },
]

/// Asks `body` of every machine after each of its instants.
private func watch(seed: UInt64, hours: Int64, _ body: (String, Instant, Latest) -> Void) {
  var plant = Plant(seed: seed, start: begin)
  var machines: [String: Latest] = [:]
  let samples = plant.advance(to: begin + .hours(hours))
  for (place, sample) in samples.enumerated() {
    if sample.quality == .good { machines[sample.asset, default: Latest()].values[sample.tag] = sample.value }
    let next = place + 1 < samples.count ? samples[place + 1] : nil
    guard next?.asset != sample.asset || next?.time != sample.time else { continue }
    body(sample.asset, sample.time, machines[sample.asset] ?? Latest())
  }
}

@Suite struct FaultTests {
  @Test(arguments: limits)
  fileprivate func a_fault_crosses_its_limit_on_its_machine_and_nowhere_else(_ limit: Crossing) {
    for seed in campaignSeeds {
      let hours: Int64 = 3
      let faults = Plant(seed: seed, start: begin).faults(until: begin + .hours(hours)).filter { $0.kind == limit.kind }
      #expect(faults.count == Int(hours))
      var crossed: [Int: [Instant]] = [:]
      watch(seed: seed, hours: hours) { asset, time, latest in
        guard asset.hasPrefix(limit.prefix), limit.crossed(latest) else { return }
        let place = faults.firstIndex {
          $0.asset == asset && time >= $0.onset && time < $0.repaired + .minutes(10)
        }
        #expect(place != nil, "\(asset) at \(time), seed \(seed)")
        if let place { crossed[place, default: []].append(time) }
      }
      for (place, fault) in faults.enumerated() {
        guard let first = crossed[place]?.first, let last = crossed[place]?.last else {
          Issue.record("\(fault.sentence) never crossed, seed \(seed)")
          continue
        }
        #expect(first < fault.onset + .minutes(8), "\(fault.sentence)")
        // It lasts until the repair, without a gap from where it is complete.
        #expect(last >= fault.repaired - .seconds(10), "\(fault.sentence)")
        let whole = crossed[place, default: []].drop { $0 < first + .minutes(2) }
        #expect(zip(whole, whole.dropFirst()).allSatisfy { $1 - $0 <= .seconds(5) || $0 >= fault.repaired })
      }
    }
  }

  @Test func a_clogged_strainer_shakes_the_pump() {
    var lowest = Double.infinity
    watch(seed: 3, hours: 1) { asset, time, latest in
      if asset == "P-102", time > begin + .minutes(9), time < begin + .minutes(42) {
        lowest = min(lowest, latest.number("VibrationRMS"))
      }
    }
    #expect(lowest > 7.1)
  }

  @Test func an_open_heater_stops_the_oven_from_getting_hotter() {
    var temperatures: [Double] = []
    watch(seed: 3, hours: 1) { asset, time, latest in
      if asset == "F-302", time >= begin + .minutes(11), time < begin + .minutes(40) {
        temperatures.append(latest.number("Temperature"))
      }
    }
    #expect((temperatures.max() ?? 0) - (temperatures.min() ?? 0) < 1)
  }

  @Test func the_spike_is_short_and_alone() {
    var high: [(asset: String, time: Instant)] = []
    watch(seed: 1, hours: 1) { asset, time, latest in
      if asset.hasPrefix("P"), asset != "P-102", latest.number("VibrationRMS") > 7.1 { high.append((asset, time)) }
    }
    #expect(Set(high.map(\.asset)) == ["P-101"])
    #expect(high.count == 8)
  }

  @Test func later_hours_trouble_the_next_machines() {
    let names = (0...2).map { hour in
      PlantFault.inHour(hour, from: begin).first { $0.kind == .openHeater }?.asset
    }
    #expect(names == ["F-302", "F-303", "F-301"])
  }

  @Test func no_two_faults_of_an_hour_meet_on_one_machine() {
    for hour in 0..<24 {
      let faults = PlantFault.inHour(hour, from: begin)
      #expect(Set(faults.map(\.asset)).count == faults.count)
    }
  }
}
