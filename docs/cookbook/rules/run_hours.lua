-- rules/run_hours.lua
-- Duty and standby should age alike, or the standby fails when it is needed. Swapped when they are too far apart, and
-- serviced after its hours: both are counted by the pump's own meter, which may be changed and then begins anew.

rule {
  title      = "Run hours: swap or service",
  owner      = "maintenance",
  applies_to = "PumpUnit",

  limits = { apart = 500, service = 4000 },      -- h

  reads = {
    hours   = latest "RunHours [h]",
    standby = latest "RunHours [h]" :of_pair "standby",
    since   = increase("RunHours [h]", since "LastService"),
  },

  when = function(pump, limits)
    return pump.hours - pump.standby > limits.apart or pump.since > limits.service
  end,
  held_for = "1 h",
  at_most = once_per "30 d",

  actions = function(pump, limits)
    if pump.since > limits.service then
      return { work_order { priority = 4, title = "Service {asset}", text = "{since} h since the last one." } }
    end
    return { work_order { priority = 4, title = "Put the standby of {asset} on duty", text = "{hours} h beside {standby} h." } }
  end,

  consequence = "economic",
  check_first = { "standby is ready", "seal kit in the store" },
  review_by   = "2027-06-30",
  value = { avoids = "5 500 EUR", because = "both pumps down, outage of 2022", share = "20 %", nuisance = "80 EUR" },

  examples = {
    fires_to_swap    = { hours = 12800, standby = 12100, since = 900,  lasting = "2 h", fires_at = "1 h", says = "standby of" },
    fires_to_service = { hours = 12800, standby = 12700, since = 4010, lasting = "2 h", fires_at = "1 h", says = "Service" },
    stays_calm       { hours = 12800, standby = 12700, since = 900,  lasting = "2 h" },
  },
}
