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
  repeats_every = "0.5 s",
  settles_for = "10 min",
  recheck = once_per "24 h",
  group = { "a" },
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
