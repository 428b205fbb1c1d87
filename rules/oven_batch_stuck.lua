-- rules/oven_batch_stuck.lua
-- A batch that has been heating far longer than any recipe asks for will not get there by itself: an element, the door
-- seal, or a wrong recipe. The time is counted over the whole batch, also when heating was interrupted, and each batch
-- is told of once.

rule {
  title      = "Oven batch stuck in heating",
  owner      = "heat-treatment",
  applies_to = "Oven",

  limits = { longest = "3 h", missing = 20 },      -- degC

  reads = {
    state       = latest "State",
    batch       = latest "BatchId",
    heating     = time_in("State", "Heating", since "BatchId"),
    temperature = average("Temperature [degC]", "5 min"),
    target      = latest "TemperatureTarget [degC]",
  },

  when = function(oven, limits)
    return oven.state == "Heating"
       and oven.heating > limits.longest
       and oven.target - oven.temperature > limits.missing
  end,
  held_for = "5 min",

  -- The next batch begins at nothing: until then it stays one trouble.
  clears_when = function(oven, limits) return oven.heating < limits.longest end,

  actions = {
    work_order {
      priority = 2,
      title = "{asset}: batch {batch} is stuck at {temperature} degC",
      text  = "{heating} s of heating in this batch; its target is {target} degC.",
    },
  },

  consequence = "quality",
  check_first = { "heater elements", "door seal", "recipe" },
  review_by   = "2027-06-30",
  value = {
    avoids   = "3 500 EUR", because = "batch scrapped, mean of 4 in 2024",
    share    = "40 %",
    nuisance = "120 EUR",
  },

  examples = {
    fires {
      state = "Heating", batch = "B-1041", heating = 11000, temperature = 700, target = 860, lasting = "10 min",
      fires_at = "5 min",
    },
    stays_calm_early  = { state = "Heating", batch = "B-1041", heating = 5000,  temperature = 700, target = 860, lasting = "30 min" },
    stays_calm_nearly = { state = "Heating", batch = "B-1041", heating = 11000, temperature = 850, target = 860, lasting = "30 min" },
    fires_once_a_batch = {
      state = steps("Heating", "10 min", "Holding", "15 min", "Heating"), batch = "B-1041", heating = 11000,
      temperature = 700, target = 860, lasting = "30 min", fires_at = "5 min",
    },
  },
}
