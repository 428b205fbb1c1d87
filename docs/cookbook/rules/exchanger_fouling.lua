-- rules/exchanger_fouling.lua
-- A fouled exchanger carries less heat: its U (heat carried, over area and mean temperature difference) falls slowly
-- below what it was when it was clean. At low load the temperatures lie too close together to say anything, so U is
-- only worked out above half load. Ordered while there is still a week's choice of when to clean it.

rule {
  title      = "Exchanger fouled",
  owner      = "maintenance",
  applies_to = "HeatExchanger",

  limits = {
    area    = 42,                                 -- m2
    full    = 120,                                -- m3/h, cold side
    u_clean = 1.25,                               -- kW/(m2 K), measured after the last cleaning
    lost    = { 0.3, from = 0.1, to = 0.6 },   -- share of it that may be lost
  },

  calculates = {
    u = calc("kW/m2K", function(x, limits)
      local heat = x.flow * 1000 / 3600 * 4.19 * (x.cold_out - x.cold_in)      -- kW, water
      local warm, cold = x.hot_in - x.cold_out, x.hot_out - x.cold_in
      if warm <= 0.5 or cold <= 0.5 then return nil end
      local mean = (warm + cold) / 2
      if math.abs(warm - cold) > 0.01 then mean = (warm - cold) / math.log(warm / cold) end
      return heat / (limits.area * mean)
    end, {
      hot_in = latest "HotIn [degC]", hot_out = latest "HotOut [degC]",
      cold_in = latest "ColdIn [degC]", cold_out = latest "ColdOut [degC]", flow = latest "Flow [m3/h]",
      only_when = function(x, limits) return x.flow > limits.full / 2 end,
    }),
  },

  reads = {
    u     = average("u [kW/m2K]", "24 h", { at_least = "25 %" }),
    trend = rate("u [kW/m2K]", "7 d", per "d", { at_least = "25 %" }),
  },

  when = function(x, limits) return x.u < limits.u_clean * (1 - limits.lost) and x.trend < 0 end,
  held_for = "12 h",
  at_most = once_per "30 d",

  actions = {
    work_order {
      priority = 4,
      title = "Clean {asset}",
      text  = "U is {u} kW/(m2 K), clean it was {u_clean}; it changes by {trend} a day.",
    },
  },

  consequence = "economic",
  check_first = { "cold side strainer", "bypass closed", "temperature transmitters agree when it stands" },
  review_by   = "2027-06-30",
  value = { avoids = "3 800 EUR", because = "steam for a month at 30 % less U, bill of 2024", share = "70 %", nuisance = "900 EUR" },

  examples = {
    fires      { u = 0.8,  trend = -0.004, lasting = "24 h", fires_at = "12 h" },
    stays_calm { u = 1.1,  trend = -0.004, lasting = "24 h" },
    stays_calm { u = 0.8,  trend = 0.02,   lasting = "24 h" },     -- cleaned, and recovering
    stays_calm_below_half_load = { u = bad, trend = bad, lasting = "24 h" },
  },
}
