-- rules/pump_dead_head.lua
-- A pump that runs against a closed discharge: no flow, and the pressure stands at shut-off head, well above the
-- usual 6 bar g. All the power of the motor goes into the little water in the casing, which boils within minutes;
-- then the seal runs dry. Low flow alone can be a broken meter, high pressure alone a throttled line: together
-- they are a closed valve.

rule {
  title      = "Pump running against a closed discharge",
  owner      = "utilities",
  applies_to = "CentrifugalPump",

  limits = { flow_low = 8, discharge_high = 7.2 },

  reads = {
    running   = latest "Running",
    flow      = maximum("Flow [m3/h]", "1 min"),
    discharge = minimum("DischargePressure [bar g]", "1 min"),
    bearing   = latest "BearingTemperature [degC]",
  },

  when = function(pump, limits)
    return pump.running
       and pump.flow      < limits.flow_low
       and pump.discharge > limits.discharge_high
  end,
  held_for = "1 min",

  clears_when = function(pump, limits)
    return not pump.running or pump.flow > 2 * limits.flow_low
  end,
  released_for = "1 min",

  at_most = once_per "4 h",

  actions = {
    notification {
      title = "{asset} runs against a closed valve",
      text  = "Flow {flow} m3/h at {discharge} bar g. Open the discharge or stop the pump within minutes.",
    },
    work_order {
      priority = 1,
      title = "Inspect {asset} after running without flow",
      text  = "It ran at {discharge} bar g with at most {flow} m3/h. Check the seal before the next start.",
    },
  },

  consequence = "economic",
  check_first = { "discharge valve", "check valve downstream", "recirculation line open" },
  review_by   = "2027-03-31",

  value = {
    avoids   = "6 800 EUR",
    because  = "mechanical seal with labour and half a day of the stand-by pump, 4 cases since 2021",
    share    = "50 %",
    nuisance = "120 EUR",
  },

  examples = {
    fires      { running = true,  flow = 0.5, discharge = 7.9, bearing = 58, lasting = "5 min" },
    stays_calm { running = true,  flow = 0.5, discharge = 6.0, bearing = 58, lasting = "5 min" },   -- flow meter
    stays_calm { running = true,  flow = 40,  discharge = 7.9, bearing = 58, lasting = "5 min" },   -- throttled
    stays_calm { running = false, flow = 0.5, discharge = 7.9, bearing = 40, lasting = "5 min" },
  },
}
