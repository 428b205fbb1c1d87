import Rules
import Synchronization

/// What the site's files say now, and whether it was taken over: written by whoever reads them, and by the engine's thread.
package final class Offer: Sendable {
  fileprivate struct State {
    var installation: Installation
    /// What decides: which versions of which rules.
    var composed: Installation?
    var refusals: [String] = []
    var told: Set<String> = []
  }
  private let state: Mutex<State>

  package init(_ installation: Installation) { state = Mutex(State(installation: installation)) }

  /// The newest that may be taken over.
  var installation: Installation { state.withLock { $0.installation } }

  /// `refusals` is what was wrong with the site, which is left as it was.
  package func put(_ installation: Installation, refusals: [String]) {
    state.withLock {
      $0.installation = installation
      $0.refusals = refusals
    }
  }

  func refuse(_ refusals: [String]) { state.withLock { $0.refusals = refusals } }
  func compose(_ installation: Installation) { state.withLock { $0.composed = installation } }

  /// For people: which files were not taken, and which versions wait for a person.
  var troubles: [String] { state.withLock(\.troubles) }

  /// Those of them that this has not given before, or that had gone since.
  package func newTroubles() -> [String] {
    state.withLock { state in
      let troubles = state.troubles
      defer { state.told = Set(troubles) }
      return troubles.filter { !state.told.contains($0) }
    }
  }
}

extension Offer.State {
  fileprivate var troubles: [String] {
    let rules = (composed ?? installation).rules
    let refused = installation.refused.map { refused in
      (refused.findings.first ?? refused.file)
        + (refused.findings.count > 1 ? " (and \(refused.findings.count - 1) more)" : "")
        + (rules.contains { $0.file == refused.file }
          ? "; its version before goes on deciding" : "; there is none from before, so this rule is not run")
    }
    let waiting = rules.filter { $0.role == .shadowing }.map {
      "a new version of '\($0.rule)' decides in shadow; 'millwright rules release \($0.rule)' lets it act"
    }
    return refusals + installation.unread + refused + waiting
  }
}
