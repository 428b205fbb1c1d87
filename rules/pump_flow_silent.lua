-- rules/pump_flow_silent.lua
-- A flow meter that has sent nothing for an hour while its pump runs: every rule that reads it is blind, and nobody
-- sees it, because a trend shows the last value as a straight line.

rule {
  title      = "Pump flow meter silent",
  owner      = "utilities",
  applies_to = "CentrifugalPump",

  reads = {
    running = latest "Running",
    silent  = stale("Flow", "1 h"),
  },

  when = function(pump) return pump.running and pump.silent end,
  held_for = "5 min",
  at_most = once_per "7 d",

  actions = {
    work_order { priority = 4, title = "Flow meter of {asset} is silent" },
  },

  consequence = "economic",
  check_first = { "meter's supply", "its entry in the gateway" },
  review_by   = "2027-06-30",
  value = {
    avoids   = "300 EUR", because = "a day's search for a wrong balance, 2024",
    share    = "80 %",
    nuisance = "60 EUR",
  },

  examples = {
    fires      { running = true,  silent = true,  lasting = "10 min", fires_at = "5 min" },
    stays_calm { running = true,  silent = false, lasting = "1 h" },
    stays_calm { running = false, silent = true,  lasting = "1 h" },
  },
}
