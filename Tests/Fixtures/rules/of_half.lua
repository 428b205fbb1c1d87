rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = { suction_low = 0.4, vibration_high = 7.1 },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
    a = of "Line",
    b = latest "Speed" :of(),
    c = latest "Speed" :of "Line" :of_pair "standby",
    d = each "OvenZone",
    e = each("OvenZone", "Temperature"),
    f = of(work_order {}, "Line"),
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
