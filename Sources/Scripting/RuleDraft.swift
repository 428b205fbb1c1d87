import Rules

/// A new rule to begin with: one reading of one tag, compared with one value, and examples that hold.
package struct RuleDraft: Sendable, Equatable {
  /// What makes the rule's condition true.
  package enum Trigger: Sendable, Equatable {
    case above(Double)
    case below(Double)
    /// The tag is this: true, false, a state or a text.
    case equal(Value)
  }

  package var name: String
  package var assetClass: String
  package var tag: TagDefinition
  package var trigger: Trigger
  package var heldFor: TimeSpan
  package var owner: String

  package init(
    name: String, assetClass: String, tag: TagDefinition, trigger: Trigger, heldFor: TimeSpan, owner: String
  ) {
    self.name = name
    self.assetClass = assetClass
    self.tag = tag
    self.trigger = trigger
    self.heldFor = heldFor
    self.owner = owner
  }

  /// The file's text.
  package var text: String {
    """
    -- rules/\(name).lua
    -- Why this rule exists: write here, in the words you would use to a new colleague, what goes wrong in the machine
    -- and why it shows in this reading.

    rule {
      title      = \(Self.quoted(title)),
      owner      = \(Self.quoted(owner)),
      applies_to = \(Self.quoted(assetClass)),
    \(limitLines)
      reads = {
        \(reading) = latest \(Self.quoted(tag.name + (tag.unit.map { " [\($0)]" } ?? ""))),
      },

      when = function(asset, limits)
        return \(condition)
      end,
      held_for = "\(heldFor)",
    \(clearLines)
      -- Once the rule has proven itself, perhaps: work_order { priority = 3, title = "Check {asset}" },
      actions = {
        notification {
          title = \(Self.quoted("{asset}: \(title)")),
          text  = \(Self.quoted("\(tag.name) is {\(reading)}\(unitBehind).")),
        },
      },

      -- Before it may do more than record, it also says what it would lead to, what to look at first, when somebody
      -- asks whether it is still right, and what it is worth:
      --   consequence = "economic",
      --   check_first = { "..." },
      --   review_by   = "2027-06-30",
      --   value       = { avoids = "... EUR", because = "...", share = "50 %", nuisance = "... EUR" },

      examples = {
        fires      { \(reading) = \(cases.fires), lasting = "\(lasting)" },
        stays_calm { \(reading) = \(cases.calm), lasting = "\(lasting)" },
      },
    }

    """
  }

  /// `VibrationRMS` as `vibration_rms`.
  private var reading: String {
    let letters = Array(tag.name.utf8)
    func isCapital(_ place: Int) -> Bool { (65...90).contains(letters[place]) }
    func isSmall(_ place: Int) -> Bool { place < letters.count && (97...122).contains(letters[place]) }
    var name = ""
    for (place, letter) in letters.enumerated() {
      let isPlain = isCapital(place) || isSmall(place) || (48...57).contains(letter)
      let beginsWord = place > 0 && isCapital(place) && (!isCapital(place - 1) || isSmall(place + 1))
      if !isPlain || beginsWord, !name.isEmpty, name.last != "_" { name += "_" }
      if isPlain { name.unicodeScalars.append(Unicode.Scalar(letter | (isCapital(place) ? 32 : 0))) }
    }
    while name.last == "_" { name.removeLast() }
    let isTaken = ["asset", "limits"].contains(name) || RuleWords.exampleFields.contains(name)
    return isTaken || luaTokens(name).map(\.kind) != [.name(name)] ? "reading_\(name)" : name
  }

  private var limit: String {
    if case .below = trigger { "\(reading)_low" } else { "\(reading)_high" }
  }

  private var title: String {
    switch trigger {
    case .above: "\(tag.name) high"
    case .below: "\(tag.name) low"
    case .equal(.boolean(let value)): value ? tag.name : "Not \(tag.name)"
    case .equal(.text(let text)): "\(tag.name) \(text)"
    case .equal: tag.name
    }
  }

  private var unitBehind: String { tag.unit.map { " \($0)" } ?? "" }

  /// Some way off the limit, so that a value trembling around it makes one decision.
  private func distance(_ value: Double) -> Double { value == 0 ? 1 : value.magnitude / 20 }

  private var limitLines: String {
    switch trigger {
    case .above(let value), .below(let value):
      """

        -- What somebody may want otherwise for one machine; the site's model may override it.
        limits = { \(limit) = \(value.written) },

      """
    case .equal: ""
    }
  }

  private var condition: String {
    switch trigger {
    case .above: "asset.\(reading) > limits.\(limit)"
    case .below: "asset.\(reading) < limits.\(limit)"
    case .equal(.boolean(let value)): value ? "asset.\(reading)" : "not asset.\(reading)"
    case .equal(let value): "asset.\(reading) == \(Self.written(value))"
    }
  }

  private var clearLines: String {
    let comparison: String
    switch trigger {
    case .above(let value): comparison = "< limits.\(limit) - \(distance(value).written)"
    case .below(let value): comparison = "> limits.\(limit) + \(distance(value).written)"
    case .equal: return ""
    }
    return """

        -- Some way off the limit: a value that trembles around it makes one decision and not many.
        clears_when = function(asset, limits)
          return asset.\(reading) \(comparison)
        end,

      """
  }

  private var cases: (fires: String, calm: String) {
    switch trigger {
    case .above(let value):
      let by = distance(value).written
      return ("above(\"\(limit)\", \(by))", "below(\"\(limit)\", \(by))")
    case .below(let value):
      let by = distance(value).written
      return ("below(\"\(limit)\", \(by))", "above(\"\(limit)\", \(by))")
    case .equal(.boolean(let value)): return ("\(value)", "\(!value)")
    case .equal(let value):
      if case .states(let names, _) = tag.type, let other = names.first(where: { .text($0) != value }) {
        return (Self.written(value), Self.quoted(other))
      }
      return (Self.written(value), "\"something else\"")
    }
  }

  private static func written(_ value: Value) -> String {
    if case .text(let text) = value { quoted(text) } else { value.written }
  }

  /// As Lua writes a text.
  private static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }

  private var lasting: TimeSpan { max(heldFor + heldFor, .minutes(1)) }
}
