import Rules

/// A call that was under way when an earlier process of the engine ended.
package struct OpenCall: Equatable, Sendable {
  package enum Caller: Equatable, Sendable {
    /// A rule's function; the asset is missing only while the file itself is loaded.
    case rule(String, asset: String?)
    case adapter(String)
  }

  package enum Ending: Equatable, Sendable {
    /// From outside, a moment after the call had begun: a power switch, `kill -9`. It says nothing of the call.
    case killed
    /// From outside, but the call had been at work for longer than any should be.
    case killedWhileLasting
    /// By the watchdog.
    case overran
    /// By a signal that the calling thread brought about.
    case signal(Int32)
  }

  package var caller: Caller
  package var ending: Ending
  /// The state was being brought back from the journal.
  package var wasRecovering: Bool
  /// The input that was replayed, by its number in the journal.
  package var input: Int64?

  package init(_ caller: Caller, _ ending: Ending, wasRecovering: Bool = false, input: Int64? = nil) {
    self.caller = caller
    self.ending = ending
    self.wasRecovering = wasRecovering
    self.input = input
  }

  /// Whether the call is to blame for the end.
  package var isToBlame: Bool { ending != .killed }

  /// What is to be journalled of it; nil when the call is not to blame, or was no rule's call for an asset.
  package var fault: Fault? {
    guard isToBlame, case .rule(let rule, let asset?) = caller else { return nil }
    return Fault(rule: rule, asset: asset, cause: "the engine ended inside this call: \(cause)")
  }

  package var cause: String {
    switch ending {
    case .killed: "killed from outside"
    case .killedWhileLasting: "killed from outside while the call did not return"
    case .overran: "the call did not return and the watchdog ended the engine"
    case .signal(let number): "signal \(number)"
    }
  }
}
