-- rules/demand_shedding.lua
-- The contract counts the energy of each quarter of an hour. From what has been used and what is drawn now follows what
-- the quarter will end with; loads go off before it is too much, each at a limit of its own, which makes their order,
-- and come back when there is room. Where seconds count, shedding belongs in the PLC; a quarter of an hour leaves time
-- for the slower way over the work system, within the site's conduit.

rule {
  title      = "Quarter-hour demand",
  owner      = "energy",
  applies_to = "Load",

  limits = { shed_above = 490, restore_below = 420 },      -- kWh in the quarter; the contract is 500

  reads = {
    used  = total("Power [kW]", this "15 min") :of "Feeder",
    power = latest "Power [kW]" :of "Feeder",
    left  = left(this "15 min"),
    runs  = latest "Enable [1]",
  },

  when = function(load, limits)
    return load.runs == 1 and load.used + load.power * load.left / 3600 > limits.shed_above
  end,
  held_for = "30 s",

  clears_when = function(load, limits)
    return load.used + load.power * load.left / 3600 < limits.restore_below
  end,
  released_for = "5 min",

  actions = {
    setpoint { tag = "Enable [1]", to = 0 },
    notification { title = "{asset} is shed", text = "{used} kWh used, {power} kW drawn, {left} s left." },
  },
  on_clear = { restore },

  consequence = "economic",
  check_first = { "what else was started" },
  review_by   = "2027-06-30",
  value = { avoids = "1 400 EUR", because = "demand charge of one month, tariff of 2025", share = "90 %", nuisance = "20 EUR" },

  examples = {
    -- 300 used and 1,400 kW for ten minutes more: 533.
    fires      { used = 300, power = 1400, left = 600, runs = 1, lasting = "5 min", sampled = "10 s", fires_at = "30 s" },
    stays_calm { used = 100, power = 1400, left = 600, runs = 1, lasting = "5 min" },      -- 333
    stays_calm_already_off = { used = 300, power = 1400, left = 600, runs = 0, lasting = "5 min" },
  },
}
