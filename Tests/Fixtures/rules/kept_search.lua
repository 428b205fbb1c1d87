local words = ("a b"):gmatch("%a")
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
    return words() == pump.running
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
