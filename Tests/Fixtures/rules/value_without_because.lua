rule {
  title = "Pump cavitation", owner = "rotating-equipment", applies_to = "CentrifugalPump",
  reads = { suction = latest "SuctionPressure [bar g]" },
  when = function(pump) return pump.suction < 0.4 end,
  actions = { work_order { priority = 2, title = "Check the strainer of {asset}" } },
  value = { avoids = "14 000 EUR" },
}
