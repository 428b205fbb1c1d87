---@meta millwright
-- The words of a rule, for editors that know LuaCATS (VS Code, Neovim and others with lua-language-server): they
-- complete the form and show what each word means. Nothing of this is run; docs/rules.md explains it all.

---A length of time: "90 s", "5 min", "1.5 h", "2 d".
---@alias Time string
---A tag as its class names it, its unit in brackets: "Flow [m3/h]".
---@alias TagName string
---What is known of one asset: your readings, by the names you gave them.
---@alias Asset table<string, any>
---Your limits, by name. Lengths of time are seconds; a curve is called: limits.surge_line(comp.flow).
---@alias Limits table<string, any>
---@alias Question fun(asset: Asset, limits: Limits): boolean

---@class Reading
local Reading = {}
---The tag of the nearest asset above that is of this class.
---@param class string
---@return Reading
function Reading:of(class) end
---The tag of the asset that the model names so for this one.
---@param reference string
---@return Reading
function Reading:of_pair(reference) end

---@class Window
---@class Options
---@field at_least? string|integer How much must be known: "95 %" of the window, or a number of samples.
---@field optional? boolean nil in functions where it would blind the rule.
---@class ActionWord
---@class Subject
---@class Calculation
---@class Pause
---@class Per
---@class CurveLimit
---@class ClearStep
---@class ExampleWord
---@class Shape
---@class ByHand

---@class WorkOrder
---@field priority integer 1 (first) to 5.
---@field title string With {asset}, {reading} and {limit} filled in.
---@field text? string
---@field on? Subject Another asset than the rule's own.

---@class Setpoint
---@field tag TagName
---@field to? number The new value.
---@field by? number|string A step, or "-10 %" of the value now.
---@field on? Subject

---@class Notification
---@field title string
---@field text? string
---@field on? Subject

---@class Value
---@field avoids? string What one such failure costs: "14 000 EUR".
---@field because? string Where that number comes from.
---@field share? string How many are really avoided when caught here: "60 %".
---@field nuisance? string What one needless call-out costs.

---@class Rule
---@field title string What is wrong, in three or four words.
---@field owner string Who answers for the rule.
---@field formerly? string|string[] Names it had before.
---@field applies_to string The class of machines.
---@field limits? table<string, number|string|table|CurveLimit> Numbers, lengths of time, states and curves that one machine may have otherwise.
---@field calculates? table<string, Calculation> Tags made of tags.
---@field reads table<string, Reading> What the rule looks at.
---@field when Question The condition.
---@field held_for? Time|string How long it must stay true; a length of time or the name of a limit.
---@field clears_when? Question|ByHand When the trouble is over.
---@field released_for? Time|string How long that must stay true.
---@field tolerates? Time|string How long a bad value is bridged.
---@field every? Time|"never" How often to look while nothing arrives.
---@field during? string|string[] Calendars in which the rule decides.
---@field not_during? string|string[] Calendars in which it does not.
---@field needs? Question A permissive: while it is not true a decision is held back.
---@field suppressed_when? Question While it is true a decision is held back.
---@field group? string Rules of one group tell of the same trouble: the first decides.
---@field at_most? Pause The shortest time between two decisions for one machine.
---@field repeats_every? Time While it stays active, it is decided again.
---@field actions ActionWord[]|fun(asset: Asset, limits: Limits): ActionWord[] What is to be done.
---@field on_clear? ClearStep[] What is done when the trouble is over.
---@field settles_for? Time How long the plant takes to follow a setpoint.
---@field recheck? Time How long after a completed order a condition that stands is decided again.
---@field consequence? "economic"|"quality"|"environment"|"safety"
---@field check_first? string[] What the person who goes there looks at first.
---@field review_by? string A date: "2027-06-30".
---@field value? Value What it is worth, stated beforehand.
---@field examples? table<integer|string, ExampleWord|table> Proof.

---The one statement of a file.
---@param fields Rule
function rule(fields) end

-- Readings -----------------------------------------------------------------------------------------------------

