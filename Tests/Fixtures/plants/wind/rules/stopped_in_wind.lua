-- Stopped while the wind could drive it.

rule {
  title = "Stopped while the wind could drive it", owner = "tests", applies_to = "Turbine",
  limits = { cut_in = 6.003 },
  reads = { wind = latest "WindSpeed [m/s]", power = latest "Power [kW]" },
  when = function(turbine, limits) return turbine.wind >= limits.cut_in and turbine.power <= 0 end,
  held_for = "30 min",
  tolerates = "0 s",
  every = "never",
  clears_when = function(turbine) return turbine.power > 0 end,
  actions = { notification { title = "{asset} stands in {wind} m/s" } },
  value = {
    avoids = {
      shortfall_of = "Power", against = "WindSpeed", learned = { bin = 0.5, from = "2014-01-01", to = "2015-01-01" },
      unavoidable = "2 h", row = "10 min", rate = "0.08 EUR/kWh",
    },
    costs = { notification = "350 EUR" }, because = "feed-in price and a crew of two for half a day",
  },
}
