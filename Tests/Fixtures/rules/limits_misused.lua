rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { surge_line = curve { {0, 0}, {120, 35} }, low = 0.4, mode = "Heating" },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
  },
  when = function(pump, limits)
    return pump.suction < limits.surge_line and pump.suction < limits.low(3) and pump.suction > limits.mode
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
