import Rules

/// A centrifugal cooling-water pump on a flooded suction: 80 m3/h from 1.9 to 6 bar g.
struct Pump: Machine {
  let name: String
  private var noise: Noise
  private var suctionDrift = Drift()
  private var flowDrift = Drift()
  private var vibrationDrift = Drift()
  private var bearing = 52.0
  /// Share of full speed: 0 stopped, 1 running; it takes 20 s to run up.
  private var speed = 1.0

  init(_ name: String, noise: Noise) {
    self.name = name
    self.noise = noise
  }

  mutating func step(at now: Instant, troubles: Troubles) -> [Measurement] {
    let running = troubles[.plannedStop] == 0
    speed = running ? min(1, speed + 0.25) : 0
    let closed = troubles[.closedDischargeValve]

    // A clogged strainer takes the pressure before the pump; below about 1 bar g the water begins to boil in the eye
    // of the impeller, and the collapsing bubbles are heard as vibration.
    let supply = 1.85 + 0.2 * suctionDrift.step(&noise) + 0.05 * noise.white()
    let suction = blend(supply, 0.3 + 0.03 * noise.white(), troubles[.cloggedStrainer] * speed)
    let cavitation = min(1, max(0, (1 - suction) / 0.7)) * speed

    let open = 80 + 2 * flowDrift.step(&noise) + noise.white() - 16 * cavitation
    let flow = blend(open, 2.5 + 0.8 * noise.white(), closed) * speed
    // Against a closed valve the pump sits at the top of its curve: pressure up, power down.
    let head = blend(6 - 0.5 * cavitation, 8.5, closed) + 0.08 * noise.white()
    let discharge = blend(suction, head, speed * speed)
    let current = running ? 20 + 0.25 * flow + 0.4 * noise.white() : 0

    let dryBearing = troubles[.overheatingBearing]
    let smooth = 2.7 + 0.4 * vibrationDrift.step(&noise) + 0.2 * noise.white()
    var vibration = (smooth + 5.8 * cavitation + 1.6 * dryBearing + 1.1 * closed) * speed + 0.05
    if troubles[.spike] > 0 { vibration = 8 + 0.1 * noise.white() }

    // Shaken and ungreased bearings heat up; the housing follows within minutes.
    let warmth = running ? 46 + 2.2 * vibration + 50 * dryBearing : 25
    bearing = lagged(bearing, towards: warmth, minutes: running ? 4 : 20)

    let failed = troubles[.badSensor] > 0
    return [
      .onChange("Running", .boolean(running)),
      .number("SuctionPressure", suction, decimals: 2),
      .number("DischargePressure", discharge, decimals: 2),
      .number("Flow", max(0, flow)),
      .number("VibrationRMS", failed ? 45 : vibration, decimals: 2, quality: failed ? .bad : .good),
      .number("BearingTemperature", bearing + 0.3 * noise.white()),
      .number("MotorCurrent", current),
      .number("SpeedSetpoint", 90),
    ]
  }
}
