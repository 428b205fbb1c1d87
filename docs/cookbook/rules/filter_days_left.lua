-- rules/filter_days_left.lua
-- A filter's differential pressure grows with what it holds and with the square of the flow. Taken at the same flow it
-- is a straight line for days, and the line says when the filter is full. Ordered a week before.

rule {
  title      = "Filter full within days",
  owner      = "maintenance",
  applies_to = "Filter",

  limits = { full = 800, rated = 80, days_before = 7 },      -- mbar at rated flow; m3/h; days

  calculates = {
    dp_rated = calc("mbar", function(f, limits) return f.dp * (limits.rated / f.flow) ^ 2 end, {
      dp = latest "DifferentialPressure [mbar]", flow = latest "Flow [m3/h]",
      only_when = function(f, limits) return f.flow > limits.rated / 2 end,
    }),
  },

  reads = {
    dp    = average("dp_rated [mbar]", "6 h", { at_least = "50 %" }),
    slope = rate("dp_rated [mbar]", "7 d", per "d", { at_least = "50 %" }),
  },

  when = function(f, limits)
    return f.slope > 0 and (limits.full - f.dp) / f.slope < limits.days_before
  end,
  held_for = "6 h",
  at_most = once_per "14 d",

  actions = function(f, limits)
    local days = (limits.full - f.dp) / f.slope
    return { work_order {
      priority = days < 2 and 2 or 4,
      title = "Change the element of {asset}",
      text  = "It stands at {dp} mbar at rated flow and grows by {slope} mbar a day; full at {full} mbar.",
    } }
  end,

  consequence = "economic",
  check_first = { "bypass closed", "element in the store" },
  review_by   = "2027-06-30",
  value = { avoids = "1 800 EUR", because = "unplanned change at night, 6 in 2024", share = "80 %", nuisance = "60 EUR" },

  examples = {
    fires      { dp = 640, slope = 40, lasting = "12 h", fires_at = "6 h", says = "640" },      -- 4 days
    stays_calm { dp = 400, slope = 20, lasting = "24 h" },                                      -- 20 days
    stays_calm { dp = 400, slope = -2, lasting = "24 h" },
  },
}
