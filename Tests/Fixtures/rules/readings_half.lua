rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running = "Running",
    suction = latest("SuctionPressure [bar g]", "5 min"),
    vibration = average "VibrationRMS [mm/s]",
    silent = stale "Flow [m3/h]",
    flow = latest,
    latest "MotorCurrent [A]",
    current = 40,
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  held_for = "2 min",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
