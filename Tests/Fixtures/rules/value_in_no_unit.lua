rule {
  title = "Pump cavitation", owner = "rotating-equipment", applies_to = "CentrifugalPump",
  reads = { suction = latest "SuctionPressure [bar g]" },
  when = function(pump) return pump.suction < 0.4 end,
  actions = { work_order { priority = 2, title = "Check the strainer of {asset}" } },
  value = {
    avoids = "6 barrels",
    because = "a guess", counts_as = "cahs",
    lead = { at_least = "3 d", within = "2 d" },
    costs = { work_oder = "350 EUR" },
    agreed_on = "2026-02-30",
  },
}
