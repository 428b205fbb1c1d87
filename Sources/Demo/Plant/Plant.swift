import Rules

/// A dozen machines of Riverside Works, simulated. Pure: the seed and the time asked for decide everything.
package struct Plant: Sendable {
  package static let pumps = (101...106).map { "P-\($0)" }
  package static let compressors = (201...203).map { "K-\($0)" }
  package static let ovens = (301...303).map { "F-\($0)" }
  /// Every instrument is read this often, in plant time.
  package static let step = TimeSpan.seconds(5)
  /// What is sent on change is sent again after this long at the latest.
  static let refresh = TimeSpan.minutes(5)

  /// Plant time at which it begins: whole seconds.
  package let start: Instant
  private var machines: [any Machine]
  private var lastSent: [String: (value: Value, quality: Quality, time: Instant)] = [:]
  /// The next second to simulate.
  private var next: Instant
  /// Those that may still be felt: this hour's and the last one's.
  private var faults: (hour: Int, list: [PlantFault])

  /// `start` is cut to whole seconds.
  package init(seed: UInt64, start: Instant) {
    let start = Instant(microseconds: start.microseconds - start.microseconds % 1_000_000)
    self.start = start
    next = start
    faults = (0, PlantFault.inHour(0, from: start))
    machines = []
    func noise() -> Noise { Noise(seed: seed, stream: machines.count) }
    for name in Plant.pumps { machines.append(Pump(name, noise: noise())) }
    for name in Plant.compressors { machines.append(Compressor(name, noise: noise())) }
    for (place, name) in Plant.ovens.enumerated() {
      machines.append(Oven(name, start: start, minutesIntoCycle: [80, 20, 140][place], noise: noise()))
    }
  }

  /// The faults of the hours of plant time that begin before `end`, by onset.
  package func faults(until end: Instant) -> [PlantFault] {
    let hours = max(1, Int(((end - start).seconds / 3600).rounded(.up)))
    return (0..<hours).flatMap { PlantFault.inHour($0, from: start) }.filter { $0.onset < end }
  }

  /// Every sample from where it stood up to and including `end`, in order of time. Going back gives nothing.
  package mutating func advance(to end: Instant) -> [Sample] {
    var samples: [Sample] = []
    while next <= end {
      let second = (next - start).microseconds / 1_000_000
      refreshFaults(hour: Int(second / 3600))
      // A fifth of the machines each second: a plant does not speak in chorus.
      for place in machines.indices where Int64(place % 5) == second % 5 { samples += read(place) }
      next = next + .seconds(1)
    }
    return samples
  }

  private mutating func refreshFaults(hour: Int) {
    guard hour != faults.hour else { return }
    faults = (hour, (max(0, hour - 1)...hour).flatMap { PlantFault.inHour($0, from: start) })
  }

  private mutating func read(_ place: Int) -> [Sample] {
    let name = machines[place].name
    let troubles = Troubles(faults.list, of: name, at: next)
    let measurements = machines[place].step(at: next, troubles: troubles)
    guard troubles[.silence] == 0 else { return [] }
    return measurements.compactMap { measurement in
      if measurement.byException {
        let key = name + "/" + measurement.tag
        if let last = lastSent[key], last.value == measurement.value, last.quality == measurement.quality,
          next - last.time < Plant.refresh
        {
          return nil
        }
        lastSent[key] = (measurement.value, measurement.quality, next)
      }
      return Sample(
        asset: name, tag: measurement.tag, value: measurement.value, quality: measurement.quality, time: next)
    }
  }
}
