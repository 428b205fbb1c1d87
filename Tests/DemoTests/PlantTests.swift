import Demo
import Foundation
import Rules
import Testing

private let begin = Instant(rfc3339: "2026-03-01T10:00:00Z")!

/// One hour of one seed, told as states: the latest value of each tag of each machine, sample by sample.
private func hour(seed: UInt64 = 1, hours: Int64 = 1) -> [Sample] {
  var plant = Plant(seed: seed, start: begin)
  return plant.advance(to: begin + .hours(hours))
}

/// More with MILLWRIGHT_CAMPAIGN=large.
let campaignSeeds: ClosedRange<UInt64> =
  ProcessInfo.processInfo.environment["MILLWRIGHT_CAMPAIGN"] == "large" ? 1...20 : 1...1

private func minute(_ time: Instant) -> Double { (time - begin).seconds / 60 }

@Suite struct PlantTests {
  @Test func the_same_seed_gives_the_same_plant_however_often_it_is_asked() {
    var plant = Plant(seed: 7, start: begin)
    var piecewise: [Sample] = []
    for seconds in stride(from: Int64(0), through: 3600, by: 7) {
      piecewise += plant.advance(to: begin + .seconds(seconds))
    }
    piecewise += plant.advance(to: begin + .hours(1))
    #expect(piecewise == hour(seed: 7))
    #expect(piecewise != hour(seed: 8))
  }

  @Test func samples_come_in_order_and_every_five_seconds() {
    let samples = hour()
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.time <= $1.time })
    let flows = samples.filter { $0.asset == "P-103" && $0.tag == "Flow" }.map(\.time)
    #expect(zip(flows, flows.dropFirst()).allSatisfy { $1 - $0 == .seconds(5) })
    #expect(flows.count == 720)
  }

  @Test func every_machine_speaks_with_every_tag() {
    let counts = Dictionary(grouping: hour(), by: \.asset).mapValues { Set($0.map(\.tag)).count }
    #expect(counts.count == 12)
    for name in Plant.pumps { #expect(counts[name] == 8) }
    for name in Plant.compressors { #expect(counts[name] == 7) }
    for name in Plant.ovens { #expect(counts[name] == 6) }
  }

  @Test(arguments: [
    ("P-", "SuctionPressure", 1.5, 2.2), ("P-", "DischargePressure", 5.5, 6.5), ("P-", "Flow", 75, 85),
    ("P-", "VibrationRMS", 2, 3.5), ("P-", "BearingTemperature", 45, 60), ("P-", "MotorCurrent", 36, 44),
    ("K-", "DischargeTemperature", 130, 145), ("K-", "DischargePressure", 6.5, 7.5), ("K-", "OilPressure", 3.3, 3.7),
    ("K-", "CoolingWaterFlow", 11, 13), ("K-", "MotorCurrent", 80, 90), ("F-", "Temperature", 20, 870),
  ])
  func healthy_machines_stay_in_their_range(_ kind: String, _ tag: String, _ low: Double, _ high: Double) {
    for seed in campaignSeeds {
      let faults = Plant(seed: seed, start: begin).faults(until: begin + .hours(2))
      for sample in hour(seed: seed, hours: 2) where sample.asset.hasPrefix(kind) && sample.tag == tag {
        // A repaired bearing takes a while to cool.
        let ill = faults.contains {
          $0.asset == sample.asset && sample.time >= $0.onset && sample.time < $0.repaired + .minutes(15)
        }
        guard !ill, case .number(let value) = sample.value else { continue }
        #expect(
          (low...high).contains(value), "\(sample.asset) \(tag) \(value), minute \(minute(sample.time)), seed \(seed)")
      }
    }
  }

  @Test func what_is_sent_on_change_is_repeated_every_five_minutes() {
    let running = hour().filter { $0.asset == "P-101" && $0.tag == "Running" }.map { minute($0.time) }
    #expect(running == Array(stride(from: 0, through: 60, by: 5)))
  }

  @Test func a_silent_machine_says_nothing_and_then_everything() {
    let times = hour().filter { $0.asset == "K-201" }.map { minute($0.time) }
    #expect(times.allSatisfy { $0 < 20 || $0 >= 30 })
    let back = hour().filter { $0.asset == "K-201" && minute($0.time) >= 30 }
    #expect(back.prefix(7).contains { $0.tag == "Running" })
  }

  @Test func a_failed_sensor_says_so() {
    for sample in hour() where sample.asset == "P-106" && sample.tag == "VibrationRMS" {
      let failed = (10..<32).contains(minute(sample.time))
      #expect(sample.quality == (failed ? .bad : .good))
      #expect((sample.value == .number(45)) == failed)
    }
  }

  @Test func ovens_heat_at_eight_degrees_a_minute() {
    let temperatures = hour().filter { $0.asset == "F-302" && $0.tag == "Temperature" }.prefix(108)
    guard case .number(let first)? = temperatures.first?.value, case .number(let last)? = temperatures.last?.value
    else {
      Issue.record("no temperatures")
      return
    }
    // 107 steps of 5 s.
    #expect(abs((last - first) / (107 * 5 / 60) - 8) < 0.2)
  }
}
