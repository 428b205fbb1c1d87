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
  examples = {
    fires { running = 1, sucton = 0.3, lasting = "15 min" },
    stays_calm { running = false, suction = "low" },
    works = { running = true, lasting = "1 min" },
    { running = true, lasting = "1 min" },
    stays_calm_long = { running = true, suction = 1, lasting = 900 },
  },
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
