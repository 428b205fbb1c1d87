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
    local near = math.ab(pump.suction) < 1
    return near and string.fnd("a", "b") == nil
  end,
  held_for = "2 min",
  actions = {
    work_order { priority = 2, title = "Check the strainer of {asset}" },
  },
}
