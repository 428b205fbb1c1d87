-- rules/pump_cavitation.lua
-- Low suction pressure together with high vibration: vapour bubbles form at the impeller's eye and collapse on
-- its vanes. The metal erodes within days, the seal often goes first. The pump normally stands at 1.5 to
-- 2.2 bar g of suction and 2 to 3.5 mm/s. Slow it down (the head it needs falls with the square of the speed),
-- then have it seen.

rule {
  title      = "Pump cavitation",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",

  limits = { suction_low = 0.4, vibration_high = 7.1 },

  reads = {
    running   = latest  "Running",
    suction   = latest  "SuctionPressure [bar g]",
    vibration = average("VibrationRMS [mm/s]", "5 min"),
  },

  when = function(pump, limits)
    return pump.running
       and pump.suction   < limits.suction_low
       and pump.vibration > limits.vibration_high
  end,
  held_for = "2 min",

  clears_when = function(pump, limits)
    return pump.running and pump.vibration < limits.vibration_high - 1.0
  end,

  at_most = once_per "8 h",

  actions = {
    work_order {
      priority = 2,
      title = "Check suction strainer and NPSH of {asset}",
      text  = "Suction {suction} bar g (limit {suction_low}), vibration {vibration} mm/s (limit {vibration_high}).",
    },
    setpoint { tag = "SpeedSetpoint [%]", by = "-10 %" },
  },

  consequence = "economic",
  check_first = { "suction valve open", "strainer differential pressure", "level in the suction vessel" },
  review_by   = "2027-06-30",

  value = {
    avoids   = "14 000 EUR", because = "impeller and seal, mean of 3 repairs in 2023",
    share    = "60 %",      -- of those stops really avoidable when caught here
    nuisance = "250 EUR",   -- one needless call-out
  },

  examples = {
    fires      { running = true,  suction = 0.3, vibration = rises(5, 9, "10 min"), lasting = "15 min" },
    stays_calm { running = false, suction = 0.3, vibration = 8.0, lasting = "10 min" },
    stays_calm { running = true,  suction = 1.8, vibration = 8.0, lasting = "15 min" },   -- something else shakes it
  },
}
