-- rules/valve_stiction.lua
-- Stiction: the controller moves its output to and fro and the stem does not follow, until it jumps. The command then
-- wanders over a stretch in which the position stands still.

rule {
  title      = "Valve sticks",
  owner      = "maintenance",
  applies_to = "ControlValve",

  limits = { asked_high = 1.0, moved_low = 0.15 },      -- %, standard deviations over ten minutes

  reads = {
    asked = spread("Command [%]", "10 min"),
    moved = spread("Position [%]", "10 min"),
  },

  when = function(valve, limits) return valve.asked > limits.asked_high and valve.moved < limits.moved_low end,
  held_for = "20 min",
  at_most = once_per "7 d",

  actions = {
    work_order {
      priority = 3,
      title = "{asset} sticks: check packing and positioner",
      text  = "Within ten minutes the command moved by {asked} %, the stem by {moved} %.",
    },
  },

  consequence = "quality",
  check_first = { "packing not tightened too far", "positioner feedback" },
  review_by   = "2027-06-30",
  value = { avoids = "2 500 EUR", because = "off-specification hours of 2024, four valves", share = "40 %", nuisance = "150 EUR" },

  examples = {
    fires      { asked = 2.4, moved = 0.05, lasting = "30 min", fires_at = "20 min" },
    stays_calm { asked = 2.4, moved = 2.1,  lasting = "60 min" },
    stays_calm { asked = 0.2, moved = 0.05, lasting = "60 min" },
  },
}
