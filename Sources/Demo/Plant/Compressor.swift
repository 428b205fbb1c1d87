import Rules

/// A water-cooled reciprocating air compressor: 7 bar g, about 138 degC at its discharge valves.
struct Compressor: Machine {
  let name: String
  private var noise: Noise
  private var heatDrift = Drift()
  private var waterDrift = Drift()
  private var loadDrift = Drift()
  private var temperature = 137.5
  private let starts: Double

  init(_ name: String, noise: Noise) {
    self.name = name
    self.noise = noise
    starts = 1200 + Double(name.utf8.last ?? 0)
  }

  mutating func step(at now: Instant, troubles: Troubles) -> [Measurement] {
    // Gas that leaks back through a broken valve plate is compressed, and heated, again.
    let leak = troubles[.leakingValve]
    let water = 12 + 0.4 * waterDrift.step(&noise) + 0.1 * noise.white()
    let heat = 137.5 + 4 * heatDrift.step(&noise) - 3 * (water - 12) + 38 * leak
    temperature = lagged(temperature, towards: heat, minutes: 2)
    let oil = blend(3.5 + 0.1 * noise.white(), 1.3 + 0.05 * noise.white(), troubles[.failingOilPressure])
    let current = 85 + 1.5 * loadDrift.step(&noise) + 0.5 * noise.white() + 4 * leak
    return [
      .onChange("Running", .boolean(true)),
      .number("DischargeTemperature", temperature + 0.4 * noise.white()),
      .number("DischargePressure", 7 + 0.12 * noise.white() - 0.3 * leak, decimals: 2),
      .number("OilPressure", oil, decimals: 2),
      .number("CoolingWaterFlow", water, decimals: 2),
      .number("MotorCurrent", current),
      .number("Starts", starts),
    ]
  }
}
