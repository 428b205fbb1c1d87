-- rules/counter_stalled.lua
-- A line that runs and makes nothing, within a shift. The counter reports only what changes, so its silence is a value
-- that stands still, not a fault: it counts as long as the link is there. The first minutes of a shift are left out.

rule {
  title      = "Line runs and makes nothing",
  owner      = "production",
  applies_to = "FillingLine",

  limits = { warm_up = "20 min" },

  reads = {
    running = latest "Running",
    made    = increase("Produced", "10 min"),
    shift   = elapsed(this "shift"),
  },

  during = "production",
  when = function(line, limits)
    return line.running and line.shift > limits.warm_up and line.made == 0
  end,
  held_for = "5 min",

  actions = { notification { title = "{asset} runs and has made nothing for a quarter of an hour" } },

  consequence = "economic",
  check_first = { "counter sensor", "infeed", "discharge jammed" },
  review_by   = "2027-06-30",
  value = { avoids = "400 EUR", because = "mean of the stops of 2024", share = "50 %", nuisance = "5 EUR" },

  examples = {
    fires      { running = true,  made = 0,  shift = 7200, lasting = "10 min", fires_at = "5 min" },
    stays_calm { running = true,  made = 42, shift = 7200, lasting = "1 h" },
    stays_calm { running = false, made = 0,  shift = 7200, lasting = "1 h" },
    stays_calm_at_shift_start = { running = true, made = 0, shift = 600, lasting = "10 min" },
  },
}
