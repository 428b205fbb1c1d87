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
  actions = {
    work_order { priority = 2, title = "Check {asset}", on = "standby" },
    setpoint { tag = "Sped", to = 5, on = of "Line" },
    setpoint { tag = "Speed [rpm]", to = 5, on = of "Line" },
    setpoint { tag = "Mode", to = 5, on = of "Line" },
    notification { title = "{asset}", on = of "Lin" },
    notification { title = "{asset}", on = of_pair "spare" },
    notification { title = "{asset}", on = latest "Running" },
    notification { title = "{asset}", on = each },
  },
}
