-- rules/pump_bearing_hot.lua
-- A rolling bearing that runs hot loses its oil film: grease lasts half as long for every 15 degC above 70 degC,
-- and a bearing that stays above 85 degC is days from seizing. The pumps normally stand between 45 and 60 degC.
-- The mean of five minutes keeps a single wild value of the sensor out.

rule {
  title      = "Pump bearing hot",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",

  limits = { bearing_hot = 85, bearing_normal = 75 },

  reads = {
    running     = latest "Running",
    temperature = average("BearingTemperature [degC]", "5 min"),
    vibration   = average("VibrationRMS [mm/s]", "5 min"),      -- evidence for whoever goes there
  },

  when = function(pump, limits)
    return pump.running and pump.temperature > limits.bearing_hot
  end,
  held_for = "5 min",

  clears_when = function(pump, limits)
    return pump.temperature < limits.bearing_normal
  end,
  released_for = "10 min",

  at_most = once_per "24 h",

  actions = {
    work_order {
      priority = 2,
      title = "Bearing of {asset} at {temperature} degC: check lubrication",
      text  = "Above {bearing_hot} degC for five minutes. Vibration is {vibration} mm/s: "
           .. "high means damage, low means grease.",
    },
  },

  consequence = "economic",
  check_first = { "grease quantity and age", "cooling of the bearing housing", "coupling alignment" },
  review_by   = "2027-06-30",

  value = {
    avoids   = "9 500 EUR", because = "bearing, shaft sleeve and 6 h of stand-by crew, 2 seizures in 2022 and 2024",
    share    = "70 %",
    nuisance = "180 EUR",
  },

  examples = {
    fires      { running = true,  temperature = 91, vibration = 4.2, lasting = "10 min" },
    stays_calm { running = true,  temperature = 62, vibration = 3.0, lasting = "30 min" },
    stays_calm { running = false, temperature = 91, vibration = 0.2, lasting = "30 min" },   -- heat soaking back
  },
}
