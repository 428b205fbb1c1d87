rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "Oven",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running = latest "FanRunning",
    suction = latest "Temperature",
    a = each("OvenZone", latest "State"),
    b = each("OvenZone", quality "Temperature"),
    c = each("OvenZon", latest "Temperature"),
    d = each("OvenZone", latest "Temperature [K]"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
