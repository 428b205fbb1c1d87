-- rules/oven_fan_stopped.lua
-- The circulating fan stands still in a hot oven. Without moving air the charge near the heaters overheats and its
-- core lags behind; above 150 degC the differences show in the hardness of the parts, and the fan's own shaft sags
-- if it stands for long. While the oven cools the fan may stop, so only heating and holding count.

rule {
  title      = "Oven fan stopped while hot",
  owner      = "heat-treatment",
  applies_to = "Oven",

  limits = { fan_needed = 150 },      -- degC

  reads = {
    fan         = latest "FanRunning",
    state       = latest "State",
    temperature = latest "Temperature [degC]",
    batch       = latest "BatchId",
  },

  when = function(oven, limits)
    return not oven.fan
       and (oven.state == "Heating" or oven.state == "Holding")
       and oven.temperature > limits.fan_needed
  end,
  held_for  = "1 min",
  tolerates = "15 s",

  clears_when = function(oven, limits)
    return oven.fan or oven.temperature < limits.fan_needed
  end,
  released_for = "2 min",

  at_most = once_per "4 h",

  actions = {
    notification {
      title = "{asset}: fan stopped at {temperature} degC",
      text  = "Batch {batch} is {state} without circulation. Decide about the batch before it goes on.",
    },
    work_order { priority = 1, title = "Repair the circulating fan of {asset}" },
  },

  consequence = "quality",
  check_first = { "motor protection", "belt", "fan shaft turns by hand when cold" },
  review_by   = "2027-03-31",

  value = {
    avoids   = "5 400 EUR", because = "scrapped batch, mean of 6 fan failures 2022 to 2024",
    share    = "40 %",
    nuisance = "60 EUR",
  },

  examples = {
    fires      { fan = false, state = "Holding", temperature = 860, batch = "B-1041", lasting = "5 min" },
    stays_calm { fan = true,  state = "Holding", temperature = 860, batch = "B-1041", lasting = "60 min" },
    stays_calm { fan = false, state = "Cooling", temperature = 400, batch = "B-1041", lasting = "60 min" },
    stays_calm { fan = false, state = "Heating", temperature = 60,  batch = "B-1042", lasting = "5 min" },
  },
}
