extension Decision {
  /// Whether two decisions say the same, one of them having been stored and read again: a value that is no number
  /// is one there as well, and a tier or standing that a person may have changed since is not looked at.
  package func agrees(with other: Decision) -> Bool {
    key == other.key && title == other.title && owner == other.owner && since == other.since
      && deferredFrom == other.deferredFrom && follows == other.follows && textHash == other.textHash
      && logicHash == other.logicHash
      && evidence.elementsEqual(other.evidence) { $0.agrees(with: $1) }
      && limits.elementsEqual(other.limits) { $0.name == $1.name && $0.value.agrees(with: $1.value) }
      && madeWithIt.elementsEqual(other.madeWithIt) { $0.agrees(with: $1) }
  }
}

extension Decision {
  /// What came later, when its condition cleared, is no part of what was decided.
  private var madeWithIt: [Action] { actions.filter { $0.closes == nil } }
}

extension Evidence {
  fileprivate func agrees(with other: Evidence) -> Bool {
    guard name == other.name, unit == other.unit else { return false }
    if case (.number(let a), .number(let b)) = (value, other.value) { return same(a, b) }
    return value == other.value
  }
}

extension LimitValue {
  fileprivate func agrees(with other: LimitValue) -> Bool {
    if case .number(let a) = self, case .number(let b) = other { return same(a, b) }
    return self == other
  }
}

extension Action {
  fileprivate func agrees(with other: Action) -> Bool {
    guard
      number == other.number && kind == other.kind && title == other.title && text == other.text
        && priority == other.priority && adapter == other.adapter && on == other.on
    else { return false }
    guard let setpoint, let theirs = other.setpoint else { return setpoint == nil && other.setpoint == nil }
    return setpoint.tag == theirs.tag && same(setpoint.target, theirs.target)
      && setpoint.validUntil == theirs.validUntil
  }
}

private func same(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }
