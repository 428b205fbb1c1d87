-- The machine runs cold: below 60 degF at every sample for half an hour. Seen before each of its failures.

rule {
  title = "Machine running cold", owner = "tests", applies_to = "Machine",
  limits = { cold = 60, warm = 70 },
  reads = { temperature = latest "Temperature [degF]" },
  when = function(machine, limits) return machine.temperature < limits.cold end,
  held_for = "30 min",
  tolerates = "0 s",
  clears_when = function(machine, limits) return machine.temperature >= limits.warm end,
  actions = { notification { title = "{asset} runs cold: {temperature} degF" } },
  value = {
    avoids = "18 000 EUR", because = "an unplanned stop costs 25 000, a planned one 7 000",
    costs = { notification = "400 EUR" }, lead = { within = "48 h" },
  },
}
