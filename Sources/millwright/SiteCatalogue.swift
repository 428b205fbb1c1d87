import Ledger
import Rules
import Scripting

/// What is to decide, made of the site's files, of what decided before, and of what persons have released. It belongs
/// to the engine's thread.
package final class SiteCatalogue: Catalogue {
  private let offer: Offer
  private let ledger: Ledger
  private let calls: CallNote.Place?
  private let log: Log
  /// Whether what decided before is not to be brought back: twice a start ended in that.
  private let beginsAnew: Bool
  private var known: [Rules.Digest: Installation] = [:]

  package init(
    _ offer: Offer, _ ledger: Ledger, calls: CallNote.Place? = nil, beginsAnew: Bool = false, log: Log
  ) {
    self.offer = offer
    self.ledger = ledger
    self.calls = calls
    self.beginsAnew = beginsAnew
    self.log = log
  }

  package func configuration(_ hash: Rules.Digest) throws -> Configuration {
    if beginsAnew { throw Failure.cannot("two starts ended while they tried") }
    let installation =
      try known[hash] ?? Installation.recorded(try ledger.texts(hash), hash: hash, offer.installation.folders)
    known[hash] = installation
    return try installation.configuration(calls: calls)
  }

  package func successor(to decider: Decider?) throws -> Configuration? {
    let offered = offer.installation
    let before = decider.flatMap { known[$0.evaluator.configuration.hash] }
    let next = offered.with(try versions(offered, before, decider))
    guard next.hash != decider?.evaluator.configuration.hash else {
      offer.compose(next)
      return nil
    }
    let configuration = try next.configuration(calls: calls)
    try ledger.storeTexts(next.hash, next.texts)
    known = known.filter { $0.key == before?.hash }
    known[next.hash] = next
    return configuration
  }

  /// It decides from here on, and the ledger has it.
  package func tookOver(_ hash: Rules.Digest) {
    if let installation = known[hash] { offer.compose(installation) }
  }

  /// Which version of each rule is to act, and which to shadow beside it.
  private func versions(
    _ offered: Installation, _ before: Installation?, _ decider: Decider?
  ) throws -> [Installation.SourceText] {
    var versions: [Installation.SourceText] = []
    for source in offered.rules {
      let rule = try compiled(source, offered)
      guard let before, let decider, let old = before.predecessor(of: rule, source.file, offered.rules),
        decider.hasActed(old.rule),
        let acting = decider.evaluator.configuration.rules.first(where: { $0.name == old.rule }),
        acting.logicHash != rule.logicHash, try !ledger.isReleased(rule: rule.name, logic: rule.logicHash),
        keeps(old, offered)
      else {
        versions.append(source)
        continue
      }
      versions.append(old)
      var shadowing = source
      shadowing.role = .shadowing
      versions.append(shadowing)
    }
    for refused in offered.refused {
      versions += (before?.rules ?? []).filter { $0.file == refused.file && keeps($0, offered) }
    }
    return versions.sorted { $0.name < $1.name }
  }

  private func compiled(_ source: Installation.SourceText, _ offered: Installation) throws -> Rule {
    do { return try offered.compile(source) } catch { throw Failure.findings(error.list.map(\.description)) }
  }

  /// Whether an earlier version is still understood, beside a site that may be another.
  private func keeps(_ old: Installation.SourceText, _ offered: Installation) -> Bool {
    do {
      _ = try offered.compile(old)
      return true
    } catch {
      log(.error, "rules", ["what": "the version of \(old.file) that decided cannot go on with this site: \(error)"])
      return false
    }
  }
}

extension Installation {
  /// The version that acts of which a rule is a new one: under its own name, or under one that it says it had.
  fileprivate func predecessor(of rule: Rule, _ file: String, _ files: [SourceText]) -> SourceText? {
    if let own = rules.first(where: { $0.file == file && $0.role == .acting }) { return own }
    return rules.first { old in
      old.role == .acting && rule.formerly.contains(old.rule) && !files.contains { $0.file == old.file }
    }
  }
}
