rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "Oven",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running = latest "FanRunning",
    suction = latest "Temperature",
    a = latest "Temperature" :of_pair "standby",
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
