rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  calculates = {
    a = latest "Flow",
    b = calc("bar", function(f) return 1 end),
    Flow = calc("", function(f) return f.x end, { x = latest "Flow" }),
    c = calc("", function(f) return 1 end, {}),
    d = calc("", function(f) return f.dp + f.flw end, {
      dp = latest "DischargePressure [bar a]",
      flow = "Flow",
      only_when = true,
    }),
  },
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
