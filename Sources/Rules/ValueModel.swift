/// What a caught failure is worth, as the rule states it before the pilot (DESIGN section 6).
package struct ValueModel: Sendable, Equatable {
  package var avoids: Avoided?
  /// With a longer lead more is saved: the whole from this lead on, in proportion below it.
  package var growsOver: TimeSpan?
  /// The fraction of those failures that is really avoidable when caught here, 0...1.
  package var share: Fixed
  /// What one needless call costs beside the action itself.
  package var nuisance: Money?
  /// What an action of a kind costs each time.
  package var costs: [ActionKind: Money]
  /// Where the figure is from.
  package var because: String?
  package var agreedBy: String?
  /// As written, `2026-03-01`.
  package var agreedOn: String?
  /// Who wrote the rule: their verdict alone books nothing.
  package var author: String?
  package var lead: Lead
  /// The column it is booked in; nil is what follows from `avoids`.
  package var countsAs: AccountColumn?

  package init(
    avoids: Avoided? = nil, growsOver: TimeSpan? = nil, share: Fixed = .one, nuisance: Money? = nil,
    costs: [ActionKind: Money] = [:], because: String? = nil, agreedBy: String? = nil, agreedOn: String? = nil,
    author: String? = nil, lead: Lead = Lead(), countsAs: AccountColumn? = nil
  ) {
    self.avoids = avoids
    self.growsOver = growsOver
    self.share = share
    self.nuisance = nuisance
    self.costs = costs
    self.because = because
    self.agreedBy = agreedBy
    self.agreedOn = agreedOn
    self.author = author
    self.lead = lead
    self.countsAs = countsAs
  }

  package enum Avoided: Sendable, Equatable {
    /// So much each time.
    case money(Money)
    /// So many hours, kilowatt hours or kilograms each time; nil: as many as the loss had. Without a rate, the site's.
    case measure(Measure, quantity: Fixed?, rate: Rate?)
    /// Energy that is missing against a curve between fire and clear, measured in the data.
    case shortfall(Shortfall)
  }

  /// In which column it is booked.
  package var column: AccountColumn {
    if let countsAs { return countsAs }
    switch avoids {
    case .measure(.hour, _, _): return .capacity
    case .measure, .shortfall: return .cash
    case .money, nil: return .avoided
    }
  }
}

/// When a decision helps against a loss: early enough to act, and not so early that it has nothing to do with it.
package struct Lead: Sendable, Equatable {
  package var atLeast: TimeSpan
  package var within: TimeSpan
  package init(atLeast: TimeSpan = .zero, within: TimeSpan = .hours(30 * 24)) {
    self.atLeast = atLeast
    self.within = within
  }
}

/// Money of different kinds is never summed (DESIGN section 6).
package enum AccountColumn: String, Sendable, CaseIterable, Comparable {
  /// Less is paid: energy, material.
  case cash
  /// A failure that did not come.
  case avoided
  /// Hours in which more can be made, if there is work for them.
  case capacity
  package static func < (a: AccountColumn, b: AccountColumn) -> Bool { a.rawValue < b.rawValue }
}

/// Power that is missing against what the curve says, row by row of history, added up as energy.
package struct Shortfall: Sendable, Equatable {
  /// Names of tags of the asset: power in kW, and what the curve goes by.
  package var power: String
  package var against: String
  package var curve: PowerCurve
  /// From the decision on so long nobody could have helped.
  package var unavoidable: TimeSpan
  /// How long one row stands for. Only moments at which both tags were sampled and good count.
  package var row: TimeSpan
  /// Nil is the site's tariff.
  package var rate: Rate?
  package init(
    power: String, against: String, curve: PowerCurve, unavoidable: TimeSpan, row: TimeSpan, rate: Rate?
  ) {
    self.power = power
    self.against = against
    self.curve = curve
    self.unavoidable = unavoidable
    self.row = row
    self.rate = rate
  }
}

package enum PowerCurve: Sendable, Equatable {
  /// A limit of the rule, which is a curve.
  case limit(String)
  /// The median power of the rows with power above zero in `from ..< to`, by bins of this width.
  case learned(bin: Double, from: Instant, to: Instant)
}
