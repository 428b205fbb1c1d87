rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    a = latest("Flow", { optonal = true }),
    b = average("Flow", "5 min", { at_least = "95" }),
    c = average("Flow", "5 min", { at_least = 6 }),
    d = latest("Flow", { at_least = "95 %" }),
    e = quality("Flow", { optional = true }),
    f = mean("Flow", "1 h", { at_least = 2.5 }),
    g = latest("Flow", { optional = "yes" }),
    h = average("Flow", "5 min", { "optional" }),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
