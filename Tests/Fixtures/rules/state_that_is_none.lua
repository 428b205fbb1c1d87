rule {
  title = "Oven heats", owner = "heat-treatment", applies_to = "Oven",
  reads = { state = latest "State", fan = latest "FanRunning", temperature = latest "Temperature [degC]" },
  when = function(oven)
    return oven.state == "Heeting"
       and oven.fan == 1
       and "hot" ~= oven.temperature
       and oven.state ~= 2
       and oven.temperature == 860
  end,
  actions = { notification { title = "{asset} heats" } },
}
