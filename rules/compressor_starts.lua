-- rules/compressor_starts.lua
-- Each start heats the winding as much as an hour of running. More than six in an hour: the pressure switch is set too
-- narrow, or a valve leaks the pressure away. The counter is the starter's own and begins anew when it is replaced.

rule {
  title      = "Compressor starts too often",
  owner      = "rotating-equipment",
  applies_to = "ReciprocatingCompressor",

  limits = { most = 6 },

  reads = {
    starts = increase("Starts", "1 h"),
  },

  when = function(comp, limits) return comp.starts > limits.most end,
  held_for = "1 min",
  at_most = once_per "24 h",

  actions = {
    work_order {
      priority = 3,
      title = "{asset} started {starts} times within an hour",
      text  = "At most {most} are allowed.",
    },
  },

  consequence = "economic",
  check_first = { "pressure switch band", "non-return valve", "air consumption" },
  review_by   = "2027-06-30",
  value = {
    avoids   = "2 900 EUR", because = "contactor and winding, mean of 3 repairs since 2021",
    share    = "50 %",
    nuisance = "90 EUR",
  },

  examples = {
    fires      { starts = 8, lasting = "10 min", fires_at = "1 min" },
    stays_calm { starts = 6, lasting = "1 h" },
  },
}
