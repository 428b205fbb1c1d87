-- rules/cip_step_overrun.lua
-- A cleaning step that takes longer than it should waits for something: a temperature, a conductivity, a valve. The
-- time is a limit of each step, and each circuit may have its own.

rule {
  title      = "Cleaning step overruns",
  owner      = "production",
  applies_to = "CIPCircuit",

  limits = { rinse = "10 min", caustic = "30 min", acid = "20 min", final_rinse = "12 min", slack = "3 min" },

  reads = {
    step    = latest "Step",
    in_step = unchanged_for "Step",
  },

  when = function(cip, limits)
    local allowed
    if     cip.step == "Rinse"      then allowed = limits.rinse
    elseif cip.step == "Caustic"    then allowed = limits.caustic
    elseif cip.step == "Acid"       then allowed = limits.acid
    elseif cip.step == "FinalRinse" then allowed = limits.final_rinse
    else return false end
    return cip.in_step > allowed + limits.slack
  end,

  at_most = once_per "1 h",
  actions = {
    notification { title = "{asset} has been in {step} for {in_step} s" },
  },

  consequence = "economic",
  check_first = { "return temperature", "conductivity", "return pump" },
  review_by   = "2027-06-30",
  value = { avoids = "220 EUR", because = "half an hour of the line", share = "50 %", nuisance = "10 EUR" },

  examples = {
    fires      { step = "Caustic", in_step = 2100, lasting = "10 min" },
    stays_calm { step = "Caustic", in_step = 1500, lasting = "10 min" },
    stays_calm { step = "Idle",    in_step = 90000, lasting = "10 min" },
    fires_next_step_too = {
      step = steps("Rinse", "5 min", "Acid"), in_step = steps(100, "2 min", 1200, "5 min", 10), lasting = "20 min",
      fires_at = "2 min", clears_at = "5 min",
    },
  },
}
