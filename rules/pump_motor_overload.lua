-- rules/pump_motor_overload.lua
-- A motor heats with the square of its current and cools with its own slowness: a little overload may last long, a large
-- one only minutes (inverse time). The heat is the current's square, lagged by the winding's time constant. The trip
-- itself belongs in the motor's protection relay; this rule has somebody find out why before it does.

rule {
  title      = "Pump motor overloaded",
  owner      = "rotating-equipment",
  applies_to = "CentrifugalPump",

  limits = { rated = 52, heat_high = { 1.15, from = 1.05, to = 1.3 } },      -- A; times the heat at rated current

  calculates = {
    heating = calc("1", function(pump, limits) return (pump.current / limits.rated) ^ 2 end, {
      current = latest "MotorCurrent [A]",
    }),
  },

  reads = {
    running = latest "Running",
    current = latest "MotorCurrent [A]",
    heat    = smoothed("heating [1]", "15 min"),
  },

  when = function(pump, limits) return pump.running and pump.heat > limits.heat_high end,
  held_for = "1 min",
  clears_when = function(pump, limits) return pump.heat < limits.heat_high - 0.15 end,

  actions = {
    work_order {
      priority = 2,
      title = "Motor of {asset} is overloaded at {current} A",
      text  = "Its heat is {heat} times that of rated current, by a lag of 15 min.",
    },
  },

  consequence = "economic",
  check_first = { "pump turns freely", "phases alike", "density and viscosity of the product" },
  review_by   = "2027-06-30",
  value = {
    avoids   = "7 800 EUR", because = "rewound motor and a day's outage, 2023",
    share    = "50 %",
    nuisance = "120 EUR",
  },

  examples = {
    fires      { running = true,  current = 60, heat = rises(0.9, 1.3, "10 min"), lasting = "15 min" },
    stays_calm { running = true,  current = 52, heat = 1.0, lasting = "30 min" },
    stays_calm { running = false, current = 0,  heat = 1.2, lasting = "10 min" },      -- cooling down
  },
}
