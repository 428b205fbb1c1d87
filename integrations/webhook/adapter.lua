-- Work orders, notifications and setpoint requests as CloudEvents 1.0.2 (structured JSON), signed as Standard Webhooks 1.0.0 says.
-- The engine signs, adds the idempotency key, sends, and repeats; here is only what is said and what an answer means.

local function reference(response)
  local body = response.body
  if type(body) == "table" then
    local given = body.reference or body.id
    if type(given) == "string" or type(given) == "number" then return tostring(given) end
  end
  -- Empty: the other side knows it by our key alone.
  return response.headers["location"] or ""
end

local function why(response)
  return "status " .. tostring(response.status)
end

-- A list without elements is left out: an empty table could as well be an object.
local function some(list)
  if #list > 0 then return list end
end

adapter {
  -- webhook-id and Idempotency-Key stay the same for every attempt; whoever receives it must take a key once.
  idempotent    = true,
  authorisation = standard_webhooks "signing_key",

  request = function(action, settings)
    return {
      method  = "POST",
      path    = settings.path or "/",
      headers = { ["Content-Type"] = "application/cloudevents+json" },
      body    = {
        specversion     = "1.0",
        id              = action.key,
        source          = action.source,
        type            = "millwright." .. action.kind .. ".requested.v1",
        subject         = action.asset.path,
        time            = action.decision.time,
        datacontenttype = "application/json",
        data            = {
          title       = action.title,
          text        = action.text,
          priority    = action.priority,
          site        = action.site,
          asset       = action.asset,
          decision    = action.decision,
          readings    = some(action.readings),
          limits      = some(action.limits),
          check_first = some(action.check_first),
          setpoint    = action.setpoint,
        },
      },
    }
  end,

  answer = function(response)
    local status = response.status
    if status >= 200 and status < 300 then return accepted(reference(response)) end
    if status == 409 then return already(reference(response)) end
    if status == 401 then return try_again(nil, why(response) .. ": it does not believe the key") end
    if status == 408 or status == 425 or status == 429 or status >= 500 then
      return try_again(nil, why(response))      -- the engine honours Retry-After
    end
    if status >= 300 and status < 400 then
      return rejected(why(response) .. ": it redirects, and a redirect is not followed; correct the url")
    end
    if status == 410 then return rejected(why(response) .. ": the receiver has closed this address") end
    return rejected(why(response) .. ": " .. (response.text or ""))
  end,
}
