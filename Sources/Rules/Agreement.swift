extension Decision {
  /// Whether two decisions say the same, one of them having been stored and read again: a value that is no number
  /// is one there as well, and a tier or standing that a person may have changed since is not looked at.
  package func agrees(with other: Decision) -> Bool {
    key == other.key && title == other.title && owner == other.owner && since == other.since
      && deferredFrom == other.deferredFrom && textHash == other.textHash && logicHash == other.logicHash
      && evidence.elementsEqual(other.evidence) { $0.agrees(with: $1) }
      && limits.elementsEqual(other.limits) { $0.name == $1.name && $0.value.agrees(with: $1.value) }
      && actions.elementsEqual(other.actions) { $0.agrees(with: $1) }
  }
}

extension Evidence {
  fileprivate func agrees(with other: Evidence) -> Bool {
    guard name == other.name, unit == other.unit else { return false }
    if case (.number(let a), .number(let b)) = (value, other.value) { return same(a, b) }
    return value == other.value
  }
}

extension LimitValue {
  /// The ledger keeps what a number compares as.
  fileprivate func agrees(with other: LimitValue) -> Bool { self == other || same(number, other.number) }
}

extension Action {
  fileprivate func agrees(with other: Action) -> Bool {
    guard
      number == other.number && kind == other.kind && title == other.title && text == other.text
        && priority == other.priority && adapter == other.adapter
    else { return false }
    guard let setpoint, let theirs = other.setpoint else { return setpoint == nil && other.setpoint == nil }
    return setpoint.tag == theirs.tag && same(setpoint.target, theirs.target)
      && setpoint.validUntil == theirs.validUntil
  }
}

private func same(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }
