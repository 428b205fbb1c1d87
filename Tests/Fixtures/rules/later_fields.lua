rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    vibration = average("VibrationRMS [mm/s]", "5 min"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  calculates = {}, repeats_every = "1 h", during = "day", not_during = "night",
  on_clear = "comment", settles_for = "1 min", recheck = "24 h", needs = {}, group = "g", formerly = "old",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
