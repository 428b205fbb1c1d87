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
  value = {
    avoids = "14,000 EUR",
    share = "160 %",
    nuisance = 250,
    becuse = "repairs",
  },
  consequence = "economical",
  review_by = "2027-02-30",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
