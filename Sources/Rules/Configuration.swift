/// Everything that decides beside the data: rules, model, tiers, routes. One configuration, one hash.
package struct Configuration {
  /// Over rule texts, model, limits and tiers; journalled where it begins to decide.
  package var hash: Digest
  package var model: Model
  /// Sorted by name. There may be two versions of a rule: one that acts and a new one that shadows beside it.
  package var rules: [Rule]
  package var policy: PolicySettings
  package var sources: [SourceSettings]
  /// How the clocks of the site run; calendars, shifts and days are in it.
  package var zone: Zone
  package var calendars: [Calendar]
  package var shifts: [Shift]
  /// What the site says of money.
  package var prices: Prices
  package init(
    hash: Digest, model: Model, rules: [Rule], policy: PolicySettings, sources: [SourceSettings], zone: Zone = .utc,
    calendars: [Calendar] = [], shifts: [Shift] = [], prices: Prices = Prices()
  ) {
    self.hash = hash
    self.model = model
    self.rules = rules
    self.policy = policy
    self.sources = sources
    self.zone = zone
    self.calendars = calendars
    self.shifts = shifts
    self.prices = prices
  }

  /// Whether the plant and what the site says are the same, so that what runs for one serves the other.
  package func differsInRulesAlone(from other: Configuration) -> Bool {
    model.classes == other.model.classes && model.assets == other.model.assets && model.tags == other.model.tags
      && policy == other.policy && sources == other.sources && zone == other.zone && calendars == other.calendars
      && shifts == other.shifts && prices == other.prices
  }
}

/// What the evaluator must know of a source.
package struct SourceSettings: Sendable, Equatable {
  package var name: String
  /// How late a change may come: deadlines are taken no sooner. Live default 2 s, files 0.
  package var lateness: TimeSpan
  /// How far ahead of our wall clock a source time may lie before the arrival time is taken instead.
  package var skew: TimeSpan
  package init(name: String, lateness: TimeSpan, skew: TimeSpan) {
    self.name = name
    self.lateness = lateness
    self.skew = skew
  }
}

/// What the site says of acting: how far each rule may go, and where work goes.
package struct PolicySettings: Sendable, Equatable {
  /// Highest tier first match wins, in the order of the site file; nothing matching is shadow.
  package var tiers: [TierRule]
  /// Adapter by kind of action, the first that matches.
  package var routes: [Route]
  /// How long a waiting action stays open.
  package var approveWithin: TimeSpan
  /// A rule that is blind for longer is reported to its owner.
  package var blindAfter: TimeSpan
  /// The permitted paths for setpoints.
  package var conduits: [Conduit]
  /// For so long after a person found no fault behind a decision its rule decides nothing on that asset.
  package var quietAfterNoFault: TimeSpan?

  package init(
    tiers: [TierRule], routes: [Route], approveWithin: TimeSpan = .hours(8), blindAfter: TimeSpan = .hours(24),
    conduits: [Conduit] = [], quietAfterNoFault: TimeSpan? = nil
  ) {
    self.tiers = tiers
    self.routes = routes
    self.approveWithin = approveWithin
    self.blindAfter = blindAfter
    self.conduits = conduits
    self.quietAfterNoFault = quietAfterNoFault
  }

  package struct TierRule: Sendable, Equatable {
    /// nil matches every rule, class or kind.
    package var rule: String?
    package var assetClass: String?
    package var kind: ActionKind?
    package var tier: Tier
    package init(rule: String?, assetClass: String?, kind: ActionKind?, tier: Tier) {
      self.rule = rule
      self.assetClass = assetClass
      self.kind = kind
      self.tier = tier
    }
  }

  package struct Route: Sendable, Equatable {
    package var kind: ActionKind
    package var assetClass: String?
    package var adapter: String
    package init(kind: ActionKind, assetClass: String?, adapter: String) {
      self.kind = kind
      self.assetClass = assetClass
      self.adapter = adapter
    }
  }

  package func tier(rule: String, assetClass: String, kind: ActionKind) -> Tier {
    tiers.first {
      ($0.rule ?? rule) == rule && ($0.assetClass ?? assetClass) == assetClass && ($0.kind ?? kind) == kind
    }?.tier ?? .shadow
  }

  /// How far a rule may go. A version that shadows beside the acting one never goes further.
  /// `assetClass` is of the asset it works on, if that is not the rule's own.
  package func tier(of rule: Rule, assetClass: String? = nil, kind: ActionKind) -> Tier {
    switch rule.role {
    case .shadowing: .shadow
    case .acting: tier(rule: rule.plainName, assetClass: assetClass ?? rule.appliesTo, kind: kind)
    }
  }

  package func adapter(for kind: ActionKind, assetClass: String) -> String? {
    routes.first { $0.kind == kind && ($0.assetClass ?? assetClass) == assetClass }?.adapter
  }
}
