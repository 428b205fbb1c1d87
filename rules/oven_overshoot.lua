-- rules/oven_overshoot.lua
-- The oven stands well above its target: a contactor welded shut, or a thermocouple that has slipped out of its
-- well so that the controller follows the wrong value. Grain grows fast above the target, and no later step takes
-- that back. A short swing of a few degrees when the target is reached is normal; five minutes is not.

rule {
  title      = "Oven above its target",
  owner      = "heat-treatment",
  applies_to = "Oven",

  limits = { above = 15 },      -- degC over the target

  reads = {
    state       = latest "State",
    temperature = minimum("Temperature [degC]", "1 min"),
    target      = latest "TemperatureTarget [degC]",
    current     = average("HeaterCurrent [A]", "1 min"),
    batch       = latest "BatchId",
  },

  when = function(oven, limits)
    return (oven.state == "Heating" or oven.state == "Holding")
       and oven.temperature > oven.target + limits.above
  end,
  held_for = "5 min",

  clears_when = function(oven, limits)
    return oven.temperature < oven.target + limits.above / 2
  end,
  released_for = "2 min",

  actions = {
    work_order {
      priority = 2,
      title = "Check heater contactors and thermocouple of {asset}",
      text  = "{temperature} degC against a target of {target} degC, heater at {current} A, batch {batch}.",
    },
  },

  consequence = "quality",
  check_first = { "current when the controller calls for none", "seat of the thermocouple", "second thermocouple" },
  review_by   = "2027-09-30",

  value = {
    avoids   = "4 100 EUR", because = "one batch with grown grain, scrap value 2023",
    share    = "50 %",
    nuisance = "60 EUR",
  },

  examples = {
    fires {
      state = "Holding", temperature = 882, target = 860, current = 115, batch = "B-1041", lasting = "10 min",
    },
    stays_calm_just_above = {
      state = "Holding", temperature = 864, target = 860, current = 48, batch = "B-1041", lasting = "60 min",
    },
    stays_calm_cooling = {
      state = "Cooling", temperature = 800, target = 60, current = 0, batch = "B-1041", lasting = "60 min",
    },
  },
}
