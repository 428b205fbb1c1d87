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
  held_for = "2 min",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
  examples = {
    fires { running = true, suction = rises(1, 0.3), vibration = 8, lasting = "15 min" },
    fires_early = { running = true, suction = steps(1, 2), vibration = 8, lasting = "15 min" },
    fires_late = { running = true, suction = steps(1, "5 min", 0.3, "5 min", 0.2), vibration = 8, lasting = "15 min" },
    fires_shaken = { running = true, suction = 0.3, vibration = above("vibration_hi", 1), lasting = "15 min" },
    stays_calm { running = rises(false, true, "5 min"), suction = 1, vibration = 8, lasting = "15 min" },
    held_back { running = true, suction = 0.3, vibration = 8, lasting = "15 min", fires_at = "20 min" },
  },
}
