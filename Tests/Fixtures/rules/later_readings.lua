rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    vibration = smoothed("VibrationRMS [mm/s]", "5 min"),
    a = spread("Flow [m3/h]", "1 h"),
    b = total("Flow [m3/h]", "1 h"),
    c = rate("Flow [m3/h]", "1 h", per "h"),
    d = increase("Flow [m3/h]", "1 h"),
    e = crossings("Flow [m3/h]", 8, "1 h"),
    f = time_in("Running", true, "1 h"),
    g = active "pump_dead_head",
    h = fired("pump_dead_head", "1 h"),
    i = each("Stage", latest "Flow [m3/h]"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  held_for = "2 min",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
