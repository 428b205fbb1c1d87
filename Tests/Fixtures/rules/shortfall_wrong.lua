rule {
  title = "Pump cavitation", owner = "rotating-equipment", applies_to = "CentrifugalPump",
  reads = { suction = latest "SuctionPressure [bar g]" },
  when = function(pump) return pump.suction < 0.4 end,
  actions = { work_order { priority = 2, title = "Check the strainer of {asset}" } },
  value = {
    because = "feed-in price",
    avoids = {
      shortfall_of = "SuctionPresure", against = "DischargePressure", row = "10 min",
      learned = { bin = 0, from = "2014-01-01", to = "2015-01-01" },
    },
  },
}
