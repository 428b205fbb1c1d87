rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "Oven",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running = latest "FanRunning",
    suction = latest "Temperature",
    zones = each("OvenZone", latest "Temperature"),
  },
  when = function(pump, limits)
    return pump.running and pump.zones > 5 and pump.zones.highst > 5 and pump.zones.worst == 3
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
