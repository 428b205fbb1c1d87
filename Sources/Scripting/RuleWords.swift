/// The language as this version knows it, and what later versions will: a word of a later version is refused by
/// name, never ignored.
enum RuleWords {
  static let fields = [
    "title", "owner", "applies_to", "limits", "reads", "when", "held_for", "clears_when", "released_for", "tolerates",
    "every", "at_most", "actions", "consequence", "check_first", "review_by", "value", "examples",
  ]
  static let required = ["title", "owner", "applies_to", "reads", "when", "actions"]
  static let laterFields = [
    "calculates", "repeats_every", "during", "not_during", "on_clear", "settles_for", "recheck", "needs", "group",
    "formerly",
  ]

  static let plainReadings = ["latest", "previous", "quality", "age", "unchanged_for"]
  static let windowReadings = ["average", "mean", "minimum", "maximum", "count", "change"]
  static let readings = (plainReadings + windowReadings + ["stale"]).sorted()
  static let laterReadings = [
    "spread", "total", "smoothed", "rate", "increase", "crossings", "time_in", "active", "fired", "each",
  ]
  static let laterWindows = ["since", "this"]
  static let laterMethods = ["of", "of_pair"]

  static let actions = ["work_order", "setpoint", "notification"]
  static let examples = ["fires", "stays_calm", "held_back"]
  /// What an example says beside its readings: no reading may be called so.
  static let exampleFields = [
    "lasting", "sampled", "begins_at", "restarts_at", "fires_at", "clears_at", "held_back_at", "says",
  ]
  /// What a reading is over time.
  static let shapes = ["rises", "steps", "bad", "silent", "above", "below", "at"]
  static let laterOthers = ["calc", "per", "by_hand", "curve"]

  /// Every word a rule file may write outside its functions.
  static let available = readings + actions + examples + shapes + ["once_per"]
  static let later = laterReadings + laterWindows + laterOthers
  static let vocabulary = available + later

  /// What a field looks like when it is right, for messages.
  static func sample(of field: String) -> String {
    switch field {
    case "title": #"title = "Pump cavitation""#
    case "owner": #"owner = "rotating-equipment""#
    case "applies_to": #"applies_to = "CentrifugalPump""#
    case "limits": "limits = { suction_low = 0.4 }"
    case "reads": #"reads = { running = latest "Running" }"#
    case "when": "when = function(pump, limits) return pump.running end"
    case "clears_when": "clears_when = function(pump, limits) return not pump.running end"
    case "held_for": #"held_for = "2 min""#
    case "released_for": #"released_for = "5 min""#
    case "tolerates": #"tolerates = "30 s""#
    case "every": #"every = "10 s" or every = "never""#
    case "at_most": #"at_most = once_per "8 h""#
    case "actions": #"actions = { work_order { priority = 2, title = "Check the strainer of {asset}" } }"#
    case "consequence": #"consequence = "economic""#
    case "check_first": #"check_first = { "suction valve open" }"#
    case "review_by": #"review_by = "2027-06-30""#
    case "value": #"value = { avoids = "14 000 EUR", because = "mean of 3 repairs in 2023" }"#
    case "examples": #"examples = { fires { suction = 0.3, lasting = "15 min" } }"#
    default: "\(field) = ..."
    }
  }

  static func notAvailable(_ word: String) -> String {
    "'\(word)' is not available in this version of Millwright"
  }

  /// The sentence for a word of a later version; nil for a word this version has, or that none has.
  static func refusal(of word: String) -> String? {
    if laterReadings.contains(word) {
      return "\(notAvailable(word)); available readings: \(readings.joined(separator: ", "))"
    }
    if laterWindows.contains(word) { return "\(notAvailable(word)); a window is a length such as \"5 min\"" }
    switch word {
    case "per": return "\(notAvailable(word)); it belongs to 'rate', which is not available either"
    case "calc": return "\(notAvailable(word)); it belongs to 'calculates', which is not available either"
    case "by_hand":
      return "\(notAvailable(word)); clears_when is a function, as in \(sample(of: "clears_when"))"
    case "curve": return "\(notAvailable(word)); a limit is a number, as in \(sample(of: "limits"))"
    default: return nil
    }
  }
}
