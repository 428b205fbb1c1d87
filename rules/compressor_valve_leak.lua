-- rules/compressor_valve_leak.lua
-- A discharge valve that leaks lets hot gas back into the cylinder, where it is compressed again: the discharge
-- temperature climbs while load and pressure stay as they were. Normal is 130 to 145 degC. More load, more
-- pressure or less cooling water raise it as well, so the rule speaks only when all three stand still.

rule {
  title      = "Compressor valve leaking",
  owner      = "rotating-equipment",
  applies_to = "ReciprocatingCompressor",

  limits = {
    discharge_hot = 155,     -- degC
    rise          = 10,      -- degC within half an hour
    steady_load   = 6,       -- A, either way
    steady_head   = 0.4,     -- bar, either way
    water_low     = 10,      -- m3/h
  },

  reads = {
    running  = latest "Running",
    hot      = average("DischargeTemperature [degC]", "5 min"),
    climb    = change("DischargeTemperature [degC]", "30 min"),
    load     = change("MotorCurrent [A]", "30 min"),
    head     = change("DischargePressure [bar g]", "30 min"),
    water    = average("CoolingWaterFlow [m3/h]", "5 min"),
  },

  when = function(compressor, limits)
    return compressor.running
       and compressor.hot   > limits.discharge_hot
       and compressor.climb > limits.rise
       and math.abs(compressor.load) < limits.steady_load
       and math.abs(compressor.head) < limits.steady_head
       and compressor.water > limits.water_low
  end,
  held_for = "3 min",

  clears_when = function(compressor, limits)
    return compressor.hot < limits.discharge_hot - 8
  end,
  released_for = "10 min",

  at_most = once_per "24 h",

  actions = {
    work_order {
      priority = 3,
      title = "Inspect the discharge valves of {asset}",
      text  = "Discharge at {hot} degC, {climb} degC up in half an hour at the same load; cooling water {water} m3/h.",
    },
  },

  consequence = "economic",
  check_first = { "valve cover temperatures, one by one", "interstage pressure", "unloader position" },
  review_by   = "2027-09-30",

  value = {
    avoids   = "11 000 EUR", because = "piston and liner scored by valve fragments, mean of 2 overhauls in 2022",
    share    = "45 %",
    nuisance = "400 EUR",
  },

  examples = {
    fires_leaking_valve = {
      running = true, hot = 162, climb = 14, load = 1, head = 0.1, water = 12, lasting = "10 min",
    },
    stays_calm_more_load = {
      running = true, hot = 162, climb = 14, load = 12, head = 0.1, water = 12, lasting = "10 min",
    },
    stays_calm_little_water = {
      running = true, hot = 162, climb = 14, load = 1, head = 0.1, water = 6, lasting = "10 min",
    },
    stays_calm_as_always = {
      running = true, hot = 141, climb = 2, load = 1, head = 0.1, water = 12, lasting = "30 min",
    },
  },
}
