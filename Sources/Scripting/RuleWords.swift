/// The language: every field, every word, and how each looks when it is right.
package enum RuleWords {
  package static let fields = [
    "title", "owner", "formerly", "applies_to", "limits", "calculates", "reads", "when", "held_for", "clears_when",
    "released_for", "tolerates", "every", "during", "not_during", "needs", "suppressed_when", "group", "at_most",
    "repeats_every", "actions", "on_clear", "settles_for", "recheck", "consequence", "check_first", "review_by",
    "value", "examples",
  ]
  package static let required = ["title", "owner", "applies_to", "reads", "when", "actions"]
  /// Fields that are functions of the asset and the limits.
  package static let questions = ["when", "clears_when", "needs", "suppressed_when"]

  package static let plainReadings = ["latest", "previous", "quality", "age", "unchanged_for"]
  /// Of a tag over a window, and nothing more.
  package static let windowReadings = [
    "average", "mean", "minimum", "maximum", "spread", "total", "count", "change", "increase",
  ]
  /// Of a tag, with something of their own.
  package static let otherReadings = ["stale", "smoothed", "rate", "crossings", "time_in"]
  /// Of another rule.
  package static let ruleReadings = ["active", "fired"]
  /// Of the running period.
  package static let periodReadings = ["elapsed", "left"]
  package static let readings =
    (plainReadings + windowReadings + otherReadings + ruleReadings + periodReadings).sorted()

  package static let windows = ["since", "this"]
  /// Whose tag: behind a reading, or what an action works on.
  package static let subjects = ["of", "of_pair", "each"]
  package static let methods = ["of", "of_pair"]

  package static let actions = ["work_order", "setpoint", "notification"]
  package static let whenClear = ["comment", "restore", "cancel"]
  package static let examples = ["fires", "stays_calm", "held_back"]
  /// What an example says beside its readings: no reading may be called so.
  package static let exampleFields = [
    "lasting", "sampled", "begins_at", "restarts_at", "fires_at", "clears_at", "held_back_at", "says",
  ]
  /// What a reading is over time.
  package static let shapes = ["rises", "steps", "bad", "silent", "above", "below", "at"]
  package static let others = ["once_per", "per", "calc", "curve", "by_hand"]

  /// Every word a rule file may write outside its functions, and those it may write inside `actions` too.
  package static let loadWords = readings + windows + examples + whenClear + shapes + others
  package static let callWords = actions + subjects
  package static let vocabulary = loadWords + callWords

  /// What a field looks like when it is right, for messages.
  static func sample(of field: String) -> String {
    switch field {
    case "title": #"title = "Pump cavitation""#
    case "owner": #"owner = "rotating-equipment""#
    case "formerly": #"formerly = "pump_suction""#
    case "applies_to": #"applies_to = "CentrifugalPump""#
    case "limits": "limits = { suction_low = 0.4 }"
    case "calculates":
      #"calculates = { head = calc("bar", function(p) return p.out - p.inlet end, { out = latest "DischargePressure", inlet = latest "SuctionPressure" }) }"#
    case "reads": #"reads = { running = latest "Running" }"#
    case "when": "when = function(pump, limits) return pump.running end"
    case "clears_when": "clears_when = function(pump, limits) return not pump.running end"
    case "held_for": #"held_for = "2 min""#
    case "released_for": #"released_for = "5 min""#
    case "tolerates": #"tolerates = "30 s""#
    case "every": #"every = "10 s" or every = "never""#
    case "during": #"during = "day shift""#
    case "not_during": #"not_during = { "cleaning", "shutdown" }"#
    case "needs": "needs = function(pump, limits) return pump.running end"
    case "suppressed_when": "suppressed_when = function(pump, limits) return not pump.running end"
    case "group": #"group = "suction""#
    case "at_most": #"at_most = once_per "8 h""#
    case "repeats_every": #"repeats_every = "4 h""#
    case "actions": #"actions = { work_order { priority = 2, title = "Check the strainer of {asset}" } }"#
    case "on_clear": #"on_clear = { comment "back to normal", restore, cancel }"#
    case "settles_for": #"settles_for = "10 min""#
    case "recheck": #"recheck = "24 h""#
    case "consequence": #"consequence = "economic""#
    case "check_first": #"check_first = { "suction valve open" }"#
    case "review_by": #"review_by = "2027-06-30""#
    case "value": #"value = { avoids = "14 000 EUR", because = "mean of 3 repairs in 2023" }"#
    case "examples": #"examples = { fires { suction = 0.3, lasting = "15 min" } }"#
    default: "\(field) = ..."
    }
  }

  /// What a reading looks like when it is right.
  static func sample(ofReading word: String) -> String {
    switch word {
    case "stale": #"stale("Flow [m3/h]", "3 h")"#
    case "smoothed": #"smoothed("Flow [m3/h]", "10 min")"#
    case "rate": #"rate("Flow [m3/h]", "1 h", per "h")"#
    case "crossings": #"crossings("Flow [m3/h]", 8, "1 h")"#
    case "time_in": #"time_in("Running", true, "1 h")"#
    case "active": #"active "pump_dead_head""#
    case "fired": #"fired("pump_dead_head", "1 h")"#
    case "elapsed", "left": "\(word)(this \"15 min\")"
    case "each": #"each("Zone", latest "Temperature [degC]")"#
    case _ where windowReadings.contains(word): "\(word)(\"Flow [m3/h]\", \"5 min\")"
    default: "\(word) \"Running\""
    }
  }
}
