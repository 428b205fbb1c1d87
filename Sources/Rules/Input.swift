/// Anything that may influence a decision. Closed: what is not here does not reach the evaluator, and all of it
/// is journalled, so that the journal replayed gives the same decisions. What is rare is boxed: a change is small,
/// and there are millions.
package enum Input: Equatable, Sendable {
  case change(TagChange)
  /// Live only: data time has passed this for the source, whether or not it sent anything.
  case tick(SourceID, Instant)
  case source(SourceID, LinkEvent, Instant)
  /// The journal's own dictionary: from here on this id means this tag.
  indirect case bind(TagID, asset: String, tag: String, assetClass: String)
  /// From here on this configuration decides. Everything before it is of another.
  case config(Digest)
  indirect case command(Command)
  /// A rule failed on an asset during the input that follows; in replay it is not called for that input.
  indirect case fault(Fault)
  /// The engine's process ended inside a call of this rule on this asset, and this is the start after it.
  indirect case death(Fault)
}

package enum LinkEvent: UInt8, Sendable, CaseIterable {
  /// The link is up; what the source still has queued comes next.
  case connected
  /// Everything queued has been read: ticks run again.
  case caughtUp
  case lost
  /// The session was not kept: what came meanwhile is gone.
  case newSession
}

/// A broken rule on one asset: named, with file, line and cause (S11).
package struct Fault: Equatable, Sendable {
  package var rule: String
  /// The asset's path.
  package var asset: String
  package var cause: String
  package var kind: FaultCause.Kind
  package init(rule: String, asset: String, cause: String, kind: FaultCause.Kind = .error) {
    self.rule = rule
    self.asset = asset
    self.cause = cause
    self.kind = kind
  }
}
