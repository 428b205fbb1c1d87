rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    vibration = average("VibrationRMS [mm/s]", "5 min"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  held_for = "2 min",
  actions = {
    setpoint { tag = "Running", to = 1 },
    setpoint { tag = "SpeedSetpoint [rpm]", to = 60 },
    setpoint { tag = "SpeedSetpoint", to = 60, by = 5 },
    setpoint { tag = "SpeedSetpoint" },
    setpoint { tag = "SpeedSetpoint", by = "ten" },
    setpoint { tag = "SpeedSetpoint", by = 0 },
    setpoint { tag = "SpeedSetpont", to = "60" },
  },
}
