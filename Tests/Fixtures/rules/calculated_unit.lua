rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    a = latest "head [bar g]",
    b = latest "count [1]",
    c = latest "heat",
    d = increase("head", "1 h"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  calculates = { head = calc("bar", function(p) return p.x end, { x = latest "Flow" }), count = calc("", function(p) return p.x end, { x = latest "Flow" }) },
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
