rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "Oven",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running = latest "FanRunning",
    suction = latest "Temperature",
    a = time_in("State", "Heatng", "1 h"),
    b = time_in("FanRunning", 1, "1 h"),
    c = time_in("Temperature", 800, "1 h"),
    d = time_in("State"),
    e = time_in("State", "Heating"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
