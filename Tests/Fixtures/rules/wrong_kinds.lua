rule {
  title = 5,
  owner = {},
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
  held_for = 120,
  released_for = true,
  every = 10,
  at_most = "8 h",
  check_first = "suction valve",
  value = "14 000 EUR",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
