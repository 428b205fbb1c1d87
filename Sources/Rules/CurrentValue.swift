/// A value that is good as far as we know, and until when it may be taken for that without another sign of life.
package struct CurrentValue: Sendable, Equatable {
  package var value: Value
  package var goodUntil: Instant
  package init(_ value: Value, goodUntil: Instant) {
    self.value = value
    self.goodUntil = goodUntil
  }

  package func value(at now: Instant) -> Value? { now <= goodUntil ? value : nil }
}

extension Evaluator {
  /// The newest value of a tag; nil when it is not good, or the link it comes over is down or catching up. Known of
  /// tags that a rule reads or a conduit names.
  package func current(_ tag: TagID) -> CurrentValue? {
    let state = tags[Int(tag.index)]
    guard isUp(SourceID(Int(state.source))), state.history >= 0,
      let newest = histories[Int(state.history)].newest,
      let value = good(tag, at: Instant(microseconds: newest.time))
    else { return nil }
    switch configuration.model.definition(of: tag).life {
    case .device: return CurrentValue(value, goodUntil: .distantFuture)
    case .itself(let span): return CurrentValue(value, goodUntil: Instant(microseconds: newest.time) + span)
    case .heartbeat(let beat, let span):
      guard let beat = configuration.model.tag(beat, of: AssetID(Int(state.asset))) else { return nil }
      return CurrentValue(value, goodUntil: Instant(microseconds: tags[Int(beat.index)].newest) + span)
    }
  }
}
