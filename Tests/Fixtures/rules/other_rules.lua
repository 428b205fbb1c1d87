rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    a = active "Pump dead head",
    b = active("pump_dead_head", "1 h"),
    c = fired "pump_dead_head",
    d = active "other_rules",
    e = fired("pump_dead_head", "an hour"),
    f = active "pump_dead_head" :of "Line",
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
