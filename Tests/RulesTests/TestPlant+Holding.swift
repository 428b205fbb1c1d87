import Rules

extension Rule {
  /// The same rule with some fields of its own.
  func with(_ change: (inout Rule) -> Void) -> Rule {
    var rule = self
    change(&rule)
    return rule
  }

  func needing(_ needs: @escaping (Look) throws -> Bool) -> Rule {
    answering(.needs, needs).with { $0.hasNeeds = true }
  }
  func suppressed(_ suppressed: @escaping (Look) throws -> Bool) -> Rule {
    answering(.suppressedWhen, suppressed).with { $0.hasSuppressedWhen = true }
  }

  private func answering(_ mine: Question, _ answer: @escaping (Look) throws -> Bool) -> Rule {
    let (others, names) = (ask, readings.map(\.name))
    return with { rule in
      rule.ask = { question, readings, limits in
        guard question == mine else { return others(question, readings, limits) }
        do {
          return try answer(Look(names: names, values: readings, limits: limits)) ? .yes : .no
        } catch let blind as Look.Blind {
          return .blind(reading: blind.reading)
        } catch {
          return .fault("\(error)")
        }
      }
    }
  }

  /// `v > 10`, and reads `w` besides.
  static func overBeside(_ name: String = "rule", heldFor: Double = 0, atMost: Double? = nil) -> Rule {
    make(name, reads: [("v", "V", .latest), ("w", "W", .latest)], heldFor: heldFor, atMost: atMost) {
      try $0("v") > 10
    }
  }
}

extension TestPlant {
  /// Calendars of a day from one hour to another, in UTC.
  init(_ rules: [Rule], open hours: [String: (from: Double, to: Double)], lateness: Double = 0) {
    self.init(lateness: lateness)
    var configuration = TestPlant.configuration(rules, lateness: lateness)
    configuration.calendars = hours.keys.sorted().map { name in
      let span = hours[name].map { CalendarTests.span($0.from, $0.to) } ?? .wholeDay
      return Calendar(name: name, weekly: [Calendar.Hours(days: .all, span: span)])
    }
    decider = Decider(configuration)
  }

  mutating func instruct(_ act: Instruction.Act, at seconds: Double = 0) {
    apply(.command(.instructed(Instruction(person: "h.weber", at: TestPlant.at(seconds), act: act))))
  }
}
