-- Work orders as productions of Tryton 8.0, over its REST interface. The url of the adapter ends with the database's
-- name. Tryton knows no idempotency key: two creates are two productions. What protects is that each carries our key
-- in its reference, and is looked for there before a create whose answer was lost is sent again.

-- RFC 4648 section 5, with padding: how Tryton wants a context and a search.
local function base64url(text)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for place = 0, 3 do
      if place == 2 and not b or place == 3 and not c then
        out[#out + 1] = "="
      else
        local digit = (bits >> (18 - 6 * place) & 63) + 1
        out[#out + 1] = alphabet:sub(digit, digit)
      end
    end
  end
  return table.concat(out)
end

-- Numbers come as 12.0 from JSON and YAML alike.
local function whole(number)
  return string.format("%d", number)
end

-- The number of a record in Tryton, from the site's files.
local function record(value, what)
  local number = math.tointeger(tonumber(value))
  if not number then error(what .. " must be the number of a record in Tryton, and is " .. tostring(value), 0) end
  return number
end

local function headers(settings)
  local company = record(settings.company, "the setting 'company'")
  return {
    ["Accept"]           = "application/json",
    ["Content-Type"]     = "application/json",
    -- Without it no company is the default, and a production without one is refused.
    ["X-Tryton-Context"] = base64url('{"company": ' .. company .. "}"),
  }
end

-- At most so many bytes, and no part of a character.
local function start_of(text, bytes)
  if #text <= bytes then return text end
  local last = bytes
  while last > 0 and text:byte(last + 1) >= 0x80 and text:byte(last + 1) < 0xC0 do last = last - 1 end
  return text:sub(1, last)
end

-- Of a production there is nothing else to write on: the key to find it by, then the title for people.
local function reference(action)
  return action.key .. " " .. start_of(action.title, 120)
end

-- Finds it wherever in the reference the key is: someone may have written beside it.
local function with_key(key)
  return "d=" .. base64url('[["reference", "like", "%' .. key .. '%"]]')
end

-- Work orders that Tryton itself answers about are JSON; its HTML pages come from before it has looked at them.
local function why(response)
  local body = response.body
  if type(body) == "table" and type(body.message) == "string" then return body.message end
  local status = response.status
  if status == 400 then
    return "status 400: it knows no such field or model; are the modules production and, for 'operation', "
      .. "production_work activated?"
  end
  if status == 401 then return "status 401: the application key is unknown or was cancelled" end
  if status == 403 then return "status 403: the key's user may not do this" end
  if status == 404 then return "status 404: the url must end with the database's name" end
  return "status " .. whole(status)
end

-- It has not looked at the request at all, and another time it may.
local function later(status)
  return status == 401 or status == 408 or status == 425 or status == 429
end

local function time(value)
  if type(value) ~= "table" or not value.year then return nil end
  return string.format(
    "%04d-%02d-%02dT%02d:%02d:%02dZ", value.year, value.month, value.day, value.hour or 0, value.minute or 0,
    value.second or 0)
end

-- When somebody first began to work on it.
local function began(works)
  local first
  for _, work in ipairs(works or {}) do
    for _, cycle in ipairs(work.cycles or {}) do
      local at = time(cycle.create_date)
      if at and (not first or at < first) then first = at end
    end
  end
  return first
end

-- Tryton's own form of a moment, in a search.
local function moment(text)
  local year, month, day, hour, minute, second = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  return string.format(
    '{"__class__": "datetime", "year": %d, "month": %d, "day": %d, "hour": %d, "minute": %d, "second": %d, '
      .. '"microsecond": 0}',
    year, month, day, hour, minute, second)
end

-- The moment, but where the day that people wrote down is an earlier one, the start of that.
local function earlier_day(at, day)
  local written = time(day)
  if written and (not at or written:sub(1, 10) < at:sub(1, 10)) then return written end
  return at
end

-- Whether our ledger has it: then it is not one whose record was lost.
local function is_known(production, known)
  for _, ours in ipairs(known) do
    if ours.reference == whole(production.id) or production.reference:find(ours.key, 1, true) then return true end
  end
  return false
end

-- A production that was a repair or a service of the machine that is its product.
local function loss(production, settings)
  local planned = true
  for _, work in ipairs(production.works or {}) do
    if settings.repair and work.operation == record(settings.repair, "the setting 'repair'") then planned = false end
  end
  local started = earlier_day(time(production.create_date), production.effective_start_date)
  local done = earlier_day(time(production.write_date), production.effective_date)
  if done and started and done < started then done = started end
  local currency = production.company and production.company.currency and production.company.currency.code
  local cost = production.cost and currency and production.cost.decimal or nil
  local cause = production.reference
  if cause == "" then cause = nil end
  return {
    reference = whole(production.id), asset = whole(production.product), started = started, done = done,
    cause = cause, cost = cost, currency = cost and currency or nil, planned = planned,
  }
end

-- A state that is none of these is passed on, and the engine takes it for unknown.
local function standing(state)
  local standings = {
    request = "open", draft = "open", waiting = "open", assigned = "open",
    running = "in_progress", done = "done", cancelled = "cancelled",
  }
  return standings[state] or state
end

adapter {
  idempotent    = false,
  authorisation = bearer "api_key",
  -- It is there when the create is answered; what is long is a create that still waits for the database's lock.
  visible_after = "10 s",
  follow_every  = "5 min",

  request = function(action, settings)
    local production = { reference = reference(action) }
    if action.asset.id then
      production.product = record(action.asset.id, "the id of " .. action.asset.path)
    end
    if settings.operation then
      local work = { operation = record(settings.operation, "the setting 'operation'") }
      if settings.work_center then work.work_center = record(settings.work_center, "the setting 'work_center'") end
      production.works = { { "create", { work } } }
    end
    return {
      method = "POST", path = "/rest/model/production?f=number&f=state", headers = headers(settings), body = production,
    }
  end,

  answer = function(response)
    local status = response.status
    if status == 200 then
      local body = response.body
      if type(body) == "table" and type(body.id) == "number" then return accepted(whole(body.id)) end
      return unknown("status 200 without the record: is this Tryton's own answer?")
    end
    -- Made, and the key's user may not read it.
    if status == 204 then return accepted("") end
    if later(status) then return try_again(nil, why(response)) end
    -- Also 503: Tryton answers it when the database fails, and that may have been at the end of the commit.
    if status >= 500 then return unknown(why(response)) end
    return rejected(why(response))
  end,

  lookup = function(action, settings)
    return {
      method = "GET", headers = headers(settings),
      path = "/rest/model/production?s=1&f=reference&o=" .. base64url('[["id", "ASC"]]') .. "&" .. with_key(action.key),
    }
  end,

  read_lookup = function(response)
    local status, body = response.status, response.body
    if status == 200 and type(body) == "table" then
      if body[1] and type(body[1].id) == "number" then return found(whole(body[1].id)) end
      -- An empty object is no list of nothing.
      if #body == 0 and response.text:sub(1, 1) == "[" then return absent() end
    end
    if later(status) or status >= 500 then return try_again(nil, why(response)) end
    return unknown(why(response))
  end,

  -- After a restore: productions of the machine that nobody has closed, made since the backup. One without a product is
  -- told by its title alone.
  lookup_open = function(wanted, settings)
    local product = "null"
    if wanted.action.asset.id then
      product = whole(record(wanted.action.asset.id, "the id of " .. wanted.action.asset.path))
    end
    local search = '[["product", "=", ' .. product .. '], ["state", "not in", ["done", "cancelled"]], '
      .. '["create_date", ">=", ' .. moment(wanted.since) .. "]]"
    return {
      method = "GET", headers = headers(settings),
      path = "/rest/model/production?s=100&f=reference&o=" .. base64url('[["id", "ASC"]]') .. "&d=" .. base64url(search),
    }
  end,

  read_lookup_open = function(response, wanted)
    local status, body = response.status, response.body
    if later(status) or status >= 500 then return try_again(nil, why(response)) end
    if status ~= 200 or type(body) ~= "table" or response.text:sub(1, 1) ~= "[" then return unknown(why(response)) end
    local title, action, others = start_of(wanted.action.title, 120), wanted.action, {}
    for _, production in ipairs(body) do
      local text = production.reference or ""
      -- What has no key was made by people.
      if text:find(("%x"):rep(32)) and not is_known(production, wanted.known) then
        local is_same = text:find(title, 1, true)
        if is_same and (action.asset.id or title:find(action.asset.name, 1, true)) then
          return found(whole(production.id))
        end
        if is_same or action.asset.id then others[#others + 1] = whole(production.id) end
      end
    end
    if #body == 100 then return unknown("there are more than a hundred open productions: look for it there") end
    if #others > 0 then
      return unknown("open, and perhaps of this trouble: " .. table.concat(others, ", ") .. "; is it one of them?")
    end
    return absent()
  end,

  status = function(order, settings)
    local fields = "f=state&f=cost&f=write_date&f=company.currency.code"
    if settings.operation then fields = fields .. "&f=works.cycles.create_date" end
    local where = "?s=1&" .. with_key(order.key) .. "&"
    if tonumber(order.reference) and order.reference ~= order.key then where = "/" .. order.reference .. "?" end
    return { method = "GET", path = "/rest/model/production" .. where .. fields, headers = headers(settings) }
  end,

  read_status = function(response)
    local status, body = response.status, response.body
    if status == 404 then return { standing = "unknown", cause = "it is not there any more, or may not be read" } end
    if status == 200 and type(body) == "table" and response.text:sub(1, 1) == "[" then
      body = body[1]
      if not body then return { standing = "unknown", cause = "it is not there any more, or may not be read" } end
    end
    if status ~= 200 or type(body) ~= "table" or type(body.state) ~= "string" then
      return try_again(nil, why(response))
    end
    local report = { standing = standing(body.state), started = began(body.works) }
    local ended = report.standing == "done" or report.standing == "cancelled"
    -- Until then it is what was planned and what has been used so far.
    if ended then
      report.done = time(body.write_date)
      local currency = body.company and body.company.currency and body.company.currency.code
      if body.cost and currency then report.cost, report.currency = body.cost.decimal, currency end
    end
    return report
  end,

  comment = function(order, settings)
    -- Made by a key whose user may not read: Tryton never told its number.
    if order.reference == order.key then error("the number of its production is not known", 0) end
    local again = "It has come again: recurrence " .. whole(order.count) .. " of this order."
    local message = order.action.title .. "\n" .. (order.says or again .. "\n\n" .. order.action.text)
    return {
      method = "POST", path = "/rest/model/ir.note?f=id", headers = headers(settings),
      body = { resource = "production," .. order.reference, message = message },
    }
  end,

  -- Its own history: what was done by the operations that the site names as losses, a hundred at a time.
  losses = function(wanted, settings)
    local kinds = {}
    for _, name in ipairs({ "repair", "service" }) do
      if settings[name] then kinds[#kinds + 1] = whole(record(settings[name], "the setting '" .. name .. "'")) end
    end
    if #kinds == 0 then
      error("the site must name the operations that are losses, as the settings 'repair' and 'service'", 0)
    end
    local search = '[["state", "=", "done"], ["product", "!=", null], ["works.operation", "in", ['
      .. table.concat(kinds, ", ") .. ']], ["write_date", ">=", ' .. moment(wanted.since) .. '], ["id", ">", '
      .. (wanted.after or "0") .. "]]"
    return {
      method = "GET", headers = headers(settings),
      path = "/rest/model/production?s=100&o=" .. base64url('[["id", "ASC"]]') .. "&d=" .. base64url(search)
        .. "&f=product&f=reference&f=cost&f=create_date&f=write_date&f=effective_start_date&f=effective_date"
        .. "&f=company.currency.code&f=works.operation",
    }
  end,

  read_losses = function(response, settings)
    if response.status ~= 200 or type(response.body) ~= "table" or response.text:sub(1, 1) ~= "[" then
      return try_again(nil, why(response))
    end
    local losses = {}
    for _, production in ipairs(response.body) do losses[#losses + 1] = loss(production, settings) end
    return losses
  end,
}
