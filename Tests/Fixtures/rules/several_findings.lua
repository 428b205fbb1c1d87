rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipmnt",
  applies_to = "CentrifugalPump",
  limit = { suction_low = 0.4 },
  reads = {
    running = latest "Runing",
    suction = latest "SuctionPressure [bar a]",
  },
  when = function(pump)
    return pump.running and pump.sucton < 0.4
  end,
  held_for = "2 mins",
}
