-- rules/pair_drift.lua
-- Two transmitters at one place must agree. Their hourly means drift apart long before either looks wrong alone. Only
-- the one that names its twin is asked, so that a pair makes one order.

rule {
  title      = "Redundant pair drifts apart",
  owner      = "maintenance",
  applies_to = "Transmitter",

  limits = { apart = { 1.5, from = 0.5, to = 5 } },      -- K

  reads = {
    own  = average("Value [degC]", "1 h"),
    twin = average("Value [degC]", "1 h", { optional = true }) :of_pair "twin",
  },

  when = function(t, limits) return t.twin ~= nil and math.abs(t.own - t.twin) > limits.apart end,
  held_for = "6 h",
  at_most = once_per "30 d",

  actions = {
    work_order { priority = 3, title = "Check {asset} and its twin", text = "Hourly means: {own} and {twin} degC." },
  },

  consequence = "quality",
  check_first = { "which of the two the process agrees with", "date of the last calibration" },
  review_by   = "2027-06-30",
  value = { avoids = "1 900 EUR", because = "deviation report and repeated batch, 2023", share = "40 %", nuisance = "90 EUR" },

  examples = {
    fires      { own = 121.4, twin = 118.9, lasting = "12 h", fires_at = "6 h" },
    stays_calm { own = 121.4, twin = 120.6, lasting = "12 h" },
    stays_calm_alone = { own = 121.4, lasting = "12 h" },
  },
}
