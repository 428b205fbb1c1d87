-- rules/tank_leak.lua
-- What went in, less what went out, must be in the tank. What is missing over an hour and again over the next is a
-- leak, an open drain, or a meter that has drifted.

rule {
  title      = "Tank loses more than it gives",
  owner      = "maintenance",
  applies_to = "Tank",

  limits = { area = 28.3, missing = 0.6 },      -- m2; m3 an hour

  reads = {
    rise = change("Level [m]", "1 h"),
    came = total("Inflow [m3/h]", "1 h"),
    went = total("Outflow [m3/h]", "1 h"),
  },

  when = function(tank, limits)
    return tank.came - tank.went - tank.rise * limits.area > limits.missing
  end,
  held_for = "2 h",

  actions = {
    work_order {
      priority = 1,
      title = "{asset} loses product: look for a leak",
      text  = "In the last hour {came} m3 came and {went} m3 went, and the level changed by {rise} m.",
    },
  },

  consequence = "environment",
  check_first = { "drain valve", "bund", "zero of both flow meters" },
  review_by   = "2027-06-30",
  value = { avoids = "25 000 EUR", because = "soil and report of the leak of 2021", share = "30 %", nuisance = "200 EUR" },

  examples = {
    fires      { rise = -0.05, came = 10, went = 10, lasting = "3 h", fires_at = "2 h" },   -- 1.4 m3 missing
    stays_calm { rise = -0.35, came = 0,  went = 10, lasting = "6 h" },                     -- it all went out
    stays_calm { rise = 0.01,  came = 10, went = 10, lasting = "6 h" },
  },
}
