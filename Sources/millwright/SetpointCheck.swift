import Rules
import Site

/// Setpoints, where site and rules are seen together.
extension Installation {
  /// Rules that the site lets change a tag which no conduit leads to: each of their requests would be refused.
  func withoutConduit(_ rules: [Rule]) -> [Finding] {
    let conduits = Conduits(site.policy.conduits)
    return rules.flatMap { rule in
      rule.changedTags.compactMap { tag -> Finding? in
        let assets = site.model.assets.filter { site.model.classes[$0.classIndex].name == rule.appliesTo }
        guard !assets.isEmpty, site.policy.adapter(for: .setpoint, assetClass: rule.appliesTo) != nil,
          site.policy.tier(rule: rule.name, assetClass: rule.appliesTo, kind: .setpoint) == .act,
          !assets.contains(where: { conduits.conduit(to: tag, of: $0.path, rule.appliesTo) != nil })
        else { return nil }
        return Finding(
          file: "rules/\(rule.name).lua", line: nil,
          message: "the site lets this rule change '\(tag)' of class '\(rule.appliesTo)', but no conduit leads there; "
            + "add one under 'conduits' in the site file, or lower the tier")
      }
    }
  }

  /// What rules may change at all, one line a conduit, for `check`.
  var conduitLines: [String] {
    site.policy.conduits.map { conduit in
      "conduit \(conduit.name): \(conduit.tag) of \(conduit.end.name) from \(plain(conduit.range.lowerBound)) to "
        + "\(plain(conduit.range.upperBound)), at most \(plain(conduit.largestStep)) at once, through "
        + "\(conduit.adapter), while \(conduit.permissive) is on"
    }
  }
}

extension Rule {
  /// The tags its setpoints change, each once.
  fileprivate var changedTags: [String] {
    var tags: [String] = []
    for action in actions {
      if case .setpoint(let tag, _, _) = action, !tags.contains(tag) { tags.append(tag) }
    }
    return tags
  }
}
