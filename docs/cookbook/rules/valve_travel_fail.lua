-- rules/valve_travel_fail.lua
-- A valve that is not where it was told to be once its stroke time has passed is stuck, has lost its air, or its
-- feedback is wrong. Each valve has its own stroke time: a large butterfly valve needs a minute. Interlocks that must
-- know it at once belong in the PLC; this rule has it repaired.

rule {
  title      = "Valve does not reach its position",
  owner      = "maintenance",
  applies_to = "ControlValve",

  limits = { stroke_time = "15 s", apart = 5 },      -- %

  reads = {
    command  = latest "Command [%]",
    position = latest "Position [%]",
    settled  = unchanged_for "Command",
  },

  when = function(valve, limits)
    return valve.settled > limits.stroke_time and math.abs(valve.command - valve.position) > limits.apart
  end,
  held_for = "stroke_time",

  actions = {
    work_order { priority = 2, title = "{asset} stands at {position} % and not at {command} %" },
  },

  consequence = "quality",
  check_first = { "instrument air", "positioner", "hand wheel not engaged" },
  review_by   = "2027-06-30",
  value = { avoids = "4 000 EUR", because = "one batch off specification, 2024", share = "60 %", nuisance = "120 EUR" },

  examples = {
    fires      { command = 60, position = 40, settled = above("stroke_time", 5), lasting = "5 min", sampled = "1 s" },
    stays_calm_on_its_way = {
      command = 60, position = 40, settled = below("stroke_time", 5), lasting = "5 min", sampled = "1 s",
    },
    stays_calm { command = 60, position = 57, settled = 600, lasting = "5 min", sampled = "1 s" },
  },
}
