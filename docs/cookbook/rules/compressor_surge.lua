-- rules/compressor_surge.lua
-- Above the surge line the compressor cannot hold the pressure: the flow collapses, comes back, and collapses again,
-- about once in two seconds. Three such cycles in a minute are surge, not noise. Keeping it out of surge is the task of
-- the anti-surge controller in the PLC, which opens the recycle valve within a fraction of a second; this rule only
-- sees that it did not, and has somebody look why.

rule {
  title      = "Compressor surges",
  owner      = "maintenance",
  applies_to = "CentrifugalCompressor",

  -- Pressure ratio at which it surges, over the flow: from the works test.
  limits = { surge_line = curve { {2000, 1.2}, {4000, 1.8}, {6000, 2.6}, {8000, 3.4} }, cycles = 3 },

  calculates = {
    above_line = calc("1", function(comp, limits) return comp.ratio - limits.surge_line(comp.flow) end, {
      ratio = latest "PressureRatio [1]",
      flow  = latest "Flow [m3/h]",
    }),
  },

  reads = {
    running = latest "Running",
    -- Each cycle passes the line twice, out and back.
    passes  = crossings("above_line", 0, "1 min"),
  },

  when = function(comp, limits) return comp.running and comp.passes >= 2 * limits.cycles end,
  released_for = "10 min",
  at_most = once_per "8 h",

  actions = {
    work_order {
      priority = 1,
      title = "{asset} surges: check the anti-surge controller and the recycle valve",
      text  = "It passed the surge line {passes} times within a minute.",
    },
  },

  consequence = "economic",
  check_first = { "recycle valve moves", "flow transmitter", "suction filter" },
  review_by   = "2027-06-30",
  value = { avoids = "90 000 EUR", because = "thrust bearing and rotor, repair of 2022", share = "50 %", nuisance = "300 EUR" },

  examples = {
    fires      { running = true,  passes = steps(0, "2 min", 6), lasting = "10 min", sampled = "10 s", fires_at = "2 min" },
    stays_calm { running = true,  passes = 4, lasting = "10 min" },
    stays_calm { running = false, passes = 8, lasting = "10 min" },
  },
}
