import Foundation
import Rules

/// A batch oven: heats a charge at 8 degC a minute to 860 degC, holds it 40 minutes, cools it with the fan, and waits
/// for the next, which begins every three hours.
struct Oven: Machine {
  private enum State: String {
    case idle = "Idle"
    case heating = "Heating"
    case holding = "Holding"
    case cooling = "Cooling"
  }

  private static let target = 860.0
  private static let unloadAt = 140.0
  private static let cycle = TimeSpan.minutes(180)
  private static let holds = TimeSpan.minutes(40)

  let name: String
  private var noise: Noise
  private var state: State
  private var temperature: Double
  private var holdingSince: Instant
  private var nextBatch: Instant
  private var batch: Int

  /// Begins in the middle of a batch, as a real one would be found.
  init(_ name: String, start: Instant, minutesIntoCycle minutes: Int64, noise: Noise) {
    self.name = name
    self.noise = noise
    let heating = Int64((Oven.target - Oven.unloadAt) / 8)
    holdingSince = start - .minutes(minutes) + .minutes(heating)
    nextBatch = start - .minutes(minutes) + Oven.cycle
    batch = 400 + Int(minutes)
    if minutes < heating {
      state = .heating
      temperature = Oven.unloadAt + 8 * Double(minutes)
    } else if minutes < heating + 40 {
      state = .holding
      temperature = Oven.target
    } else {
      state = .cooling
      temperature = Oven.cooled(for: Double(minutes - heating - 40))
    }
  }

  private static func cooled(for minutes: Double) -> Double { 20 + (target - 20) * exp(-minutes / 8) }

  mutating func step(at now: Instant, troubles: Troubles) -> [Measurement] {
    change(at: now)
    let open = troubles[.openHeater] > 0
    var current = 0.0
    switch state {
    case .idle:
      temperature = lagged(temperature, towards: 20, minutes: 300)
    case .heating:
      // One of three elements left: just enough to make good what the walls lose.
      current = open ? 45 + 1.5 * noise.white() : 120 + 2 * noise.white()
      temperature += (open ? 0 : 8) * Plant.step.seconds / 60
    case .holding:
      temperature += (Oven.target - temperature) * 0.3 + 0.6 * noise.white()
      current = min(60, max(40, 50 - 6 * (temperature - Oven.target) + 2 * noise.white()))
    case .cooling:
      temperature = lagged(temperature, towards: 20, minutes: 8)
    }
    let hot = state == .heating || state == .holding
    return [
      .onChange("State", .text(state.rawValue)),
      .number("Temperature", temperature + 0.2 * noise.white()),
      .number("TemperatureTarget", hot ? Oven.target : Oven.unloadAt),
      .number("HeaterCurrent", current),
      .onChange("FanRunning", .boolean(state != .idle)),
      .onChange("BatchId", .text("B-\(name.suffix(3))-\(batch)")),
    ]
  }

  private mutating func change(at now: Instant) {
    switch state {
    case .idle where now >= nextBatch:
      state = .heating
      batch += 1
      nextBatch = nextBatch + Oven.cycle
    case .heating where temperature >= Oven.target:
      state = .holding
      holdingSince = now
    case .holding where now - holdingSince >= Oven.holds:
      state = .cooling
    case .cooling where temperature <= Oven.unloadAt:
      state = .idle
    default: break
    }
  }
}