---The value now.
---@param tag TagName
---@param options? Options
---@return Reading
function latest(tag, options) end
---The last good value that differed from the one now.
---@param tag TagName
---@param options? Options
---@return Reading
function previous(tag, options) end
---"good", "uncertain", "bad" or "stale".
---@param tag TagName
---@return Reading
function quality(tag) end
---Seconds since the last sample.
---@param tag TagName
---@return Reading
function age(tag) end
---Whether the last sample is older than this.
---@param tag TagName
---@param after Time
---@return Reading
function stale(tag, after) end
---Seconds since the value came up.
---@param tag TagName
---@param options? Options
---@return Reading
function unchanged_for(tag, options) end
---The average over a window, each value weighted by how long it lasted.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function average(tag, window, options) end
---The plain mean of the samples of a window.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function mean(tag, window, options) end
---The smallest value of a window.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function minimum(tag, window, options) end
---The largest value of a window.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function maximum(tag, window, options) end
---The standard deviation over a window.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function spread(tag, window, options) end
---The integral over a window per hour: kW gives kWh.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function total(tag, window, options) end
---A first-order lag with this time constant.
---@param tag TagName
---@param constant Time
---@param options? Options
---@return Reading
function smoothed(tag, constant, options) end
---How often the value changed.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function count(tag, window, options) end
---The value now less the value one window ago.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function change(tag, window, options) end
---How fast it moves: rate("Flow [m3/h]", "1 h", per "h").
---@param tag TagName
---@param window Time|Window
---@param per Per
---@param options? Options
---@return Reading
function rate(tag, window, per, options) end
---How far a counter went on; roll-over and reset are understood.
---@param tag TagName
---@param window Time|Window
---@param options? Options
---@return Reading
function increase(tag, window, options) end
---How often the value passed a number or a limit.
---@param tag TagName
---@param limit number|string
---@param window Time|Window
---@param options? Options
---@return Reading
function crossings(tag, limit, window, options) end
---Seconds of the window in which the tag was this.
---@param tag TagName
---@param value boolean|string
---@param window Time|Window
---@param options? Options
---@return Reading
function time_in(tag, value, window, options) end
---Whether another rule is active on the same asset.
---@param rule string
---@return Reading
function active(rule) end
---How often another rule became active on the same asset.
---@param rule string
---@param window Time|Window
---@return Reading
function fired(rule, window) end
---Seconds since the running period began: elapsed(this "shift").
---@param period Window
---@return Reading
function elapsed(period) end
---Seconds until the running period ends: left(this "15 min").
---@param period Window
---@return Reading
function left(period) end

---Since a tag last changed, or last became this.
---@param tag TagName
---@param value? boolean|number|string
---@return Window
function since(tag, value) end
---The running part of the day: "15 min", "hour", "shift" or "day".
---@param period string
---@return Window
function this(period) end
---The unit of time of a rate: "s", "min", "h" or "d".
---@param unit string
---@return Per
function per(unit) end
---All assets of a class below: highest, lowest, spread, mean, how_many, worst. In an action: on = each "Load".
---@param class string
---@param reading? Reading
---@return Reading
function each(class, reading) end
---In an action: on = of "Line".
---@param class string
---@return Subject
function of(class) end
---In an action: on = of_pair "standby".
---@param reference string
---@return Subject
function of_pair(reference) end
---A tag made of tags: its unit, its function, its readings, and only_when if it says nothing at times.
---@param unit string
---@param compute fun(readings: table<string, any>, limits: Limits): number?
---@param readings table<string, Reading|Question>
---@return Calculation
function calc(unit, compute, readings) end
---A line through points, as a limit: curve { {0, 0}, {120, 35} }.
---@param points number[][]
---@return CurveLimit
function curve(points) end
---clears_when = by_hand: active until a person resets it.
---@type ByHand
by_hand = nil
---@param span Time
---@return Pause
function once_per(span) end

-- Actions ------------------------------------------------------------------------------------------------------

---@param fields WorkOrder
---@return ActionWord
function work_order(fields) end
---@param fields Setpoint
---@return ActionWord
function setpoint(fields) end
---@param fields Notification
---@return ActionWord
function notification(fields) end
---Said on the open order when the trouble is over.
---@param text string
---@return ClearStep
function comment(text) end
---Its setpoints go back to what they were.
---@type ClearStep
restore = nil
---What nobody began is cancelled.
---@type ClearStep
cancel = nil

-- Examples -----------------------------------------------------------------------------------------------------

---@param series table<string, any>
---@return ExampleWord
function fires(series) end
---@param series table<string, any>
---@return ExampleWord
function stays_calm(series) end
---@param series table<string, any>
---@return ExampleWord
function held_back(series) end
---From one number to another: rises(5, 9, "10 min").
---@param from number|Shape
---@param to number|Shape
---@param over Time
---@return Shape
function rises(from, to, over) end
---A value, from when on the next, and so on: steps(1.8, "5 min", 0.3).
---@param ... any
---@return Shape
function steps(...) end
---Not good.
---@type Shape
bad = nil
---No samples.
---@type Shape
silent = nil
---So much above a limit, whatever it is for the asset.
---@param limit string
---@param by? number
---@return Shape
function above(limit, by) end
---So much below a limit.
---@param limit string
---@param by? number
---@return Shape
function below(limit, by) end
---Exactly at a limit.
---@param limit string
---@return Shape
function at(limit) end

---@class ClassFields
---@field calculates table<string, Calculation> Tags that every rule of the class may read.
---What all assets of a class have beside their tags; in rules/classes/, in a file named for the class.
---@param fields ClassFields
function class(fields) end
