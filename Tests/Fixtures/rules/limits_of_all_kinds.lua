rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",
  limits = {
    suction_low = 0.4,
    a = curve { {0, 0}, {120, 35}, {120, 40} },
    b = curve {},
    c = curve { 0, 0 },
    d = { 7.1, from = 8, to = 9 },
    e = { 7.1, from = "5 min" },
    f = { 7.1, form = 5 },
    g = { 7.1, from = 9, to = 5 },
    h = "2 minutes",
    i = "0.4 bar",
    j = "7.1",
    k = { "Heating", from = "A" },
    l = { 1, 2 },
    m = true,
    n = { "10 min", from = "20 min" },
    o = curve { {0, "0"} },
    p = "",
    q = curve,
  },
  reads = {
    running   = latest "Running",
    suction   = latest "SuctionPressure [bar g]",
  },
  when = function(pump, limits)
    return pump.running and pump.suction < limits.suction_low
  end,
  actions = {
    work_order { priority = 2, title = "Check {asset}" },
  },
}
