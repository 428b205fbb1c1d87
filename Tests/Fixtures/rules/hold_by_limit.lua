rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, settle = "2 min" },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  held_for = "suction_low",
  released_for = "setle",
  tolerates = "pause",
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
