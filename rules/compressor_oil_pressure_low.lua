-- rules/compressor_oil_pressure_low.lua
-- Oil pressure that sags below its usual 3.5 bar g: a clogged filter, a worn pump, or bearing clearance that lets
-- the oil run off. The machine's own trip protects it (at about 1.2 bar g, within seconds, hard-wired); this rule
-- is no protection. It is the maintenance side: it speaks days before the trip does. After a start the pressure
-- needs a while to build up, so the first two minutes do not count.

rule {
  title      = "Compressor oil pressure low",
  owner      = "rotating-equipment",
  applies_to = "ReciprocatingCompressor",

  limits = { oil_low = 2.4, built_up = 120 },      -- bar g; seconds

  reads = {
    running     = latest "Running",
    running_for = unchanged_for "Running",
    oil         = average("OilPressure [bar g]", "1 min"),
    discharge   = latest "DischargeTemperature [degC]",
  },

  when = function(compressor, limits)
    return compressor.running
       and compressor.running_for > limits.built_up
       and compressor.oil < limits.oil_low
  end,
  held_for = "1 min",

  clears_when = function(compressor, limits)
    return compressor.oil > limits.oil_low + 0.4
  end,
  released_for = "5 min",

  at_most = once_per "12 h",

  actions = {
    notification {
      title = "{asset}: oil pressure {oil} bar g",
      text  = "Below {oil_low} bar g. The trip stands at about 1.2 bar g: plan the changeover now.",
    },
    work_order {
      priority = 2,
      title = "Change the oil filter of {asset} and check its oil pump",
      text  = "Oil pressure {oil} bar g at a discharge temperature of {discharge} degC.",
    },
  },

  consequence = "economic",
  check_first = { "oil level", "filter differential pressure", "oil temperature", "relief valve" },
  review_by   = "2027-06-30",

  value = {
    avoids   = "22 000 EUR",
    because  = "one trip in full load in 2023: main bearing, 9 h without instrument air reserve",
    share    = "50 %",
    nuisance = "200 EUR",
  },

  examples = {
    fires      { running = true,  running_for = 86400, oil = 2.0, discharge = 138, lasting = "5 min" },
    stays_calm { running = true,  running_for = 30,    oil = 2.0, discharge = 60,  lasting = "5 min" },   -- starting
    stays_calm { running = false, running_for = 86400, oil = 0.0, discharge = 30,  lasting = "30 min" },
    stays_calm { running = true,  running_for = 86400, oil = 3.5, discharge = 138, lasting = "30 min" },
  },
}
