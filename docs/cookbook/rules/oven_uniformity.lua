-- rules/oven_uniformity.lua
-- While an oven holds its temperature, all its zones must lie within a band, however many zones it has. A zone whose
-- thermocouple is bad is left out, as long as enough others are known.

rule {
  title      = "Oven temperature not uniform",
  owner      = "production",
  applies_to = "ChamberOven",

  limits = { band = 14, least_known = 3 },      -- K; zones

  reads = {
    state = latest "State",
    held  = unchanged_for "State",
    zones = each("OvenZone", average("Temperature [degC]", "5 min")),
  },

  when = function(oven, limits)
    return oven.state == "Holding" and oven.held > 900
       and oven.zones.how_many >= limits.least_known
       and oven.zones.highest - oven.zones.lowest > limits.band
  end,
  held_for = "5 min",

  actions = {
    work_order { priority = 2, title = "{asset}: zones too far apart", text = "Zones: {zones} degC." },
  },

  consequence = "quality",
  check_first = { "door seal", "fan", "element of the zone farthest from the mean" },
  review_by   = "2027-06-30",
  value = { avoids = "6 200 EUR", because = "batch to be treated again, mean of 2024", share = "50 %", nuisance = "150 EUR" },

  examples = {
    fires { state = "Holding", held = 3600, zones = { 862, 860, 845, 861, 863 }, lasting = "10 min", fires_at = "5 min" },
    fires_with_one_bad = { state = "Holding", held = 3600, zones = { 862, 860, 845, bad, 863 }, lasting = "10 min" },
    stays_calm { state = "Holding", held = 3600, zones = { 862, 860, 858, 861, 863 }, lasting = "30 min" },
    stays_calm_too_few_known = { state = "Holding", held = 3600, zones = { 862, bad, 845, bad, bad }, lasting = "30 min" },
    stays_calm_heating = { state = "Heating", held = 3600, zones = { 700, 740, 690, 720, 730 }, lasting = "30 min" },
  },
}
