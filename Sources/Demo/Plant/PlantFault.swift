import Rules

/// A trouble written into the plant: what, where, when, and what a good watcher makes of it.
package struct PlantFault: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case cloggedStrainer, overheatingBearing, closedDischargeValve
    case leakingValve, failingOilPressure, openHeater
    case badSensor, silence, spike, plannedStop
  }

  /// What should come of it.
  package enum Expected: Equatable, Sendable {
    /// A decision on that machine.
    case decision
    /// No decision, and to be told that one could not be made.
    case blindness
    /// Nothing: it is no trouble.
    case nothing
  }

  package var kind: Kind
  /// The asset's own name, `P-102`.
  package var asset: String
  /// Plant time: where it begins, is complete, and is repaired.
  package var onset: Instant
  package var full: Instant
  package var repaired: Instant
  /// For people: `P-102's suction strainer clogs`.
  package var sentence: String

  package var expected: Expected {
    switch kind {
    case .cloggedStrainer, .overheatingBearing, .closedDischargeValve: .decision
    case .leakingValve, .failingOilPressure, .openHeater: .decision
    case .badSensor, .silence: .blindness
    case .spike, .plannedStop: .nothing
    }
  }

  /// 0 before the onset, 1 from `full` to the repair, and back to 0 within a minute of it.
  package func severity(at now: Instant) -> Double {
    if now < onset || now >= repaired + (isSudden ? .zero : PlantFault.recovery) { return 0 }
    if now >= repaired { return 1 - (now - repaired).seconds / PlantFault.recovery.seconds }
    if now >= full { return 1 }
    return (now - onset).seconds / (full - onset).seconds
  }

  static let recovery = TimeSpan.minutes(1)

  /// There or not there, nothing between.
  private var isSudden: Bool {
    switch kind {
    case .openHeater, .badSensor, .silence, .spike, .plannedStop: true
    default: false
    }
  }
}

extension PlantFault {
  /// The faults of one hour of plant time, by onset. Hour 0 is the one the demo tells; later hours have the same
  /// troubles on the next machines, so that a plant can run for days.
  package static func inHour(_ hour: Int, from start: Instant) -> [PlantFault] {
    let begin = start + .minutes(Int64(hour) * 60)
    func fault(
      _ kind: Kind, _ names: [String], _ first: Int, from onset: Double, full: Double? = nil, to repaired: Double,
      _ sentence: (String) -> String
    ) -> PlantFault {
      let asset = names[(first + hour) % names.count]
      func minute(_ count: Double) -> Instant { begin + .seconds(Int64(count * 60)) }
      return PlantFault(
        kind: kind, asset: asset, onset: minute(onset), full: minute(full ?? onset), repaired: minute(repaired),
        sentence: sentence(asset))
    }
    let (pumps, compressors, ovens) = (Plant.pumps, Plant.compressors, Plant.ovens)
    return [
      fault(.cloggedStrainer, pumps, 1, from: 6, full: 8.5, to: 42) {
        "\($0)'s suction strainer clogs: it cavitates"
      },
      fault(.badSensor, pumps, 5, from: 10, to: 32) {
        "\($0)'s vibration sensor fails and says so (quality bad)"
      },
      fault(.openHeater, ovens, 1, from: 10, to: 40) { "\($0) loses a heater element while heating a batch" },
      fault(.overheatingBearing, pumps, 4, from: 14, full: 18, to: 46) { "\($0)'s bearing runs out of grease" },
      fault(.leakingValve, compressors, 1, from: 18, full: 24, to: 48) { "\($0)'s discharge valve leaks hot gas back" },
      fault(.silence, compressors, 0, from: 20, to: 30) { "\($0) is silent for 10 minutes: nobody can know" },
      fault(.closedDischargeValve, pumps, 3, from: 22, full: 23, to: 40) {
        "\($0) runs against a closed discharge valve"
      },
      fault(.spike, pumps, 0, from: 26, to: 26 + 40.0 / 60) {
        "somebody knocks against \($0): 8 mm/s for 40 s, no trouble"
      },
      fault(.failingOilPressure, compressors, 2, from: 30, full: 34, to: 50) { "\($0)'s oil pump wears out" },
      fault(.plannedStop, pumps, 2, from: 33, to: 38) { "\($0) is stopped for 5 minutes as planned, no trouble" },
    ]
  }
}
