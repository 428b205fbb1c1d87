-- rules/oven_heater_element_open.lua
-- The oven heats, but the current is too low and the temperature hardly rises: a heating element has burnt
-- through, or a contactor does not close. All elements together draw 120 A and give about 8 degC a minute; with
-- one group open two thirds are left. Near the target the controller takes power back by itself, and just after
-- heating began the windows still look into the time before: in both the rule keeps quiet.

rule {
  title      = "Oven heating element open",
  owner      = "heat-treatment",
  applies_to = "Oven",

  limits = {
    current_low = 90,        -- A
    rise_low    = 40,        -- degC in ten minutes
    near_target = 40,        -- degC
    begun       = 600,       -- seconds
  },

  reads = {
    state       = latest "State",
    in_state    = unchanged_for "State",
    temperature = latest "Temperature [degC]",
    target      = latest "TemperatureTarget [degC]",
    current     = average("HeaterCurrent [A]", "5 min"),
    climb       = change("Temperature [degC]", "10 min"),
  },

  when = function(oven, limits)
    return oven.state == "Heating"
       and oven.in_state > limits.begun
       and oven.target - oven.temperature > limits.near_target
       and oven.current < limits.current_low
       and oven.climb   < limits.rise_low
  end,
  held_for = "3 min",

  at_most = once_per "12 h",

  actions = {
    work_order {
      priority = 2,
      title = "Find the open heating element of {asset}",
      text  = "Heating with {current} A instead of 120 A, {climb} degC in ten minutes. "
           .. "It stands at {temperature} of {target} degC.",
    },
  },

  consequence = "quality",
  check_first = { "current of each phase", "contactors", "fuses of the heater groups" },
  review_by   = "2027-03-31",

  value = {
    avoids   = "3 200 EUR", because = "a batch heated too slowly is annealed again: 11 batches in 2024",
    share    = "80 %",
    nuisance = "90 EUR",
  },

  examples = {
    fires {
      state = "Heating", in_state = 1800, temperature = 420, target = 860, current = 78, climb = 25,
      lasting = "10 min",
    },
    stays_calm_healthy = {
      state = "Heating", in_state = 1800, temperature = 420, target = 860, current = 119, climb = 80,
      lasting = "20 min",
    },
    stays_calm_holding = {
      state = "Holding", in_state = 1800, temperature = 859, target = 860, current = 50, climb = 0,
      lasting = "60 min",
    },
    stays_calm_just_begun = {
      state = "Heating", in_state = 60, temperature = 40, target = 860, current = 30, climb = 5,
      lasting = "20 min",
    },
  },
}
