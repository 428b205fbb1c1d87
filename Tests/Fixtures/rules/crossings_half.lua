rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, pause = "2 min" },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    a = crossings("Flow"),
    b = crossings("Flow", 8),
    c = crossings("Flow", "suction_lo", "1 h"),
    d = crossings("Flow", "pause", "1 h"),
    e = crossings("Flow", true, "1 h"),
    f = crossings("Flow", 8, "1 h", 2),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
